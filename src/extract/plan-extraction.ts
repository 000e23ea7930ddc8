import type { Entry } from "../codecs/archive.ts";
import { RangeStreamsError } from "../errors.ts";
import { PathTree, type PlannedDirectory } from "./path-tree.ts";
import { type NameRules, resolvePath, resolveTarget } from "./safe-path.ts";

/** How names become paths, and what is made of links. */
export interface PlanOptions {
  readonly rules: NameRules;
  /** Names that differ in case or composition alone are told apart. */
  readonly exactCase: boolean;
  /** Symlinks are made. */
  readonly links: boolean;
  /** Files, folders and links that may be made. */
  readonly maxEntries: number;
}

/** A file to write. */
export interface PlannedFile {
  readonly entry: Entry;
  readonly parts: readonly string[];
}

/** A hard link, whose file is written as well: made of that one. */
export interface PlannedCopy extends PlannedFile {
  readonly from: PlannedFile;
}

/** A symlink to make, when all else is there. */
export interface PlannedLink extends PlannedFile {
  readonly target: string;
  /** Where it leads, below the directory. */
  readonly targetParts: readonly string[];
}

/** An entry that is not written, and why. */
export interface LeftOut {
  /** As stored, untrusted: escape it before it is shown. */
  readonly name: string;
  /** Why, in words for people. */
  readonly reason: string;
}

/** What extraction comes to. */
export interface ExtractionPlan {
  readonly directories: readonly PlannedDirectory[];
  readonly files: readonly PlannedFile[];
  readonly copies: readonly PlannedCopy[];
  readonly links: readonly PlannedLink[];
  /** Entries that would leave the directory, or mean something else there. */
  readonly unsafe: readonly LeftOut[];
  /** Entries of a kind that is not written. */
  readonly left: readonly LeftOut[];
}

/**
 * Decides what becomes of entries, in their order: of two that cannot both be, the second is the unsafe one. `all` are the entries of
 * the archive, among which hard links find their targets. Pure.
 *
 * @throws LIMIT for more than `maxEntries`, folders that only paths tell of included.
 */
export function planExtraction(
  chosen: readonly Entry[],
  all: readonly Entry[],
  options: PlanOptions,
): ExtractionPlan {
  const planner = new Planner(chosen, all, options);
  for (const entry of chosen) planner.take(entry);
  return planner.plan();
}

class Planner {
  readonly #options: PlanOptions;
  readonly #tree: PathTree;
  readonly #targets: ReadonlyMap<Entry, Entry>;
  readonly #files = new Map<Entry, PlannedFile>();
  readonly #copies: PlannedCopy[] = [];
  readonly #links: PlannedLink[] = [];
  readonly #unsafe: LeftOut[] = [];
  readonly #left: LeftOut[] = [];

  constructor(chosen: readonly Entry[], all: readonly Entry[], options: PlanOptions) {
    this.#options = options;
    this.#tree = new PathTree(options);
    this.#targets = chosen.some(isHardLink) ? resolveHardLinks(all) : new Map();
  }

  take(entry: Entry): void {
    const { name } = entry;
    const reason = this.#place(entry);
    if (reason !== undefined) this.#unsafe.push({ name, reason });
    else if (this.#tree.size > this.#options.maxEntries) throw tooMany(this.#options.maxEntries);
  }

  plan(): ExtractionPlan {
    return {
      directories: this.#tree.directories(),
      files: [...this.#files.values()],
      copies: this.#copies,
      links: this.#links,
      unsafe: this.#unsafe,
      left: this.#left,
    };
  }

  /** Why the entry is unsafe, else undefined. */
  #place(entry: Entry): string | undefined {
    // Its name stands for nothing that is written, and may be anything: the label of a tar is one.
    if (entry.kind === "other" && !isHardLink(entry)) {
      this.#leave(
        entry,
        "no file, folder or link, but a device, a pipe or what is known to its writer alone",
      );
      return undefined;
    }
    const safe = resolvePath(entry.name, this.#options.rules);
    if (safe.reason !== undefined) return safe.reason;
    const { parts } = safe;
    if (entry.kind === "directory") return this.#placeDirectory(entry, parts);
    if (parts.length === 0) return "the name of the directory itself";
    if (entry.kind === "symlink") return this.#placeLink(entry, parts);
    return isHardLink(entry) ? this.#placeHardLink(entry, parts) : this.#placeFile({ entry, parts });
  }

  #placeDirectory(entry: Entry, parts: readonly string[]): string | undefined {
    const hasData = entry.size > 0 && !isDumpDirectory(entry);
    return hasData ? "a folder that has data" : this.#tree.addDirectory(parts, entry);
  }

  #placeFile(file: PlannedFile): string | undefined {
    const reason = this.#tree.addLeaf(file.parts, "file");
    if (reason === undefined) this.#files.set(file.entry, file);
    return reason;
  }

  #placeHardLink(entry: Entry, parts: readonly string[]): string | undefined {
    const { linkTarget = "" } = entry;
    const safe = resolvePath(linkTarget, this.#options.rules);
    if (safe.reason !== undefined) return `a hard link to ${safe.reason}`;
    const target = this.#targets.get(entry);
    if (target === undefined)
      return `a hard link to ${JSON.stringify(linkTarget)}, which is no file or symlink before it`;
    // Two names of one symlink are two symlinks, each judged where it stands.
    if (target.kind === "symlink") return this.#placeLink(entry, parts, target.linkTarget);
    const from = this.#files.get(target);
    if (from === undefined) return this.#placeFile({ entry, parts });
    const reason = this.#tree.addLeaf(parts, "file");
    if (reason === undefined) this.#copies.push({ entry, parts, from });
    return reason;
  }

  #placeLink(entry: Entry, parts: readonly string[], target = entry.linkTarget): string | undefined {
    const { links, rules } = this.#options;
    // What it would be in the way of is judged even where it is not made.
    const reason = this.#tree.addLeaf(parts, "link");
    if (reason !== undefined) return reason;
    if (target !== undefined) {
      const safe = resolveTarget(target, parts.slice(0, -1), rules);
      if (safe.reason !== undefined) return safe.reason;
      if (links) this.#links.push({ entry, parts, target, targetParts: safe.parts });
    } else if (links) return "a link whose target is too long";
    if (!links) this.#leave(entry, "a symlink, which are made only where they are asked for");
    return undefined;
  }

  #leave({ name }: Entry, reason: string): void {
    this.#left.push({ name, reason });
  }
}

function isHardLink({ kind, linkTarget }: Entry): boolean {
  return kind === "other" && linkTarget !== undefined;
}

/** A directory as GNU tar writes it for incremental archives: its data is a list of the names that were in it. */
function isDumpDirectory(entry: Entry & { readonly type?: string }): boolean {
  return entry.type === "D";
}

/** The file or symlink that each hard link stands for: the last of that name before it, as readers of tars take it. */
function resolveHardLinks(all: readonly Entry[]): ReadonlyMap<Entry, Entry> {
  const latest = new Map<string, Entry>();
  const targets = new Map<Entry, Entry>();
  for (const entry of all) {
    const { name, kind, linkTarget = "" } = entry;
    const isOwn = kind === "file" || kind === "symlink";
    const meant = isHardLink(entry) ? latest.get(linkTarget) : isOwn ? entry : undefined;
    if (meant === undefined) latest.delete(name);
    else latest.set(name, meant);
    if (meant !== undefined && meant !== entry) targets.set(entry, meant);
  }
  return targets;
}

function tooMany(maxEntries: number): RangeStreamsError {
  const got = `more than ${maxEntries} files, folders and links`;
  return new RangeStreamsError(
    "LIMIT",
    `Asked to extract an archive: got ${got}; raise maxEntries if you trust it`,
  );
}

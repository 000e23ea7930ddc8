import type { Stats } from "node:fs";
import { lstat, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { RangeStreamsError } from "../errors.ts";
import { fileSystemError } from "./file-system-error.node.ts";
import type { PlannedDirectory } from "./path-tree.ts";
import { crcOfFile, isLinkTo } from "./place-file.node.ts";
import type { ExtractionPlan, PlannedCopy, PlannedFile, PlannedLink } from "./plan-extraction.ts";
import type { Notes } from "./staging.node.ts";

/** What is to be done, after a look at what is there. */
export interface Survey {
  readonly directories: readonly PlannedDirectory[];
  /** Those, and the ones that an interrupted run made and left undated; parents first. */
  readonly datedDirectories: readonly PlannedDirectory[];
  readonly files: readonly PlannedFile[];
  readonly copies: readonly PlannedCopy[];
  readonly links: readonly PlannedLink[];
  /** Files and links that are there already, complete. */
  readonly kept: number;
  readonly keptBytes: number;
}

export interface SurveyOptions {
  /** Links resolved; undefined where there is none yet. */
  readonly root: string | undefined;
  readonly overwrite: boolean;
  readonly notes: Notes;
  readonly signal: AbortSignal | undefined;
}

/** Conflicts that a message names. */
const NAMED = 3;
/** Characters of a path that is too long which a message shows. */
const SHOWN = 200;

/** The real path of the directory, undefined where there is none yet. @throws EXISTS for what is none. */
export async function findRoot(directory: string): Promise<string | undefined> {
  const found = await stat(directory).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw fileSystemError(error, directory);
  });
  if (found === undefined) return undefined;
  if (found.isDirectory()) return realpath(directory);
  const message = `Asked to extract into ${directory}: got no folder there; give another directory`;
  throw new RangeStreamsError("EXISTS", message);
}

/**
 * Looks at every path of a plan, and changes nothing.
 *
 * @throws EXISTS for what is in the way, UNSAFE_PATH for a folder that is a link: none is followed.
 */
export async function surveyDirectory(plan: ExtractionPlan, options: SurveyOptions): Promise<Survey> {
  const { root } = options;
  if (root === undefined) return { ...plan, datedDirectories: plan.directories, kept: 0, keptBytes: 0 };
  const surveyor = new Surveyor(root, options);
  try {
    return await surveyor.survey(plan);
  } catch (error) {
    throw fileSystemError(error, root);
  }
}

/**
 * Asks for the longest of all paths, which a file system refuses before it looks for anything: what lies in folders that are not there yet is
 * not looked at.
 *
 * @throws UNSAFE_PATH for a path that is too long.
 */
export async function checkLongest(
  { directories, files, copies, links }: ExtractionPlan,
  root: string,
): Promise<void> {
  let [longest, length] = ["", 0];
  for (const planned of [directories, files, copies, links]) {
    for (const { parts } of planned) {
      const path = keyOf(parts);
      const byteLength = Buffer.byteLength(path);
      if (byteLength > length) [longest, length] = [path, byteLength];
    }
  }
  const path = join(root, longest);
  await lstat(path).catch((error: unknown) => {
    if (codeOf(error) === "ENAMETOOLONG") throw fileSystemError(error, `${path.slice(0, SHOWN)}…`);
  });
}

class Surveyor {
  readonly #root: string;
  readonly #options: SurveyOptions;
  /** Folders that are not there: nothing in them is. */
  readonly #absent = new Set<string>();
  readonly #conflicts: string[] = [];
  #kept = 0;
  #keptBytes = 0;

  constructor(root: string, options: SurveyOptions) {
    this.#root = root;
    this.#options = options;
  }

  async survey(plan: ExtractionPlan): Promise<Survey> {
    const { folders } = this.#options.notes;
    const [directories, datedDirectories]: [PlannedDirectory[], PlannedDirectory[]] = [[], []];
    for (const directory of plan.directories) {
      const isToMake = await this.#isToMake(directory);
      if (isToMake) directories.push(directory);
      if (isToMake || folders.has(keyOf(directory.parts))) datedDirectories.push(directory);
    }
    const files = await this.#toWrite(plan.files);
    const copies = await this.#toWrite(plan.copies);
    const ours = new Set(plan.links.map(({ parts }) => keyOf(parts)));
    const links: PlannedLink[] = [];
    for (const link of plan.links) {
      await this.#checkTarget(link, ours);
      if (await this.#isToLink(link)) links.push(link);
    }
    if (this.#conflicts.length > 0) throw this.#inTheWay();
    const [kept, keptBytes] = [this.#kept, this.#keptBytes];
    return { directories, datedDirectories, files, copies, links, kept, keptBytes };
  }

  async #isToMake({ parts }: PlannedDirectory): Promise<boolean> {
    const found = await this.#look(parts);
    if (found === undefined) {
      this.#absent.add(keyOf(parts));
      return true;
    }
    if (found.isSymbolicLink()) throw throughLink(this.#path(parts));
    if (!found.isDirectory()) this.#conflicts.push(keyOf(parts));
    return false;
  }

  async #toWrite<T extends PlannedFile>(planned: readonly T[]): Promise<T[]> {
    const left: T[] = [];
    for (const file of planned) {
      const found = await this.#look(file.parts);
      if (found !== undefined && (await this.#isComplete(file, found))) {
        this.#kept += 1;
        this.#keptBytes += file.entry.size;
        continue;
      }
      if (found !== undefined && !this.#mayReplace(found)) this.#conflicts.push(keyOf(file.parts));
      left.push(file);
    }
    return left;
  }

  /** It has the bytes that the archive's checksum tells of, or those that an earlier run noted of the very same archive. */
  async #isComplete({ entry, parts }: PlannedFile, found: Stats): Promise<boolean> {
    if (!found.isFile() || found.size !== entry.size) return false;
    const noted = this.#options.notes.files.get(keyOf(parts));
    const crc32 = entry.crc32 ?? (noted?.size === entry.size ? noted.crc32 : undefined);
    if (crc32 === undefined) return false;
    try {
      return (await crcOfFile(this.#path(parts), this.#options.signal)) === crc32;
    } catch (error) {
      // What cannot be read is not known to be complete.
      if (["EACCES", "EPERM"].includes(codeOf(error))) return false;
      throw error;
    }
  }

  async #isToLink({ parts, target }: PlannedLink): Promise<boolean> {
    const found = await this.#look(parts);
    if (found?.isSymbolicLink() === true && (await isLinkTo(this.#path(parts), target))) {
      this.#kept += 1;
      return false;
    }
    if (found !== undefined && !this.#mayReplace(found)) this.#conflicts.push(keyOf(parts));
    return true;
  }

  /** A link of ours that leads through one which was there before would lead wherever that does. */
  async #checkTarget({ targetParts }: PlannedLink, ours: ReadonlySet<string>): Promise<void> {
    for (let length = 1; length <= targetParts.length; length++) {
      const parts = targetParts.slice(0, length);
      if (ours.has(keyOf(parts))) continue;
      const found = await this.#look(parts);
      if (found === undefined) return;
      if (found.isSymbolicLink()) throw throughLink(this.#path(parts));
    }
  }

  #mayReplace(found: Stats): boolean {
    return this.#options.overwrite && (found.isFile() || found.isSymbolicLink());
  }

  async #look(parts: readonly string[]): Promise<Stats | undefined> {
    this.#options.signal?.throwIfAborted();
    if (parts.length > 1 && this.#absent.has(keyOf(parts.slice(0, -1)))) return undefined;
    try {
      return await lstat(this.#path(parts));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  #path(parts: readonly string[]): string {
    return join(this.#root, ...parts);
  }

  #inTheWay(): RangeStreamsError {
    const named = this.#conflicts.slice(0, NAMED).map((path) => JSON.stringify(path));
    const more = this.#conflicts.length - named.length;
    const got = `${named.join(", ")}${more > 0 ? ` and ${more} more` : ""} there already, and not as the archive has it`;
    const remedy = this.#options.overwrite
      ? "overwrite replaces files and links, by such alone: move away what is there"
      : "overwrite replaces files";
    const message = `Asked to extract into ${this.#root}: got ${got}; nothing was written; ${remedy}`;
    return new RangeStreamsError("EXISTS", message);
  }
}

/** How a path is told in messages and notes. */
export function keyOf(parts: readonly string[]): string {
  return parts.join("/");
}

/** The error of a folder that is a link. */
export function throughLink(path: string): RangeStreamsError {
  const message = `Asked to extract through ${path}: got a link, which could lead anywhere; remove it, or choose another directory`;
  return new RangeStreamsError("UNSAFE_PATH", message);
}

function isMissing(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(codeOf(error));
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "";
}

import { type OpenInput, type OpenOptions, openSource } from "../../open.ts";
import { Range } from "../../ranges/range.ts";
import { RangeDict } from "../../ranges/range-dict.ts";
import { beginCall } from "../../source/call.ts";
import { closedError } from "../../source/closed-error.ts";
import { heldView } from "../../source/held-view.ts";
import type { Bytes, PlannedSource, ReadOptions } from "../../source/source.ts";
import {
  type ArchiveIndex,
  type ArchiveLimits,
  type Entry,
  type EntryReadOptions,
  type EntryStream,
  type ResolvedLimits,
  resolveLimits,
} from "../archive.ts";
import { closeOnFailure, openIndexedSource } from "../archive-source.ts";
import { foreignEntry, groupByName, onlyEntry, overBudget } from "../entries.ts";
import { spanReader } from "../span-reader.ts";
import { streamMembers } from "../stream-members.ts";
import type { Directory } from "./directory.ts";
import { decodeArchiveComment } from "./entry-name.ts";
import { NameIndex } from "./name-index.ts";
import { type MemberPlan, nextBoundary, sortHeaderOffsets } from "./plan-member.ts";
import { readDirectory, TAIL_BYTES } from "./read-directory.ts";
import { decodeSpan, readMember } from "./read-member.ts";
import type { ZipArchive, ZipEntry } from "./zip-archive.ts";
import { indexZip, parseZipIndex } from "./zip-index.ts";
import { ZipMember } from "./zip-member.ts";
import type { ZipShared } from "./zip-shared.ts";

/**
 * Options of {@link openZip}: those of opening, and how much of a stranger's archive is believed. There is no `probe`: the first request
 * is always for the end of the file, where the directory is.
 */
export interface ZipOptions extends Omit<OpenOptions, "probe">, ArchiveLimits {
  /**
   * An index of this archive, made by `toIndex()`: opening from it sends nothing, the first read opens the source. The archive must
   * still have the size and the validators of the index, else reads reject with CHANGED. It is checked as a directory is.
   */
  index?: ArchiveIndex | undefined;
}

/**
 * Opens a zip (APPNOTE.TXT 6.3.10) and reads its directory, from one request for the last 64 KiB; a larger directory costs one
 * more, for exactly its missing part, and an index none. Members are then read in place, one request each, header and data
 * together; encrypted ones and those of a method not known here are listed. A source handed in stays open when the archive closes.
 *
 * @throws FORMAT for what is no zip or contradicts itself, AMBIGUOUS for what can be read in two ways, LIMIT, UNSUPPORTED for
 * one of several disks or with an encrypted directory, CHANGED for a source that is not the one of the index, UNKNOWN_SIZE,
 * INVALID_ARGUMENT for bad options, and whatever `openSource` throws.
 */
export async function openZip(input: OpenInput, options: ZipOptions = {}): Promise<ZipArchive> {
  const limits = resolveLimits(options);
  const indexed = options.index === undefined ? undefined : parseZipIndex(options.index, limits);
  if (indexed === undefined) {
    const source = await openSource(input, { ...options, probe: { suffix: TAIL_BYTES } });
    // A PlannedSource comes back as it is: that one is not ours to close.
    return readZip(source, options, { owned: source !== input });
  }
  const source = await openIndexedSource(input, options, indexed);
  const owned = source !== input;
  return closeOnFailure(owned ? source : undefined, () => {
    return new OpenedZip(source, indexed.readDirectory(source.name), { limits, owned });
  });
}

/** How a source that is already open is read as a zip. */
export interface ZipReading {
  /** The archive closes the source, and a failure to open does. */
  readonly owned: boolean;
  /** As that of `readDirectory`. */
  readonly aheadBytes?: ((directory: Range) => number) | undefined;
}

/** A zip in a source that is already open. Errors as those of {@link openZip}. */
export async function readZip(
  source: PlannedSource,
  options: ZipOptions,
  { owned, aheadBytes }: ZipReading,
): Promise<ZipArchive> {
  return closeOnFailure(owned ? source : undefined, async () => {
    const limits = resolveLimits(options);
    const directory = await readDirectory(source, limits, { signal: options.signal, aheadBytes });
    return new OpenedZip(source, directory, { limits, owned });
  });
}

class OpenedZip implements ZipArchive {
  readonly format = "zip" as const;
  readonly source: PlannedSource;
  readonly #owned: boolean;
  readonly #closing: AbortController = new AbortController();
  readonly #shared: ZipShared;
  #members: readonly ZipMember[] | undefined;
  #names: { readonly index: NameIndex | undefined } | undefined;
  #byName: Map<string, ZipMember[]> | undefined;
  #ranges: RangeDict<Entry> | undefined;

  constructor(
    source: PlannedSource,
    directory: Directory,
    { limits, owned }: { limits: ResolvedLimits; owned: boolean },
  ) {
    this.source = source;
    this.#owned = owned;
    let offsets: Float64Array | undefined;
    this.#shared = {
      source,
      directory,
      limits,
      budget: { left: limits.maxTotalBytes },
      offsets: () => {
        offsets ??= sortHeaderOffsets(directory);
        return offsets;
      },
      closed: this.#closing.signal,
      learned: { dataOffsets: new Map(), linkTargets: new Map() },
    };
  }

  get comment(): string {
    return decodeArchiveComment(this.#shared.directory.comment);
  }

  get entries(): readonly ZipEntry[] {
    return this.#list();
  }

  get ranges(): RangeDict<Entry> {
    this.#ranges ??= this.#mapRanges();
    return this.#ranges;
  }

  get(name: string): ZipEntry {
    return onlyEntry(this.#named(name), name, this.source.name);
  }

  toIndex(): ArchiveIndex {
    const { directory } = this.#shared;
    const indexed = { members: this.#list(), offsets: this.#shared.offsets() };
    return indexZip(this.source, directory, indexed);
  }

  async readMany(entries: readonly Entry[], options: EntryReadOptions = {}): Promise<Bytes[]> {
    const members = entries
      .map((entry) => this.#own(entry))
      .map((entry) => ({ entry, plan: entry.plan(options) }));
    this.#checkBudget(members.map(({ plan }) => plan.header.size));
    this.#closing.signal.throwIfAborted();
    options.signal?.throwIfAborted();
    return this.#decodeInMemory(members, options) ?? this.#readTogether(members, options);
  }

  async *streamEach(
    entries: readonly Entry[],
    options: ReadOptions = {},
  ): AsyncGenerator<EntryStream, void, void> {
    const each = entries.map((entry) => {
      const member = this.#own(entry);
      member.plan({ maxBytes: Number.POSITIVE_INFINITY });
      return { entry, position: member.offset };
    });
    const { name } = this.source;
    yield* streamMembers(each, (some, how) => this.readMany(some, how), { ...options, name });
  }

  async close(): Promise<void> {
    if (!this.#closing.signal.aborted) this.#closing.abort(closedError(this.source.name));
    if (this.#owned) await this.source.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Undefined where the archive is not in memory. */
  #decodeInMemory(
    members: readonly PlannedMember[],
    options: EntryReadOptions,
  ): Promise<Bytes[]> | undefined {
    const [first] = members;
    if (first === undefined || heldView(this.source, first.plan.span) === undefined) return undefined;
    return readOneByOne(members, options);
  }

  async #readTogether(members: readonly PlannedMember[], options: EntryReadOptions): Promise<Bytes[]> {
    const own = new AbortController();
    const signals = [this.#closing.signal, options.signal, own.signal];
    const call = beginCall({ signals, totalMs: Number.POSITIVE_INFINITY, url: this.source.name });
    try {
      const { signal } = call;
      const spans = members.map(({ plan }) => plan.span);
      const readMore = spanReader(this.source, { signal });
      const decoded: Bytes[] = [];
      // Each is decoded as it comes in, while the others are on their way.
      const hints = { signal, expect: "random", divide: false } as const;
      for await (const { index, bytes } of this.source.readEach(spans, hints)) {
        const { entry, plan } = members[index] as PlannedMember;
        decoded[index] = await decodeSpan(entry, plan, { held: bytes, signal, readMore });
      }
      return decoded;
    } finally {
      own.abort();
      call.end();
    }
  }

  #list(): readonly ZipMember[] {
    this.#members ??= listMembers(this.#shared);
    return this.#members;
  }

  /** All entries of a name. One of ASCII has the same bytes in every encoding, and no name of others reads like it. */
  #named(name: string): readonly ZipMember[] {
    const { directory } = this.#shared;
    const bytes = new TextEncoder().encode(name);
    if (bytes.length === name.length && directory.hasPlainNames) {
      this.#names ??= { index: NameIndex.of(directory) };
      const members = this.#list();
      const { index } = this.#names;
      if (index !== undefined) return index.find(bytes).map((entry) => members[entry] as ZipMember);
    }
    this.#byName ??= groupByName(this.#list());
    return this.#byName.get(name) ?? [];
  }

  #own(entry: Entry): ZipMember {
    if (entry instanceof ZipMember && entry.shared === this.#shared) return entry;
    throw foreignEntry(this.source.name);
  }

  #checkBudget(sizes: readonly number[]): void {
    const total = sizes.reduce((sum, size) => sum + size, 0);
    if (total > this.#shared.budget.left) throw overBudget(`${sizes.length} members of ${this.source.name}`);
  }

  #mapRanges(): RangeDict<Entry> {
    const { directory } = this.#shared;
    const offsets = this.#shared.offsets();
    const ranges = new RangeDict<Entry>();
    for (const member of this.#list()) {
      const { offset } = member;
      const end = nextBoundary(directory, offsets, offset);
      if (end > offset) ranges.set(new Range(offset, end), member);
    }
    return ranges;
  }
}

/** A member, and where it lies. */
interface PlannedMember {
  readonly entry: ZipMember;
  readonly plan: MemberPlan;
}

/** Of an archive in memory: nothing is gained by asking for them together, and only what is large is waited for. */
async function readOneByOne(members: readonly PlannedMember[], options: EntryReadOptions): Promise<Bytes[]> {
  const decoded: Bytes[] = [];
  for (const { entry, plan } of members) {
    const taken = readMember(entry, plan, options);
    decoded.push(taken instanceof Promise ? await taken : taken);
  }
  return decoded;
}

function listMembers(shared: ZipShared): readonly ZipMember[] {
  const members: ZipMember[] = [];
  for (const position of shared.directory.positions) members.push(new ZipMember(shared, position));
  return Object.freeze(members);
}

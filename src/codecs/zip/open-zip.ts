import { RangeStreamsError } from "../../errors.ts";
import { type OpenInput, type OpenOptions, openSource } from "../../open.ts";
import { Range } from "../../ranges/range.ts";
import { RangeDict } from "../../ranges/range-dict.ts";
import { beginCall } from "../../source/call.ts";
import { closedError } from "../../source/closed-error.ts";
import type { Bytes, PlannedSource } from "../../source/source.ts";
import {
  type Archive,
  type ArchiveLimits,
  type Entry,
  type EntryReadOptions,
  type ResolvedLimits,
  resolveLimits,
} from "../archive.ts";
import { sortHeaderOffsets } from "./plan-member.ts";
import { type Directory, readDirectory, TAIL_BYTES } from "./read-directory.ts";
import { once, spanReader } from "./read-member.ts";
import { ZipEntry, type ZipShared } from "./zip-entry.ts";

/** Options of {@link openZip}: those of opening, and how much of a stranger's archive is believed. */
export interface ZipOptions extends OpenOptions, ArchiveLimits {}

/**
 * Opens a zip (APPNOTE.TXT 6.3.10) and reads its directory, from one request for the last 64 KiB; a larger directory costs one
 * more, for exactly its missing part. Members that are stored or deflated can then be read in place, one request each; those of
 * other methods and encrypted ones are listed. A source handed in stays open when the archive closes.
 *
 * @throws FORMAT for what is no zip or contradicts itself, AMBIGUOUS for what can be read in two ways, LIMIT, UNSUPPORTED for
 * one of several disks or with an encrypted directory, UNKNOWN_SIZE, INVALID_ARGUMENT for bad options, and whatever
 * `openSource` throws.
 */
export async function openZip(input: OpenInput, options: ZipOptions = {}): Promise<Archive> {
  const limits = resolveLimits(options);
  const source = await openSource(input, { ...options, probe: { suffix: TAIL_BYTES } });
  // A PlannedSource comes back as it is: that one is not ours to close.
  const owned = source !== input;
  try {
    const directory = await readDirectory(source, limits, { signal: options.signal });
    return new ZipArchive(source, directory, { limits, owned });
  } catch (error) {
    if (owned) await source.close();
    throw error;
  }
}

class ZipArchive implements Archive {
  readonly format: string = "zip";
  readonly source: PlannedSource;
  readonly #owned: boolean;
  readonly #closing: AbortController = new AbortController();
  readonly #shared: ZipShared;
  #entries: readonly ZipEntry[] | undefined;
  #byName: Map<string, Entry[]> | undefined;
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
      offsets: () => {
        offsets ??= sortHeaderOffsets(directory);
        return offsets;
      },
      closed: this.#closing.signal,
    };
  }

  get entries(): readonly Entry[] {
    return this.#list();
  }

  get ranges(): RangeDict<Entry> {
    this.#ranges ??= this.#mapRanges();
    return this.#ranges;
  }

  get(name: string): Entry {
    this.#byName ??= groupByName(this.#list());
    const [entry, ...others] = this.#byName.get(name) ?? [];
    const { name: archive } = this.source;
    if (entry === undefined) {
      const message = `Asked for ${name} in ${archive}: got no entry of that name; see its entries`;
      throw new RangeStreamsError("NOT_FOUND", message);
    }
    if (others.length > 0) {
      const got = `${others.length + 1} entries of that name`;
      const message = `Asked for ${name} in ${archive}: got ${got}; choose one of its entries`;
      throw new RangeStreamsError("AMBIGUOUS", message);
    }
    return entry;
  }

  async readMany(entries: readonly Entry[], options: EntryReadOptions = {}): Promise<Bytes[]> {
    const members = entries
      .map((entry) => this.#own(entry))
      .map((entry) => ({ entry, plan: entry.plan(options) }));
    const own = new AbortController();
    const signals = [this.#closing.signal, options.signal, own.signal];
    const call = beginCall({ signals, totalMs: Number.POSITIVE_INFINITY, url: this.source.name });
    try {
      const { signal } = call;
      signal.throwIfAborted();
      const spans = members.map(({ plan }) => plan.span);
      const stored = await this.source.readMany(spans, { signal });
      const readMore = spanReader(this.source, { signal });
      const decoded: Bytes[] = [];
      for (const [index, { entry, plan }] of members.entries()) {
        const held = stored[index] as Bytes;
        decoded.push(
          await entry.decode(plan, (span) => (span.equals(plan.span) ? once(held) : readMore(span)), signal),
        );
      }
      return decoded;
    } finally {
      own.abort();
      call.end();
    }
  }

  async close(): Promise<void> {
    if (!this.#closing.signal.aborted) this.#closing.abort(closedError(this.source.name));
    if (this.#owned) await this.source.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #list(): readonly ZipEntry[] {
    this.#entries ??= Object.freeze(
      Array.from(this.#shared.directory.positions, (position) => new ZipEntry(this.#shared, position)),
    );
    return this.#entries;
  }

  #own(entry: Entry): ZipEntry {
    if (entry instanceof ZipEntry && entry.belongsTo(this.#shared)) return entry;
    const message = `Asked ${this.source.name} for an entry that is not its own; give some of its entries`;
    throw new RangeStreamsError("INVALID_ARGUMENT", message);
  }

  #mapRanges(): RangeDict<Entry> {
    const directoryStart = this.#shared.directory.range.start;
    const byOffset = this.#list()
      .map((entry) => ({ entry, offset: entry.offset }))
      .filter(({ offset }) => offset < directoryStart)
      .sort((one, other) => one.offset - other.offset);
    const ranges = new RangeDict<Entry>();
    for (const [index, { entry, offset }] of byOffset.entries()) {
      const end = byOffset[index + 1]?.offset ?? directoryStart;
      if (end > offset) ranges.set(new Range(offset, end), entry);
    }
    return ranges;
  }
}

function groupByName(entries: readonly Entry[]): Map<string, Entry[]> {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const { name } = entry;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [entry]);
    else group.push(entry);
  }
  return groups;
}

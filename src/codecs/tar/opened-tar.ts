import { Range } from "../../ranges/range.ts";
import { RangeDict } from "../../ranges/range-dict.ts";
import { beginCall } from "../../source/call.ts";
import { closedError } from "../../source/closed-error.ts";
import type { Bytes, PlannedSource, ReadOptions } from "../../source/source.ts";
import type { ArchiveIndex, Entry, EntryReadOptions, EntryStream, ResolvedLimits } from "../archive.ts";
import { foreignEntry, groupByName, onlyEntry, overBudget } from "../entries.ts";
import { lendStream, streamMembers } from "../stream-members.ts";
import { bytesData } from "./bytes-data.ts";
import type { Compression } from "./compression.ts";
import type { WalkOptions } from "./record-walk.ts";
import type { SeekMap } from "./seek-map.ts";
import { seekingData } from "./seeking-data.ts";
import type { TarArchive, TarEntry } from "./tar-archive.ts";
import { type ArchiveData, compressedData, plainData, type TarDataOptions } from "./tar-data.ts";
import { indexTar } from "./tar-index.ts";
import { TarMember, type TarShared } from "./tar-member.ts";
import { type TarRecord, TYPES } from "./tar-record.ts";

/** How a tar was opened. */
export interface OpenedTarOptions {
  readonly walk: WalkOptions;
  readonly limits: ResolvedLimits;
  /** Undefined for a plain tar. */
  readonly compression: Compression | undefined;
  /** Of a compressed tar, where it can be entered in its middle. */
  readonly map?: SeekMap | undefined;
  /** All of the archive, where it is in memory. */
  readonly bytes?: Bytes | undefined;
  /** The archive closes the source. */
  readonly owned: boolean;
  readonly isIndexed: boolean;
}

/** A member to be read, and what its bytes are read by. */
interface MemberRead {
  readonly member: TarMember;
  readonly record: TarRecord;
}

/** A tar whose members are known. */
export class OpenedTar implements TarArchive {
  readonly format: TarArchive["format"];
  readonly source: PlannedSource;
  readonly entries: readonly TarMember[];
  readonly #owned: boolean;
  readonly #map: SeekMap | undefined;
  readonly #closing: AbortController = new AbortController();
  readonly #data: ArchiveData;
  readonly #shared: TarShared;
  #byName: Map<string, TarMember[]> | undefined;
  #ranges: RangeDict<Entry> | undefined;

  constructor(source: PlannedSource, records: readonly TarRecord[], options: OpenedTarOptions) {
    const { compression, limits, map, owned, walk, isIndexed } = options;
    this.source = source;
    this.format = compression?.format ?? "tar";
    this.#owned = owned;
    this.#map = map;
    this.#data = chooseData({ source, walk, isIndexed }, options);
    let targets: ReadonlyMap<TarMember, TarMember> | undefined;
    const shared: TarShared = {
      source,
      archive: source.name,
      data: this.#data,
      method: compression?.method ?? "store",
      limits,
      budget: { left: limits.maxTotalBytes },
      closed: this.#closing.signal,
      target: (link) => {
        targets ??= resolveLinks(this.entries);
        return targets.get(link);
      },
      isIndexed,
      isWalk: false,
    };
    this.#shared = shared;
    const entries: TarMember[] = [];
    for (const record of records) entries.push(new TarMember(shared, record));
    this.entries = Object.freeze(entries);
  }

  get ranges(): RangeDict<Entry> {
    this.#ranges ??= this.#mapRanges();
    return this.#ranges;
  }

  get(name: string): TarEntry {
    return onlyEntry(this.#named(name), name, this.source.name);
  }

  toIndex(): ArchiveIndex {
    return indexTar(this.source, this.entries, { format: this.format, map: this.#map });
  }

  async readMany(entries: readonly Entry[], options: EntryReadOptions = {}): Promise<Bytes[]> {
    const { budget } = this.#shared;
    const reads: MemberRead[] = [];
    let total = 0;
    for (const entry of entries) {
      const member = this.#own(entry);
      const record = member.readable(options);
      reads.push({ member, record });
      total += record.storedSize;
    }
    if (total > budget.left) throw overBudget(`${reads.length} members of ${this.source.name}`);
    const read = this.#readNow(reads, options) ?? (await this.#readTogether(reads, options));
    for (const [index, { member, record }] of reads.entries()) member.take(record, read[index] as Bytes);
    return read;
  }

  async *streamEach(
    entries: readonly Entry[],
    options: ReadOptions = {},
  ): AsyncGenerator<EntryStream, void, void> {
    const members = entries.map((entry) => ({ entry, member: this.#own(entry) }));
    const each = members.map(({ entry, member }) => {
      const record = member.readable({ maxBytes: Number.POSITIVE_INFINITY });
      return { entry, member, record, position: record.start };
    });
    if (this.#data.goThrough === undefined) {
      const { name } = this.source;
      yield* streamMembers(each, (some, how) => this.readMany(some, how), { ...options, name });
      return;
    }
    // A way through gives each record once: a member asked for twice, or by a hard link too, takes another.
    for (let left = each; left.length > 0; ) {
      const round = new Map(left.map((one) => [one.record, one]));
      left = left.filter((one) => round.get(one.record) !== one);
      yield* this.#goThrough(round, options);
    }
  }

  async close(): Promise<void> {
    if (!this.#closing.signal.aborted) this.#closing.abort(closedError(this.source.name));
    if (this.#owned) await this.source.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async *#goThrough(
    round: ReadonlyMap<TarRecord, { readonly entry: Entry; readonly member: TarMember }>,
    options: ReadOptions,
  ): AsyncGenerator<EntryStream, void, void> {
    const { name } = this.source;
    const own = new AbortController();
    const signals = [this.#closing.signal, options.signal, own.signal];
    const call = beginCall({ signals, totalMs: Number.POSITIVE_INFINITY, url: name });
    const records = [...round.keys()].sort((one, other) => one.start - other.start);
    try {
      call.signal.throwIfAborted();
      for await (const { record, chunks } of this.#data.goThrough?.(records, call.signal) ?? []) {
        const found = round.get(record);
        if (found === undefined) continue;
        const { entry, member } = found;
        await member.checkLink(call.signal);
        yield* lendStream({ entry, name, signal: call.signal }, (step) =>
          member.streamOf(chunks, { signal: step }),
        );
      }
    } finally {
      own.abort();
      call.end();
    }
  }

  /** Where nothing has to be waited for, nothing has to be ended early either. */
  #readNow(reads: readonly MemberRead[], { signal }: ReadOptions): Bytes[] | undefined {
    const { readNow } = this.#data;
    if (readNow === undefined) return undefined;
    this.#closing.signal.throwIfAborted();
    signal?.throwIfAborted();
    const read: Bytes[] = [];
    for (const { member, record } of reads) {
      member.checkLinkNow();
      read.push(readNow(record));
    }
    return read;
  }

  async #readTogether(reads: readonly MemberRead[], options: ReadOptions): Promise<Bytes[]> {
    const own = new AbortController();
    const signals = [this.#closing.signal, options.signal, own.signal];
    const call = beginCall({ signals, totalMs: Number.POSITIVE_INFINITY, url: this.source.name });
    const records = reads.map(({ record }) => record);
    const unsure = this.#shared.isIndexed ? reads : [];
    try {
      call.signal.throwIfAborted();
      const links = unsure.map(({ member }) => member.checkLink(call.signal));
      const [read] = await Promise.all([this.#data.readMany(records, call.signal), ...links]);
      return read;
    } finally {
      own.abort();
      call.end();
    }
  }

  #own(entry: Entry): TarMember {
    if (entry instanceof TarMember && entry.belongsTo(this.#shared)) return entry;
    throw foreignEntry(this.source.name);
  }

  #named(name: string): readonly TarMember[] {
    this.#byName ??= groupByName(this.entries);
    return this.#byName.get(name) ?? [];
  }

  #mapRanges(): RangeDict<Entry> {
    const ranges = new RangeDict<Entry>();
    if (this.format !== "tar") return ranges;
    for (const member of this.entries) {
      const { start, data, storedSize } = member.record;
      ranges.set(new Range(start, data + storedSize), member);
    }
    return ranges;
  }
}

function chooseData(
  about: TarDataOptions,
  { compression, map, bytes, limits: { maxRatio } }: OpenedTarOptions,
): ArchiveData {
  if (compression === undefined) return bytes === undefined ? plainData(about) : bytesData(bytes, about);
  if (map === undefined) return compressedData(about, { compression, maxRatio });
  return seekingData(about, { source: about.source, compression, map, maxRatio });
}

/**
 * The member whose data each hard link stands for. As in extraction, where a later member of a name replaces an earlier one, and a
 * link is made of what is there by then; so links to links end, however they are made.
 */
function resolveLinks(members: readonly TarMember[]): ReadonlyMap<TarMember, TarMember> {
  const latest = new Map<string, TarMember>();
  const targets = new Map<TarMember, TarMember>();
  for (const member of members) {
    const { name, type, linkTarget = "" } = member;
    const target = type === TYPES.hardLink ? latest.get(linkTarget) : member;
    if (target === undefined) latest.delete(name);
    else latest.set(name, target);
    if (target !== undefined && target !== member) targets.set(member, target);
  }
  return targets;
}

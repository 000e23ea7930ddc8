import { RangeStreamsError } from "../../errors.ts";
import type { Range } from "../../ranges/range.ts";
import { beginCall, type Call } from "../../source/call.ts";
import type { Bytes, PlannedSource, ReadOptions } from "../../source/source.ts";
import { type ChunkReader, streamChunks } from "../../source/stream-chunks.ts";
import { type EntryKind, type EntryReadOptions, type ResolvedLimits, resolveLimit } from "../archive.ts";
import { decodeEntryText, overBudget, tooLargeToHold } from "../entries.ts";
import { memberDecoded, memberInMemory, memberInPlace, memberNesting } from "../member-source.ts";
import { insideSource } from "./inside-source.ts";
import type { TarEntry } from "./tar-archive.ts";
import type { ArchiveData, TarData } from "./tar-data.ts";
import { kindOf, type TarRecord, TYPES } from "./tar-record.ts";

/** What all members of one archive share. */
export interface TarShared {
  readonly source: PlannedSource;
  /** Of the archive, for messages. */
  readonly archive: string;
  readonly data: TarData & Pick<ArchiveData, "openInside">;
  /** `store`, or what the archive as a whole is compressed with. */
  readonly method: string;
  readonly limits: ResolvedLimits;
  /** Bytes that may still be handed out. */
  readonly budget: { left: number };
  /** Aborts with CLOSED when the archive closes. */
  readonly closed: AbortSignal;
  /** What a hard link stands for: the last member of that name before it. */
  target(link: TarMember): TarMember | undefined;
  /** The records come from an index, and none is believed before the archive's own header says the same. */
  readonly isIndexed: boolean;
  /** Members pass by one at a time, and what a hard link stands for is gone. */
  readonly isWalk: boolean;
}

const EMPTY: Readonly<Record<string, string>> = Object.freeze(Object.create(null) as Record<string, string>);

/** A member: what its headers say, and where its bytes come from. */
export class TarMember implements TarEntry {
  /** One that stays, of no archive: as `RecordWalk.kept`. To read 1,000 members in memory took 5 ms again and again, and 3 with this. */
  static readonly kept: TarMember = new TarMember({} as TarShared, {} as TarRecord);
  readonly #shared: TarShared;
  readonly #record: TarRecord;

  constructor(shared: TarShared, record: TarRecord) {
    this.#shared = shared;
    this.#record = record;
  }

  get name(): string {
    return this.#record.name;
  }

  get kind(): EntryKind {
    return kindOf(this.#record);
  }

  get type(): string {
    return this.#record.type;
  }

  get size(): number {
    if (this.#record.type !== TYPES.hardLink) return this.#record.size;
    return this.#shared.target(this)?.size ?? 0;
  }

  get storedSize(): number {
    return this.#record.storedSize;
  }

  get method(): string {
    return this.#shared.method;
  }

  get modified(): Date | undefined {
    const { modified } = this.#record;
    const date = modified === undefined ? undefined : new Date(Math.round(modified * 1000));
    return date === undefined || Number.isNaN(date.getTime()) ? undefined : date;
  }

  get mode(): number | undefined {
    return this.#record.mode;
  }

  get linkTarget(): string | undefined {
    return this.#record.linkTarget;
  }

  get uid(): number | undefined {
    return this.#record.uid;
  }

  get gid(): number | undefined {
    return this.#record.gid;
  }

  get userName(): string | undefined {
    return this.#record.userName;
  }

  get groupName(): string | undefined {
    return this.#record.groupName;
  }

  get isSparse(): boolean {
    return this.#record.isSparse === true;
  }

  get pax(): Readonly<Record<string, string>> {
    return this.#record.pax ?? EMPTY;
  }

  async range(options: ReadOptions = {}): Promise<Range> {
    const { record } = this.#bearer();
    return this.#within(options, async (signal) => {
      await this.checkLink(signal);
      return this.#shared.data.locate(record, signal);
    });
  }

  async bytes(options: EntryReadOptions = {}): Promise<Bytes> {
    const record = this.readable(options);
    const now = this.#readNow(record, options);
    if (now !== undefined) return now;
    return this.#within(options, async (signal) => {
      await this.checkLink(signal);
      return this.take(record, await this.#shared.data.read(record, signal));
    });
  }

  async text(options: EntryReadOptions = {}): Promise<string> {
    return decodeEntryText(await this.bytes(options), this.name);
  }

  stream(options: ReadOptions = {}): ReadableStream<Bytes> {
    return streamChunks(() => this.#openReader(options), options.signal);
  }

  /**
   * Its bytes out of chunks that come by another way, counted and checked as those of {@link stream}.
   *
   * @internal
   */
  streamOf(chunks: AsyncIterable<Bytes>, options: ReadOptions): ReadableStream<Bytes> {
    return streamChunks(() => this.#openReader(options, chunks), options.signal);
  }

  async source(options: EntryReadOptions = {}): Promise<PlannedSource> {
    const { source, limits, method } = this.#shared;
    const nesting = memberNesting(source, limits.maxNesting);
    const { record } = this.#bearer();
    if (method === "store") return memberInPlace(source, await this.range(options), nesting);
    const read = await this.#within(options, async (signal) => {
      await this.checkLink(signal);
      return this.#shared.data.openInside?.(record, signal);
    });
    if (read !== undefined) {
      const { closed } = this.#shared;
      const spend = (byteLength: number): void => this.#spend(byteLength);
      const inside = insideSource({ name: this.#what, size: record.storedSize, closed, read, spend });
      return memberDecoded(inside, nesting);
    }
    return memberInMemory(await this.bytes(options), this.#what, nesting);
  }

  /**
   * What its bytes are read by, after checking that it may be read whole.
   *
   * @internal
   * @throws UNSUPPORTED, FORMAT, LIMIT, before anything is asked for.
   */
  readable(options: EntryReadOptions): TarRecord {
    const { record } = this.#bearer();
    const { limits, budget } = this.#shared;
    const maxBytes = resolveLimit("maxBytes", options.maxBytes, limits.maxEntryBytes);
    if (record.storedSize > maxBytes) throw tooLargeToHold(this.#what, record.storedSize, maxBytes);
    if (record.storedSize > budget.left) throw overBudget(this.#what);
    return record;
  }

  /**
   * Compares a hard link out of an index with its own header, which says what it stands for. The header of its target is compared with the
   * index when its data are read, but tells nothing of a link that was made up. Costs a request where there is such a link.
   *
   * @internal
   * @throws FORMAT where the archive says otherwise.
   */
  async checkLink(signal: AbortSignal): Promise<void> {
    const { data, isIndexed } = this.#shared;
    if (isIndexed && this.#record.type === TYPES.hardLink) await data.read(this.#record, signal);
  }

  /**
   * As {@link checkLink}, of an archive in memory.
   *
   * @internal
   * @throws FORMAT where the archive says otherwise.
   */
  checkLinkNow(): void {
    const { data, isIndexed } = this.#shared;
    if (isIndexed && this.#record.type === TYPES.hardLink) data.readNow?.(this.#record);
  }

  /**
   * Bytes that were read for it, counted.
   *
   * @internal
   * @throws FORMAT for too few, LIMIT for more than all members together may give.
   */
  take(record: TarRecord, bytes: Bytes): Bytes {
    if (bytes.length !== record.storedSize) throw this.#cutShort();
    this.#spend(bytes.length);
    return bytes;
  }

  /**
   * What its headers say.
   *
   * @internal
   */
  get record(): TarRecord {
    return this.#record;
  }

  /**
   * Whether it is of the archive with this state.
   *
   * @internal
   */
  belongsTo(shared: TarShared): boolean {
    return this.#shared === shared;
  }

  get #what(): string {
    return `${this.name} in ${this.#shared.archive}`;
  }

  /** The member whose data are its bytes: itself, or what a hard link stands for. */
  #bearer(): TarMember {
    const { type, isSparse, linkTarget } = this.#record;
    if (type === TYPES.hardLink) {
      const target = this.#shared.target(this);
      if (target !== undefined) return target.#bearer();
      const [code, got] = this.#shared.isWalk
        ? (["UNSUPPORTED", "which went by; read it there, or use openTar"] as const)
        : (["FORMAT", "which is no member before it; the archive is damaged or a part of another"] as const);
      throw new RangeStreamsError(code, `Read ${this.#what}: got a hard link to ${linkTarget}, ${got}`);
    }
    if (isSparse !== true && type !== TYPES.continued) return this;
    const got = isSparse === true ? "a sparse file" : "the continuation of a file of another volume";
    throw new RangeStreamsError("UNSUPPORTED", `Read ${this.#what}: got ${got}; unpack it with GNU tar`);
  }

  #spend(byteLength: number): void {
    const { budget } = this.#shared;
    budget.left -= byteLength;
    if (budget.left < 0) throw overBudget(this.#what);
  }

  #openReader(options: ReadOptions, passing?: AsyncIterable<Bytes>): ChunkReader {
    const { record } = this.#bearer();
    const own = new AbortController();
    const call = this.#beginCall(options, own.signal);
    const chunks = (passing ?? this.#stream(record, call.signal))[Symbol.asyncIterator]();
    let left = record.storedSize;
    const end = (): void => {
      own.abort();
      call.end();
      chunks.return?.().catch(() => undefined);
    };
    return {
      read: async () => {
        call.signal.throwIfAborted();
        const next = await chunks.next();
        if (!next.done) {
          left -= next.value.length;
          this.#spend(next.value.length);
          return next.value;
        }
        end();
        if (left !== 0) throw this.#cutShort();
        return undefined;
      },
      cancel: end,
    };
  }

  async *#stream(record: TarRecord, signal: AbortSignal): AsyncGenerator<Bytes, void, void> {
    await this.checkLink(signal);
    yield* this.#shared.data.stream(record, signal);
  }

  /** Its bytes where nothing has to be waited for: then there is nothing to end early either. */
  #readNow(record: TarRecord, { signal }: ReadOptions): Bytes | undefined {
    const { data, closed } = this.#shared;
    if (data.readNow === undefined) return undefined;
    closed.throwIfAborted();
    signal?.throwIfAborted();
    this.checkLinkNow();
    return this.take(record, data.readNow(record));
  }

  #cutShort(): RangeStreamsError {
    const message = `Read ${this.#what}: got fewer bytes than its header promises; the archive is cut short`;
    return new RangeStreamsError("FORMAT", message);
  }

  async #within<Value>(
    options: ReadOptions,
    work: (signal: AbortSignal) => Promise<Value> | Value,
  ): Promise<Value> {
    const own = new AbortController();
    const call = this.#beginCall(options, own.signal);
    try {
      call.signal.throwIfAborted();
      return await work(call.signal);
    } finally {
      // Where something failed first, nobody waits for the wire any more.
      own.abort();
      call.end();
    }
  }

  #beginCall(options: ReadOptions, own?: AbortSignal): Call {
    const signals = [this.#shared.closed, options.signal, own];
    return beginCall({ signals, totalMs: Number.POSITIVE_INFINITY, url: this.#shared.archive });
  }
}

import { RangeStreamsError } from "../../errors.ts";
import { Range } from "../../ranges/range.ts";
import { beginCall, type Call } from "../../source/call.ts";
import type { Bytes, PlannedSource, ReadOptions } from "../../source/source.ts";
import { type ChunkReader, streamChunks } from "../../source/stream-chunks.ts";
import {
  type Entry,
  type EntryKind,
  type EntryReadOptions,
  type ResolvedLimits,
  resolveLimit,
} from "../archive.ts";
import { readEntryDate } from "./entry-date.ts";
import { decodeEntryName, isUnixHost } from "./entry-name.ts";
import { chooseDecoder, type MemberPlan, methodName, planMember, readCentralHeader } from "./plan-member.ts";
import type { Directory } from "./read-directory.ts";
import { type ReadSpan, readDataOffset, readStored, spanReader } from "./read-member.ts";
import type { CentralHeader } from "./zip-format.ts";

/** File types of Unix in the upper half of the external attributes (Info-ZIP's convention, APPNOTE 4.4.15). */
const UNIX_TYPES = { mask: 0xf000, regular: 0x8000, directory: 0x4000, symlink: 0xa000 } as const;

/** What all entries of one archive share. */
export interface ZipShared {
  readonly source: PlannedSource;
  readonly directory: Directory;
  readonly limits: ResolvedLimits;
  /** Where all local headers start, ascending. */
  offsets(): Float64Array;
  /** Aborts with CLOSED when the archive closes. */
  readonly closed: AbortSignal;
}

/** An entry: a place in the directory, whose fields are decoded when they are read. */
export class ZipEntry implements Entry {
  readonly #shared: ZipShared;
  readonly #position: number;
  #dataOffset: number | undefined;
  #linkTarget: string | undefined;

  constructor(shared: ZipShared, position: number) {
    this.#shared = shared;
    this.#position = position;
  }

  get name(): string {
    return decodeEntryName(this.#header, this.#shared.directory.name);
  }

  get kind(): EntryKind {
    return entryKind(this.#header, this.name);
  }

  get size(): number {
    return this.#header.size;
  }

  get storedSize(): number {
    return this.#header.storedSize;
  }

  get method(): string {
    return methodName(this.#header.method);
  }

  get modified(): Date | undefined {
    return readEntryDate(this.#header);
  }

  get linkTarget(): string | undefined {
    return this.#linkTarget;
  }

  async range(options: ReadOptions = {}): Promise<Range> {
    const plan = this.plan();
    const call = this.#beginCall(options);
    try {
      call.signal.throwIfAborted();
      this.#dataOffset ??= await readDataOffset(plan, this.#shared.source, { signal: call.signal });
      return new Range(this.#dataOffset, this.#dataOffset + plan.header.storedSize);
    } finally {
      call.end();
    }
  }

  async bytes(options: EntryReadOptions = {}): Promise<Bytes> {
    const plan = this.plan(options);
    const own = new AbortController();
    const call = this.#beginCall(options, own.signal);
    try {
      const { signal } = call;
      return await this.decode(plan, spanReader(this.#shared.source, { signal }), signal);
    } finally {
      // Where decoding failed first, nobody waits for the wire any more.
      own.abort();
      call.end();
    }
  }

  async text(options: EntryReadOptions = {}): Promise<string> {
    return decodeText(await this.bytes(options), this.name);
  }

  stream(options: ReadOptions = {}): ReadableStream<Bytes> {
    return streamChunks(() => this.#openReader(options), options.signal);
  }

  /**
   * Where it lies; with read options, after checking that it may be read whole.
   *
   * @internal
   * @throws FORMAT, UNSUPPORTED, LIMIT, before anything is asked for.
   */
  plan(options?: EntryReadOptions): MemberPlan {
    const { directory, limits } = this.#shared;
    const plan = planMember(directory, this.#shared.offsets(), this.#header);
    if (options === undefined) return plan;
    chooseDecoder(plan, limits.maxRatio);
    const maxBytes = resolveLimit("maxBytes", options.maxBytes, limits.maxEntryBytes);
    if (plan.header.size > maxBytes) {
      const got = `${plan.header.size} bytes where ${maxBytes} may be held`;
      const message = `Read ${plan.what}: got ${got}; raise maxBytes, or use stream()`;
      throw new RangeStreamsError("LIMIT", message);
    }
    return plan;
  }

  /**
   * All its bytes, out of the spans that `read` gives.
   *
   * @internal
   */
  async decode(plan: MemberPlan, read: ReadSpan, signal: AbortSignal): Promise<Bytes> {
    signal.throwIfAborted();
    // The size is believed this far: it is within maxBytes, and within maxRatio of bytes that the file does hold.
    const bytes = new Uint8Array(plan.header.size);
    let position = 0;
    for await (const chunk of this.#decoded(plan, read)) {
      signal.throwIfAborted();
      bytes.set(chunk, position);
      position += chunk.length;
    }
    if (this.kind === "symlink") this.#linkTarget = new TextDecoder().decode(bytes);
    return bytes;
  }

  /**
   * Where its local header starts.
   *
   * @internal
   */
  get offset(): number {
    return this.#header.localOffset + this.#shared.directory.prefix;
  }

  /**
   * Whether it is of the archive with this state.
   *
   * @internal
   */
  belongsTo(shared: ZipShared): boolean {
    return this.#shared === shared;
  }

  get #header(): CentralHeader {
    return readCentralHeader(this.#shared.directory, this.#position);
  }

  #decoded(plan: MemberPlan, read: ReadSpan): AsyncGenerator<Bytes, void, void> {
    const { what, header } = plan;
    const { size, storedSize, crc32 } = header;
    const { maxRatio } = this.#shared.limits;
    const decode = chooseDecoder(plan, maxRatio);
    return decode(readStored(plan, read), { what, size, storedSize, crc32, maxRatio });
  }

  #openReader(options: ReadOptions): ChunkReader {
    const plan = this.plan();
    const own = new AbortController();
    const call = this.#beginCall(options, own.signal);
    const chunks = this.#decoded(plan, spanReader(this.#shared.source, { signal: call.signal }));
    const end = (): void => {
      own.abort();
      call.end();
      chunks.return().catch(() => undefined);
    };
    return {
      read: async () => {
        call.signal.throwIfAborted();
        const next = await chunks.next();
        if (!next.done) return next.value;
        end();
        return undefined;
      },
      cancel: end,
    };
  }

  #beginCall(options: ReadOptions, own?: AbortSignal): Call {
    const signals = [this.#shared.closed, options.signal, own];
    return beginCall({ signals, totalMs: Number.POSITIVE_INFINITY, url: this.#shared.directory.name });
  }
}

function entryKind(header: CentralHeader, name: string): EntryKind {
  if (name.endsWith("/")) return "directory";
  if (!isUnixHost(header)) return "file";
  const type = (header.externalAttributes >>> 16) & UNIX_TYPES.mask;
  if (type === UNIX_TYPES.symlink) return "symlink";
  return type === 0 || type === UNIX_TYPES.regular || type === UNIX_TYPES.directory ? "file" : "other";
}

function decodeText(bytes: Bytes, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const message = `Read ${name} as text: got bytes that are no UTF-8; use bytes() and decode them yourself`;
    throw new RangeStreamsError("FORMAT", message, { cause });
  }
}

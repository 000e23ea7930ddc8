import { wholeBy } from "../../compress/check-decoded.ts";
import type { DecodeOptions } from "../../compress/decoder.ts";
import { RangeStreamsError } from "../../errors.ts";
import { Range } from "../../ranges/range.ts";
import { beginCall, type Call } from "../../source/call.ts";
import { heldView } from "../../source/held-view.ts";
import type { Bytes, PlannedSource, ReadOptions } from "../../source/source.ts";
import { type ChunkReader, streamChunks } from "../../source/stream-chunks.ts";
import { type EntryKind, type EntryReadOptions, type ResolvedLimits, resolveLimit } from "../archive.ts";
import { memberInMemory, memberInPlace, memberNesting } from "../member-source.ts";
import { type Directory, hasExtraField, readCentralHeader, readWideField } from "./directory.ts";
import { readEntryDate } from "./entry-date.ts";
import { decodeEntryComment, decodeEntryName, isUnixHost, wasAscii } from "./entry-name.ts";
import { DEFLATE, methodName, STORE } from "./methods.ts";
import { chooseDecoder, type MemberPlan, overlapsAnother, planMember } from "./plan-member.ts";
import {
  copiesOf,
  once,
  piecesOf,
  type ReadSpan,
  readDataOffset,
  readStored,
  spanReader,
  takeStored,
  WHOLE_BYTES,
} from "./read-stored.ts";
import type { ZipEntry } from "./zip-archive.ts";
import {
  CENTRAL_FIELDS,
  CENTRAL_HEADER_BYTES,
  type CentralHeader,
  EXTRA_FIELDS,
  FLAGS,
} from "./zip-format.ts";

/** File types of Unix in the upper half of the external attributes (Info-ZIP's convention, APPNOTE 4.4.15). */
const UNIX_TYPES = {
  mask: 0xf000,
  fifo: 0x1000,
  regular: 0x8000,
  directory: 0x4000,
  symlink: 0xa000,
} as const;
const PERMISSIONS = 0o777;

/** What all members of one archive share. */
export interface ZipShared {
  readonly source: PlannedSource;
  readonly directory: Directory;
  readonly limits: ResolvedLimits;
  /** Where all local headers start, ascending. */
  offsets(): Float64Array;
  /** Bytes that may still be handed out decoded. */
  readonly budget: { left: number };
  /** Aborts with CLOSED when the archive closes. */
  readonly closed: AbortSignal;
  /**
   * What was learned of members by reading them, by their place in the directory: a member itself has room for nothing, as there are
   * many.
   */
  readonly learned: {
    readonly dataOffsets: Map<number, number>;
    readonly linkTargets: Map<number, string>;
  };
}

/** A member: a place in the directory, whose fields are decoded when they are read. */
export class ZipMember implements ZipEntry {
  /**
   * A member of nothing, which keeps alive the shape that all have, and so what was compiled for it: else the first collection of garbage
   * while no archive is open would throw that away, and the next archive be listed at a quarter of the speed.
   *
   * @internal
   */
  static readonly shape: ZipMember = new ZipMember(undefined as never, 0);

  readonly #shared: ZipShared;
  readonly #position: number;

  constructor(shared: ZipShared, position: number) {
    this.#shared = shared;
    this.#position = position;
  }

  get name(): string {
    const { isNamedPlainly, view, textAt, name } = this.#shared.directory;
    // Written out, as those who list an archive ask it of every member, and before any of this has been compiled.
    if (isNamedPlainly || this.#isNamedPlainly) {
      const length = view.getUint16(this.#position + CENTRAL_FIELDS.nameLength, true);
      const start = this.#position + CENTRAL_HEADER_BYTES;
      const text = textAt(start, start + length);
      if (wasAscii(text, length)) return text;
    }
    return decodeEntryName(this.#header, name);
  }

  get kind(): EntryKind {
    if (this.#endsWithSlash) return "directory";
    if (!this.#isFromUnix) return "file";
    const type = (this.#u32("externalAttributes") >>> 16) & UNIX_TYPES.mask;
    if (type === UNIX_TYPES.symlink) return "symlink";
    // Info-ZIP calls a pipe what it was given on its standard input: a file is what comes of it.
    if (type === UNIX_TYPES.fifo) return this.size > 0 ? "file" : "other";
    return type === 0 || type === UNIX_TYPES.regular || type === UNIX_TYPES.directory ? "file" : "other";
  }

  get size(): number {
    return readWideField(this.#shared.directory, this.#position, "size");
  }

  get storedSize(): number {
    return readWideField(this.#shared.directory, this.#position, "storedSize");
  }

  get method(): string {
    return methodName(this.#u16("method"));
  }

  get crc32(): number {
    return this.#u32("crc32");
  }

  get encrypted(): boolean {
    return (this.#u16("flags") & (FLAGS.encrypted | FLAGS.strongEncryption | FLAGS.maskedHeaders)) !== 0;
  }

  get mode(): number | undefined {
    const attributes = this.#u32("externalAttributes") >>> 16;
    return this.#isFromUnix && attributes !== 0 ? attributes & PERMISSIONS : undefined;
  }

  get comment(): string {
    if (this.#u16("commentLength") === 0) return "";
    return decodeEntryComment(this.#header, this.#shared.directory.name);
  }

  get overlaps(): boolean {
    return overlapsAnother(this.#shared.directory, this.#shared.offsets(), this.#header);
  }

  get modified(): Date | undefined {
    const { bytes } = this.#shared.directory;
    const start = this.#position + CENTRAL_HEADER_BYTES + this.#u16("nameLength");
    const extra = bytes.subarray(start, start + this.#u16("extraLength"));
    return readEntryDate({ extra, dosDate: this.#u16("dosDate"), dosTime: this.#u16("dosTime") });
  }

  get linkTarget(): string | undefined {
    return this.#shared.learned.linkTargets.get(this.#position);
  }

  async range(options: ReadOptions = {}): Promise<Range> {
    const plan = this.plan();
    const call = this.#beginCall(options);
    try {
      call.signal.throwIfAborted();
      const { source, learned } = this.#shared;
      const known = learned.dataOffsets.get(this.#position);
      const start = known ?? (await readDataOffset(plan, source, { signal: call.signal }));
      learned.dataOffsets.set(this.#position, start);
      return new Range(start, start + plan.header.storedSize);
    } finally {
      call.end();
    }
  }

  async bytes(options: EntryReadOptions = {}): Promise<Bytes> {
    return this.takeWhole(this.plan(options), options);
  }

  async text(options: EntryReadOptions = {}): Promise<string> {
    return decodeText(await this.bytes(options), this.name);
  }

  stream(options: ReadOptions = {}): ReadableStream<Bytes> {
    return streamChunks(() => this.#openReader(options), options.signal);
  }

  async source(options: EntryReadOptions = {}): Promise<PlannedSource> {
    const { source, limits } = this.#shared;
    const nesting = memberNesting(source, limits.maxNesting);
    const plan = this.plan();
    chooseDecoder(plan, limits.maxRatio);
    if (plan.header.method === STORE) return memberInPlace(source, await this.range(options), nesting);
    return memberInMemory(await this.bytes(options), plan.what, nesting);
  }

  /**
   * Where it lies; with read options, after checking that it may be read whole.
   *
   * @internal
   * @throws FORMAT, AMBIGUOUS, UNSUPPORTED, LIMIT, before anything is asked for.
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
    if (plan.header.size > this.#shared.budget.left) throw overBudget(plan.what);
    return plan;
  }

  /**
   * All its bytes: at once where the archive is in memory and they are soon decoded; else by one read, or of what is large, as they
   * arrive.
   *
   * @internal
   */
  takeWhole(plan: MemberPlan, options: ReadOptions): Bytes | Promise<Bytes> {
    this.#shared.closed.throwIfAborted();
    options.signal?.throwIfAborted();
    const view = this.#viewOf(plan);
    if (view === undefined) return this.#readWhole(plan, options);
    return this.#decodeNow(plan, { held: view, isOurs: false }) ?? this.#readWhole(plan, options, view);
  }

  /**
   * All its bytes out of its span, which was read and is ours.
   *
   * @internal
   */
  async decodeSpan(plan: MemberPlan, held: Bytes, { signal, readMore }: SpanReading): Promise<Bytes> {
    signal.throwIfAborted();
    const now = this.#decodeNow(plan, { held, isOurs: true });
    if (now !== undefined) return now;
    return this.#decode(plan, (span) => (span.equals(plan.span) ? once(held) : readMore(span)), signal);
  }

  /**
   * Where its local header starts.
   *
   * @internal
   */
  get offset(): number {
    const { directory } = this.#shared;
    return readWideField(directory, this.#position, "localOffset") + directory.prefix;
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

  /** Its name is its bytes, and no extra field's. */
  get #isNamedPlainly(): boolean {
    if ((this.#u16("flags") & FLAGS.utf8) !== 0 || this.#u16("extraLength") === 0) return true;
    return !hasExtraField(this.#shared.directory.view, this.#position, EXTRA_FIELDS.unicodePath);
  }

  get #endsWithSlash(): boolean {
    if (!this.#shared.directory.isNamedPlainly && !this.#isNamedPlainly) return this.name.endsWith("/");
    const length = this.#u16("nameLength");
    // In all encodings that a name may have, this byte is a slash and nothing else.
    return (
      length > 0 && this.#shared.directory.bytes[this.#position + CENTRAL_HEADER_BYTES + length - 1] === 0x2f
    );
  }

  get #isFromUnix(): boolean {
    return isUnixHost({ madeBy: this.#u16("madeBy") });
  }

  #u16(field: keyof typeof CENTRAL_FIELDS): number {
    return this.#shared.directory.view.getUint16(this.#position + CENTRAL_FIELDS[field], true);
  }

  #u32(field: keyof typeof CENTRAL_FIELDS): number {
    return this.#shared.directory.view.getUint32(this.#position + CENTRAL_FIELDS[field], true);
  }

  async #readWhole(plan: MemberPlan, options: ReadOptions, view?: Bytes): Promise<Bytes> {
    const own = new AbortController();
    const call = this.#beginCall(options, own.signal);
    try {
      const { signal } = call;
      signal.throwIfAborted();
      const isStored = plan.header.method === STORE;
      if (!isStored && (view !== undefined || plan.span.length > WHOLE_BYTES)) {
        const chunks = view === undefined ? undefined : piecesOf(view, signal);
        return await this.#decode(plan, this.#spanReader(plan, { signal, chunks }), signal);
      }
      const { source, directory } = this.#shared;
      const held = await source.read(plan.span, { signal, aheadEnd: directory.range.start });
      return await this.decodeSpan(plan, held, { signal, readMore: this.#spanReader(plan, { signal }) });
    } finally {
      // Where decoding failed first, nobody waits for the wire any more.
      own.abort();
      call.end();
    }
  }

  #decodeNow(plan: MemberPlan, { held, isOurs }: HeldSpan): Bytes | undefined {
    const { decoders, maxRatio } = chooseDecoder(plan, this.#shared.limits.maxRatio);
    const stored = decoders.decodeNow === undefined ? undefined : takeStored(plan, held);
    if (stored === undefined) return undefined;
    const bytes = decoders.decodeNow?.(stored, promisesOf(plan, maxRatio), isOurs);
    return bytes === undefined ? undefined : this.#handOut(plan, bytes);
  }

  async #decode(plan: MemberPlan, read: ReadSpan, signal: AbortSignal): Promise<Bytes> {
    const { decoders, maxRatio } = chooseDecoder(plan, this.#shared.limits.maxRatio);
    const { decode, decodeWhole = wholeBy(decode) } = decoders;
    const bytes = await decodeWhole(readStored(plan, read), promisesOf(plan, maxRatio));
    signal.throwIfAborted();
    return this.#handOut(plan, bytes);
  }

  #handOut(plan: MemberPlan, bytes: Bytes): Bytes {
    const { budget } = this.#shared;
    budget.left -= bytes.length;
    if (budget.left < 0) throw overBudget(plan.what);
    if (this.kind === "symlink") {
      this.#shared.learned.linkTargets.set(this.#position, new TextDecoder().decode(bytes));
    }
    return bytes;
  }

  async *#decoded(plan: MemberPlan, read: ReadSpan): AsyncGenerator<Bytes, void, void> {
    const { limits, budget } = this.#shared;
    const { decoders, maxRatio } = chooseDecoder(plan, limits.maxRatio);
    for await (const chunk of decoders.decode(readStored(plan, read), promisesOf(plan, maxRatio))) {
      budget.left -= chunk.length;
      if (budget.left < 0) throw overBudget(plan.what);
      yield chunk;
    }
  }

  #openReader(options: ReadOptions): ChunkReader {
    const plan = this.plan();
    const own = new AbortController();
    const call = this.#beginCall(options, own.signal);
    const { signal } = call;
    const view = this.#viewOf(plan);
    const chunks = this.#decoded(
      plan,
      this.#spanReader(plan, { signal, chunks: chunksOf(plan, { view, signal }) }),
    );
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

  #spanReader(plan: MemberPlan, { signal, chunks }: SpanReaderOptions): ReadSpan {
    const { source, directory } = this.#shared;
    const read = spanReader(source, { signal, aheadEnd: directory.range.start });
    if (chunks === undefined) return read;
    return (span) => (span.equals(plan.span) ? chunks : read(span));
  }

  /** Its span as it lies in memory, where it does, for a decoder that is known to only read what it is given. */
  #viewOf({ header: { method }, span }: MemberPlan): Bytes | undefined {
    return method === STORE || method === DEFLATE ? heldView(this.#shared.source, span) : undefined;
  }

  #beginCall(options: ReadOptions, own?: AbortSignal): Call {
    const signals = [this.#shared.closed, options.signal, own];
    return beginCall({ signals, totalMs: Number.POSITIVE_INFINITY, url: this.#shared.directory.name });
  }
}

/** The span of a member, as a stream of it reads it where it lies in memory. */
function chunksOf(
  { header }: MemberPlan,
  { view, signal }: { readonly view: Bytes | undefined; readonly signal: AbortSignal },
): AsyncIterable<Bytes> | undefined {
  if (view === undefined) return undefined;
  // Stored bytes are handed on as they are. Others come in one piece, as zlib then fills one whole buffer after the other; an abort is
  // heard between these.
  return header.method === STORE ? copiesOf(view, signal) : once(view);
}

/** How more of a member is read than its span. */
interface SpanReading {
  readonly signal: AbortSignal;
  readonly readMore: ReadSpan;
}

/** How the span of a member is read. */
interface SpanReaderOptions {
  readonly signal: AbortSignal;
  /** The span as it lies in memory, where it does. */
  readonly chunks?: AsyncIterable<Bytes> | undefined;
}

/** The span of a member, which is here. */
interface HeldSpan {
  readonly held: Bytes;
  readonly isOurs: boolean;
}

/** What the directory promises of a member, for its decoder. */
function promisesOf(plan: MemberPlan, maxRatio: number): DecodeOptions {
  const { size, storedSize, crc32 } = plan.header;
  return {
    size,
    storedSize,
    crc32,
    maxRatio,
    get what() {
      return plan.what;
    },
  };
}

/** The LIMIT error of bytes beyond `maxTotalBytes`. */
export function overBudget(what: string): RangeStreamsError {
  const got = "more than the bytes of all members that may be handed out";
  return new RangeStreamsError("LIMIT", `Read ${what}: got ${got}; raise maxTotalBytes if you trust it`);
}

function decodeText(bytes: Bytes, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const message = `Read ${name} as text: got bytes that are no UTF-8; use bytes() and decode them yourself`;
    throw new RangeStreamsError("FORMAT", message, { cause });
  }
}

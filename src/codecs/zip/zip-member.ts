import type { Range } from "../../ranges/range.ts";
import type { Bytes, PlannedSource, ReadOptions } from "../../source/source.ts";
import { streamChunks } from "../../source/stream-chunks.ts";
import { type EntryKind, type EntryReadOptions, resolveLimit } from "../archive.ts";
import { decodeEntryText, overBudget, tooLargeToHold } from "../entries.ts";
import { memberInMemory, memberInPlace, memberNesting } from "../member-source.ts";
import { hasExtraField, readCentralHeader, readWideField } from "./directory.ts";
import { readEntryDate } from "./entry-date.ts";
import { decodeEntryComment, decodeEntryName, isUnixHost, wasAscii } from "./entry-name.ts";
import { methodName, STORE } from "./methods.ts";
import { chooseDecoder, type MemberPlan, overlapsAnother, planMember } from "./plan-member.ts";
import { locateMember, openMember, type ReadableMember, readMember } from "./read-member.ts";
import type { ZipEntry } from "./zip-archive.ts";
import {
  CENTRAL_FIELDS,
  CENTRAL_HEADER_BYTES,
  type CentralHeader,
  EXTRA_FIELDS,
  FLAGS,
} from "./zip-format.ts";
import type { ZipShared } from "./zip-shared.ts";

/** File types of Unix in the upper half of the external attributes (Info-ZIP's convention, APPNOTE 4.4.15). */
const UNIX_TYPES = {
  mask: 0xf000,
  fifo: 0x1000,
  regular: 0x8000,
  directory: 0x4000,
  symlink: 0xa000,
} as const;
const PERMISSIONS = 0o777;

/** A member: a place in the directory, whose fields are decoded when they are read. */
export class ZipMember implements ZipEntry, ReadableMember {
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
    const { hasPlainNames, view, textAt, name } = this.#shared.directory;
    // Written out, as those who list an archive ask it of every member, and before any of this has been compiled.
    if (hasPlainNames || this.#hasPlainName) {
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

  range(options: ReadOptions = {}): Promise<Range> {
    return locateMember(this, options);
  }

  async bytes(options: EntryReadOptions = {}): Promise<Bytes> {
    return readMember(this, this.plan(options), options);
  }

  async text(options: EntryReadOptions = {}): Promise<string> {
    return decodeEntryText(await this.bytes(options), this.name);
  }

  stream(options: ReadOptions = {}): ReadableStream<Bytes> {
    return streamChunks(() => openMember(this, options), options.signal);
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
    if (plan.header.size > maxBytes) throw tooLargeToHold(plan.what, plan.header.size, maxBytes);
    if (plan.header.size > this.#shared.budget.left) throw overBudget(plan.what);
    return plan;
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
   * What it shares with all members of its archive.
   *
   * @internal
   */
  get shared(): ZipShared {
    return this.#shared;
  }

  /**
   * Its place in the directory.
   *
   * @internal
   */
  get position(): number {
    return this.#position;
  }

  get #header(): CentralHeader {
    return readCentralHeader(this.#shared.directory, this.#position);
  }

  /** Its name is its bytes, and no extra field's. */
  get #hasPlainName(): boolean {
    if ((this.#u16("flags") & FLAGS.utf8) !== 0 || this.#u16("extraLength") === 0) return true;
    return !hasExtraField(this.#shared.directory.view, this.#position, EXTRA_FIELDS.unicodePath);
  }

  get #endsWithSlash(): boolean {
    if (!this.#shared.directory.hasPlainNames && !this.#hasPlainName) return this.name.endsWith("/");
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
}

import { RangeStreamsError } from "../../errors.ts";
import type { Bytes } from "../../source/source.ts";
import type { ResolvedLimits } from "../archive.ts";
import { type PaxRecords, parsePaxRecords, paxCount, paxNumber } from "./pax-records.ts";
import {
  BLOCK_BYTES,
  blockEnd,
  brokenTar,
  isZeros,
  parseTarHeader,
  readText,
  sparseMapContinues,
  type TarHeader,
  type TarPlace,
} from "./tar-format.ts";
import { hasData, kindOf, PERMISSIONS, type TarRecord, TYPES } from "./tar-record.ts";

/** The bytes of a tar, asked for in ascending order. */
export interface TarInput {
  /** Bytes in all; Infinity where only its end will tell. */
  readonly size: number;
  /** These bytes, undefined where the tar ends before. */
  read(position: number, length: number): Promise<Bytes | undefined> | Bytes | undefined;
}

/** What a walk is told. */
export interface WalkOptions {
  /** For messages. */
  readonly name: string;
  readonly limits: Pick<ResolvedLimits, "maxEntries" | "maxNameBytes" | "maxDirectoryBytes">;
  /** Goes along with a tar that ends after its last member instead of with blocks of zeros. */
  readonly allowMissingEnd?: boolean | undefined;
  /** Where the first header starts. Default 0. */
  readonly start?: number | undefined;
}

/** Type flags of headers that say something of the next member, or of all. */
const EXTENSIONS: ReadonlySet<string> = new Set("xXgLK");
/** Keys of extended headers that have a field of their own in a record. */
const OWN_KEYS: ReadonlySet<string> = new Set(
  "path linkpath size mtime uid gid uname gname hdrcharset".split(" "),
);
const SPARSE_PREFIX = "GNU.sparse.";
const NO_PAX: PaxRecords = new Map();

/**
 * The members of a tar in their order, each as soon as its headers were read; its data is passed over. Ends at the blocks of zeros
 * that mark the end: what follows them is not the tar's.
 *
 * Throws FORMAT for what is no tar, is cut short or contradicts itself; AMBIGUOUS where readers would differ about what follows;
 * LIMIT for more entries, longer names or more bytes of extended headers than are believed; and whatever reading throws.
 */
export async function* readRecords(
  input: TarInput,
  options: WalkOptions,
): AsyncGenerator<TarRecord, void, void> {
  const walk = new RecordWalk(input, options);
  for (let record = await walk.next(); record !== undefined; record = await walk.next()) yield record;
}

/** What extended headers said of the member to come. */
interface Extensions {
  /** Where the first of them starts. */
  start: number | undefined;
  pax: PaxRecords | undefined;
  /** GNU's long name and long link. */
  name: string | undefined;
  link: string | undefined;
}

class RecordWalk {
  readonly #input: TarInput;
  readonly #options: WalkOptions;
  #position: number;
  /** Where the data of the last member ends, before it is filled up to a block. */
  #dataEnd = 0;
  #members = 0;
  #directoryBytes = 0;
  #globals: ReadonlyMap<string, string> = new Map();
  #extensions: Extensions = nothingSaid();

  constructor(input: TarInput, options: WalkOptions) {
    this.#input = input;
    this.#options = options;
    this.#position = options.start ?? 0;
  }

  async next(): Promise<TarRecord | undefined> {
    for (;;) {
      const place = this.#place(this.#position);
      if (!Number.isFinite(this.#input.size) && this.#dataEnd > 0) await this.#checkWhole(place);
      const block = await this.#input.read(this.#position, BLOCK_BYTES);
      if (block === undefined) return this.#endWithoutMark(place);
      const header = parseTarHeader(block, place);
      if (header === undefined) return this.#checkEnd(place);
      this.#position += BLOCK_BYTES;
      if (!EXTENSIONS.has(header.type)) return this.#member(header, place);
      await this.#extend(header, place);
    }
  }

  #place(position: number): TarPlace {
    return { position, archive: this.#options.name };
  }

  /** Where the size is not known before, data may turn out to be cut short as it is passed over. */
  async #checkWhole(place: TarPlace): Promise<void> {
    if ((await this.#input.read(this.#dataEnd, 0)) === undefined) throw cutShort(place);
    this.#dataEnd = 0;
  }

  #endWithoutMark(place: TarPlace): undefined {
    const { allowMissingEnd = false } = this.#options;
    const isWhole = this.#members > 0 && this.#extensions.start === undefined;
    if (allowMissingEnd && isWhole && this.#input.size <= place.position) return undefined;
    throw brokenTar(place, "its end without the blocks of zeros that mark it; it may be cut short");
  }

  /** Two blocks of zeros mark the end; some writers are content with one, where the file ends too. */
  async #checkEnd(place: TarPlace): Promise<undefined> {
    if (this.#extensions.start !== undefined) throw brokenTar(place, "an extended header without a member");
    const position = place.position + BLOCK_BYTES;
    const second = await this.#input.read(position, BLOCK_BYTES);
    if (second !== undefined && !isZeros(second)) {
      throw brokenTar(
        this.#place(position),
        "more after a single block of zeros, which readers see or do not",
      );
    }
    return undefined;
  }

  /** Takes in an extended header. */
  async #extend(header: TarHeader, place: TarPlace): Promise<void> {
    const { type, size } = header;
    const isName = type === "L" || type === "K";
    const payload = await this.#payload(size, { place, isName });
    if (type === "g") {
      this.#globals = mergePax(this.#globals, parsePaxRecords(payload, place));
      return;
    }
    const said = this.#extensions;
    said.start ??= place.position;
    if (isName) {
      const field = type === "L" ? "name" : "link";
      if (said[field] !== undefined) throw ambiguous(place, "two long names for one member");
      said[field] = readText(payload);
      return;
    }
    if (said.pax !== undefined) throw ambiguous(place, "two extended headers for one member");
    said.pax = parsePaxRecords(payload, place);
  }

  async #payload(
    size: number,
    { place, isName }: { readonly place: TarPlace; readonly isName: boolean },
  ): Promise<Bytes> {
    const { maxDirectoryBytes, maxNameBytes } = this.#options.limits;
    this.#directoryBytes += size;
    // GNU's long names end with a NUL, which counts.
    if (isName && size > maxNameBytes + 1) throw beyond(place, `a name of ${size} bytes`, "maxNameBytes");
    if (this.#directoryBytes > maxDirectoryBytes) {
      throw beyond(place, `${this.#directoryBytes} bytes of extended headers`, "maxDirectoryBytes");
    }
    this.#checkFits(this.#position, size, place);
    const payload = await this.#input.read(this.#position, size);
    if (payload === undefined) throw cutShort(place);
    this.#position = blockEnd(this.#position, size);
    return payload;
  }

  #checkFits(start: number, size: number, place: TarPlace): void {
    const end = blockEnd(start, size);
    if (!Number.isSafeInteger(end)) throw brokenTar(place, `${size} bytes, which no file holds`);
    if (start + size > this.#input.size) throw cutShort(place);
  }

  async #member(header: TarHeader, place: TarPlace): Promise<TarRecord> {
    const { limits } = this.#options;
    if (++this.#members > limits.maxEntries) {
      throw beyond(place, `more than ${limits.maxEntries} entries`, "maxEntries");
    }
    const said = this.#extensions;
    this.#extensions = nothingSaid();
    const pax = said.pax ?? NO_PAX;
    this.#checkGlobals(place);
    const name = chooseName({ pax: pax.get("path"), gnu: said.name, own: header.name }, place);
    const link = chooseName({ pax: pax.get("linkpath"), gnu: said.link, own: header.linkName }, place);
    for (const text of [name, link]) {
      // UTF-8 takes at most three bytes for a unit of UTF-16.
      if (text.length * 3 <= limits.maxNameBytes || byteLength(text) <= limits.maxNameBytes) continue;
      throw beyond(place, `a name of ${byteLength(text)} bytes`, "maxNameBytes");
    }
    // A size of an extended header governs both the data and where the next header is, never one alone.
    const declared = paxCount(pax, "size", place) ?? header.size;
    checkWithoutData({ name, type: header.type, size: declared }, place);
    const storedSize = hasData(header.type) ? declared : 0;
    const data = header.sparse?.continues === true ? await this.#passSparseMap(place) : this.#position;
    this.#checkFits(data, storedSize, place);
    this.#dataEnd = data + storedSize;
    this.#position = blockEnd(data, storedSize);
    const record = describe(header, { pax, globals: this.#globals });
    const sparseSize = paxCount(pax, "GNU.sparse.realsize", place) ?? paxCount(pax, "GNU.sparse.size", place);
    const size = sparseSize ?? header.sparse?.size ?? storedSize;
    return {
      name: pax.get("GNU.sparse.name") ?? name,
      type: header.type,
      start: said.start ?? place.position,
      data,
      storedSize,
      size,
      ...(header.type === TYPES.hardLink || header.type === TYPES.symlink ? { linkTarget: link } : {}),
      ...record,
    };
  }

  /** Where the data of a sparse member starts: behind all of its map, of which there is more. */
  async #passSparseMap(place: TarPlace): Promise<number> {
    for (let continues = true; continues; ) {
      this.#directoryBytes += BLOCK_BYTES;
      if (this.#directoryBytes > this.#options.limits.maxDirectoryBytes) {
        throw beyond(place, "the map of a sparse file", "maxDirectoryBytes");
      }
      const block = await this.#input.read(this.#position, BLOCK_BYTES);
      if (block === undefined) throw cutShort(place);
      this.#position += BLOCK_BYTES;
      continues = sparseMapContinues(block);
    }
    return this.#position;
  }

  /** What names or measures one member makes no sense for all, and readers differ in whether they heed it. */
  #checkGlobals(place: TarPlace): void {
    if (this.#globals.size === 0) return;
    for (const key of ["path", "linkpath", "size"]) {
      if (this.#globals.has(key)) throw ambiguous(place, `a global header that sets ${key} for every member`);
    }
  }
}

function nothingSaid(): Extensions {
  return { start: undefined, pax: undefined, name: undefined, link: undefined };
}

/** An extended header rules over GNU's long name, and that over the header; the first two must not differ. */
function chooseName(
  from: { readonly pax: string | undefined; readonly gnu: string | undefined; readonly own: string },
  place: TarPlace,
): string {
  const { pax, gnu, own } = from;
  if (pax !== undefined && gnu !== undefined && pax !== gnu)
    throw ambiguous(place, "two names for one member");
  if (pax === "") throw brokenTar(place, "an extended header with an empty name");
  return pax ?? gnu ?? own;
}

/**
 * A hard link may tell the size of its target, as old writers do. Of others, and of directories that are told by a slash alone, some
 * readers pass over as many bytes, and some do not.
 */
function checkWithoutData(
  { name, type, size }: { readonly name: string; readonly type: string; readonly size: number },
  place: TarPlace,
): void {
  if (size === 0 || type === TYPES.hardLink) return;
  if (hasData(type) && kindOf({ type, name }) !== "directory") return;
  throw ambiguous(
    place,
    `${size} bytes for a member that has none, of which readers pass over all or nothing`,
  );
}

/** The fields of a member that do not decide where anything is. */
function describe(
  header: TarHeader,
  { pax, globals }: { readonly pax: PaxRecords; readonly globals: ReadonlyMap<string, string> },
): Partial<TarRecord> {
  const all = globals.size === 0 ? pax : mergePax(globals, pax);
  const isSparse =
    header.type === TYPES.sparse ||
    (pax.size > 0 && [...pax.keys()].some((key) => key.startsWith(SPARSE_PREFIX)));
  return {
    mode: header.mode === undefined ? undefined : header.mode & PERMISSIONS,
    uid: paxNumber(all, "uid") ?? header.uid,
    gid: paxNumber(all, "gid") ?? header.gid,
    modified: paxNumber(all, "mtime") ?? header.modified,
    userName: all.get("uname") ?? (header.userName || undefined),
    groupName: all.get("gname") ?? (header.groupName || undefined),
    isSparse: isSparse ? true : undefined,
    pax: otherRecords(all),
  };
}

function otherRecords(pax: PaxRecords): Readonly<Record<string, string>> | undefined {
  if (pax.size === 0) return undefined;
  const others = [...pax].filter(([key]) => !OWN_KEYS.has(key) && !key.startsWith(SPARSE_PREFIX));
  if (others.length === 0) return undefined;
  // Without a prototype: a key may be `__proto__`.
  const records: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [key, value] of others) records[key] = value;
  return records;
}

function mergePax(below: ReadonlyMap<string, string>, above: PaxRecords): Map<string, string> {
  const merged = new Map([...below, ...above]);
  for (const [key, value] of above) if (value === "") merged.delete(key);
  return merged;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

function cutShort(place: TarPlace): RangeStreamsError {
  return brokenTar(place, "a member that reaches beyond the end; it is cut short");
}

function ambiguous({ position, archive }: TarPlace, got: string): RangeStreamsError {
  const message = `Read ${archive} as tar at byte ${position}: got ${got}; the archive means two things, do not trust it`;
  return new RangeStreamsError("AMBIGUOUS", message);
}

function beyond(
  { position, archive }: TarPlace,
  got: string,
  option: keyof WalkOptions["limits"],
): RangeStreamsError {
  const message = `Read ${archive} as tar at byte ${position}: got ${got}; raise ${option} if you trust it`;
  return new RangeStreamsError("LIMIT", message);
}

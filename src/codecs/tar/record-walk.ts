import type { RangeStreamsError } from "../../errors.ts";
import type { ResolvedLimits } from "../archive.ts";
import { addGlobals, type Extensions, extendHeader, nothingSaid, type ToldHeader } from "./extend-header.ts";
import { type PaxRecords, parsePaxRecords } from "./pax-records.ts";
import {
  ambiguousTar,
  BLOCK_BYTES,
  type BlockAt,
  beyondLimit,
  blockEnd,
  brokenTar,
  isZeroBlock,
  parseTarHeader,
  readText,
  sparseMapContinues,
  type TarHeader,
  type TarPlace,
} from "./tar-format.ts";
import { hasData, kindOf, PERMISSIONS, type TarRecord, TYPES } from "./tar-record.ts";

/** What a walk is told. */
export interface WalkOptions {
  /** For messages. */
  readonly name: string;
  readonly limits: Pick<ResolvedLimits, "maxEntries" | "maxNameBytes" | "maxDirectoryBytes">;
  /** Accepts a tar that ends after its last member, without the blocks of zeros. */
  readonly allowMissingEnd?: boolean | undefined;
  /** Where the first header starts. Default 0. */
  readonly start?: number | undefined;
}

/** Type flags of headers that say something of the next member, or of all. */
const EXTENSIONS: ReadonlySet<string> = new Set("xXgLK");
/** Bytes that a walk needs in order to go on. */
export interface Need {
  /** In the tar. */
  readonly position: number;
  readonly length: number;
}

/** What the bytes are that a walk asked for last. */
type Step = "whole" | "header" | "extension" | "map" | "second" | "done";

/** A header block, and what it says. */
interface Placed {
  readonly header: TarHeader;
  readonly place: TarPlace;
}

/**
 * A walk from header to header, which does not read itself: it says which bytes it needs next, and takes them. So it goes as fast as
 * they come: through bytes at hand it waits for nothing.
 *
 * The members come in their order, each as soon as its headers were taken; its data is passed over. Ends at the blocks of zeros
 * that mark the end: what follows them is not the tar's.
 */
export class RecordWalk {
  /**
   * One that stays. V8 drops the code that it made for a class once a garbage collection finds nothing of that class: then 10,000
   * headers in memory took 18 ms again and again, and 9 with this.
   */
  static readonly kept: RecordWalk = new RecordWalk(
    { size: 0 },
    { name: "", limits: { maxEntries: 0, maxNameBytes: 0, maxDirectoryBytes: 0 } },
  );
  readonly #input: { readonly size: number };
  readonly #options: WalkOptions;
  #position: number;
  #step: Step = "header";
  /** Whose payload or map comes next. */
  #placed: Placed | undefined;
  /** Where the data of the last member ends, before it is filled up to a block. */
  #dataEnd = 0;
  #previous: TarHeader | undefined;
  #members = 0;
  #directoryBytes = 0;
  #isPax = false;
  readonly #globals: Map<string, string> = new Map();
  /** Characters of these. */
  #globalLength = 0;
  #extensions: Extensions = nothingSaid();

  /** `input.size`: bytes in all; Infinity where only its end will tell, which is looked at again in each step. */
  constructor(input: { readonly size: number }, options: WalkOptions) {
    this.#input = input;
    this.#options = options;
    this.#position = options.start ?? 0;
  }

  /** What it needs next; undefined once it is at the end. */
  ask(): Need | undefined {
    switch (this.#step) {
      case "done":
        return undefined;
      case "extension":
        return { position: this.#position, length: this.#placed?.header.size ?? 0 };
      case "header":
        // Where the size is not known before, data may turn out to be cut short as it is passed over.
        if (this.#dataEnd === 0 || Number.isFinite(this.#input.size)) break;
        this.#step = "whole";
        return { position: this.#dataEnd, length: 0 };
      default:
    }
    return { position: this.#position, length: BLOCK_BYTES };
  }

  /**
   * Takes what it needed, which begins at `at` of `bytes`; undefined where the tar ends before. Gives the member that is known by now.
   * `words`: the same bytes, as `wordsOf` gives them; of a few blocks they would cost more than they spare.
   *
   * Throws FORMAT for what is no tar, is cut short or contradicts itself; AMBIGUOUS where readers would differ about what follows;
   * LIMIT for more entries, longer names or more bytes of extended headers than are believed.
   */
  take(bytes: Uint8Array | undefined, at: number, words?: Int32Array): TarRecord | undefined {
    switch (this.#step) {
      case "header":
        return bytes === undefined ? this.#endWithoutMark() : this.#takeHeader({ bytes, at, words });
      case "extension":
        this.#extend(bytes, at);
        return undefined;
      case "map":
        return this.#takeMap(bytes, at);
      case "whole":
        if (bytes === undefined) throw cutShort(this.#place(this.#position));
        this.#dataEnd = 0;
        this.#step = "header";
        return undefined;
      case "second":
        this.#checkSecond(bytes, at);
        return undefined;
      default:
        return undefined;
    }
  }

  #place(position: number): TarPlace {
    return { position, archive: this.#options.name };
  }

  #takeHeader(block: BlockAt): TarRecord | undefined {
    const place = this.#place(this.#position);
    const header = parseTarHeader(block, place, this.#previous);
    this.#previous = header;
    this.#position += BLOCK_BYTES;
    if (header === undefined) {
      if (this.#extensions.start !== undefined) throw brokenTar(place, "an extended header without a member");
      this.#step = "second";
      return undefined;
    }
    if (EXTENSIONS.has(header.type)) {
      this.#expectPayload({ header, place });
      return undefined;
    }
    if (header.sparse?.continues !== true) return this.#member({ header, place });
    this.#expectMap({ header, place });
    return undefined;
  }

  #endWithoutMark(): undefined {
    const place = this.#place(this.#position);
    const { allowMissingEnd = false } = this.#options;
    const isWhole = this.#members > 0 && this.#extensions.start === undefined;
    if (!allowMissingEnd || !isWhole || this.#input.size > place.position) {
      throw brokenTar(place, "its end without the blocks of zeros that mark it; it may be cut short");
    }
    this.#step = "done";
    return undefined;
  }

  /** Two blocks of zeros mark the end; some writers are content with one, where the file ends too. */
  #checkSecond(bytes: Uint8Array | undefined, at: number): void {
    if (bytes !== undefined && !isZeroBlock(bytes, at)) {
      const got = "more after a single block of zeros, which readers see or do not";
      throw brokenTar(this.#place(this.#position), got);
    }
    this.#step = "done";
  }

  /** Looks at what an extended header is to bring before it is asked for. */
  #expectPayload(placed: Placed): void {
    const { header, place } = placed;
    const { type, size } = header;
    const { maxNameBytes } = this.#options.limits;
    // GNU's long names end with a NUL, which counts.
    if (isLongName(type) && size > maxNameBytes + 1)
      throw beyondLimit(place, `a name of ${size} bytes`, "maxNameBytes");
    this.#count(size, place, "extended headers");
    this.#checkFits(this.#position, size, place);
    this.#placed = placed;
    this.#step = "extension";
  }

  /** @throws LIMIT for more than is believed, together with all before. */
  #count(byteLength: number, place: TarPlace, what: string): void {
    this.#directoryBytes += byteLength;
    if (this.#directoryBytes <= this.#options.limits.maxDirectoryBytes) return;
    throw beyondLimit(place, `${this.#directoryBytes} bytes of ${what}`, "maxDirectoryBytes");
  }

  /** Takes in what an extended header brought. */
  #extend(bytes: Uint8Array | undefined, at: number): void {
    const { header, place } = this.#placed as Placed;
    const { type, size } = header;
    if (bytes === undefined) throw cutShort(place);
    const payload = bytes.subarray(at, at + size);
    this.#position = blockEnd(this.#position, size);
    this.#step = "header";
    if (!isLongName(type)) this.#isPax = true;
    if (type === "g") {
      this.#globalLength += addGlobals(this.#globals, this.#parsePax(payload, place));
      return;
    }
    const said = this.#extensions;
    said.start ??= place.position;
    if (isLongName(type)) {
      const field = type === "L" ? "name" : "link";
      if (said[field] !== undefined) throw ambiguousTar(place, "two long names for one member");
      said[field] = readText(payload);
      return;
    }
    if (said.pax !== undefined) throw ambiguousTar(place, "two extended headers for one member");
    said.pax = this.#parsePax(payload, place);
  }

  #parsePax(payload: Uint8Array, place: TarPlace): PaxRecords {
    return parsePaxRecords(payload, place, this.#options.limits.maxDirectoryBytes);
  }

  #checkFits(start: number, size: number, place: TarPlace): void {
    const end = blockEnd(start, size);
    if (!Number.isSafeInteger(end)) throw brokenTar(place, `${size} bytes, which no file holds`);
    if (start + size > this.#input.size) throw cutShort(place);
  }

  /** A member whose data comes next. */
  #member({ header, place }: Placed): TarRecord {
    const { limits } = this.#options;
    if (++this.#members > limits.maxEntries) {
      throw beyondLimit(place, `more than ${limits.maxEntries} entries`, "maxEntries");
    }
    const told = this.#tell(header, place);
    const { name, linkName, type } = told;
    checkLength(name, place, limits);
    checkLength(linkName, place, limits);
    checkLength(told.sparseName ?? "", place, limits);
    checkWithoutData(told, place, this.#isPax);
    const storedSize = hasData(type) ? told.size : 0;
    const data = this.#position;
    this.#checkFits(data, storedSize, place);
    this.#dataEnd = data + storedSize;
    this.#position = blockEnd(data, storedSize);
    const start = this.#extensions.start ?? place.position;
    if (start !== place.position) this.#extensions = nothingSaid();
    // Every field of every record, in this order: then all are of one shape.
    return {
      name: told.sparseName ?? name,
      type,
      start,
      data,
      storedSize,
      size: told.sparseSize ?? told.sparse?.size ?? storedSize,
      linkTarget: type === TYPES.hardLink || type === TYPES.symlink ? linkName : undefined,
      mode: told.mode === undefined ? undefined : told.mode & PERMISSIONS,
      uid: told.uid,
      gid: told.gid,
      modified: told.modified,
      userName: told.userName || undefined,
      groupName: told.groupName || undefined,
      isSparse: told.isSparse === true || type === TYPES.sparse ? true : undefined,
      pax: told.pax,
    };
  }

  /** What is to be believed of a member: mostly what its header says. */
  #tell(header: TarHeader, place: TarPlace): ToldHeader {
    const said = this.#extensions;
    if (said.start === undefined && this.#globals.size === 0) return header;
    // Each member has all of them: a few thousand members could have millions of records otherwise.
    this.#count(this.#globalLength, place, "extended headers, global ones once for each member");
    return extendHeader(header, { said, globals: this.#globals }, place);
  }

  #expectMap(placed: Placed): void {
    this.#count(BLOCK_BYTES, placed.place, "extended headers and the map of a sparse file");
    this.#placed = placed;
    this.#step = "map";
  }

  /** A block of the map of a sparse member, whose data starts behind the last of them. */
  #takeMap(bytes: Uint8Array | undefined, at: number): TarRecord | undefined {
    const placed = this.#placed as Placed;
    if (bytes === undefined) throw cutShort(placed.place);
    this.#position += BLOCK_BYTES;
    if (sparseMapContinues(bytes, at)) {
      this.#expectMap(placed);
      return undefined;
    }
    this.#step = "header";
    return this.#member(placed);
  }
}

/**
 * A hard link may tell the size of its target, as old writers do; but in a tar with pax headers its data may follow it, which some
 * readers pass over. A directory of an incremental tar has data, a list of names. Of others, and of directories that are told by a slash
 * alone, some readers pass over as many bytes, and some do not.
 */
function checkWithoutData(
  { name, type, size }: { readonly name: string; readonly type: string; readonly size: number },
  place: TarPlace,
  isPax: boolean,
): void {
  if (size === 0 || type === TYPES.dumpDirectory || (type === TYPES.hardLink && !isPax)) return;
  if (hasData(type) && kindOf({ type, name }) !== "directory") return;
  throw ambiguousTar(
    place,
    `${size} bytes for a member that has none, of which readers pass over all or nothing`,
  );
}

function isLongName(type: string): boolean {
  return type === "L" || type === "K";
}

/** @throws LIMIT for a longer name than is believed. */
function checkLength(text: string, place: TarPlace, { maxNameBytes }: WalkOptions["limits"]): void {
  // UTF-8 takes at most three bytes for a unit of UTF-16.
  if (text.length * 3 <= maxNameBytes || byteLength(text) <= maxNameBytes) return;
  throw beyondLimit(place, `a name of ${byteLength(text)} bytes`, "maxNameBytes");
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

function cutShort(place: TarPlace): RangeStreamsError {
  return brokenTar(place, "a member that reaches beyond the end; it is cut short");
}

import { exceedsRatio, tooDense } from "../../compress/check-decoded.ts";
import type { Decode } from "../../compress/decoder.ts";
import { decodeDeflate } from "../../compress/deflate.ts";
import { decodeStore } from "../../compress/store.ts";
import { RangeStreamsError } from "../../errors.ts";
import { Range } from "../../ranges/range.ts";
import { decodeEntryName } from "./entry-name.ts";
import type { Directory } from "./read-directory.ts";
import {
  ABSENT_32,
  type CentralHeader,
  FLAGS,
  LOCAL_HEADER_BYTES,
  type LocalHeader,
  parseCentralHeader,
} from "./zip-format.ts";

/**
 * How much longer a local extra field may be than the central one before a member costs a second request. Info-ZIP's differ by
 * 4 to 8 bytes, those of alignment tools by 4 KiB; the next header bounds the guess anyway, so that in a file without gaps
 * not a byte is asked for in vain. *Unmeasured*.
 */
const EXTRA_SLACK_BYTES = 512;

/** Compression methods by number (APPNOTE 4.4.5). */
const METHODS: ReadonlyMap<number, string> = new Map([
  [0, "store"],
  [8, "deflate"],
  [9, "deflate64"],
  [12, "bzip2"],
  [14, "lzma"],
  [93, "zstd"],
  [95, "xz"],
]);

const DECODERS: ReadonlyMap<number, Decode> = new Map([
  [0, decodeStore],
  [8, decodeDeflate],
]);

/** Where a member lies, and what must be true of it. */
export interface MemberPlan {
  readonly header: CentralHeader;
  /** For messages: the member and its archive. */
  readonly what: string;
  /** For messages: the archive. */
  readonly archive: string;
  /** Where its local header starts. */
  readonly offset: number;
  /** What to ask for: header and data, with room for a local extra field longer than the central one. */
  readonly span: Range;
  /** Where the next known header, or the directory, starts. */
  readonly boundary: number;
}

/** The name of a method for users. */
export function methodName(method: number): string {
  return METHODS.get(method) ?? `unknown(${method})`;
}

/** The central header at a position of the directory. */
export function readCentralHeader(directory: Directory, position: number): CentralHeader {
  const origin = directory.range.start + position;
  return parseCentralHeader(directory.bytes.subarray(position), { origin, name: directory.name });
}

/** Where all local headers start, ascending, as far as that lies before the directory. Duplicates stay. */
export function sortHeaderOffsets(directory: Directory): Float64Array {
  const { bytes, positions, prefix, range } = directory;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const offsets = new Float64Array(positions.length);
  for (let index = 0; index < positions.length; index++) {
    const position = positions[index] as number;
    const declared = view.getUint32(position + 42, true);
    const wide = declared === ABSENT_32 ? readCentralHeader(directory, position).localOffset : declared;
    offsets[index] = wide + prefix;
  }
  return offsets.sort().filter((offset) => offset < range.start);
}

/**
 * Places a member between its own header and the next one.
 *
 * @throws FORMAT where it does not fit there: it reaches into another member, shares its header, or lies outside; UNSUPPORTED
 * for one on another disk.
 */
export function planMember(directory: Directory, offsets: Float64Array, header: CentralHeader): MemberPlan {
  const archive = directory.name;
  const what = `${decodeEntryName(header, archive)} in ${archive}`;
  if (header.disk !== 0) throw unsupported(what, "a member on another disk");
  const offset = header.localOffset + directory.prefix;
  const after = firstAfter(offsets, offset);
  if (offset >= directory.range.start) {
    throw broken(what, `byte ${offset} for its header, which is not before the directory`);
  }
  if (after >= 2 && offsets[after - 2] === offset)
    throw broken(what, "a header that another entry claims too");
  const boundary = offsets[after] ?? directory.range.start;
  const shortest = offset + LOCAL_HEADER_BYTES + header.name.length + header.storedSize;
  if (shortest > boundary) throw overlap(what, shortest, boundary);
  const guess = shortest + header.extra.length + EXTRA_SLACK_BYTES;
  return { header, what, archive, offset, boundary, span: new Range(offset, Math.min(guess, boundary)) };
}

/** Index of the first number above `value`. */
function firstAfter(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * The decoder of a member, before anything of it is asked for.
 *
 * @throws UNSUPPORTED for an encryption or a method not read here, FORMAT for stored bytes of another size than promised,
 * LIMIT for a promise beyond `maxRatio`.
 */
export function chooseDecoder(plan: MemberPlan, maxRatio: number): Decode {
  const { header, what } = plan;
  const { flags, method, size, storedSize } = header;
  if ((flags & (FLAGS.encrypted | FLAGS.strongEncryption | FLAGS.maskedHeaders)) !== 0) {
    throw unsupported(what, "an encrypted member");
  }
  if ((flags & FLAGS.patched) !== 0) throw unsupported(what, "patched data");
  const decode = DECODERS.get(method);
  if (decode === undefined) throw unsupported(what, `the method ${methodName(method)}`);
  if (method === 0 && size !== storedSize) {
    throw broken(what, `${storedSize} stored bytes for a stored member of ${size}`);
  }
  if (exceedsRatio(size, storedSize, maxRatio)) throw tooDense({ what, maxRatio });
  return decode;
}

/**
 * Holds a member's own header against its directory entry. A reader that walks the file from its start believes the one, we the
 * other: where they differ, the archive means two things.
 *
 * @throws AMBIGUOUS where they contradict each other.
 */
export function checkLocalHeader(local: LocalHeader, plan: MemberPlan): void {
  const { header, what } = plan;
  if (!sameBytes(local.name, header.name)) throw ambiguous(what, "another name");
  if (local.method !== header.method) throw ambiguous(what, `the method ${methodName(local.method)}`);
  const decisive = FLAGS.encrypted | FLAGS.strongEncryption | FLAGS.maskedHeaders;
  const naming = header.name.some((byte) => byte >= 0x80) ? FLAGS.utf8 : 0;
  if (((local.flags ^ header.flags) & (decisive | naming)) !== 0) throw ambiguous(what, "other flags");
  const deferred = (local.flags & FLAGS.descriptor) !== 0;
  for (const field of ["crc32", "storedSize", "size"] as const) {
    // With a data descriptor (4.4.4, bit 3) the header may hold zeros; the directory's values rule.
    const agrees = local[field] === header[field] || (deferred && local[field] === 0);
    if (!agrees) throw ambiguous(what, `${field} ${local[field]} where the directory has ${header[field]}`);
  }
}

/** @throws FORMAT where data that starts there would reach into the next member or the directory. */
export function checkDataFits(dataOffset: number, { header, what, boundary }: MemberPlan): void {
  const end = dataOffset + header.storedSize;
  if (end > boundary) throw overlap(what, end, boundary);
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

function overlap(what: string, end: number, boundary: number): RangeStreamsError {
  return broken(what, `data up to byte ${end}, beyond byte ${boundary} where the next header starts`);
}

function ambiguous(what: string, got: string): RangeStreamsError {
  const message = `Read ${what}: got ${got} in its own header; the archive means two things, do not trust it`;
  return new RangeStreamsError("AMBIGUOUS", message);
}

function unsupported(what: string, got: string): RangeStreamsError {
  return new RangeStreamsError("UNSUPPORTED", `Read ${what}: got ${got}; that is not read here`);
}

function broken(what: string, got: string): RangeStreamsError {
  return new RangeStreamsError("FORMAT", `Read ${what}: got ${got}; the archive is damaged or deceives`);
}

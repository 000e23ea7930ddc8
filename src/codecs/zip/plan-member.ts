import { exceedsRatio, tooDense } from "../../compress/check-decoded.ts";
import { RangeStreamsError } from "../../errors.ts";
import { Range } from "../../ranges/range.ts";
import { type Directory, readWideField } from "./directory.ts";
import { decodeEntryName, isAscii } from "./entry-name.ts";
import { type Decoders, defaultMaxRatio, methodDecoders, methodName, STORE } from "./methods.ts";
import {
  type CentralHeader,
  descriptorSays,
  EXTRA_FIELDS,
  FLAGS,
  findExtraFields,
  LOCAL_HEADER_BYTES,
  type LocalHeader,
  MAX_DESCRIPTOR_BYTES,
} from "./zip-format.ts";

/**
 * How much longer a local extra field may be than the central one before a member costs a second request. Info-ZIP's differ by
 * 4 to 8 bytes, those of alignment tools by 4 KiB; the next header bounds the guess anyway, so that in a file without gaps
 * not a byte is asked for in vain. *Unmeasured*.
 */
const EXTRA_SLACK_BYTES = 512;

/** CRC and two sizes of 4 bytes: a data descriptor without a signature. */
const SHORTEST_DESCRIPTOR_BYTES = 12;

/** What a local header promises beside the directory. */
const PROMISES = ["crc32", "storedSize", "size"] as const;

/** Where a member lies, and what must be true of it. */
export interface MemberPlan {
  readonly header: CentralHeader;
  /** For messages: the member and its archive. Made when it is read. */
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

/** Where all local headers start, ascending, as far as that lies before the directory. Duplicates stay. */
export function sortHeaderOffsets(directory: Directory): Float64Array {
  const { positions, prefix, range } = directory;
  const offsets = new Float64Array(positions.length);
  let [count, sorted, last] = [0, true, -1];
  for (const position of positions) {
    const offset = readWideField(directory, position, "localOffset") + prefix;
    if (offset >= range.start) continue;
    sorted &&= offset >= last;
    last = offset;
    offsets[count++] = offset;
  }
  const known = offsets.subarray(0, count);
  return sorted ? known : known.sort();
}

/** Where the header after a position starts, or the directory. */
export function nextBoundary(directory: Directory, offsets: Float64Array, position: number): number {
  return offsets[firstAfter(offsets, position)] ?? directory.range.start;
}

/**
 * Places a member between its own header and the next one.
 *
 * @throws FORMAT where it does not fit there: it reaches into another member, shares its header, or lies outside; AMBIGUOUS where
 * its directory entry says two things; UNSUPPORTED for one on another disk.
 */
export function planMember(directory: Directory, offsets: Float64Array, header: CentralHeader): MemberPlan {
  const archive = directory.name;
  if (header.disk !== 0) throw unsupported(whatOf(header, archive), "a member on another disk");
  checkDirectoryEntry(header, archive);
  const offset = header.localOffset + directory.prefix;
  if (offset >= directory.range.start) {
    const got = `byte ${offset} for its header, which is not before the directory`;
    throw broken(whatOf(header, archive), got);
  }
  const after = firstAfter(offsets, offset);
  if (isSharedBefore(offsets, after, offset)) {
    throw broken(whatOf(header, archive), "a header that another entry claims too");
  }
  const boundary = offsets[after] ?? directory.range.start;
  const shortest = shortestEnd(header, offset);
  if (shortest > boundary) throw overlap(whatOf(header, archive), shortest, boundary);
  const guess = shortest + header.extra.length + EXTRA_SLACK_BYTES;
  const span = new Range(offset, Math.min(guess, boundary));
  return {
    header,
    archive,
    offset,
    boundary,
    span,
    get what() {
      return whatOf(header, archive);
    },
  };
}

function whatOf(header: CentralHeader, archive: string): string {
  return `${decodeEntryName(header, archive)} in ${archive}`;
}

/** Whether a member reaches into another one, or shares its header: reading it is FORMAT, and this tells so without a request. */
export function overlapsAnother(directory: Directory, offsets: Float64Array, header: CentralHeader): boolean {
  const offset = header.localOffset + directory.prefix;
  return isShared(offsets, offset) || shortestEnd(header, offset) > nextBoundary(directory, offsets, offset);
}

/** Where its data ends at the earliest: its local extra field is not known yet. */
function shortestEnd({ name, storedSize }: CentralHeader, offset: number): number {
  return offset + LOCAL_HEADER_BYTES + name.length + storedSize;
}

function isShared(offsets: Float64Array, offset: number): boolean {
  return isSharedBefore(offsets, firstAfter(offsets, offset), offset);
}

function isSharedBefore(offsets: Float64Array, after: number, offset: number): boolean {
  return after >= 2 && offsets[after - 2] === offset;
}

/** @throws AMBIGUOUS where a directory entry alone can be read in two ways. */
function checkDirectoryEntry(header: CentralHeader, archive: string): void {
  if (header.extra.length === 0) return;
  if (header.contradicted) {
    throw ambiguous(whatOf(header, archive), "a zip64 field that contradicts its directory entry");
  }
  for (const id of [EXTRA_FIELDS.zip64, EXTRA_FIELDS.unicodePath]) {
    if (findExtraFields(header.extra, id).length > 1) {
      throw ambiguous(
        whatOf(header, archive),
        `several extra fields ${hex(id)}, of which readers take either`,
      );
    }
  }
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
export function chooseDecoder(plan: MemberPlan, maxRatio: number | undefined): ChosenDecoder {
  const { flags, method, size, storedSize } = plan.header;
  if ((flags & (FLAGS.encrypted | FLAGS.strongEncryption | FLAGS.maskedHeaders)) !== 0) {
    throw unsupported(plan.what, "an encrypted member");
  }
  if ((flags & FLAGS.patched) !== 0) throw unsupported(plan.what, "patched data");
  const decoders = methodDecoders(method);
  if (decoders === undefined) throw unsupported(plan.what, `the method ${methodName(method)}`);
  if (method === STORE && size !== storedSize) {
    throw broken(plan.what, `${storedSize} stored bytes for a stored member of ${size}`);
  }
  const believed = maxRatio ?? defaultMaxRatio(method);
  if (exceedsRatio(size, storedSize, believed)) throw tooDense({ what: plan.what, maxRatio: believed });
  return { decoders, maxRatio: believed };
}

/** Decoders, and how far their output is believed. */
export interface ChosenDecoder {
  readonly decoders: Decoders;
  readonly maxRatio: number;
}

/**
 * Compares a member's own header with its directory entry. A reader that walks the file from its start believes the one, we the
 * other: where they differ, the archive means two things.
 *
 * @throws AMBIGUOUS where they contradict each other.
 */
export function checkLocalHeader(local: LocalHeader, plan: MemberPlan): void {
  const { header } = plan;
  if (!sameBytes(local.name, header.name)) throw ambiguousHeader(plan.what, "another name");
  checkUnicodePath(local, plan);
  if (local.method !== header.method)
    throw ambiguousHeader(plan.what, `the method ${methodName(local.method)}`);
  const decisive = FLAGS.encrypted | FLAGS.strongEncryption | FLAGS.maskedHeaders | FLAGS.descriptor;
  const naming = isAscii(header.name) ? 0 : FLAGS.utf8;
  if (((local.flags ^ header.flags) & (decisive | naming)) !== 0)
    throw ambiguousHeader(plan.what, "other flags");
  if (local.contradicted) throw ambiguousHeader(plan.what, "a zip64 field that contradicts the rest");
  const deferred = hasDescriptor(header);
  for (const field of PROMISES) {
    // With a data descriptor (4.4.4, bit 3) the header may hold zeros; the directory's values rule.
    if (local[field] === header[field] || (deferred && local[field] === 0)) continue;
    throw ambiguousHeader(plan.what, `${field} ${local[field]} where the directory has ${header[field]}`);
  }
}

/** A reader of either header alone must come to the same name, which a field in only one of them may decide. */
function checkUnicodePath(local: LocalHeader, plan: MemberPlan): void {
  const { header, archive } = plan;
  if (local.extra.length === 0 && header.extra.length === 0) return;
  const own = findExtraFields(local.extra, EXTRA_FIELDS.unicodePath).length;
  if (own === 0 && findExtraFields(header.extra, EXTRA_FIELDS.unicodePath).length === 0) return;
  if (own > 1) throw ambiguousHeader(plan.what, "several Unicode names");
  const name = decodeEntryName({ ...local, madeBy: header.madeBy }, archive);
  if (name !== decodeEntryName(header, archive)) throw ambiguousHeader(plan.what, "another Unicode name");
}

function hasDescriptor({ flags }: CentralHeader): boolean {
  return (flags & FLAGS.descriptor) !== 0;
}

/** How many bytes after data that ends there a data descriptor may take. */
export function descriptorRoom(dataEnd: number, { header, boundary }: MemberPlan): number {
  return hasDescriptor(header) ? Math.min(MAX_DESCRIPTOR_BYTES, Math.max(0, boundary - dataEnd)) : 0;
}

/**
 * Compares what follows the data with the directory, whose values rule. Some writers announce a descriptor and write none; where
 * there is no room for one, nothing contradicts the directory.
 *
 * @throws CHECKSUM for a descriptor that says otherwise.
 */
export function checkDescriptor(after: Uint8Array, plan: MemberPlan): void {
  if (after.length < SHORTEST_DESCRIPTOR_BYTES || descriptorSays(after, plan.header)) return;
  const got = "a data descriptor after its bytes that says otherwise than the directory";
  throw new RangeStreamsError("CHECKSUM", `Read ${plan.what}: got ${got}; it is damaged, do not use it`);
}

/** @throws FORMAT where data that starts there would reach into the next member or the directory. */
export function checkDataFits(dataOffset: number, plan: MemberPlan): void {
  const end = dataOffset + plan.header.storedSize;
  if (end > plan.boundary) throw overlap(plan.what, end, plan.boundary);
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}

function overlap(what: string, end: number, boundary: number): RangeStreamsError {
  return broken(what, `data up to byte ${end}, beyond byte ${boundary} where the next header starts`);
}

function ambiguousHeader(what: string, got: string): RangeStreamsError {
  return ambiguous(what, `${got} in its own header`);
}

function ambiguous(what: string, got: string): RangeStreamsError {
  const message = `Read ${what}: got ${got}; the archive means two things, do not trust it`;
  return new RangeStreamsError("AMBIGUOUS", message);
}

function hex(id: number): string {
  return `0x${id.toString(16).padStart(4, "0")}`;
}

function unsupported(what: string, got: string): RangeStreamsError {
  return new RangeStreamsError("UNSUPPORTED", `Read ${what}: got ${got}; that is not read here`);
}

function broken(what: string, got: string): RangeStreamsError {
  return new RangeStreamsError("FORMAT", `Read ${what}: got ${got}; the archive is damaged or deceives`);
}

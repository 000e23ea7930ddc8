import { RangeStreamsError } from "../../errors.ts";

// Tar is blocks of 512 bytes: a header block, then data filled up to whole blocks (POSIX pax, "ustar Interchange Format"). GNU tar
// and old ones share the layout up to byte 257 and differ behind it.

/** Everything in a tar starts at a multiple of this. */
export const BLOCK_BYTES = 512;

/** One header block, as it stands: extensions before it may say otherwise. */
export interface TarHeader {
  readonly name: string;
  /** Its type flag as one character; `0` for the NUL of old writers. */
  readonly type: string;
  readonly linkName: string;
  /** Bytes that follow, filled up to whole blocks. */
  readonly size: number;
  readonly mode: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** Seconds since 1970. */
  readonly modified: number | undefined;
  readonly userName: string;
  readonly groupName: string;
  /** Of GNU's sparse files: bytes with the holes, and whether blocks with more of the map follow the header. */
  readonly sparse: { readonly size: number; readonly continues: boolean } | undefined;
}

/** Where a block stands, for messages. */
export interface TarPlace {
  /** Of its first byte, in the tar. */
  readonly position: number;
  /** Of the archive. */
  readonly archive: string;
}

const OWNER_BYTES = 32;
/** Start in the block, and length. */
type Field = readonly [start: number, length: number];

const FIELDS = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  modified: [136, 12],
  checksum: [148, 8],
  linkName: [157, 100],
  userName: [265, OWNER_BYTES],
  groupName: [297, OWNER_BYTES],
  prefix: [345, 155],
  sparseSize: [483, 12],
} as const satisfies Readonly<Record<string, Field>>;
/** `ustar` and a NUL, or a space. */
const POSIX_MAGIC = [0x75, 0x73, 0x74, 0x61, 0x72, 0x00];
const GNU_MAGIC = [0x75, 0x73, 0x74, 0x61, 0x72, 0x20];
const TYPE_OFFSET = 156;
const MAGIC_OFFSET = 257;
/** Of the flag that more of a sparse map follows: in the header, and in each block that continues it. */
const SPARSE_CONTINUES = { header: 482, block: 504 } as const;
const SPACE = 0x20;

/** A block among other bytes. */
export interface BlockAt {
  readonly bytes: Uint8Array;
  /** Where it begins in them. */
  readonly at: number;
  /** The same bytes, as {@link wordsOf} gives them. */
  readonly words?: Int32Array | undefined;
}

/**
 * Reads a header block; undefined for a block of zeros, which marks the end. `previous` is the header before it: owners mostly are the
 * same, and their names then the same strings.
 *
 * @throws FORMAT for a wrong checksum, and for a size that is no number, negative or beyond 2^53 − 1.
 */
export function parseTarHeader(block: BlockAt, place: TarPlace, previous?: TarHeader): TarHeader | undefined {
  const { bytes, at, words } = block;
  const sum = words === undefined || at % WORD_BYTES !== 0 ? sumOf(bytes, at) : sumOfWords(words, at);
  if (sum === 0) return undefined;
  if (!hasRightChecksum(bytes, at, sum))
    throw brokenTar(place, "a block that is no header: its checksum is wrong");
  const size = numberField(bytes, at, FIELDS.size);
  if (size === undefined || size < 0) throw brokenTar(place, "a size that is no number of bytes");
  const flag = bytes[at + TYPE_OFFSET] as number;
  const type = flag === 0 ? "0" : String.fromCharCode(flag);
  const isPosix = hasMagic(bytes, at, POSIX_MAGIC);
  const hasOwners = isPosix || hasMagic(bytes, at, GNU_MAGIC);
  const prefix = isPosix ? textField(bytes, at, FIELDS.prefix) : "";
  const name = textField(bytes, at, FIELDS.name);
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    type,
    linkName: textField(bytes, at, FIELDS.linkName),
    size,
    mode: numberField(bytes, at, FIELDS.mode),
    uid: numberField(bytes, at, FIELDS.uid),
    gid: numberField(bytes, at, FIELDS.gid),
    modified: numberField(bytes, at, FIELDS.modified),
    userName: hasOwners ? ownerField(bytes, at + FIELDS.userName[0], previous?.userName) : "",
    groupName: hasOwners ? ownerField(bytes, at + FIELDS.groupName[0], previous?.groupName) : "",
    sparse: type === "S" ? readSparse(bytes, at, place) : undefined,
  };
}

/** Whether it begins with a header by its checksum, whatever else that says. */
export function isTarHeader(bytes: Uint8Array): boolean {
  if (bytes.length < BLOCK_BYTES) return false;
  const sum = sumOf(bytes, 0);
  return sum !== 0 && hasRightChecksum(bytes, 0, sum);
}

/** Whether another block of the sparse map follows the one at `at`. */
export function sparseMapContinues(bytes: Uint8Array, at: number): boolean {
  return bytes[at + SPARSE_CONTINUES.block] !== 0;
}

/** @throws FORMAT for a size with holes that is no number. */
function readSparse(bytes: Uint8Array, at: number, place: TarPlace): TarHeader["sparse"] {
  const size = numberField(bytes, at, FIELDS.sparseSize);
  if (size === undefined || size < 0)
    throw brokenTar(place, "a sparse file whose size is no number of bytes");
  return { size, continues: bytes[at + SPARSE_CONTINUES.header] !== 0 };
}

function numberField(bytes: Uint8Array, at: number, [start, length]: Field): number | undefined {
  return parseNumber(bytes, at + start, at + start + length);
}

/** Texts up to this many characters are put together without a decoder: 20 to 40 ns each where that took 80. */
const SHORT_TEXT = 12;

/** As {@link readText} of the field: a header has six texts, most of them short or empty, and an archive many headers. */
function textField(bytes: Uint8Array, at: number, [start, length]: Field): string {
  const first = at + start;
  const last = first + length;
  let end = first;
  while (end < last && bytes[end] !== 0) end++;
  if (end - first > SHORT_TEXT) return decodeTarText(bytes.subarray(first, end));
  let text = "";
  for (let index = first; index < end; index++) {
    const byte = bytes[index] as number;
    if (byte >= 0x80) return decodeTarText(bytes.subarray(first, end));
    text += String.fromCharCode(byte);
  }
  return text;
}

/** The text of a field of an owner, whose first byte is at `start`: `last` itself where it says the same. */
function ownerField(bytes: Uint8Array, start: number, last = ""): string {
  let index = 0;
  for (; index < last.length; index++) {
    const byte = bytes[start + index] as number;
    // The same characters may come of other bytes where these are not ASCII.
    if (byte >= 0x80 || byte !== last.charCodeAt(index)) break;
  }
  const isSame = index === last.length && (index === OWNER_BYTES || bytes[start + index] === 0);
  return isSame ? last : textField(bytes, start, [0, OWNER_BYTES]);
}

function hasMagic(bytes: Uint8Array, at: number, magic: readonly number[]): boolean {
  for (let index = 0; index < magic.length; index++) {
    if (bytes[at + MAGIC_OFFSET + index] !== magic[index]) return false;
  }
  return true;
}

/** Whether a whole block of zeros is at `at`. */
export function isZeroBlock(bytes: Uint8Array, at: number): boolean {
  return sumOf(bytes, at) === 0;
}

/** The sum of all bytes of a block. Eight at a time took 0.6 of the time of one. */
function sumOf(bytes: Uint8Array, at: number): number {
  let sum = 0;
  for (let index = at; index < at + BLOCK_BYTES; index += 8) {
    sum +=
      (bytes[index] as number) +
      (bytes[index + 1] as number) +
      (bytes[index + 2] as number) +
      (bytes[index + 3] as number) +
      (bytes[index + 4] as number) +
      (bytes[index + 5] as number) +
      (bytes[index + 6] as number) +
      (bytes[index + 7] as number);
  }
  return sum;
}

const WORD_BYTES = Int32Array.BYTES_PER_ELEMENT;

/** Bytes as words, to sum headers by, which took 0.6 of the time; undefined where they cannot be read so. */
export function wordsOf({ buffer, byteOffset, byteLength }: Uint8Array): Int32Array | undefined {
  if (byteOffset % WORD_BYTES !== 0) return undefined;
  return new Int32Array(buffer, byteOffset, Math.floor(byteLength / WORD_BYTES));
}

/** As {@link sumOf}, where `at` is a multiple of four: two bytes of a word are summed in each half of a number, 128 words at most. */
function sumOfWords(words: Int32Array, at: number): number {
  const first = at / WORD_BYTES;
  let halves = 0;
  for (let index = first; index < first + BLOCK_BYTES / WORD_BYTES; index++) {
    const word = words[index] as number;
    halves = (halves + (word & 0x00ff00ff) + ((word >>> 8) & 0x00ff00ff)) | 0;
  }
  return (halves & 0xffff) + (halves >>> 16);
}

/** The checksum is the sum of all bytes, its own as spaces. Some old writers summed signed bytes. */
function hasRightChecksum(bytes: Uint8Array, at: number, sumOfAll: number): boolean {
  const [start, length] = FIELDS.checksum;
  const expected = numberField(bytes, at, FIELDS.checksum);
  let sum = sumOfAll + length * SPACE;
  for (let index = at + start; index < at + start + length; index++) sum -= bytes[index] as number;
  if (expected === sum) return true;
  let high = 0;
  for (let index = 0; index < BLOCK_BYTES; index++) {
    if (index < start || index >= start + length) high += (bytes[at + index] as number) >> 7;
  }
  return expected === sum - 256 * high;
}

/**
 * A number as tar writes it: octal digits, spaces before and spaces or NULs behind them; or, where the first byte is 0x80 or 0xff,
 * big-endian in two's complement (GNU, star). Nothing at all is 0, as all readers take it. Undefined for anything else, and beyond 2^53 − 1.
 */
export function parseTarNumber(bytes: Uint8Array): number | undefined {
  return parseNumber(bytes, 0, bytes.length);
}

function parseNumber(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (start < end && (bytes[start] as number) >= 0x80) return parseBinary(bytes.subarray(start, end));
  let index = start;
  while (index < end && bytes[index] === SPACE) index++;
  let value = 0;
  for (; index < end; index++) {
    const digit = (bytes[index] as number) - 0x30;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  for (; index < end; index++) {
    if (bytes[index] !== 0 && bytes[index] !== SPACE) return undefined;
  }
  return Number.isSafeInteger(value) ? value : undefined;
}

function parseBinary(bytes: Uint8Array): number | undefined {
  const [first] = bytes;
  // All readers know these two; what else the first byte could say no number holds.
  if (first !== 0x80 && first !== 0xff) return undefined;
  let value = first === 0xff ? -1n : 0n;
  for (const byte of bytes.subarray(1)) value = value * 256n + BigInt(byte);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** The text of a field or a long name, up to the first NUL. */
export function readText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  if (end === 0) return "";
  return decodeTarText(end < 0 ? bytes : bytes.subarray(0, end));
}

/** UTF-8, else Latin-1: nothing in a tar says which, and every byte is something in the latter. */
export function decodeTarText(bytes: Uint8Array): string {
  return decodeUtf8(bytes) ?? Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

const UTF8: TextDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Undefined for what is no UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The position after data that starts on a block and fills up its last one. */
export function blockEnd(start: number, length: number): number {
  return start + Math.ceil(length / BLOCK_BYTES) * BLOCK_BYTES;
}

/** The FORMAT error of a tar. */
export function brokenTar({ position, archive }: TarPlace, got: string): RangeStreamsError {
  const message = `Read ${archive} as tar at byte ${position}: got ${got}; it is no tar, damaged, or deceives`;
  return new RangeStreamsError("FORMAT", message);
}

/** The AMBIGUOUS error of a tar. */
export function ambiguousTar({ position, archive }: TarPlace, got: string): RangeStreamsError {
  const message = `Read ${archive} as tar at byte ${position}: got ${got}; the archive means two things, do not trust it`;
  return new RangeStreamsError("AMBIGUOUS", message);
}

/** The LIMIT error of a tar, for what is more than an option allows. */
export function beyondLimit(
  { position, archive }: TarPlace,
  got: string,
  option: "maxEntries" | "maxNameBytes" | "maxDirectoryBytes",
): RangeStreamsError {
  const message = `Read ${archive} as tar at byte ${position}: got ${got}; raise ${option} if you trust it`;
  return new RangeStreamsError("LIMIT", message);
}

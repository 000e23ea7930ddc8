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

/** Start and length of each field. */
const FIELDS = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  modified: [136, 12],
  checksum: [148, 8],
  linkName: [157, 100],
  userName: [265, 32],
  groupName: [297, 32],
  prefix: [345, 155],
  sparseSize: [483, 12],
} as const;
const TYPE_OFFSET = 156;
const MAGIC_OFFSET = 257;
/** Of the flag that more of a sparse map follows: in the header, and in each block that continues it. */
const SPARSE_CONTINUES = { header: 482, block: 504 } as const;
const SPACE = 0x20;

/**
 * Reads a header block; undefined for a block of zeros, which marks the end.
 *
 * @throws FORMAT for a wrong checksum, and for a size that is no number, negative or beyond 2^53 − 1.
 */
export function parseTarHeader(block: Uint8Array, place: TarPlace): TarHeader | undefined {
  if (isZeros(block)) return undefined;
  if (!hasRightChecksum(block)) throw brokenTar(place, "a block that is no header: its checksum is wrong");
  const size = numberField(block, "size");
  if (size === undefined || size < 0) throw brokenTar(place, "a size that is no number of bytes");
  const type = block[TYPE_OFFSET] === 0 ? "0" : String.fromCharCode(block[TYPE_OFFSET] as number);
  const isPosix = hasMagic(block, "ustar\0");
  const hasOwners = isPosix || hasMagic(block, "ustar ");
  const prefix = isPosix ? textField(block, "prefix") : "";
  const name = textField(block, "name");
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    type,
    linkName: textField(block, "linkName"),
    size,
    mode: numberField(block, "mode"),
    uid: numberField(block, "uid"),
    gid: numberField(block, "gid"),
    modified: numberField(block, "modified"),
    userName: hasOwners ? textField(block, "userName") : "",
    groupName: hasOwners ? textField(block, "groupName") : "",
    sparse: type === "S" ? readSparse(block, place) : undefined,
  };
}

/** Whether it is a header by its checksum, whatever else it says. */
export function isTarHeader(block: Uint8Array): boolean {
  return block.length >= BLOCK_BYTES && !isZeros(block) && hasRightChecksum(block);
}

/** Whether another block of the sparse map follows this one. */
export function sparseMapContinues(block: Uint8Array): boolean {
  return block[SPARSE_CONTINUES.block] !== 0;
}

/** @throws FORMAT for a size with holes that is no number. */
function readSparse(block: Uint8Array, place: TarPlace): TarHeader["sparse"] {
  const size = numberField(block, "sparseSize");
  if (size === undefined || size < 0)
    throw brokenTar(place, "a sparse file whose size is no number of bytes");
  return { size, continues: block[SPARSE_CONTINUES.header] !== 0 };
}

function numberField(block: Uint8Array, name: keyof typeof FIELDS): number | undefined {
  const [start, length] = FIELDS[name];
  return parseNumber(block, start, start + length);
}

/** Texts up to this many characters are put together without a decoder: 20 to 40 ns each where that took 80. */
const SHORT_TEXT = 12;

/** As {@link readText} of the field: a header has six texts, most of them short or empty, and an archive many headers. */
function textField(block: Uint8Array, name: keyof typeof FIELDS): string {
  const [start, length] = FIELDS[name];
  let text = "";
  for (let index = start; index < start + length; index++) {
    const byte = block[index] as number;
    if (byte === 0) return text;
    if (byte >= 0x80 || text.length === SHORT_TEXT) break;
    text += String.fromCharCode(byte);
  }
  return text.length < length ? readText(block.subarray(start, start + length)) : text;
}

function hasMagic(block: Uint8Array, magic: string): boolean {
  for (let index = 0; index < magic.length; index++) {
    if (block[MAGIC_OFFSET + index] !== magic.charCodeAt(index)) return false;
  }
  return true;
}

export function isZeros(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

/** The sum of all bytes, those of the checksum as spaces. Some old writers summed signed bytes. */
function hasRightChecksum(block: Uint8Array): boolean {
  const [start, length] = FIELDS.checksum;
  const expected = numberField(block, "checksum");
  let sum = length * SPACE;
  let high = 0;
  for (let index = 0; index < BLOCK_BYTES; index++) {
    const byte = block[index] as number;
    sum += byte;
    high += byte >> 7;
  }
  for (let index = start; index < start + length; index++) {
    const byte = block[index] as number;
    sum -= byte;
    high -= byte >> 7;
  }
  return expected === sum || expected === sum - 256 * high;
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
  return decodeText(end < 0 ? bytes : bytes.subarray(0, end));
}

/** UTF-8, else Latin-1: nothing in a tar says which, and every byte is something in the latter. */
export function decodeText(bytes: Uint8Array): string {
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

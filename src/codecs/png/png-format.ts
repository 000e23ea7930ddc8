import { RangeStreamsError } from "../../errors.ts";

// The frame of a PNG, after Portable Network Graphics, third edition (W3C); its sections are named at each part. All numbers are
// big-endian.

/** The first eight bytes (5.2). They show whether line feeds or eighth bits were mangled on the way. */
const SIGNATURE: readonly number[] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
export const SIGNATURE_BYTES = 8;

/** Length and type before the data of a chunk (5.3). */
export const CHUNK_HEAD_BYTES = 8;
/** The CRC after it, over type and data. */
export const CHUNK_TAIL_BYTES = 4;
/** Of the data of IHDR (11.2.1). */
const HEADER_BYTES = 13;
/** Signature and the whole of IHDR: what every PNG starts with. */
export const OPENING_BYTES: number = SIGNATURE_BYTES + CHUNK_HEAD_BYTES + HEADER_BYTES + CHUNK_TAIL_BYTES;

/** The most that four bytes may say (7.1). */
const MAX_NUMBER = 0x7fffffff;

/** What the first chunk says of the image (11.2.1). */
export interface PngHeader {
  /** Pixels in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Bits of a sample, or of an index into the palette: 1, 2, 4, 8 or 16. */
  readonly bitDepth: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGB with alpha. */
  readonly colorType: number;
  /** In seven passes, after Adam7. */
  readonly interlaced: boolean;
}

/** Samples of a pixel as stored, and the depths there may be, by color type (11.2.1, table 9). */
const COLOR_TYPES: ReadonlyMap<number, { channels: number; depths: readonly number[] }> = new Map([
  [0, { channels: 1, depths: [1, 2, 4, 8, 16] }],
  [2, { channels: 3, depths: [8, 16] }],
  [3, { channels: 1, depths: [1, 2, 4, 8] }],
  [4, { channels: 2, depths: [8, 16] }],
  [6, { channels: 4, depths: [8, 16] }],
]);

/** Bits of a color type (11.2.1). */
export const USES_PALETTE = 1;
export const USES_COLOR = 2;
export const USES_ALPHA = 4;

/** How a chunk starts. */
export interface ChunkHead {
  /** Four letters. */
  readonly type: string;
  /** Bytes of its data. */
  readonly length: number;
  /** Where its length field starts. */
  readonly offset: number;
}

/** The FORMAT error of a file that is no right PNG. */
export function brokenPng(what: string, got: string): RangeStreamsError {
  return new RangeStreamsError("FORMAT", `Read ${what}: got ${got}; it is damaged or no PNG`);
}

/** @throws FORMAT for anything but the first eight bytes of a PNG. */
export function checkSignature(bytes: Uint8Array, name: string): void {
  const wrong = SIGNATURE.findIndex((byte, index) => bytes[index] !== byte);
  if (wrong === -1) return;
  const mangled = wrong >= 4 ? ", mangled as by a transfer of text" : "";
  throw brokenPng(name, `a file without a PNG's signature${mangled}`);
}

/**
 * | offset | size | field                               |
 * |      0 |    4 | length of the data                  |
 * |      4 |    4 | type: four letters                  |
 * |      8 |    * | data, and the CRC-32 of type and data |
 *
 * @throws FORMAT for a length beyond 2^31 − 1 and for what is no type.
 */
export function parseChunkHead(bytes: Uint8Array, place: { origin: number; name: string }): ChunkHead {
  const { origin: offset, name } = place;
  const what = `the chunk at byte ${offset} of ${name}`;
  if (bytes.length < CHUNK_HEAD_BYTES) throw brokenPng(what, "too few bytes for one");
  const length = uint32(bytes, 0);
  const letters = bytes.subarray(4, CHUNK_HEAD_BYTES);
  if (!letters.every(isLetter)) throw brokenPng(what, "a type that is not four letters");
  const type = String.fromCharCode(...letters);
  if (length > MAX_NUMBER) throw brokenPng(what, `${type} of ${length} bytes, more than a chunk can have`);
  return { type, length, offset };
}

/**
 * The data of IHDR:
 *
 * | offset | size | field              |
 * |      0 |    4 | width              |
 * |      4 |    4 | height             |
 * |      8 |    1 | bit depth          |
 * |      9 |    1 | color type         |
 * |     10 |    1 | compression: 0     |
 * |     11 |    1 | filters: 0         |
 * |     12 |    1 | interlacing: 0, 1  |
 *
 * @throws FORMAT for what no PNG may say.
 */
export function parseHeader(bytes: Uint8Array, name: string): PngHeader {
  const what = `the header of ${name}`;
  if (bytes.length !== HEADER_BYTES)
    throw brokenPng(what, `${bytes.length} bytes instead of ${HEADER_BYTES}`);
  const [width, height] = [uint32(bytes, 0), uint32(bytes, 4)];
  const [bitDepth = 0, colorType = 0, compression, filters, interlacing = 0] = bytes.subarray(8);
  if ([width, height].some((side) => side === 0 || side > MAX_NUMBER)) {
    throw brokenPng(what, `an image of ${width} by ${height} pixels`);
  }
  if (!COLOR_TYPES.get(colorType)?.depths.includes(bitDepth)) {
    throw brokenPng(what, `color type ${colorType} with ${bitDepth} bits a sample, which there is not`);
  }
  if (compression !== 0 || filters !== 0 || interlacing > 1) {
    throw brokenPng(what, `compression ${compression}, filters ${filters}, interlacing ${interlacing}`);
  }
  return Object.freeze({ width, height, bitDepth, colorType, interlaced: interlacing === 1 });
}

/** Samples of a pixel as stored: a palette's index is one. */
export function storedChannels({ colorType }: Pick<PngHeader, "colorType">): number {
  return COLOR_TYPES.get(colorType)?.channels ?? 0;
}

/** Whether a reader that does not know a chunk must not show the image: its first letter is a capital (5.4). */
export function isCritical(type: string): boolean {
  return type.charCodeAt(0) < 0x60;
}

function isLetter(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}

/** Four bytes, big-endian. */
export function uint32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at);
}

/** Two bytes, big-endian. */
export function uint16(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint16(at);
}

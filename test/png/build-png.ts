import { zlibSync } from "fflate";
import { createCrc32 } from "#crc32";

/** One chunk to write. */
export interface ChunkSpec {
  type: string;
  data?: Uint8Array;
  /** What the length field says, in the place of the truth. */
  length?: number;
  crc?: number;
}

/** An image to write. */
export interface ImageSpec {
  width: number;
  height: number;
  bitDepth?: number;
  colorType?: number;
  interlaced?: boolean;
  /** The samples of a pixel, as stored. */
  sample?: (x: number, y: number) => readonly number[];
  /** The filter of the n-th row that is written. Default: one after the other. */
  filter?: (row: number) => number;
  before?: ChunkSpec[];
  after?: ChunkSpec[];
  /** Image data is cut into chunks of so many bytes. Default: one. */
  dataBytes?: number;
  /** Not written. */
  without?: string[];
}

const SIGNATURE: Uint8Array = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** In which pass of Adam7 a pixel is, by its place in a square of eight by eight (section 8.2). */
const ADAM7 = [
  "16462646",
  "77777777",
  "56565656",
  "77777777",
  "36463646",
  "77777777",
  "56565656",
  "77777777",
];

export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

export function uint32Of(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  for (const [index, value] of values.entries()) new DataView(bytes.buffer).setUint32(index * 4, value);
  return bytes;
}

export function writeChunk({
  type,
  data = new Uint8Array(0),
  length = data.length,
  crc,
}: ChunkSpec): Uint8Array {
  const body = join([latin1(type), data]);
  const sum = createCrc32();
  sum.update(body);
  return join([uint32Of(length), body, uint32Of(crc ?? sum.digest())]);
}

export function writeFile(chunks: readonly ChunkSpec[]): Uint8Array<ArrayBuffer> {
  return join([SIGNATURE, ...chunks.map(writeChunk)]);
}

export function headerChunk({
  width,
  height,
  bitDepth = 8,
  colorType = 0,
  interlaced = false,
}: ImageSpec): ChunkSpec {
  const rest = [bitDepth, colorType, 0, 0, interlaced ? 1 : 0];
  return { type: "IHDR", data: join([uint32Of(width, height), Uint8Array.from(rest)]) };
}

/** Writes a PNG, slowly and with other means than those that read it. */
export function buildPng(spec: ImageSpec): Uint8Array<ArrayBuffer> {
  const { before = [], after = [], without = [] } = spec;
  const data = zlibSync(imageData(spec));
  const step = spec.dataBytes ?? data.length;
  const parts: ChunkSpec[] = [];
  for (let at = 0; at < data.length; at += step)
    parts.push({ type: "IDAT", data: data.subarray(at, at + step) });
  const chunks = [headerChunk(spec), ...before, ...parts, ...after, { type: "IEND" }];
  return writeFile(chunks.filter(({ type }) => !without.includes(type)));
}

/** The rows with their filters, not yet compressed. */
export function imageData(spec: ImageSpec): Uint8Array<ArrayBuffer> {
  const {
    width,
    height,
    bitDepth = 8,
    colorType = 0,
    interlaced = false,
    sample = () => [0, 0, 0, 0],
  } = spec;
  const channels = [1, 0, 3, 1, 2, 0, 4][colorType] ?? 1;
  const stride = Math.max(1, (channels * bitDepth) >> 3);
  const lines: Uint8Array[] = [];
  for (const pass of interlaced ? "1234567" : "-") {
    let above: Uint8Array | undefined;
    for (let y = 0; y < height; y++) {
      let bits = "";
      for (let x = 0; x < width; x++) {
        if (interlaced && ADAM7[y % 8]?.[x % 8] !== pass) continue;
        for (const value of sample(x, y).slice(0, channels))
          bits += value.toString(2).padStart(bitDepth, "0");
      }
      if (bits === "") continue;
      const octets = bits.match(/.{1,8}/g) ?? [];
      const row = Uint8Array.from(octets, (octet) => Number.parseInt(octet.padEnd(8, "0"), 2));
      above ??= new Uint8Array(row.length);
      const filter = spec.filter?.(lines.length) ?? lines.length % 5;
      lines.push(join([Uint8Array.of(filter), filtered(row, above, { filter, stride })]));
      above = row;
    }
  }
  return join(lines);
}

function filtered(
  row: Uint8Array,
  above: Uint8Array,
  { filter, stride }: { filter: number; stride: number },
): Uint8Array {
  return row.map((value, index) => {
    const left = row[index - stride] ?? 0;
    const up = above[index] ?? 0;
    const corner = index < stride ? 0 : (above[index - stride] ?? 0);
    const estimate = left + up - corner;
    const order = [left, up, corner].sort(
      (one, other) => Math.abs(estimate - one) - Math.abs(estimate - other),
    );
    const predictions = [0, left, up, (left + up) >> 1, order[0] ?? 0];
    return value - (predictions[filter] ?? 0);
  });
}

/** Numbers that look random and are the same in every run. */
export function noise(x: number, y: number, channel: number): number {
  const mixed = Math.imul(x * 7919 + y * 104_729 + channel * 1_299_709 + 1, 0x9e3779b1) >>> 0;
  return ((mixed ^ (mixed >>> 15)) >>> 0) & 0xffff;
}

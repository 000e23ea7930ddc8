import { concatBytes } from "../../bytes/collect-bytes.ts";
import { inflateZlib } from "../../compress/zlib.ts";
import { RangeStreamsError } from "../../errors.ts";
import type { Bytes } from "../../source/source.ts";
import { brokenPng, type PngHeader } from "./png-format.ts";
import {
  filterStride,
  imageDataBytes,
  type Pass,
  planPasses,
  scanLineBytes,
  unfilter,
} from "./scan-lines.ts";
import { type PixelMeaning, type RowWriter, writeRgba8, writeRgba16 } from "./to-rgba.ts";

/** RGBA in reading order, four samples a pixel; alpha is not multiplied into the colors. */
export type PngPixels = {
  readonly width: number;
  readonly height: number;
  readonly channels: 4;
} & (
  | { readonly bitDepth: 8; readonly data: Bytes }
  | { readonly bitDepth: 16; readonly data: Uint16Array<ArrayBuffer> }
);

/** No deflate stream grows more: 258 bytes of two bits each (RFC 1951). */
const MAX_DEFLATE_RATIO = 1032;

/**
 * Decodes the image data of a PNG, all of it at once in memory and their result beside it.
 *
 * Throws FORMAT for data that is not exactly that of the image, CHECKSUM where it was damaged, LIMIT for an image that the platform
 * has no memory for.
 */
export async function decodePixels(
  parts: readonly Bytes[],
  meaning: PixelMeaning,
  signal: AbortSignal,
): Promise<PngPixels> {
  const { header, name } = meaning;
  const what = `the image data of ${name}`;
  const size = imageDataBytes(header);
  const stored = concatBytes(parts);
  // Before memory for the pixels is asked for: a hundred bytes may claim to be a gigabyte of them.
  if (size > stored.length * MAX_DEFLATE_RATIO) {
    throw brokenPng(what, `${stored.length} bytes, too few for ${header.width} by ${header.height} pixels`);
  }
  const pixels = emptyPixels(header, name);
  const write = pixels.bitDepth === 8 ? writeRgba8(meaning, pixels.data) : writeRgba16(meaning, pixels.data);
  const rows = new RowDecoder(header, write, what);
  for await (const chunk of inflateZlib(stored, { what, size })) {
    signal.throwIfAborted();
    rows.push(chunk);
  }
  rows.end();
  return pixels;
}

function emptyPixels({ width, height, bitDepth }: PngHeader, name: string): PngPixels {
  const image = { width, height, channels: 4 } as const;
  const samples = width * height * 4;
  try {
    return bitDepth === 16
      ? { ...image, bitDepth: 16, data: new Uint16Array(samples) }
      : { ...image, bitDepth: 8, data: new Uint8Array(samples) };
  } catch (cause) {
    const got = `an image of ${width} by ${height} pixels, for which there is no memory`;
    const message = `Read the pixels of ${name}: got ${got}; use a machine with more`;
    throw new RangeStreamsError("LIMIT", message, { cause });
  }
}

/** Cuts inflated bytes into rows, takes their filters off and hands them on. */
class RowDecoder {
  readonly #header: PngHeader;
  readonly #write: RowWriter;
  readonly #what: string;
  readonly #passes: readonly Pass[];
  #pass = 0;
  #y = 0;
  /** The number of a filter and the row. */
  #line: Uint8Array;
  #above: Uint8Array;
  #filled = 0;

  constructor(header: PngHeader, write: RowWriter, what: string) {
    this.#header = header;
    this.#write = write;
    this.#what = what;
    this.#passes = planPasses(header);
    this.#line = this.#emptyLine();
    this.#above = this.#emptyLine();
  }

  push(chunk: Uint8Array): void {
    let taken = 0;
    while (taken < chunk.length) {
      const part = chunk.subarray(taken, taken + this.#line.length - this.#filled);
      this.#line.set(part, this.#filled);
      this.#filled += part.length;
      taken += part.length;
      if (this.#filled === this.#line.length) this.#endLine();
    }
  }

  /** @throws FORMAT where rows are missing. */
  end(): void {
    if (this.#pass < this.#passes.length) throw brokenPng(this.#what, "fewer rows than the image has");
  }

  #endLine(): void {
    const pass = this.#passes[this.#pass] as Pass;
    const row = this.#line.subarray(1);
    const filter = this.#line[0] as number;
    const stride = filterStride(this.#header);
    if (!unfilter(row, this.#above.subarray(1), { filter, stride })) {
      throw brokenPng(this.#what, `a row with the filter ${filter}, which there is not`);
    }
    this.#write(row, { pass, y: this.#y });
    this.#filled = 0;
    [this.#line, this.#above] = [this.#above, this.#line];
    this.#y += 1;
    if (this.#y < pass.height) return;
    this.#y = 0;
    this.#pass += 1;
    this.#line = this.#emptyLine();
    this.#above = this.#emptyLine();
  }

  #emptyLine(): Uint8Array {
    const width = this.#passes[this.#pass]?.width ?? 0;
    return new Uint8Array(1 + scanLineBytes(width, this.#header));
  }
}

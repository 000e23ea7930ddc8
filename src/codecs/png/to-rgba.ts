import type { Bytes } from "../../source/source.ts";
import type { PngTransparency } from "./chunk-fields.ts";
import { brokenPng, type PngHeader, USES_PALETTE } from "./png-format.ts";
import type { Pass } from "./scan-lines.ts";

/** What the samples of an image mean. */
export interface PixelMeaning {
  readonly header: PngHeader;
  /** Three bytes an entry, where the image has a palette. */
  readonly palette: Uint8Array | undefined;
  readonly transparency: PngTransparency | undefined;
  /** For messages. */
  readonly name: string;
}

/** Writes the pixels of one row of a pass to where they belong. */
export type RowWriter = (row: Uint8Array, place: { pass: Pass; y: number }) => void;

/** RGBA in reading order, eight bits a sample. */
export function writeRgba8(meaning: PixelMeaning, data: Bytes): RowWriter {
  const { colorType } = meaning.header;
  if (colorType === 2) return writeRgb8(meaning, data);
  if (colorType === 4) return writeGreyAlpha8(meaning, data);
  if (colorType === 6) return writeAsStored8(meaning, data);
  return writeByTable(meaning, data);
}

/** RGBA in reading order, 16 bits a sample. */
export function writeRgba16(
  { header, transparency }: PixelMeaning,
  data: Uint16Array<ArrayBuffer>,
): RowWriter {
  const { width, colorType } = header;
  const hasColor = colorType === 2 || colorType === 6;
  const hasAlpha = colorType === 4 || colorType === 6;
  const colors = hasColor ? 3 : 1;
  const step = (colors + (hasAlpha ? 1 : 0)) * 2;
  const [red = -1, green = red, blue = red] = transparency?.kind === "color" ? transparency.samples : [];
  return (row, { pass, y }) => {
    const stride = pass.stepX * 4;
    let to = pixelIndex(pass, y, width) * 4;
    for (let from = 0; from < row.length; from += step, to += stride) {
      const first = sample16(row, from);
      const second = hasColor ? sample16(row, from + 2) : first;
      const third = hasColor ? sample16(row, from + 4) : first;
      const isTransparent = first === red && second === green && third === blue;
      data[to] = first;
      data[to + 1] = second;
      data[to + 2] = third;
      data[to + 3] = hasAlpha ? sample16(row, from + colors * 2) : isTransparent ? 0 : 0xffff;
    }
  };
}

function sample16(row: Uint8Array, at: number): number {
  return ((row[at] as number) << 8) | (row[at + 1] as number);
}

/** The number, in reading order, of the first pixel of row `y` of a pass. */
function pixelIndex(pass: Pass, y: number, width: number): number {
  return (pass.startY + y * pass.stepY) * width + pass.startX;
}

function writeAsStored8({ header: { width } }: PixelMeaning, data: Bytes): RowWriter {
  return (row, { pass, y }) => {
    let to = pixelIndex(pass, y, width) * 4;
    if (pass.stepX === 1) {
      data.set(row, to);
      return;
    }
    for (let from = 0; from < row.length; from += 4, to += pass.stepX * 4) {
      data[to] = row[from] as number;
      data[to + 1] = row[from + 1] as number;
      data[to + 2] = row[from + 2] as number;
      data[to + 3] = row[from + 3] as number;
    }
  };
}

function writeRgb8({ header: { width }, transparency }: PixelMeaning, data: Bytes): RowWriter {
  const [red = -1, green = -1, blue = -1] = transparency?.kind === "color" ? transparency.samples : [];
  return (row, { pass, y }) => {
    const stride = pass.stepX * 4;
    let to = pixelIndex(pass, y, width) * 4;
    for (let from = 0; from < row.length; from += 3, to += stride) {
      const [first, second, third] = [row[from] as number, row[from + 1] as number, row[from + 2] as number];
      data[to] = first;
      data[to + 1] = second;
      data[to + 2] = third;
      data[to + 3] = first === red && second === green && third === blue ? 0 : 0xff;
    }
  };
}

function writeGreyAlpha8({ header: { width } }: PixelMeaning, data: Bytes): RowWriter {
  return (row, { pass, y }) => {
    const stride = pass.stepX * 4;
    let to = pixelIndex(pass, y, width) * 4;
    for (let from = 0; from < row.length; from += 2, to += stride) {
      const grey = row[from] as number;
      data[to] = grey;
      data[to + 1] = grey;
      data[to + 2] = grey;
      data[to + 3] = row[from + 1] as number;
    }
  };
}

/** Images whose pixel is one sample of at most eight bits: there are few different ones, each looked up. */
function writeByTable(meaning: PixelMeaning, data: Bytes): RowWriter {
  const { width, bitDepth } = meaning.header;
  const { table, entries } = colorTable(meaning);
  const pixels = new Uint32Array(data.buffer, data.byteOffset, data.length / 4);
  const perByte = 8 / bitDepth;
  const mask = 2 ** bitDepth - 1;
  return (row, { pass, y }) => {
    let to = pixelIndex(pass, y, width);
    for (let x = 0; x < pass.width; x++, to += pass.stepX) {
      // The leftmost pixel is in the highest bits (7.2).
      const shift = 8 - bitDepth - (x % perByte) * bitDepth;
      const value = ((row[Math.floor(x / perByte)] as number) >> shift) & mask;
      if (value >= entries) {
        throw brokenPng(`the pixels of ${meaning.name}`, `the color ${value} of a palette of ${entries}`);
      }
      pixels[to] = table[value] as number;
    }
  };
}

/** Each possible sample as RGBA, four bytes of it in one number as memory has them. */
function colorTable(meaning: PixelMeaning): { table: Uint32Array; entries: number } {
  const { header, palette, transparency } = meaning;
  const isPalette = (header.colorType & USES_PALETTE) !== 0;
  const levels = 2 ** header.bitDepth;
  const entries = isPalette ? (palette?.length ?? 0) / 3 : levels;
  const colors = new Uint8Array(entries * 4);
  for (let value = 0; value < entries; value++) {
    const grey = (value * 255) / (levels - 1);
    const color = isPalette ? palette?.subarray(value * 3, value * 3 + 3) : undefined;
    colors.set(color ?? [grey, grey, grey], value * 4);
    colors[value * 4 + 3] = alphaOf(value, transparency);
  }
  return { table: new Uint32Array(colors.buffer), entries };
}

function alphaOf(value: number, transparency: PngTransparency | undefined): number {
  if (transparency?.kind === "palette") return transparency.alpha[value] ?? 255;
  return transparency?.samples[0] === value ? 0 : 255;
}

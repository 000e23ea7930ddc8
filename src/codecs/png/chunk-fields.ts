import {
  brokenPng,
  type PngHeader,
  USES_ALPHA,
  USES_COLOR,
  USES_PALETTE,
  uint16,
  uint32,
} from "./png-format.ts";

// The data of ancillary chunks, in the order of section 11.3; those with text are in chunk-text.ts.

/** Where the bytes come from: for messages. */
export interface FieldPlace {
  name: string;
  header: PngHeader;
}

/** Which of the stored samples are transparent (tRNS, 11.3.1.1). */
export type PngTransparency =
  /** Alpha of the first entries of the palette; the others are opaque. */
  | { readonly kind: "palette"; readonly alpha: Uint8Array }
  /** The one grey, or the one color, that is transparent, in samples as stored. */
  | { readonly kind: "color"; readonly samples: readonly number[] };

/** @throws FORMAT for a length that does not fit the image. */
export function parseTransparency(
  data: Uint8Array,
  { name, header, paletteEntries }: FieldPlace & { paletteEntries: number },
): PngTransparency {
  const what = `the transparency of ${name}`;
  if ((header.colorType & USES_PALETTE) !== 0) {
    if (data.length === 0 || data.length > paletteEntries) {
      throw brokenPng(what, `${data.length} entries for a palette of ${paletteEntries}`);
    }
    return { kind: "palette", alpha: data };
  }
  const channels = (header.colorType & USES_COLOR) === 0 ? 1 : 3;
  return { kind: "color", samples: storedSamples(data, { what, header, channels }) };
}

/** Of the device the colors are meant for (cHRM, 11.3.2.1): CIE x and y. */
export interface PngChromaticities {
  readonly white: readonly [x: number, y: number];
  readonly red: readonly [x: number, y: number];
  readonly green: readonly [x: number, y: number];
  readonly blue: readonly [x: number, y: number];
}

/** @throws FORMAT for a wrong length. */
export function parseChromaticities(data: Uint8Array, { name }: FieldPlace): PngChromaticities {
  checkLength(data, 32, `the chromaticities of ${name}`);
  const pair = (index: number): [number, number] => [
    uint32(data, index * 8) / 100_000,
    uint32(data, index * 8 + 4) / 100_000,
  ];
  return { white: pair(0), red: pair(1), green: pair(2), blue: pair(3) };
}

/** The display on which an image was finished (mDCV, 11.3.2.7): its primaries, and its light in candelas a square metre. */
export interface PngMasteringDisplay extends PngChromaticities {
  readonly maxLuminance: number;
  readonly minLuminance: number;
}

/** @throws FORMAT for a wrong length. */
export function parseMasteringDisplay(data: Uint8Array, { name }: FieldPlace): PngMasteringDisplay {
  checkLength(data, 24, `the mastering display of ${name}`);
  const pair = (index: number): [number, number] => [
    uint16(data, index * 4) / 50_000,
    uint16(data, index * 4 + 2) / 50_000,
  ];
  const [maxLuminance, minLuminance] = [uint32(data, 16) / 10_000, uint32(data, 20) / 10_000];
  return { red: pair(0), green: pair(1), blue: pair(2), white: pair(3), maxLuminance, minLuminance };
}

/** How bright an image is (cLLI, 11.3.2.8), in candelas a square metre; 0 where that is not known. */
export interface PngContentLight {
  /** MaxCLL: of the brightest pixel. */
  readonly max: number;
  /** MaxFALL: of the brightest frame, on average. */
  readonly maxFrameAverage: number;
}

/** @throws FORMAT for a wrong length. */
export function parseContentLight(data: Uint8Array, { name }: FieldPlace): PngContentLight {
  checkLength(data, 8, `the light level of ${name}`);
  return { max: uint32(data, 0) / 10_000, maxFrameAverage: uint32(data, 4) / 10_000 };
}

/** The exponent between samples and light, as 0.45455 (gAMA, 11.3.2.2). @throws FORMAT for a wrong length and for 0. */
export function parseGamma(data: Uint8Array, { name }: FieldPlace): number {
  const what = `the gamma of ${name}`;
  checkLength(data, 4, what);
  const value = uint32(data, 0);
  if (value === 0) throw brokenPng(what, "0");
  return value / 100_000;
}

/** Bits of each channel that the original had (sBIT, 11.3.2.4). @throws FORMAT for what does not fit the image. */
export function parseSignificantBits(data: Uint8Array, { name, header }: FieldPlace): readonly number[] {
  const { colorType, bitDepth } = header;
  const what = `the significant bits of ${name}`;
  const colors = (colorType & USES_COLOR) === 0 ? 1 : 3;
  checkLength(data, colors + ((colorType & USES_ALPHA) === 0 ? 0 : 1), what);
  const most = (colorType & USES_PALETTE) === 0 ? bitDepth : 8;
  if (data.some((bits) => bits === 0 || bits > most))
    throw brokenPng(what, `${data.join(", ")} of ${most} bits`);
  return Array.from(data);
}

const RENDERING_INTENTS = ["perceptual", "relative", "saturation", "absolute"] as const;

/** How colors are fitted to a device (ICC.1). */
export type PngRenderingIntent = (typeof RENDERING_INTENTS)[number];

/** Of an image in sRGB (sRGB, 11.3.2.5). @throws FORMAT for a wrong length and an unknown intent. */
export function parseRenderingIntent(data: Uint8Array, { name }: FieldPlace): PngRenderingIntent {
  const what = `the rendering intent of ${name}`;
  checkLength(data, 1, what);
  const intent = RENDERING_INTENTS[data[0] as number];
  if (intent === undefined) throw brokenPng(what, `${data[0]}, which there is not`);
  return intent;
}

/** How the samples make colors, as numbers of ITU-T H.273 (cICP, 11.3.2.6); its matrix is always that of RGB. */
export interface PngCodePoints {
  /** ColourPrimaries, such as 9 of BT.2020. */
  readonly primaries: number;
  /** TransferCharacteristics, such as 16 of PQ. */
  readonly transfer: number;
  /** Samples take the whole of their depth, or a part as in video. */
  readonly fullRange: boolean;
}

/** @throws FORMAT for a wrong length, for a matrix, which no PNG may have, and for a flag that there is not. */
export function parseCodePoints(data: Uint8Array, { name }: FieldPlace): PngCodePoints {
  const what = `the code points of ${name}`;
  checkLength(data, 4, what);
  const [primaries = 0, transfer = 0, matrix, range = 0] = data;
  if (matrix !== 0 || range > 1) throw brokenPng(what, `the matrix ${matrix} and the range ${range}`);
  return { primaries, transfer, fullRange: range === 1 };
}

/** What to show behind the image (bKGD, 11.3.4.1), in samples as stored. */
export type PngBackground =
  | { readonly paletteIndex: number }
  | { readonly grey: number }
  | { readonly red: number; readonly green: number; readonly blue: number };

/** @throws FORMAT for a length that does not fit the image. */
export function parseBackground(data: Uint8Array, { name, header }: FieldPlace): PngBackground {
  const what = `the background of ${name}`;
  const { colorType } = header;
  if ((colorType & USES_PALETTE) !== 0) {
    checkLength(data, 1, what);
    return { paletteIndex: data[0] as number };
  }
  const channels = (colorType & USES_COLOR) === 0 ? 1 : 3;
  const [first = 0, green = 0, blue = 0] = storedSamples(data, { what, header, channels });
  return channels === 1 ? { grey: first } : { red: first, green, blue };
}

/** About how often each entry of the palette is used (hIST, 11.3.4.2). @throws FORMAT for another number of entries. */
export function parseHistogram(
  data: Uint8Array,
  { name, paletteEntries }: FieldPlace & { paletteEntries: number },
): readonly number[] {
  checkLength(data, paletteEntries * 2, `the histogram of ${name}`);
  return Array.from({ length: paletteEntries }, (_, index) => uint16(data, index * 2));
}

/** Of an image that moves (acTL, 11.3.7.1). */
export interface PngAnimation {
  readonly frames: number;
  /** How often it is shown; 0 is for ever. */
  readonly plays: number;
}

/** @throws FORMAT for a wrong length and for no frames. */
export function parseAnimation(data: Uint8Array, { name }: FieldPlace): PngAnimation {
  const what = `the animation of ${name}`;
  checkLength(data, 8, what);
  const frames = uint32(data, 0);
  if (frames === 0) throw brokenPng(what, "no frames");
  return { frames, plays: uint32(data, 4) };
}

/** How large pixels are, or only their shape (pHYs, 11.3.4.3). */
export interface PngPhysical {
  /** Pixels along x for each unit. */
  readonly x: number;
  readonly y: number;
  /** `unknown`: only the ratio of x and y means something. */
  readonly unit: "metre" | "unknown";
}

/** @throws FORMAT for a wrong length or an unknown unit. */
export function parsePhysical(data: Uint8Array, { name }: FieldPlace): PngPhysical {
  const what = `the physical size of ${name}`;
  checkLength(data, 9, what);
  const unit = data[8] as number;
  if (unit > 1) throw brokenPng(what, `the unit ${unit}, which there is not`);
  return { x: uint32(data, 0), y: uint32(data, 4), unit: unit === 1 ? "metre" : "unknown" };
}

/** When the image was last changed, UTC (tIME, 11.3.6.1). @throws FORMAT for a wrong length and for a date that there is not. */
export function parseTime(data: Uint8Array, { name }: FieldPlace): Date {
  const what = `the time of ${name}`;
  checkLength(data, 7, what);
  const year = uint16(data, 0);
  const [month = 0, day = 0, hour = 0, minute = 0, second = 0] = data.subarray(2);
  const time = new Date(0);
  // Not Date.UTC, which takes the years up to 99 for those of the 20th century.
  time.setUTCFullYear(year, month - 1, day);
  // A leap second is the 60th.
  const isTime = hour < 24 && minute < 60 && second <= 60;
  if (time.getUTCMonth() !== month - 1 || time.getUTCDate() !== day || !isTime) {
    throw brokenPng(what, `${year}-${month}-${day} ${hour}:${minute}:${second}`);
  }
  time.setUTCHours(hour, minute, second);
  return time;
}

/** One color, two bytes a sample whatever the depth is; the bits above the depth do not count (11.3.1.1, 11.3.4.1). */
function storedSamples(
  data: Uint8Array,
  { what, header, channels }: { what: string; header: PngHeader; channels: number },
): number[] {
  checkLength(data, channels * 2, what);
  const mask = 2 ** header.bitDepth - 1;
  return Array.from({ length: channels }, (_, index) => uint16(data, index * 2) & mask);
}

function checkLength(data: Uint8Array, length: number, what: string): void {
  if (data.length !== length) throw brokenPng(what, `${data.length} bytes instead of ${length}`);
}

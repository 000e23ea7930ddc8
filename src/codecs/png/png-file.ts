import type { Range } from "../../ranges/range.ts";
import type { RangeDict } from "../../ranges/range-dict.ts";
import type { Bytes, PlannedSource, ReadOptions } from "../../source/source.ts";
import type {
  PngAnimation,
  PngBackground,
  PngChromaticities,
  PngCodePoints,
  PngContentLight,
  PngMasteringDisplay,
  PngPhysical,
  PngRenderingIntent,
} from "./chunk-fields.ts";
import type { PngText } from "./chunk-text.ts";
import type { PngPixels } from "./decode-pixels.ts";
import type { PngHeader } from "./png-format.ts";
import type { PngSuggestedPalette } from "./suggested-palette.ts";

/** How much of a stranger's image is believed. Each is a LIMIT error when passed. */
export interface PngLimits {
  /** Pixels of an image that is decoded; its header alone may say any size. Default 2^28. */
  maxPixels?: number | undefined;
  /** Bytes of all texts together, inflated; the same for a colour profile, and for suggested palettes. Default 8 MiB. */
  maxTextBytes?: number | undefined;
  /** Chunks of a file. Default 2^18, which is an image of 2 GiB in the usual chunks of 8 KiB. */
  maxChunks?: number | undefined;
  /** Bytes of one chunk's data that is read whole. Default 256 MiB. */
  maxChunkBytes?: number | undefined;
}

/** A part of a PNG. */
export interface PngChunk {
  /** Four letters, such as `IDAT`. */
  readonly type: string;
  /** From its length field to the end of its CRC, half-open. */
  readonly range: Range;
  /** Where its data alone lie, half-open. */
  readonly dataRange: Range;
  /**
   * Its data, checked against its CRC; they belong to the caller. One request where they are not held.
   *
   * @throws CHECKSUM; LIMIT for more than `maxChunkBytes`; CLOSED, and whatever the source reports.
   */
  bytes(options?: ReadOptions): Promise<Bytes>;
}

/** A colour profile of the International Color Consortium. */
export interface PngProfile {
  /** What the file calls it. Untrusted. */
  readonly name: string;
  /** As ICC.1 has it; not looked into here. The bytes belong to the caller. */
  readonly profile: Bytes;
}

/**
 * A PNG, its header read. What a method is asked for is undefined where the image does not say it. Bytes and arrays that it gives belong
 * to the caller.
 *
 * What a method costs: nothing for what the opening brought, which as a rule is all before the image data. Beyond that it goes from chunk
 * to chunk up to the image data, or to the end of the file where it says so, and reads their heads alone: one small request for each of
 * them at worst. Then it reads the data of the chunks that it needs, in one request as a rule. A chunk that was seen once is known from then on.
 *
 * @throws (from every method) FORMAT for a file that breaks the rules of the format, AMBIGUOUS for one that says a thing twice, CHECKSUM
 * for wrong bytes, LIMIT for more than {@link PngLimits} allow, CLOSED, and whatever the source reports.
 */
export interface PngFile extends AsyncDisposable {
  /** What it is read from: its `receipt` tells what the image has cost. Closed with the image, unless it was handed in. */
  readonly source: PlannedSource;
  /** Size and kind of the image, as its first chunk says. */
  readonly header: PngHeader;
  /**
   * The chunks known so far, by the bytes they take up, length field and CRC included. A live, read-only view: after opening it holds
   * those of the first 32 KiB, after {@link PngFile.allChunks} all. The signature, and bytes after IEND, belong to none.
   */
  readonly chunks: RangeDict<PngChunk>;
  /** Samples of a pixel as stored: an index into the palette is one. */
  readonly channelCount: number;
  /**
   * Walks to the end, and gives {@link PngFile.chunks}, which then are all.
   *
   * @throws what {@link PngFile} says.
   */
  allChunks(options?: ReadOptions): Promise<RangeDict<PngChunk>>;
  /**
   * The first chunk of a type, or undefined. Walks as far as that.
   *
   * @throws what {@link PngFile} says.
   */
  chunk(type: string, options?: ReadOptions): Promise<PngChunk | undefined>;
  /**
   * The image as RGBA, whatever it is stored as: palette and transparency applied, interlacing undone, fewer than eight bits scaled to
   * eight. 16-bit samples stay so. Colours are as stored: no gamma, no profile. The data is one stretch of the file, one request as a
   * rule; it is held in memory until it is decoded.
   *
   * @throws LIMIT for more than `maxPixels`; UNSUPPORTED where a chunk that is not known here changes the meaning of the image; and what
   * {@link PngFile} says.
   */
  pixels(options?: ReadOptions): Promise<PngPixels>;
  /**
   * Texts by keyword, on an object without a prototype; several of one keyword are joined by a line feed. Walks to the end.
   *
   * @throws what {@link PngFile} says.
   */
  text(options?: ReadOptions): Promise<Record<string, string>>;
  /**
   * All texts in the order of the file, with their languages. Walks to the end.
   *
   * @throws what {@link PngFile} says.
   */
  texts(options?: ReadOptions): Promise<readonly PngText[]>;
  /**
   * Whether pixels may be transparent: there is an alpha channel, or a chunk of transparency.
   *
   * @throws what {@link PngFile} says.
   */
  hasAlpha(options?: ReadOptions): Promise<boolean>;
  /**
   * The original's name of {@link PngFile.hasAlpha}.
   *
   * @throws what {@link PngFile} says.
   */
  alphaAsDirect(options?: ReadOptions): Promise<boolean>;
  /**
   * Samples of a pixel once a palette and transparency are applied: 1 to 4.
   *
   * @throws what {@link PngFile} says.
   */
  channelCountAsDirect(options?: ReadOptions): Promise<number>;
  /** Bits of a sample once a palette is applied. */
  readonly bitDepthAsDirect: number;
  /**
   * Whether any pixel is neither opaque nor invisible. Reads the pixels, unless nothing may be transparent.
   *
   * @throws what {@link PngFile} says.
   */
  anySemitransparent(options?: ReadOptions): Promise<boolean>;
  /**
   * Whether any pixel is not opaque. Reads the pixels, unless nothing may be transparent.
   *
   * @throws what {@link PngFile} says.
   */
  anyTransparent(options?: ReadOptions): Promise<boolean>;
  /**
   * Red, green and blue of each entry (PLTE), a byte each. A copy, which belongs to the caller.
   *
   * @throws what {@link PngFile} says.
   */
  palette(options?: ReadOptions): Promise<Bytes | undefined>;
  /**
   * The exponent between samples and light (gAMA), such as 0.45455.
   *
   * @throws what {@link PngFile} says.
   */
  gamma(options?: ReadOptions): Promise<number | undefined>;
  /**
   * Of the device that the colours are meant for (cHRM): the white point and the primaries, CIE x and y each.
   *
   * @throws what {@link PngFile} says.
   */
  chromaticities(options?: ReadOptions): Promise<PngChromaticities | undefined>;
  /**
   * How colours are fitted to a device (sRGB); only an image in sRGB says it.
   *
   * @throws what {@link PngFile} says.
   */
  renderingIntent(options?: ReadOptions): Promise<PngRenderingIntent | undefined>;
  /**
   * Its colour profile (iCCP), decompressed.
   *
   * @throws what {@link PngFile} says.
   */
  iccProfile(options?: ReadOptions): Promise<PngProfile | undefined>;
  /**
   * How samples make colours, as numbers of ITU-T H.273 (cICP): what images of high dynamic range say. It goes before a profile and all
   * else that is said of colours.
   *
   * @throws what {@link PngFile} says.
   */
  codePoints(options?: ReadOptions): Promise<PngCodePoints | undefined>;
  /**
   * Bits of each channel that the original had (sBIT), by channel.
   *
   * @throws what {@link PngFile} says.
   */
  significantBits(options?: ReadOptions): Promise<readonly number[] | undefined>;
  /**
   * What to show behind the image (bKGD), in samples as stored.
   *
   * @throws what {@link PngFile} says.
   */
  background(options?: ReadOptions): Promise<PngBackground | undefined>;
  /**
   * The display on which an image of high dynamic range was finished (mDCV).
   *
   * @throws what {@link PngFile} says.
   */
  masteringDisplay(options?: ReadOptions): Promise<PngMasteringDisplay | undefined>;
  /**
   * How bright its pixels are (cLLI).
   *
   * @throws what {@link PngFile} says.
   */
  contentLight(options?: ReadOptions): Promise<PngContentLight | undefined>;
  /**
   * Palettes for displays that cannot show all of its colours (sPLT), in the order of the file.
   *
   * @throws what {@link PngFile} says.
   */
  suggestedPalettes(options?: ReadOptions): Promise<PngSuggestedPalette[]>;
  /**
   * About how often each entry of the palette is used (hIST).
   *
   * @throws what {@link PngFile} says.
   */
  histogram(options?: ReadOptions): Promise<readonly number[] | undefined>;
  /**
   * How many frames an image that moves has, and how often it plays (acTL). Of the frames {@link PngFile.pixels} gives the still image alone.
   *
   * @throws what {@link PngFile} says.
   */
  animation(options?: ReadOptions): Promise<PngAnimation | undefined>;
  /**
   * Pixels for each metre along x and y (pHYs), or their ratio alone.
   *
   * @throws what {@link PngFile} says.
   */
  physical(options?: ReadOptions): Promise<PngPhysical | undefined>;
  /**
   * When it was last changed (tIME). Walks to the end.
   *
   * @throws what {@link PngFile} says.
   */
  time(options?: ReadOptions): Promise<Date | undefined>;
  /**
   * Exif data (eXIf), a TIFF structure; not looked into here. A copy, which belongs to the caller. Walks to the end.
   *
   * @throws what {@link PngFile} says.
   */
  exif(options?: ReadOptions): Promise<Bytes | undefined>;
  /** Pending and later reads reject with CLOSED. Closes the source too, unless it was handed in. Closing twice is fine. */
  close(): Promise<void>;
}

import type { Range } from "../../ranges/range.ts";
import type { RangeDict } from "../../ranges/range-dict.ts";
import type { Bytes, PlannedSource, ReadOptions } from "../../source/source.ts";
import type { PngBackground, PngChromaticities, PngPhysical, PngRenderingIntent } from "./chunk-fields.ts";
import type { PngText } from "./chunk-text.ts";
import type { PngPixels } from "./decode-pixels.ts";
import type { PngHeader } from "./png-format.ts";

/** How much of a stranger's image is believed. Each is a LIMIT error when passed. */
export interface PngLimits {
  /** Pixels of an image that is decoded. Its header alone may say any size. Default 2^28. */
  maxPixels?: number | undefined;
  /** Bytes of all texts together, inflated; the same for a color profile. Default 8 MiB. */
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
  /** Its data alone. */
  readonly dataRange: Range;
  /**
   * Its data, checked against its CRC; they belong to the caller. One request where they are not held.
   *
   * @throws CHECKSUM; LIMIT for more than `maxChunkBytes`; CLOSED, and whatever the source reports.
   */
  bytes(options?: ReadOptions): Promise<Bytes>;
}

/** A color profile of the International Color Consortium. */
export interface PngProfile {
  readonly name: string;
  /** As ICC.1 has it; not looked into here. */
  readonly profile: Bytes;
}

/**
 * A PNG, its header read. What a method needs beyond what is held it reads: chunks are walked from head to head, without their data.
 * What is asked of them is undefined where the image does not say it.
 *
 * Every method throws FORMAT for a file that breaks the format's rules, AMBIGUOUS for one that says a thing twice, CHECKSUM for wrong
 * bytes, LIMIT, CLOSED, and whatever the source reports.
 */
export interface PngFile extends AsyncDisposable {
  readonly source: PlannedSource;
  readonly header: PngHeader;
  /**
   * The chunks known so far, by the bytes they take up, length field and CRC included. A live, read-only view: after opening it holds
   * those of the first 32 KiB, after {@link PngFile.allChunks} all. The signature, and bytes after IEND, belong to none.
   */
  readonly chunks: RangeDict<PngChunk>;
  /** Samples of a pixel as stored: an index into the palette is one. */
  readonly channelCount: number;
  /** Walks to the end, and gives {@link PngFile.chunks}, which then are all. */
  allChunks(options?: ReadOptions): Promise<RangeDict<PngChunk>>;
  /** The first chunk of a type, or undefined. Walks as far as that. */
  chunk(type: string, options?: ReadOptions): Promise<PngChunk | undefined>;
  /**
   * The image as RGBA, whatever it is stored as: palette and transparency applied, interlacing undone, fewer than eight bits scaled to
   * eight. 16-bit samples stay so. Colors are as stored: no gamma, no profile. The data is one stretch of the file, one request as a
   * rule; it is held in memory until it is decoded.
   *
   * @throws LIMIT for more than `maxPixels`; UNSUPPORTED where a chunk that is not known here changes the meaning of the image.
   */
  pixels(options?: ReadOptions): Promise<PngPixels>;
  /** Texts by keyword, on an object without a prototype; several of one keyword are joined by a line feed. Walks to the end. */
  text(options?: ReadOptions): Promise<Record<string, string>>;
  /** All texts in the order of the file, with their languages. Walks to the end. */
  texts(options?: ReadOptions): Promise<readonly PngText[]>;
  /** Whether pixels may be transparent: there is an alpha channel, or a chunk of transparency. */
  hasAlpha(options?: ReadOptions): Promise<boolean>;
  /** The original's name of {@link PngFile.hasAlpha}. */
  alphaAsDirect(options?: ReadOptions): Promise<boolean>;
  /** Samples of a pixel once a palette and transparency are applied: 1 to 4. */
  channelCountAsDirect(options?: ReadOptions): Promise<number>;
  /** Bits of a sample once a palette is applied. */
  readonly bitDepthAsDirect: number;
  /** Whether any pixel is neither opaque nor invisible. Reads the pixels, but where nothing may be transparent. */
  anySemitransparent(options?: ReadOptions): Promise<boolean>;
  /** Whether any pixel is not opaque. Reads the pixels, but where nothing may be transparent. */
  anyTransparent(options?: ReadOptions): Promise<boolean>;
  /** Red, green and blue of each entry, a byte each. */
  palette(options?: ReadOptions): Promise<Bytes | undefined>;
  /** The exponent between samples and light, such as 0.45455. */
  gamma(options?: ReadOptions): Promise<number | undefined>;
  chromaticities(options?: ReadOptions): Promise<PngChromaticities | undefined>;
  /** Of an image in sRGB. */
  renderingIntent(options?: ReadOptions): Promise<PngRenderingIntent | undefined>;
  iccProfile(options?: ReadOptions): Promise<PngProfile | undefined>;
  /** Bits of each channel that the original had, by channel. */
  significantBits(options?: ReadOptions): Promise<readonly number[] | undefined>;
  /** In samples as stored. */
  background(options?: ReadOptions): Promise<PngBackground | undefined>;
  physical(options?: ReadOptions): Promise<PngPhysical | undefined>;
  /** When it was last changed. Walks to the end. */
  time(options?: ReadOptions): Promise<Date | undefined>;
  /** A TIFF structure; not looked into here. Walks to the end. */
  exif(options?: ReadOptions): Promise<Bytes | undefined>;
  /** Pending and later reads reject with CLOSED. Closes the source too, unless it was handed in. Closing twice is fine. */
  close(): Promise<void>;
}

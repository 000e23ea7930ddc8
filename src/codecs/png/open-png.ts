import { RangeStreamsError } from "../../errors.ts";
import { type OpenInput, type OpenOptions, openSource } from "../../open.ts";
import type { RangeDict } from "../../ranges/range-dict.ts";
import { beginCall } from "../../source/call.ts";
import { closedError } from "../../source/closed-error.ts";
import type { Bytes, PlannedSource, ReadOptions } from "../../source/source.ts";
import { resolveLimit } from "../archive.ts";
import {
  type FieldPlace,
  type PngAnimation,
  type PngBackground,
  type PngChromaticities,
  type PngCodePoints,
  type PngContentLight,
  type PngMasteringDisplay,
  type PngPhysical,
  type PngRenderingIntent,
  type PngTransparency,
  parseAnimation,
  parseBackground,
  parseChromaticities,
  parseCodePoints,
  parseContentLight,
  parseGamma,
  parseHistogram,
  parseMasteringDisplay,
  parsePhysical,
  parseRenderingIntent,
  parseSignificantBits,
  parseTime,
  parseTransparency,
} from "./chunk-fields.ts";
import { ChunkTable } from "./chunk-table.ts";
import type { PngText } from "./chunk-text.ts";
import { decodePixels, type PngPixels } from "./decode-pixels.ts";
import { parseOpening } from "./parse-opening.ts";
import type { PngChunk, PngFile, PngLimits, PngProfile } from "./png-file.ts";
import {
  isCritical,
  OPENING_BYTES,
  type PngHeader,
  storedChannels,
  USES_ALPHA,
  USES_PALETTE,
} from "./png-format.ts";
import { type PngChunkReader, readChunks, readImageData, walkChunks } from "./read-chunks.ts";
import { readPalettes, readProfile, readTexts } from "./read-texts.ts";
import { imageDataBytes } from "./scan-lines.ts";
import type { PngSuggestedPalette } from "./suggested-palette.ts";

/**
 * Options of {@link openPng}: those of opening, and how much of a stranger's image is believed. There is no `probe`: the first request is
 * always for the start of the file, where the header is.
 */
export interface PngOptions extends Omit<OpenOptions, "probe">, PngLimits {}

/** What comes before the image data in all but few files. The default of `openSource`. */
const PROBE_BYTES = 32 * 1024;

/** Chosen, not measured: a generous multiple of what honest images need. */
const DEFAULT_LIMITS = {
  maxPixels: 2 ** 28,
  maxTextBytes: 8 * 1024 * 1024,
  maxChunks: 2 ** 18,
  maxChunkBytes: 256 * 1024 * 1024,
};

type Limits = Readonly<typeof DEFAULT_LIMITS>;

/** Beyond twice the rows, image data is padding: deflate adds five bytes to each 64 KiB at worst, and a header to each block. */
const DATA_GRACE_BYTES = 1024 * 1024;

const KNOWN_CRITICAL: readonly string[] = ["IHDR", "PLTE", "IDAT", "IEND"];

/**
 * Opens a PNG (Portable Network Graphics, third edition) from one request for its first 32 KiB, which hold the header and, as a rule,
 * all that comes before the image data. A source handed in stays open when the image closes.
 *
 * @throws FORMAT for what is no PNG or breaks its rules in those bytes, CHECKSUM for a damaged header, AMBIGUOUS for what is there
 * twice, LIMIT, UNSUPPORTED for Apple's variant, INVALID_ARGUMENT for bad options, and whatever `openSource` throws.
 */
export async function openPng(input: OpenInput, options: PngOptions = {}): Promise<PngFile> {
  const limits = resolveLimits(options);
  const source = await openSource(input, { ...options, probe: [0, PROBE_BYTES] });
  // A PlannedSource comes back as it is: that one is not ours to close.
  const owned = source !== input;
  try {
    // Where nobody tells the size, no more than every PNG has.
    const end = Number.isFinite(source.size) ? Math.min(source.size, PROBE_BYTES) : OPENING_BYTES;
    const head = await source.read([0, end], { signal: options.signal });
    return new OpenedPng(source, head, { limits, owned });
  } catch (error) {
    if (owned) await source.close();
    throw error;
  }
}

function resolveLimits(options: PngLimits): Limits {
  const resolved = { ...DEFAULT_LIMITS };
  for (const name of Object.keys(DEFAULT_LIMITS) as (keyof Limits)[]) {
    resolved[name] = resolveLimit(name, options[name], DEFAULT_LIMITS[name]);
  }
  return resolved;
}

class OpenedPng implements PngFile {
  readonly source: PlannedSource;
  readonly header: PngHeader;
  readonly #table: ChunkTable;
  readonly #limits: Limits;
  readonly #owned: boolean;
  readonly #closing: AbortController = new AbortController();

  constructor(source: PlannedSource, head: Bytes, { limits, owned }: { limits: Limits; owned: boolean }) {
    const { first, header } = parseOpening(head.subarray(0, OPENING_BYTES), source.name);
    this.source = source;
    this.header = header;
    this.#limits = limits;
    this.#owned = owned;
    const { maxChunks } = limits;
    const readData = (chunk: PngChunk, options?: ReadOptions) => this.#readData(chunk, options);
    this.#table = new ChunkTable(first, { source, header, maxChunks, readData });
    this.#table.acceptAll(head, 0);
  }

  get chunks(): RangeDict<PngChunk> {
    return this.#table.chunks;
  }

  get channelCount(): number {
    return storedChannels(this.header);
  }

  get bitDepthAsDirect(): number {
    return this.#usesPalette ? 8 : this.header.bitDepth;
  }

  allChunks(options?: ReadOptions): Promise<RangeDict<PngChunk>> {
    return this.#call(options, async (reader) => {
      await walkToEnd(reader);
      return this.chunks;
    });
  }

  chunk(type: string, options?: ReadOptions): Promise<PngChunk | undefined> {
    return this.#call(options, async (reader) => {
      await walkChunks(reader, (table) => table.of(type).length > 0);
      return this.#table.of(type)[0];
    });
  }

  pixels(options?: ReadOptions): Promise<PngPixels> {
    return this.#call(options, (reader) => this.#decode(reader));
  }

  async text(options?: ReadOptions): Promise<Record<string, string>> {
    const byKeyword: Record<string, string> = Object.create(null);
    for (const { keyword, text } of await this.texts(options)) {
      const before = byKeyword[keyword];
      byKeyword[keyword] = before === undefined ? text : `${before}\n${text}`;
    }
    return byKeyword;
  }

  texts(options?: ReadOptions): Promise<readonly PngText[]> {
    return this.#call(options, async (reader) => {
      await walkToEnd(reader);
      return readTexts(reader, this.#limits.maxTextBytes);
    });
  }

  hasAlpha(options?: ReadOptions): Promise<boolean> {
    return this.#call(options, (reader) => this.#mayBeTransparent(reader));
  }

  alphaAsDirect(options?: ReadOptions): Promise<boolean> {
    return this.hasAlpha(options);
  }

  async channelCountAsDirect(options?: ReadOptions): Promise<number> {
    const hasAlpha = await this.hasAlpha(options);
    if (this.header.colorType & USES_ALPHA) return this.channelCount;
    return (this.#usesPalette ? 3 : this.channelCount) + (hasAlpha ? 1 : 0);
  }

  anySemitransparent(options?: ReadOptions): Promise<boolean> {
    return this.#anyAlpha(options, (alpha, opaque) => alpha > 0 && alpha < opaque);
  }

  anyTransparent(options?: ReadOptions): Promise<boolean> {
    return this.#anyAlpha(options, (alpha, opaque) => alpha < opaque);
  }

  palette(options?: ReadOptions): Promise<Bytes | undefined> {
    return this.#field("PLTE", (data) => data.slice(), options);
  }

  gamma(options?: ReadOptions): Promise<number | undefined> {
    return this.#field("gAMA", parseGamma, options);
  }

  chromaticities(options?: ReadOptions): Promise<PngChromaticities | undefined> {
    return this.#field("cHRM", parseChromaticities, options);
  }

  renderingIntent(options?: ReadOptions): Promise<PngRenderingIntent | undefined> {
    return this.#field("sRGB", parseRenderingIntent, options);
  }

  iccProfile(options?: ReadOptions): Promise<PngProfile | undefined> {
    return this.#call(options, async (reader) => {
      const chunk = await this.#one("iCCP", reader);
      return chunk === undefined ? undefined : readProfile(reader, chunk, this.#limits.maxTextBytes);
    });
  }

  codePoints(options?: ReadOptions): Promise<PngCodePoints | undefined> {
    return this.#field("cICP", parseCodePoints, options);
  }

  masteringDisplay(options?: ReadOptions): Promise<PngMasteringDisplay | undefined> {
    return this.#field("mDCV", parseMasteringDisplay, options);
  }

  contentLight(options?: ReadOptions): Promise<PngContentLight | undefined> {
    return this.#field("cLLI", parseContentLight, options);
  }

  significantBits(options?: ReadOptions): Promise<readonly number[] | undefined> {
    return this.#field("sBIT", parseSignificantBits, options);
  }

  background(options?: ReadOptions): Promise<PngBackground | undefined> {
    return this.#field("bKGD", parseBackground, options);
  }

  histogram(options?: ReadOptions): Promise<readonly number[] | undefined> {
    return this.#field("hIST", parseHistogram, options);
  }

  suggestedPalettes(options?: ReadOptions): Promise<PngSuggestedPalette[]> {
    return this.#call(options, async (reader) => {
      await walkChunks(reader, ({ hasData }) => hasData);
      return readPalettes(reader, this.#limits.maxTextBytes);
    });
  }

  animation(options?: ReadOptions): Promise<PngAnimation | undefined> {
    return this.#field("acTL", parseAnimation, options);
  }

  physical(options?: ReadOptions): Promise<PngPhysical | undefined> {
    return this.#field("pHYs", parsePhysical, options);
  }

  time(options?: ReadOptions): Promise<Date | undefined> {
    return this.#field("tIME", parseTime, options);
  }

  exif(options?: ReadOptions): Promise<Bytes | undefined> {
    return this.#field("eXIf", (data) => data.slice(), options);
  }

  async close(): Promise<void> {
    if (!this.#closing.signal.aborted) this.#closing.abort(closedError(this.source.name));
    if (this.#owned) await this.source.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #usesPalette(): boolean {
    return (this.header.colorType & USES_PALETTE) !== 0;
  }

  /** Runs what reads, until it ends, the caller's signal aborts or this is closed. */
  async #call<T>(options: ReadOptions | undefined, work: (reader: PngChunkReader) => Promise<T>): Promise<T> {
    const signals = [this.#closing.signal, options?.signal];
    const call = beginCall({ signals, totalMs: Number.POSITIVE_INFINITY, url: this.source.name });
    try {
      call.signal.throwIfAborted();
      return await work({ source: this.source, table: this.#table, signal: call.signal });
    } finally {
      call.end();
    }
  }

  #readData(chunk: PngChunk, options: ReadOptions | undefined): Promise<Bytes> {
    return this.#call(options, async (reader) => {
      // A copy: the bytes around it are nobody's.
      return (await this.#readBounded(chunk, reader)).slice();
    });
  }

  async #readBounded(chunk: PngChunk, reader: PngChunkReader): Promise<Bytes> {
    const { maxChunkBytes } = this.#limits;
    if (chunk.dataRange.length > maxChunkBytes) {
      const got = `${chunk.dataRange.length} bytes, more than ${maxChunkBytes}`;
      const what = `the chunk ${chunk.type} at byte ${chunk.range.start} of ${this.source.name}`;
      throw new RangeStreamsError("LIMIT", `Read ${what}: got ${got}; raise maxChunkBytes if you trust it`);
    }
    const [data] = await readChunks(reader, [chunk]);
    return data as Bytes;
  }

  /** What a chunk of which there may be one says. */
  #field<T>(
    type: string,
    parse: (data: Bytes, place: FieldPlace & { paletteEntries: number }) => T,
    options: ReadOptions | undefined,
  ): Promise<T | undefined> {
    return this.#call(options, async (reader) => {
      const chunk = await this.#one(type, reader);
      if (chunk === undefined) return undefined;
      const { header } = this;
      const paletteEntries = (this.#table.of("PLTE")[0]?.dataRange.length ?? 0) / 3;
      return parse(await this.#readBounded(chunk, reader), {
        name: this.source.name,
        header,
        paletteEntries,
      });
    });
  }

  /** The one chunk of a type, where it belongs: only times and Exif data may come after the image data. */
  async #one(type: string, reader: PngChunkReader): Promise<PngChunk | undefined> {
    const table = this.#table;
    const isAnywhere = type === "tIME" || type === "eXIf";
    await walkChunks(reader, ({ hasData }) => !isAnywhere && hasData);
    const dataStart = table.of("IDAT")[0]?.range.start ?? Number.POSITIVE_INFINITY;
    const found = table.of(type).filter(({ range }) => isAnywhere || range.start < dataStart);
    if (found.length > 1) {
      const message = `Read ${type} of ${this.source.name}: got ${found.length} of them; read each with allChunks()`;
      throw new RangeStreamsError("AMBIGUOUS", message);
    }
    return found[0];
  }

  async #mayBeTransparent(reader: PngChunkReader): Promise<boolean> {
    if (this.header.colorType & USES_ALPHA) return true;
    return (await this.#one("tRNS", reader)) !== undefined;
  }

  async #decode(reader: PngChunkReader): Promise<PngPixels> {
    const { header, source } = this;
    const { width, height } = header;
    const { maxPixels } = this.#limits;
    if (width * height > maxPixels) {
      const got = `${width} by ${height} of them, more than ${maxPixels}`;
      throw new RangeStreamsError(
        "LIMIT",
        `Read the pixels of ${source.name}: got ${got}; raise maxPixels if you trust it`,
      );
    }
    const parts = await readImageData(reader, 2 * imageDataBytes(header) + DATA_GRACE_BYTES);
    await walkToEnd(reader);
    const unknown = [...this.#table.types].find((type) => isCritical(type) && !KNOWN_CRITICAL.includes(type));
    if (unknown !== undefined) {
      const message = `Read the pixels of ${source.name}: got a chunk ${unknown}, which changes their meaning in a way unknown here`;
      throw new RangeStreamsError("UNSUPPORTED", `${message}; use what wrote it`);
    }
    const [palette, transparency] = await this.#readMeaning(reader);
    return decodePixels(parts, { header, palette, transparency, name: source.name }, reader.signal);
  }

  /** Palette and transparency. The end is read for its CRC alone. */
  async #readMeaning(reader: PngChunkReader): Promise<[Bytes | undefined, PngTransparency | undefined]> {
    const { header } = this;
    const types = ["PLTE", "tRNS", "IEND"].filter((type) => this.#table.of(type).length > 0);
    const chunks = types.map((type) => this.#table.of(type)[0] as PngChunk);
    const data = await readChunks(reader, chunks);
    const palette = data[types.indexOf("PLTE")];
    const transparency = data[types.indexOf("tRNS")];
    if (transparency === undefined) return [palette, undefined];
    const paletteEntries = (palette?.length ?? 0) / 3;
    return [palette, parseTransparency(transparency, { name: this.source.name, header, paletteEntries })];
  }

  async #anyAlpha(
    options: ReadOptions | undefined,
    matches: (alpha: number, opaque: number) => boolean,
  ): Promise<boolean> {
    return this.#call(options, async (reader) => {
      if (!(await this.#mayBeTransparent(reader))) return false;
      const { data, bitDepth } = await this.#decode(reader);
      const opaque = 2 ** bitDepth - 1;
      for (let index = 3; index < data.length; index += 4) {
        if (matches(data[index] as number, opaque)) return true;
      }
      return false;
    });
  }
}

function walkToEnd(reader: PngChunkReader): Promise<void> {
  return walkChunks(reader, () => false);
}

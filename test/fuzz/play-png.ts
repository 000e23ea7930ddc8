import type { ErrorCode } from "../../src/errors.ts";
import { openPng, type PngFile } from "../../src/png.ts";
import { crc32Of } from "../zip/build-zip.ts";
import { insist, settle } from "./settle.ts";
import { watchedSource } from "./watched-source.ts";

const LIMITS = { maxPixels: 2 ** 18, maxTextBytes: 2 ** 16, maxChunks: 2000, maxChunkBytes: 2 ** 20 };

/** Opens a PNG and asks all of it that there is to ask. */
export async function playPng(file: Uint8Array): Promise<{ code?: ErrorCode | undefined }> {
  const source = watchedSource(file, "fuzzed");
  try {
    const opened = await settle(openPng(source, LIMITS));
    if (opened.code !== undefined) return { code: opened.code };
    await using png = opened.value;
    await settle(png.allChunks());
    await playChunks(png, file);
    await playFields(png);
    return { code: await playPixels(png) };
  } finally {
    source.check();
  }
}

/** What is given of a chunk is what its CRC was made of. */
async function playChunks(png: PngFile, file: Uint8Array): Promise<void> {
  for (const [range, chunk] of png.chunks) {
    insist(range.end <= file.length && chunk.dataRange.end + 4 === range.end, "a chunk lies outside");
    const data = await settle(chunk.bytes());
    if (data.code !== undefined) continue;
    const written = new DataView(file.buffer, file.byteOffset).getUint32(range.end - 4);
    insist(
      crc32Of(file.subarray(range.start + 4, range.end - 4)) === written,
      `${chunk.type} has a wrong CRC`,
    );
    insist(data.value.length === chunk.dataRange.length, `${chunk.type} has other bytes`);
  }
}

async function playFields(png: PngFile): Promise<void> {
  const { width, height } = png.header;
  insist(
    width > 0 && height > 0 && png.channelCount <= 4 && png.bitDepthAsDirect <= 16,
    "a header cannot be",
  );
  const all = [
    png.text(),
    png.texts(),
    png.hasAlpha(),
    png.channelCountAsDirect(),
    png.palette(),
    png.gamma(),
    png.chromaticities(),
    png.renderingIntent(),
    png.iccProfile(),
    png.codePoints(),
    png.masteringDisplay(),
    png.contentLight(),
    png.suggestedPalettes(),
    png.histogram(),
    png.animation(),
    png.significantBits(),
    png.background(),
    png.physical(),
    png.time(),
    png.exif(),
    png.anyTransparent(),
    png.anySemitransparent(),
  ];
  await Promise.all(all.map((each) => settle<unknown>(each)));
}

async function playPixels(png: PngFile): Promise<ErrorCode | undefined> {
  const pixels = await settle(png.pixels());
  if (pixels.code !== undefined) return pixels.code;
  const { width, height, data, bitDepth } = pixels.value;
  insist(width === png.header.width && height === png.header.height, "the image has other dimensions");
  insist(data.length === width * height * 4, "the image has another number of samples");
  insist(data instanceof (bitDepth === 16 ? Uint16Array : Uint8Array), "the samples have another depth");
  return undefined;
}

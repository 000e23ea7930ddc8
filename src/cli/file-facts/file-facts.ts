import { bzip2Facts, gzipFacts, sevenZipFacts, xzFacts, zstdFacts } from "./compressed-heads.ts";
import { parquetFacts, pdfFacts, pmtilesFacts, sqliteFacts, tarFacts } from "./data-heads.ts";
import type { FileFacts } from "./facts.ts";
import { HeadView } from "./head-view.ts";
import { heifFacts } from "./heif-head.ts";
import { bmpFacts, gifFacts, pngFacts, webpFacts } from "./image-heads.ts";
import { jpegFacts } from "./jpeg-head.ts";
import { mp4Facts } from "./mp4-head.ts";
import { tiffFacts } from "./tiff-head.ts";

const READERS: ReadonlyMap<string, (head: HeadView) => FileFacts> = new Map([
  ["avif", heifFacts],
  ["bigtiff", tiffFacts],
  ["bmp", bmpFacts],
  ["bzip2", bzip2Facts],
  ["gif", gifFacts],
  ["gzip", gzipFacts],
  ["7z", sevenZipFacts],
  ["heif", heifFacts],
  ["jpeg", jpegFacts],
  ["mp4", mp4Facts],
  ["parquet", parquetFacts],
  ["pdf", pdfFacts],
  ["pmtiles", pmtilesFacts],
  ["png", pngFacts],
  ["quicktime", mp4Facts],
  ["sqlite", sqliteFacts],
  ["tar", tarFacts],
  ["tiff", tiffFacts],
  ["webp", webpFacts],
  ["xz", xzFacts],
  ["zstd", zstdFacts],
]);

/**
 * What the first bytes of a file of this type say of it. Nothing else is read: an offset that leads beyond them is not followed. Never
 * throws; of a head that is damaged or cut short it tells what comes before, and a note says why there is no more.
 */
export function fileFacts(type: string | undefined, head: Uint8Array, fileSize: number): FileFacts {
  const reader = type === undefined ? undefined : READERS.get(type);
  return reader?.(new HeadView(head, fileSize)) ?? {};
}

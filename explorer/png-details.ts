import type { PlannedSource } from "range-streams";
import { openPng, type PngFile } from "range-streams/png";
import { formatBytes, formatPlural } from "./text.ts";

/** Rows of what is told of a thing: a name, and what it is. */
export type Facts = readonly (readonly [name: string, value: string])[];

const COLOR_TYPES: Readonly<Record<number, string>> = {
  0: "grey",
  2: "RGB",
  3: "palette",
  4: "grey with alpha",
  6: "RGB with alpha",
};
/** Long texts are cut in the list. */
const SHOWN_LETTERS = 300;

/**
 * What an image says of itself. `all`: the heads of all chunks are read, and the texts; else what the beginning of the file told, and
 * nothing more is fetched. No pixels. The source stays open.
 */
export async function readPngFacts(
  source: PlannedSource,
  { all, signal }: { all: boolean; signal: AbortSignal },
): Promise<Facts> {
  const png = await openPng(source, { signal });
  const { width, height, bitDepth, colorType, interlaced } = png.header;
  const image: Facts = [
    ["Pixels", `${width} × ${height}`],
    ["Colors", `${COLOR_TYPES[colorType] ?? "unknown"}, ${bitDepth} bits a sample`],
    ["Interlaced", interlaced ? "yes" : "no"],
  ];
  if (!all) return [...image, ...chunkFacts(png.chunks), ["Further chunks", "told once the image is loaded"]];
  const chunks = await png.allChunks({ signal });
  const texts = await png.texts({ signal });
  return [
    ...image,
    ["May be transparent", (await png.hasAlpha({ signal })) ? "yes" : "no"],
    ...chunkFacts(chunks),
    ...texts.map(({ keyword, text }) => [`Text ${keyword}`, text.slice(0, SHOWN_LETTERS)] as const),
  ];
}

function chunkFacts(chunks: PngFile["chunks"]): Facts {
  const counts = new Map<string, { count: number; bytes: number }>();
  for (const { type, range } of chunks.values()) {
    const known = counts.get(type) ?? { count: 0, bytes: 0 };
    counts.set(type, { count: known.count + 1, bytes: known.bytes + range.length });
  }
  return [...counts].map(([type, { count, bytes }]) => [
    `Chunk ${type}`,
    `${formatPlural(count, "time")}, ${formatBytes(bytes)}`,
  ]);
}

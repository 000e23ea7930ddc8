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

/** An image and what its chunks say of it. Reads the heads of all chunks, and the texts; no pixels. The source stays open. */
export async function readPngFacts(
  source: PlannedSource,
  signal: AbortSignal,
): Promise<{ png: PngFile; facts: Facts }> {
  const png = await openPng(source, { signal });
  const chunks = await png.allChunks({ signal });
  const counts = new Map<string, { count: number; bytes: number }>();
  for (const { type, range } of chunks.values()) {
    const known = counts.get(type) ?? { count: 0, bytes: 0 };
    counts.set(type, { count: known.count + 1, bytes: known.bytes + range.length });
  }
  const { width, height, bitDepth, colorType, interlaced } = png.header;
  const texts = await png.texts({ signal });
  const facts: Facts = [
    ["Pixels", `${width} × ${height}`],
    ["Colors", `${COLOR_TYPES[colorType] ?? "unknown"}, ${bitDepth} bits a sample`],
    ["Interlaced", interlaced ? "yes" : "no"],
    ["May be transparent", (await png.hasAlpha({ signal })) ? "yes" : "no"],
    ...[...counts].map(
      ([type, { count, bytes }]) =>
        [`Chunk ${type}`, `${formatPlural(count, "time")}, ${formatBytes(bytes)}`] as const,
    ),
    ...texts.map(({ keyword, text }) => [`Text ${keyword}`, text.slice(0, SHOWN_LETTERS)] as const),
  ];
  return { png, facts };
}

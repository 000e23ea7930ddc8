import type { ByteSpan } from "../index.ts";

/** Cells by how much of them was fetched: nothing, some, all. */
const CELLS = { none: "·", some: "▒", all: "█" } as const;

/**
 * A file drawn as one line of `width` cells: which parts of it were fetched. A single byte shows as a shaded cell, and only a
 * cell that is wholly there as a full one.
 */
export function formatStrip(ranges: Iterable<ByteSpan>, size: number, width = 64): string {
  const fetched = [...ranges];
  let strip = "";
  for (let cell = 0; cell < width; cell++) {
    const start = Math.floor((cell * size) / width);
    const end = Math.max(start, Math.floor(((cell + 1) * size) / width));
    let covered = 0;
    for (const range of fetched) {
      covered += Math.max(0, Math.min(end, range.end) - Math.max(start, range.start));
    }
    strip += covered === 0 ? CELLS.none : covered < end - start ? CELLS.some : CELLS.all;
  }
  return strip;
}

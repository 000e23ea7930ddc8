import { type PngHeader, storedChannels } from "./png-format.ts";

/** A smaller image within the image: every `stepX`-th pixel of every `stepY`-th row. */
export interface Pass {
  readonly startX: number;
  readonly startY: number;
  readonly stepX: number;
  readonly stepY: number;
  readonly width: number;
  readonly height: number;
}

/** Where the seven passes of Adam7 start and how they step (8.2). */
const ADAM7: readonly (readonly [startX: number, startY: number, stepX: number, stepY: number])[] = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

/** The passes in which an image is stored; one that has no pixels is left out, as it is in the data. */
export function planPasses({ width, height, interlaced }: PngHeader): Pass[] {
  if (!interlaced) return [{ startX: 0, startY: 0, stepX: 1, stepY: 1, width, height }];
  return ADAM7.map(([startX, startY, stepX, stepY]) => ({
    startX,
    startY,
    stepX,
    stepY,
    width: Math.ceil((width - startX) / stepX),
    height: Math.ceil((height - startY) / stepY),
  })).filter((pass) => pass.width > 0 && pass.height > 0);
}

/** Bytes of so many pixels of a row, its filter's number not counted. */
export function scanLineBytes(width: number, header: PngHeader): number {
  return Math.ceil((width * storedChannels(header) * header.bitDepth) / 8);
}

/** Bytes of all rows with their filters' numbers: what the image data inflates to. */
export function imageDataBytes(header: PngHeader): number {
  return planPasses(header).reduce(
    (sum, { width, height }) => sum + height * (1 + scanLineBytes(width, header)),
    0,
  );
}

/** How filters count back: bytes of a whole pixel, at least one (9.2). */
export function filterStride(header: PngHeader): number {
  return Math.max(1, (storedChannels(header) * header.bitDepth) / 8);
}

/**
 * Takes the filter off a row, in place (9.2). `above` is the row before it in the same pass, all zeros before the first. False for a
 * filter that there is not.
 */
export function unfilter(
  row: Uint8Array,
  above: Uint8Array,
  { filter, stride }: { filter: number; stride: number },
): boolean {
  if (filter === 1) unfilterSub(row, stride);
  else if (filter === 2) unfilterUp(row, above);
  else if (filter === 3) unfilterAverage(row, above, stride);
  else if (filter === 4) unfilterPaeth(row, above, stride);
  return filter <= 4;
}

function unfilterSub(row: Uint8Array, stride: number): void {
  for (let index = stride; index < row.length; index++) {
    row[index] = (row[index] as number) + (row[index - stride] as number);
  }
}

function unfilterUp(row: Uint8Array, above: Uint8Array): void {
  for (let index = 0; index < row.length; index++) {
    row[index] = (row[index] as number) + (above[index] as number);
  }
}

function unfilterAverage(row: Uint8Array, above: Uint8Array, stride: number): void {
  const first = Math.min(stride, row.length);
  for (let index = 0; index < first; index++) {
    row[index] = (row[index] as number) + ((above[index] as number) >> 1);
  }
  for (let index = stride; index < row.length; index++) {
    const sum = (row[index - stride] as number) + (above[index] as number);
    row[index] = (row[index] as number) + (sum >> 1);
  }
}

function unfilterPaeth(row: Uint8Array, above: Uint8Array, stride: number): void {
  const first = Math.min(stride, row.length);
  // Left of the row all is zero, and then the nearest is what lies above.
  for (let index = 0; index < first; index++) {
    row[index] = (row[index] as number) + (above[index] as number);
  }
  for (let index = stride; index < row.length; index++) {
    const left = row[index - stride] as number;
    const up = above[index] as number;
    const corner = above[index - stride] as number;
    // Distances of left + up − corner from each of the three; ties go to the left, then up (9.4).
    const toLeft = Math.abs(up - corner);
    const toUp = Math.abs(left - corner);
    const toCorner = Math.abs(left + up - corner - corner);
    const nearest = toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
    row[index] = (row[index] as number) + nearest;
  }
}

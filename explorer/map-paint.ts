import type { MapView, SegmentKind, Segments } from "./map-model.ts";
import { segmentIndexAt } from "./map-model.ts";

/** The colors of the map, as the stylesheet has them. */
export interface MapColors {
  readonly memberEven: string;
  readonly memberOdd: string;
  readonly directory: string;
  readonly gap: string;
  readonly whole: string;
  readonly lane: string;
  readonly held: string;
  readonly received: string;
  readonly pending: string;
  readonly mark: string;
}

/** One part of the file and how much of its color is seen. */
export interface Patch {
  readonly start: number;
  readonly end: number;
  readonly color: string;
}

/** Where on the canvas, in its own pixels. */
export interface Lane {
  readonly top: number;
  readonly height: number;
  readonly width: number;
}

const KINDS: readonly SegmentKind[] = ["gap", "whole", "member", "directory"];
/** So narrow, neighbours in two shades would be one grey. */
const SHADED_WIDTH = 3;

/**
 * Draws the parts of the file, a color a kind: one column of pixels shows the rarest kind of those in it, and a directory, however
 * small, is seen.
 */
export function paintSegments(
  context: CanvasRenderingContext2D,
  segments: Segments,
  { lane, view, colors }: { lane: Lane; view: MapView; colors: MapColors },
): void {
  const columns = new Uint8Array(lane.width);
  const scale = lane.width / (view.end - view.start);
  for (let index = segmentIndexAt(segments, view.start); index < segments.length; index++) {
    const segment = segments[index];
    if (segment === undefined || segment.start >= view.end) break;
    const least = segment.kind === "directory" ? Math.ceil(lane.width / 400) : 1;
    const from = Math.max(0, Math.min(lane.width - least, Math.floor((segment.start - view.start) * scale)));
    const to = Math.min(lane.width, Math.max(from + least, Math.floor((segment.end - view.start) * scale)));
    const odd = index % 2 === 1 && to - from >= SHADED_WIDTH;
    const code = 1 + 2 * KINDS.indexOf(segment.kind) + (odd ? 1 : 0);
    for (let x = from; x < to; x++) columns[x] = Math.max(columns[x] ?? 0, code);
  }
  paintColumns(context, columns, { lane, colors });
}

function paintColumns(
  context: CanvasRenderingContext2D,
  columns: Uint8Array,
  { lane, colors }: { lane: Lane; colors: MapColors },
): void {
  const { memberEven, memberOdd, directory, gap, whole } = colors;
  const byCode = [gap, gap, gap, whole, whole, memberEven, memberOdd, directory, directory];
  for (let from = 0; from < columns.length; ) {
    let to = from + 1;
    while (to < columns.length && columns[to] === columns[from]) to += 1;
    context.fillStyle = byCode[columns[from] ?? 0] ?? gap;
    context.fillRect(from, lane.top, to - from, lane.height);
    from = to;
  }
}

/** Draws parts over one another, none narrower than can be seen. */
export function paintPatches(
  context: CanvasRenderingContext2D,
  patches: Iterable<Patch>,
  { lane, view }: { lane: Lane; view: MapView },
): void {
  const scale = lane.width / (view.end - view.start);
  const least = Math.max(2, lane.width / 500);
  for (const { start, end, color } of patches) {
    if (end <= view.start || start >= view.end) continue;
    const from = Math.max(0, (start - view.start) * scale);
    const width = Math.max(least, Math.min(lane.width, (end - view.start) * scale) - from);
    context.fillStyle = color;
    context.fillRect(Math.min(from, lane.width - least), lane.top, width, lane.height);
  }
}

import type { Range, RangeDict } from "range-streams";
import type { Archive, Entry } from "range-streams/archive";
import type { PngChunk } from "range-streams/png";

/** What a part of a file is. */
export type SegmentKind = "member" | "directory" | "gap" | "whole";

/** One part of a file, half-open. */
export interface Segment {
  readonly start: number;
  readonly end: number;
  readonly kind: SegmentKind;
  /** What to call it: the name of a member as stored, untrusted. */
  readonly label: string;
  /** The member, to look at. */
  readonly entry: Entry | undefined;
}

/** The parts of a file, ascending, without a gap between them. */
export type Segments = readonly Segment[];

/** A file of which nothing is known but its size, or that is compressed as a whole. */
export function wholeSegment(size: number, label: string): Segments {
  return [{ start: 0, end: size, kind: "whole", label, entry: undefined }];
}

/** The parts of an archive: its members, and what no member owns. */
export function archiveSegments(archive: Archive, size: number): Segments {
  if (archive.ranges.size === 0) return wholeSegment(size, "compressed as a whole");
  const isTar = archive.format.startsWith("tar");
  // Behind the last member of a zip lies its directory, behind that of a tar nothing.
  const rest = isTar
    ? { kind: "gap" as const, label: "end of the archive" }
    : { kind: "directory" as const, label: "directory" };
  return fillGaps(archive.ranges, size, {
    name: (entry) => ({ kind: "member", label: entry.name, entry }),
    between: isTar ? "padding" : "no member's",
    rest,
  });
}

/** The parts of a PNG: image data is its member, all else tells of it. */
export function pngSegments(chunks: RangeDict<PngChunk>, size: number): Segments {
  return fillGaps(chunks, size, {
    name: ({ type }) => ({ kind: type === "IDAT" ? "member" : "directory", label: type, entry: undefined }),
    // The eight bytes of the signature belong to no chunk (section 5.2).
    between: "signature",
    rest: { kind: "gap", label: "not looked at" },
  });
}

interface Naming<Value> {
  name(value: Value): Pick<Segment, "kind" | "label" | "entry">;
  /** What to call bytes before and between them. */
  readonly between: string;
  /** What lies behind the last of them. */
  readonly rest: Pick<Segment, "kind" | "label">;
}

function fillGaps<Value>(ranges: RangeDict<Value>, size: number, naming: Naming<Value>): Segments {
  const segments: Segment[] = [];
  let at = 0;
  const fill = (end: number, what: Pick<Segment, "kind" | "label">): void => {
    if (end > at) segments.push({ start: at, end, ...what, entry: undefined });
  };
  for (const [{ start, end }, value] of ranges) {
    fill(start, { kind: "gap", label: naming.between });
    segments.push({ start, end, ...naming.name(value) });
    at = end;
  }
  fill(size, naming.rest);
  return segments;
}

/** The parts of a file with those of an archive in it in the place of one member, whose bytes lie at `place`. */
export function withNested(outer: Segments, place: Range, inner: Segments): Segments {
  const cut = outer.flatMap((segment) => {
    if (segment.end <= place.start || segment.start >= place.end) return [segment];
    return [
      { ...segment, end: Math.min(segment.end, place.start) },
      { ...segment, start: Math.max(segment.start, place.end) },
    ].filter(({ start, end }) => start < end);
  });
  const moved = inner.map((segment) => ({
    ...segment,
    start: segment.start + place.start,
    end: segment.end + place.start,
  }));
  return [...cut, ...moved].sort((a, b) => a.start - b.start);
}

/** The index of the part at a position, by halving; the last one for a position behind it. */
export function segmentIndexAt(segments: Segments, position: number): number {
  let low = 0;
  let high = segments.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((segments[middle]?.start ?? 0) <= position) low = middle;
    else high = middle - 1;
  }
  return Math.max(0, low);
}

/** What of a file is in sight: positions, fractions allowed. */
export interface MapView {
  readonly start: number;
  readonly end: number;
}

/** Nearer than this nothing more is to be seen: a byte on a pixel or so. */
const MIN_VIEW_BYTES = 256;

/** A view zoomed by a factor (2: nearer) around a position that keeps its place, within the file. */
export function zoomView(
  view: MapView,
  { factor, around, size }: { factor: number; around: number; size: number },
): MapView {
  const length = view.end - view.start;
  const wanted = Math.min(size, Math.max(Math.min(size, MIN_VIEW_BYTES), length / factor));
  const share = length === 0 ? 0.5 : (around - view.start) / length;
  return moveView({ start: around - share * wanted, end: around + (1 - share) * wanted }, 0, size);
}

/** A view moved by so many bytes, and no further than the ends of the file. */
export function moveView(view: MapView, by: number, size: number): MapView {
  const length = Math.min(size, view.end - view.start);
  const start = Math.min(Math.max(0, view.start + by), size - length);
  return { start, end: start + length };
}

/** How many bytes each kind takes up. */
export function sumKinds(segments: Segments): Readonly<Record<SegmentKind, number>> {
  const sums = { member: 0, directory: 0, gap: 0, whole: 0 };
  for (const { kind, start, end } of segments) sums[kind] += end - start;
  return sums;
}

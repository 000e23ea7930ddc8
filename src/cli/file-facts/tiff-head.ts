import { dimensions, type FileFacts, known } from "./facts.ts";
import type { HeadView } from "./head-view.ts";

/** Tags (TIFF 6.0, section 8). */
const [WIDTH, HEIGHT, ORIENTATION] = [256, 257, 274];

/** How the numbers of a TIFF structure are written: BigTIFF has offsets of eight bytes. */
interface Layout {
  readonly little: boolean;
  readonly big: boolean;
}

/** A directory that the head holds whole. */
interface Directory {
  readonly entries: HeadView;
  /** Where the next one is; 0 after the last. */
  readonly next: number;
}

/** The first directory's dimensions, where the head holds it, and how many directories there are, where it holds all. */
export function tiffFacts(head: HeadView): FileFacts {
  const layout = layoutOf(head);
  if (layout === undefined) return { note: "damaged: no head of a TIFF" };
  const first = readDirectory(head, layout, firstOffset(head, layout));
  if (typeof first === "number") return { note: head.missing(first) };
  const values = readValues(first.entries, layout);
  const { directories, note: chainNote } = countDirectories(head, layout);
  const { note = chainNote, ...size } = dimensions(values.get(WIDTH) ?? 0, values.get(HEIGHT) ?? 0);
  return {
    ...size,
    ...known({ orientation: orientationOf(values), directories }),
    ...(note === undefined ? {} : { note }),
  };
}

/** 1 to 8, as an Exif segment (CIPA DC-008, section 4.6.4) says; undefined where it does not. */
export function exifOrientation(segment: HeadView): number | undefined {
  if (!segment.covers(0, 6) || segment.text(0, 6) !== "Exif\0\0") return undefined;
  const tiff = segment.part(6, segment.fileSize);
  const layout = layoutOf(tiff);
  if (layout === undefined) return undefined;
  const first = readDirectory(tiff, layout, firstOffset(tiff, layout));
  return typeof first === "number" ? undefined : orientationOf(readValues(first.entries, layout));
}

function orientationOf(values: ReadonlyMap<number, number>): number | undefined {
  const value = values.get(ORIENTATION) ?? 0;
  return value >= 1 && value <= 8 ? value : undefined;
}

function layoutOf(head: HeadView): Layout | undefined {
  if (!head.covers(0, 8)) return undefined;
  const order = head.text(0, 2);
  if (order !== "II" && order !== "MM") return undefined;
  const little = order === "II";
  const version = head.uint16(2, little);
  if (version === 42) return { little, big: false };
  // Offsets of 8 bytes, and nothing else, is what the head of a BigTIFF says.
  return version === 43 && head.covers(0, 16) && head.uint16(4, little) === 8
    ? { little, big: true }
    : undefined;
}

function firstOffset(head: HeadView, { little, big }: Layout): number {
  return big ? head.uint64(8, little) : head.uint32(4, little);
}

/** A directory, or the position that the head would have to reach to for it. */
function readDirectory(head: HeadView, { little, big }: Layout, at: number): Directory | number {
  const [countBytes, entryBytes, nextBytes] = big ? [8, 20, 8] : [2, 12, 4];
  if (!head.covers(at, countBytes)) return at + countBytes;
  const count = big ? head.uint64(at, little) : head.uint16(at, little);
  const start = at + countBytes;
  const end = start + count * entryBytes;
  if (!head.covers(end, nextBytes)) return end + nextBytes;
  return {
    entries: head.part(start, end),
    next: big ? head.uint64(end, little) : head.uint32(end, little),
  };
}

/**
 * Each directory names the next; none is visited twice. Directories may overlap, so none but the first is looked into: a step costs
 * the same however many entries it claims.
 */
function countDirectories(head: HeadView, layout: Layout): { directories?: number; note?: string } {
  const visited = new Set<number>();
  for (let at = firstOffset(head, layout); at !== 0; ) {
    if (visited.has(at)) return { note: "damaged: its directories form a loop" };
    visited.add(at);
    const directory = readDirectory(head, layout, at);
    if (typeof directory === "number") return { note: head.missing(directory) };
    at = directory.next;
  }
  return { directories: visited.size };
}

/** SHORT, LONG and LONG8 that stand alone lie in the entry itself. What an entry points to is not followed. */
function readValues(entries: HeadView, { little, big }: Layout): ReadonlyMap<number, number> {
  const values = new Map<number, number>();
  const step = big ? 20 : 12;
  for (let at = 0; at < entries.length; at += step) {
    const type = entries.uint16(at + 2, little);
    const count = big ? entries.uint64(at + 4, little) : entries.uint32(at + 4, little);
    const value = at + (big ? 12 : 8);
    if (count !== 1) continue;
    if (type === 3) values.set(entries.uint16(at, little), entries.uint16(value, little));
    if (type === 4) values.set(entries.uint16(at, little), entries.uint32(value, little));
    if (type === 16 && big) values.set(entries.uint16(at, little), entries.uint64(value, little));
  }
  return values;
}

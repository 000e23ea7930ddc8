import type { HeadView } from "./head-view.ts";

/** A box (ISO/IEC 14496-12, section 4.2): where its content lies. Its end may lie beyond the head, never beyond its parent. */
export interface Box {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** The boxes between two positions whose headers the head holds. Ends at one that cannot be: too short, or beyond `end`. */
export function* boxesOf(head: HeadView, { start, end }: Pick<Box, "start" | "end">): Generator<Box> {
  for (let at = start; at + 8 <= end && head.covers(at, 8); ) {
    let headerBytes = 8;
    let size = head.uint32(at);
    // 1: the size follows, of eight bytes. 0: up to the end.
    if (size === 1) {
      if (!head.covers(at, 16)) return;
      headerBytes = 16;
      size = head.uint64(at + 8);
    } else if (size === 0) size = end - at;
    if (size < headerBytes || at + size > end) return;
    yield { type: head.text(at + 4, 4), start: at + headerBytes, end: at + size };
    at += size;
  }
}

/** The first box along a path of types, each within the one before. */
export function findBox(head: HeadView, parent: Box, path: readonly string[]): Box | undefined {
  let box: Box | undefined = parent;
  for (const type of path) {
    if (box === undefined) return undefined;
    box = firstOf(boxesOf(head, box), type);
  }
  return box;
}

function firstOf(boxes: Iterable<Box>, type: string): Box | undefined {
  for (const box of boxes) if (box.type === type) return box;
  return undefined;
}

/** The content of a box, if so many bytes of it are in the head and belong to it. */
export function contentOf(head: HeadView, box: Box | undefined, length: number): HeadView | undefined {
  if (box === undefined || box.start + length > box.end || !head.covers(box.start, length)) return undefined;
  return head.part(box.start, box.end);
}

/** The major brand of a file type box, then the compatible ones, each once. */
export function brandsOf(head: HeadView, box: Box): readonly string[] {
  const content = contentOf(head, box, 8);
  if (content === undefined) return [];
  const brands = [content.text(0, 4)];
  for (let at = 8; content.covers(at, 4); at += 4) brands.push(content.text(at, 4));
  return [...new Set(brands)].slice(0, MAX_BRANDS);
}

/** Honest files have ten at most. Chosen, not measured. */
const MAX_BRANDS = 32;

/** Why no box that was looked for came up to the position where the walk over the outermost boxes ended. */
export function missingBox(head: HeadView, at: number): string {
  return head.covers(at, 16) ? "damaged: a box is of an impossible length" : head.missing(at + 16);
}

import { RangeStreamsError } from "../errors.ts";
import { Range } from "../ranges/range.ts";

/** What becomes of unread ranges that a new one overlaps. */
export type OverlapPolicy = "replant" | "burn" | "strict";

/** Where a new range lies on an unread one: over its start, inside it, over its end, or over all of it. */
export type OverlapCase = "head" | "body" | "tail" | "span";

/** What happens to one overlapped range. */
export interface OverlapStep {
  /** The unread range that is overlapped. */
  readonly unread: Range;
  /** What its handle keeps: the part before the new range; undefined where the handle is deleted. */
  readonly kept: Range | undefined;
  /** The part after the new range, which a fresh handle takes over. */
  readonly replanted: Range | undefined;
}

/** The case of two ranges that overlap. */
export function overlapCase(unread: Range, added: Range): OverlapCase {
  const startsInside = added.start > unread.start;
  const endsInside = added.end < unread.end;
  if (startsInside) return endsInside ? "body" : "tail";
  return endsInside ? "head" : "span";
}

/**
 * Decides what `add` does to every unread range it overlaps, before anything changes. Under `replant` no unread byte outside the
 * new range is lost; under `burn` each overlapped range goes whole.
 *
 * @throws OVERLAP under `strict`, if anything is overlapped at all.
 */
export function planOverlap(
  overlapped: readonly Range[],
  added: Range,
  policy: OverlapPolicy,
): OverlapStep[] {
  const [first] = overlapped;
  if (policy === "strict" && first !== undefined) {
    const count = overlapped.length === 1 ? "one unread range" : `${overlapped.length} unread ranges`;
    const message = `Asked to add ${added}, which overlaps ${count}, the lowest ${first}; read it first or use overlap: 'replant'`;
    throw new RangeStreamsError("OVERLAP", message);
  }
  return overlapped.map((unread) => {
    if (policy === "burn") return { unread, kept: undefined, replanted: undefined };
    const kept = added.start > unread.start ? new Range(unread.start, added.start) : undefined;
    const replanted = added.end < unread.end ? new Range(added.end, unread.end) : undefined;
    return { unread, kept, replanted };
  });
}

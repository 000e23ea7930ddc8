import { Range } from "../ranges/range.ts";

/**
 * The requests that bring `missing` when gaps of at most `gap` are read over and what is larger than `pieceBytes` is divided evenly.
 * Each begins and ends with a byte that is missing.
 */
export function cutRequests(missing: readonly Range[], gap: number, pieceBytes: number): Range[] {
  const requests: Range[] = [];
  for (let first = 0; first < missing.length; ) {
    const last = runEnd(missing, first, gap);
    const range = missing[first] as Range;
    const length = (missing[last] as Range).end - range.start;
    const parts = Math.ceil(length / pieceBytes);
    if (first === last && parts === 1) requests.push(range);
    else divideRun(missing.slice(first, last + 1), length, { parts, requests });
    first = last + 1;
  }
  return requests;
}

/** Divides what is read as one into parts. Where that cuts in a gap, both sides end at what is wanted. */
function divideRun(
  ranges: readonly Range[],
  length: number,
  { parts, requests }: { parts: number; requests: Range[] },
): void {
  const { start } = ranges[0] as Range;
  const whole = Math.floor(length / parts);
  let at = 0;
  let from = start;
  for (let part = 1; part <= parts; part++) {
    const to = start + whole * part + Math.min(part, length % parts);
    while ((ranges[at] as Range).end <= from) at++;
    from = Math.max(from, (ranges[at] as Range).start);
    // The last range that begins before the cut: the part ends there, or with it where a gap follows.
    let last = at;
    while (last + 1 < ranges.length && (ranges[last + 1] as Range).start < to) last++;
    const end = Math.min(to, (ranges[last] as Range).end);
    if (end > from) requests.push(new Range(from, end));
    from = to;
  }
}

/** The last range of the run that begins with the one at `index`. */
export function runEnd(missing: readonly Range[], index: number, gap: number): number {
  let last = index;
  while (
    last + 1 < missing.length &&
    (missing[last + 1] as Range).start - (missing[last] as Range).end <= gap
  ) {
    last++;
  }
  return last;
}

/** Bytes of all. */
export function totalOf(ranges: readonly Range[]): number {
  let total = 0;
  for (const range of ranges) total += range.length;
  return total;
}

import type { Interval } from "./interval-list.ts";
import { Range } from "./range.ts";

/** The gaps that ascending, disjoint entries leave in `within`, ascending. */
export function missingRanges(within: Range, entries: readonly Interval<unknown>[]): Range[] {
  const gaps: Range[] = [];
  let position = within.start;
  for (const { range } of entries) {
    if (range.start > position) gaps.push(new Range(position, range.start));
    position = range.end;
  }
  if (position < within.end) gaps.push(new Range(position, within.end));
  return gaps;
}

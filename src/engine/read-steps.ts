import { Range } from "../ranges/range.ts";
import type { ReadHints } from "./read-ahead.ts";
import type { ReadGroup } from "./read-group.ts";

/** A read as the reader that it is of has it: one step of its way. */
export interface ReadStep {
  readonly range: Range;
  readonly hints: ReadHints;
}

/** So many reads of one tick that lie close together are one step, as they would prove a way by themselves. Two may be of two readers. */
const CLUSTER_READS = 3;

/**
 * The steps that reads begun in one tick are, in the order of the file. What one list asks for proves nothing. Single reads that lie
 * at most `hopBytes` from each other were asked for at once, which says nothing of how whoever did that goes on: they are one step.
 */
export function stepsOf(groups: readonly ReadGroup[], hopBytes: number): ReadStep[] {
  const reads = groups.flatMap(({ ranges, hints }) => {
    const only = ranges[0];
    return only === undefined || ranges.length > 1 ? [] : [{ range: only, hints }];
  });
  reads.sort((one, other) => one.range.start - other.range.start);
  const steps: ReadStep[] = [];
  for (let first = 0; first < reads.length; ) {
    const { start } = (reads[first] as ReadStep).range;
    let { end } = (reads[first] as ReadStep).range;
    let next = first + 1;
    for (; next < reads.length; next++) {
      const { range } = reads[next] as ReadStep;
      if (range.start > end + hopBytes) break;
      end = Math.max(end, range.end);
    }
    const isCluster = next - first >= CLUSTER_READS;
    if (isCluster) steps.push({ range: new Range(start, end), hints: (reads[next - 1] as ReadStep).hints });
    else steps.push(...reads.slice(first, next));
    first = next;
  }
  return steps;
}

import type { Range } from "../ranges/range.ts";

/** A size of gap up to which to merge, and what that makes of the ranges around the gaps. */
export interface GapCandidate {
  /** Gaps of at most this are read over. */
  readonly gap: number;
  /** Ranges that are left. */
  readonly count: number;
  /** Their bytes, those of the gaps read over included. */
  readonly byteLength: number;
}

/** What of the gaps may be read over. */
export interface GapLimits {
  /** Bytes of all gaps read over at most. */
  readonly overReadBytes: number;
  /** Requests that can be answered side by side. */
  readonly connections: number;
  /** Looks at this size alone. */
  readonly only?: number | undefined;
}

/** Gaps to merge over, as far as there are such. */
const GAPS = [0, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20];
/** Merges that leave a whole number of rounds over all connections, up to so many. */
const MAX_ROUNDS = 8;
/** With quantiles of the gaps that there are. */
const MAX_CANDIDATES = 24;

/**
 * The sizes of gaps worth looking at, as far as all gaps of a size and below can be read over. Gaps of one size are merged all or
 * none.
 *
 * @param missing disjoint and ascending, at least one.
 */
export function gapCandidates(missing: readonly Range[], limits: GapLimits): readonly GapCandidate[] {
  const { overReadBytes, only } = limits;
  const sorted = sortedGaps(missing);
  const spent = new Float64Array(missing.length);
  for (let index = 0; index < sorted.length; index++) {
    spent[index + 1] = (spent[index] as number) + (sorted[index] as number);
  }
  const affordable = countUpTo(spent, Math.max(0, overReadBytes)) - 1;
  const most = affordable === sorted.length ? affordable : countBelow(sorted, sorted[affordable] as number);
  let bytesWanted = 0;
  for (const range of missing) bytesWanted += range.length;
  const counts =
    only === undefined
      ? manyCounts(sorted, most, limits.connections)
      : [Math.min(most, countUpTo(sorted, only))];
  return [...counts].map((merged) => ({
    gap: sorted[merged - 1] ?? 0,
    count: missing.length - merged,
    byteLength: bytesWanted + (spent[merged] as number),
  }));
}

function sortedGaps(missing: readonly Range[]): Float64Array {
  const gaps = new Float64Array(missing.length - 1);
  for (let index = 0; index < gaps.length; index++) {
    gaps[index] = (missing[index + 1] as Range).start - (missing[index] as Range).end;
  }
  return gaps.sort();
}

/** How many of the smallest gaps to merge over. */
function manyCounts(sorted: Float64Array, most: number, connections: number): ReadonlySet<number> {
  const counts = new Set([0]);
  /** With all others of the size of the last one. */
  const add = (merged: number): void => {
    if (merged > 0 && merged <= most)
      counts.add(Math.min(most, countUpTo(sorted, sorted[merged - 1] as number)));
  };
  for (const gap of GAPS) counts.add(Math.min(most, countUpTo(sorted, gap)));
  for (let round = 1; round <= MAX_ROUNDS; round++) add(sorted.length + 1 - round * connections);
  const steps = MAX_CANDIDATES - counts.size;
  for (let step = 1; step <= steps; step++) add(Math.ceil((most * step) / steps));
  return counts;
}

/** How many of ascending values are at most `limit`. */
function countUpTo(sorted: Float64Array, limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many of ascending whole numbers are less than `limit`. */
function countBelow(sorted: Float64Array, limit: number): number {
  return countUpTo(sorted, limit - 1);
}

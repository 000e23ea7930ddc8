/** Sorted, overlaps and gaps of at most `gap` bytes joined. */
export function joinedRanges(ranges, gap) {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0]);
  const result = [];
  for (const [start, end] of sorted) {
    const last = result.at(-1);
    if (last !== undefined && start - last[1] <= gap) last[1] = Math.max(last[1], end);
    else result.push([start, end]);
  }
  return result;
}

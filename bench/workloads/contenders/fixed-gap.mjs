import { joinedRanges } from "../traces/joined-ranges.mjs";
import { pooledHttp } from "./pooled-http.mjs";

/** Merges what is asked together over gaps of at most `gap` bytes, whatever the link; 32 connections, nothing kept. */
export function openReader(url, { option: { gap } }) {
  const http = pooledHttp(url, { connections: 32 });
  const readMany = async (ranges) => {
    const runs = joinedRanges(ranges, gap);
    const bodies = await Promise.all(runs.map(([start, end]) => http.get(start, end)));
    return ranges.map(([start, end]) => {
      const index = runs.findIndex((run) => run[0] <= start && end <= run[1]);
      return bodies[index].subarray(start - runs[index][0], end - runs[index][0]);
    });
  };
  return { read: (start, end) => http.get(start, end), readMany, close: http.close };
}

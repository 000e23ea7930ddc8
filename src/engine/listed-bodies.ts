import type { Range } from "../ranges/range.ts";
import type { ReadParts } from "../source/multi-range.ts";
import type { Bytes } from "../source/source.ts";
import type { WireBody } from "./wire.ts";

/**
 * The bodies of ranges that one request brings. It goes out when the first of them is read, and is given up once nobody wants any of
 * them.
 */
export function listedBodies(readParts: ReadParts, ranges: readonly Range[]): WireBody[] {
  const giveUp = new AbortController();
  let wanted = ranges.length;
  let reading: Promise<Bytes[]> | undefined;
  return ranges.map((_, index) => {
    let isGiven = false;
    let isWanted = true;
    return {
      async readWithin() {
        if (isGiven) return undefined;
        isGiven = true;
        reading ??= readParts(ranges, { signal: giveUp.signal });
        return (await reading)[index];
      },
      cancel() {
        if (!isWanted) return;
        isWanted = false;
        if (--wanted === 0) giveUp.abort();
      },
    };
  });
}

import type { Range } from "../ranges/range.ts";
import { RangeSet } from "../ranges/range-set.ts";
import type { Receipt } from "./source.ts";

/** The counters behind a {@link Receipt}: the transport counts what crosses the wire, the engine what was asked of it. */
export class Meter implements Receipt {
  requests = 0;
  retries = 0;
  bytesWanted = 0;
  bytesReceived = 0;
  cacheHits = 0;
  readonly ranges: RangeSet = new RangeSet();

  /** Counts verified bytes at their place in the file. */
  received(range: Range): void {
    this.bytesReceived += range.length;
    if (!range.isEmpty()) this.ranges.add(range);
  }

  /** Counts body bytes that belong to no place anybody asked for: the body of a redirect, or of a refused answer. */
  wasted(byteLength: number): void {
    this.bytesReceived += byteLength;
  }
}

import type { Range } from "../ranges/range.ts";
import type { LinkEstimate } from "../source/link-estimate.ts";
import type { Policy } from "./budget.ts";
import type { Flow } from "./flow.ts";

/** What those need of the engine who fetch bytes that nobody asked for. */
export interface ReadAheadHost {
  readonly size: number;
  readonly policy: Policy;
  /** Bytes that may be held: what is fetched ahead must not push itself out. */
  readonly cacheBytes: number;
  link(): LinkEstimate;
  /** Bytes never asked for that may still be fetched. */
  allowance(): number;
  /** What of `range` nobody fetched or fetches. */
  missing(range: Range): Range[];
  /** Fetches bytes that nobody asked for. */
  fetchAhead(range: Range): Flow;
  /** Makes room for all of the source, if that may be. */
  makeRoom(): boolean;
}

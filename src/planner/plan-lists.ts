import type { Range } from "../ranges/range.ts";
import type { LinkEstimate } from "../source/link-estimate.ts";
import { cutRequests, totalOf } from "./cut-requests.ts";
import type { PlanOptions } from "./plan-limits.ts";
import { type PlannedReads, planReads } from "./plan-reads.ts";
import { predictMakespan } from "./predict-makespan.ts";

/** Requests of several ranges each, beside those of one. */
export interface PlannedLists extends PlannedReads {
  /** Each goes out as one request (RFC 9110 section 14.2): at least two ranges, ascending and disjoint. */
  readonly lists: readonly (readonly Range[])[];
}

/** What a part costs beside its bytes: a boundary and two fields, about 114 bytes from nginx. A smaller gap is read over. */
const PART_BYTES = 128;
/** A longer range pays for a request of its own, which can be divided and taken up again where it broke off. *Unmeasured*. */
const MAX_PART_BYTES = 64 * 1024;
/** Bytes of one list: its parts are believed once it is complete, so nobody waits long for others'. *Unmeasured*. */
const MAX_LIST_BYTES = 512 * 1024;
/** Ranges of one list: `source/multi-range.ts` sends no more, and says why. */
const MAX_LIST_RANGES = 50;
/** So much longer may it take, for fewer requests. *Unmeasured*. */
const WORTH = { fast: 1, balanced: 1.1, lean: 1.1 } as const;
/** Numbers of connections to try. */
const CONNECTIONS = [1, 2, 3, 4, 6, 8, 12, 16];

/**
 * As {@link planReads}, for a server that is known to answer lists of ranges: what is short goes out in lists, unless requests of one
 * range each are done much sooner, or as few. No gap has to be read over then, and no connection opened, to be spared round trips.
 *
 * @throws as {@link planReads}.
 */
export function planLists(missing: readonly Range[], link: LinkEstimate, options: PlanOptions): PlannedLists {
  const plain = { ...planReads(missing, link, options), lists: [] };
  const merged = mergeNear(missing, options.overReadBytes);
  const short = merged.filter(({ length }) => length <= MAX_PART_BYTES);
  if (short.length < 2) return plain;
  const lists = intoLists(short);
  const rest = planReads(
    merged.filter(({ length }) => length > MAX_PART_BYTES),
    link,
    // What lies between them is on the lists.
    { ...options, overReadBytes: 0 },
  );
  const sizes = [...lists.map(totalOf), ...rest.requests.map(({ length }) => length)];
  const { connections, predictedMs } = soonest(Float64Array.from(sizes), link);
  const isSaving = sizes.length < plain.requests.length;
  if (!isSaving || predictedMs > plain.predictedMs * WORTH[options.policy]) return plain;
  return {
    requests: rest.requests,
    lists,
    connections,
    bytesWanted: plain.bytesWanted,
    bytesRequested: totalOf(short) + rest.bytesRequested,
    predictedMs,
  };
}

function mergeNear(missing: readonly Range[], overReadBytes: number): readonly Range[] {
  const merged = cutRequests(missing, PART_BYTES, Number.MAX_SAFE_INTEGER);
  return totalOf(merged) - totalOf(missing) <= overReadBytes ? merged : missing;
}

/** In order, as few as may be and alike, so that none has a single range: the longest of parts fill a list by eight. */
function intoLists(short: readonly Range[]): Range[][] {
  const count = Math.max(
    Math.ceil(short.length / MAX_LIST_RANGES),
    Math.ceil(totalOf(short) / MAX_LIST_BYTES),
  );
  const lists: Range[][] = [];
  for (let list = 0; list < count; list++) {
    const from = Math.round((list * short.length) / count);
    const to = Math.round(((list + 1) * short.length) / count);
    lists.push(short.slice(from, to));
  }
  return lists;
}

function soonest(sizes: Float64Array, link: LinkEstimate): { connections: number; predictedMs: number } {
  let best = { connections: 1, predictedMs: predictMakespan(sizes, 1, link) };
  for (const connections of CONNECTIONS) {
    if (connections > Math.min(sizes.length, link.connections)) break;
    const predictedMs = predictMakespan(sizes, connections, link);
    if (predictedMs * 1.05 < best.predictedMs) best = { connections, predictedMs };
  }
  return best;
}

import { OutOfBoundsError, RangeStreamsError } from "../errors.ts";
import type { Range } from "../ranges/range.ts";
import type { LinkEstimate } from "../source/link-estimate.ts";
import { candidatesFor, chooseDraft } from "./choose-draft.ts";
import { cutRequests, totalOf } from "./cut-requests.ts";
import { mergeOver } from "./drafts.ts";
import { type Costs, fewestConnections } from "./fewest-connections.ts";
import {
  MAX_CONNECTIONS,
  maxPieceBytes,
  minPieceBytes,
  mostParts,
  type PlanBounds,
  type PlanLimits,
  type PlanOptions,
  triedCounts,
} from "./plan-limits.ts";
import { boundMakespan, predictMakespan } from "./predict-makespan.ts";

// How a plan is made. Which gaps to read over is decided by size: `gap-candidates.ts` gives the sizes worth a look, and every one of
// them makes a *merge* of what is missing (`drafts.ts`). Of a merge there are *drafts*: how large a piece may be, times how many
// connections are used. A *bound* says in little time what a merge or a draft takes at least (`predict-makespan.ts`), so the most
// promising come first, and what cannot win is never looked at. What may win is *followed*: its requests are played through one by one.
// `choose-draft.ts` takes the quickest, or of those hardly slower the one with the fewest bytes. At last `fewest-connections.ts`
// takes away connections that gain nothing.

/** The requests that bring what is missing, and what they are predicted to cost. */
export interface PlannedReads {
  /** Ascending and disjoint; each begins and ends with a byte that is wanted. */
  readonly requests: readonly Range[];
  /** Connections to use: with fewer it would take longer. */
  readonly connections: number;
  readonly bytesWanted: number;
  /** Bytes of all requests; more than is wanted where gaps are read over. */
  readonly bytesRequested: number;
  /** Milliseconds until all are answered. */
  readonly predictedMs: number;
}

/** Plans whose times differ by less are told apart by their bytes: estimates are no better. *Unmeasured*. */
const TIE = { fast: 1.01, balanced: 1.03, lean: 1.03 } as const;

/**
 * Plans which requests bring `missing` soonest: gaps are read over, and large ranges divided, wherever that shortens the predicted
 * time on this link, and never below the number of requests that its connections have use for. Pure: sends nothing.
 *
 * @param missing disjoint and ascending; nothing of it is held or on its way.
 * @throws INVALID_ARGUMENT for ranges out of order, OUT_OF_BOUNDS for one outside `within`.
 */
export function planReads(missing: readonly Range[], link: LinkEstimate, options: PlanOptions): PlannedReads {
  const { policy, within } = options;
  checkRanges(missing, within);
  const [only] = missing;
  if (only === undefined) return summarize(missing, missing, { connections: 0, predictedMs: 0 });
  const pieceBytes = maxPieceBytes(options);
  const connections = Math.min(link.connections, MAX_CONNECTIONS);
  const wanted = totalOf(missing);
  const bounds = {
    link,
    pieceBytes,
    minPieceBytes: minPieceBytes(wanted, link, options),
    connections,
    mostParts: mostParts(wanted, options),
  };
  if (missing.length === 1 && isOneEnough(only.length, bounds)) {
    const predictedMs = predictMakespan(Float64Array.of(only.length), 1, link);
    return summarize(missing, missing, { connections: 1, predictedMs });
  }
  let plainCount = 0;
  for (const { length } of missing) plainCount += Math.ceil(length / pieceBytes);
  const limits: PlanLimits = { ...bounds, plainCount, tried: triedCounts(link, connections) };
  const candidates = candidatesFor(missing, limits, options);
  const choice = chooseDraft(candidates, limits, {
    tie: TIE[policy],
    merge: (gap) => mergeOver(missing, gap, limits),
  });
  const requests = cutRequests(missing, choice.draft.merge.gap, choice.draft.pieceBytes);
  return summarize(missing, requests, fewestConnections(requests, limits, choice));
}

function checkRanges(missing: readonly Range[], within: Range | undefined): void {
  let end = 0;
  for (const range of missing) {
    if (range.start < end || range.isEmpty()) {
      const message = `Asked to plan ${range} after what ends at ${end}: ranges must be disjoint, ascending and not empty`;
      throw new RangeStreamsError("INVALID_ARGUMENT", message);
    }
    end = range.end;
  }
  const outside = within && [missing[0], missing.at(-1)].find((range) => range && !within.contains(range));
  if (within === undefined || outside === undefined) return;
  const message = `Asked to plan ${outside}, which reaches outside ${within}; plan within it`;
  throw new OutOfBoundsError(message, outside, within.end);
}

/** Whether dividing one range cannot gain what plans are told apart by. */
function isOneEnough(
  byteLength: number,
  { link, pieceBytes, minPieceBytes, connections, mostParts }: PlanBounds,
): boolean {
  if (byteLength > pieceBytes) return false;
  if (mostParts === 1) return true;
  if (byteLength < 2 * minPieceBytes || connections === 1) return true;
  const load = { count: 1, byteLength, largest: byteLength };
  const divided = { count: connections, byteLength, largest: byteLength / connections };
  const open = { ...link, idle: connections };
  return boundMakespan(load, 1, link) <= boundMakespan(divided, connections, open) * TIE.fast;
}

function summarize(missing: readonly Range[], requests: readonly Range[], costs: Costs): PlannedReads {
  return { requests, ...costs, bytesWanted: totalOf(missing), bytesRequested: totalOf(requests) };
}

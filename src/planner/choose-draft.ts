import type { Range } from "../ranges/range.ts";
import type { LinkEstimate } from "../source/link-estimate.ts";
import { type Draft, draftBytes, draftsOf, type Merge, REQUEST_BYTES, wireBytes } from "./drafts.ts";
import { type GapCandidate, gapCandidates } from "./gap-candidates.ts";
import type { PlanLimits, PlanOptions } from "./plan-limits.ts";
import { boundMakespan, MAX_FOLLOWED, predictMakespan } from "./predict-makespan.ts";

/** A size of gap up to which to merge, and what that can gain at most. */
interface Candidate extends GapCandidate {
  /** No plan that merges so takes less. */
  readonly boundMs: number;
}

/** The draft that was chosen. */
export interface Choice {
  readonly draft: Draft;
  /** No draft takes less. */
  readonly floorMs: number;
}

/** A draft that was played through. */
interface Followed {
  readonly draft: Draft;
  readonly ms: number;
}

/** How drafts are told apart, and made. */
interface Rules {
  /** Times whose ratio is less are told apart by their bytes. */
  readonly tie: number;
  merge(gap: number): Merge;
}

/** The one with the fewest bytes, which most plans end with and the others are measured by; then the most promising gaps first. */
export function candidatesFor(
  missing: readonly Range[],
  limits: PlanLimits,
  options: PlanOptions,
): Candidate[] {
  const { latencyMs, connectMs } = limits.link;
  // Where asking costs no time there is nothing to gain.
  const only = latencyMs + connectMs === 0 ? 0 : options.policy === "lean" ? REQUEST_BYTES : undefined;
  const candidates = gapCandidates(missing, {
    overReadBytes: options.overReadBytes,
    connections: limits.connections,
    only,
  }).map((candidate) => ({ ...candidate, boundMs: boundMerged(candidate, limits) }));
  const cheapest = candidates.reduce((one, other) => (wireBytes(other) < wireBytes(one) ? other : one));
  const rest = candidates.filter((candidate) => candidate !== cheapest);
  return [cheapest, ...rest.sort((one, other) => one.boundMs - other.boundMs)];
}

/** Less than what any plan takes that asks for these bytes in at least so many requests. */
function boundMerged({ count, byteLength }: GapCandidate, limits: PlanLimits): number {
  let least = Infinity;
  for (const connections of limits.tried) {
    const load = { count: Math.max(count, connections), byteLength, largest: 0 };
    least = Math.min(least, boundMakespan(load, connections, limits.link));
  }
  return least;
}

/**
 * The draft that takes the least time, or of those that take hardly more the one with the fewest bytes on the wire. Only what may
 * still win is merged and followed through.
 */
export function chooseDraft(
  candidates: readonly Candidate[],
  limits: PlanLimits,
  { tie, merge }: Rules,
): Choice {
  const followed: Followed[] = [];
  let best: Followed | undefined;
  let floorMs = Infinity;
  for (const { gap, boundMs } of candidates) {
    if (boundMs > floorMs * tie) break;
    const drafts = draftsOf(merge(gap), limits).sort((one, other) => one.boundMs - other.boundMs);
    for (const draft of drafts) {
      if (draft.boundMs > floorMs * tie) break;
      if (
        best !== undefined &&
        best.ms <= draft.boundMs * tie &&
        draftBytes(draft) >= draftBytes(best.draft)
      ) {
        floorMs = Math.min(floorMs, draft.boundMs);
        continue;
      }
      const ms = followDraft(draft, limits.link);
      followed.push({ draft, ms });
      floorMs = Math.min(floorMs, ms);
      best = cheapest(followed, floorMs * tie);
    }
  }
  return { draft: (best as Followed).draft, floorMs };
}

function cheapest(followed: readonly Followed[], mostMs: number): Followed | undefined {
  let best: Followed | undefined;
  for (const one of followed) {
    if (one.ms > mostMs) continue;
    const more = best === undefined ? -1 : draftBytes(one.draft) - draftBytes(best.draft);
    if (best === undefined || more < 0 || (more === 0 && one.ms < best.ms)) best = one;
  }
  return best;
}

/** The time a draft takes, handicap included. */
function followDraft(draft: Draft, link: LinkEstimate): number {
  const { merge, pieceBytes, count } = draft;
  if (count > MAX_FOLLOWED) return draft.boundMs;
  const sizes = new Float64Array(count);
  let index = 0;
  for (const length of merge.lengths) {
    const parts = Math.ceil(length / pieceBytes);
    for (let part = 0; part < parts; part++) sizes[index++] = length / parts;
  }
  return draft.handicap * predictMakespan(sizes, draft.connections, link);
}

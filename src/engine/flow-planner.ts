import { planLists } from "#ways-to-send";
import { totalOf } from "../planner/cut-requests.ts";
import { joinHoles } from "../planner/join-holes.ts";
import { type PlanOptions, undividedBytes } from "../planner/plan-limits.ts";
import type { PlannedLists } from "../planner/plan-lists.ts";
import { planReads } from "../planner/plan-reads.ts";
import { Range } from "../ranges/range.ts";
import { RangeSet } from "../ranges/range-set.ts";
import type { LinkEstimate } from "../source/link-estimate.ts";
import type { ReadPlan } from "../source/source.ts";
import { isNear } from "./ahead-window.ts";
import type { Budget, Policy } from "./budget.ts";
import type { Flow } from "./flow.ts";
import type { ReadHints } from "./read-ahead.ts";
import type { SpanMap } from "./span-map.ts";

/** What a {@link FlowPlanner} plans by. */
export interface FlowPlannerParts {
  readonly size: number;
  readonly policy: Policy;
  readonly map: SpanMap<Flow>;
  readonly budget: Budget;
  link(): LinkEstimate;
  /** The server is known to answer requests of several ranges. */
  takesLists(): boolean;
}

/**
 * Small reads that come from nowhere are widened to blocks of this size, since neighbours in a file are read together. Of the fixed
 * blocks on a b-tree of 100 MB (2,000 reads): 4 KiB 470 requests and 1.9 MB, 16 KiB 420 and 6.9, 64 KiB 382 and 25.
 */
const BLOCK_BYTES = 16 * 1024;
/** Small reads from nowhere before widening begins: a few are a look at a header. *Unmeasured*. */
const BLOCKS_AFTER = 3;
/**
 * Near its start a file mostly tells of itself, and one look leads to the next: directories of a GeoTIFF, inner pages of a b-tree, chunks, leaf
 * directories. There a small read brings this much, where that takes less than half the time of another round trip. Tiles of a GeoTIFF on the
 * cloud profile: 228 ms without and 206 with; the b-tree above: 420 requests without and 408 with, and hardly more bytes.
 */
const LEADING_BLOCK_BYTES = 128 * 1024;
/** A file that opening brings whole, unless it was asked for less: then whoever asked has a reason. */
const HELD_AT_OPEN_BYTES = 32 * 1024;
/** Up to where bytes are near the start of a file. *Unmeasured*. */
const LEADING_REGION_BYTES = 512 * 1024;
/** What a reader that goes back from an end gets at once: it holds most footers and directories, as the probe of a zip does. */
const TAIL_BYTES = 64 * 1024;
/** A flow this much later than a request of its own is joined all the same: estimates are no better. *Unmeasured*. */
const SLACK_MS = 5;

/** What of a plan those need who send it. */
export type Sending = Pick<PlannedLists, "requests" | "lists" | "connections" | "bytesRequested">;

/** What a request of its own would bring of a flow. */
interface OwnRequest {
  readonly end: number;
  readonly byteLength: number;
  /** Bytes of the flow that are waited for in any case, as it would be a request. */
  readonly patientBytes: number;
}

/** What is known of a read beside its ranges. */
interface Circumstances {
  readonly hints: ReadHints;
  readonly link: LinkEstimate;
  /** See {@link PlanOptions.parts}. */
  readonly parts: PlanOptions["parts"];
}

/** Decides which requests bring what is wanted: asks the map what is missing, and the plan how to fetch it. */
export class FlowPlanner {
  readonly #parts: FlowPlannerParts;
  #smallMisses = 0;

  constructor(parts: FlowPlannerParts) {
    this.#parts = parts;
  }

  /**
   * The requests to send for `ranges`; what is held, or joined in flight, is not asked for again.
   *
   * @throws LIMIT where the budget does not suffice.
   */
  requests(ranges: readonly Range[], hints: ReadHints): Sending | undefined {
    const { budget, map, policy } = this.#parts;
    const parts = hints.divide !== false || policy === "fast" ? undefined : ranges.length === 1 ? 1 : 2;
    const circumstances = { hints, link: this.#parts.link(), parts } as const;
    const gaps = this.#gaps(ranges, circumstances);
    if (gaps.length === 0) return undefined;
    const wanted = totalOf(gaps);
    budget.check(wanted);
    const joined = this.#joinHoles(gaps, circumstances);
    const widened = this.#widen(ranges, joined, circumstances);
    const only = widened[0];
    // Most reads: there is nothing to weigh, and weighing it took 5 µs of the 30 that the engine takes for one.
    const isOneSmallGap =
      only !== undefined && widened.length === 1 && only.length <= undividedBytes(policy, parts);
    const plan: Sending = isOneSmallGap
      ? { requests: widened, lists: [], bytesRequested: only.length, connections: 1 }
      : this.#planOf(widened, circumstances);
    if (widened !== joined) this.#smallMisses++;
    if (plan.bytesRequested > wanted)
      for (const request of [...plan.requests, ...plan.lists.flat()]) map.fetchedUnasked(request);
    return plan;
  }

  /** What {@link FlowPlanner.requests} would send for all `ranges` at once. */
  plan(ranges: readonly Range[]): ReadPlan {
    const circumstances = { hints: {}, link: this.#parts.link(), parts: undefined };
    const gaps = this.#gaps(ranges, circumstances);
    const widened = this.#widen(ranges, gaps, circumstances);
    const { requests, lists, bytesRequested, predictedMs } = this.#planOf(widened, circumstances);
    const bytesWanted = new RangeSet(ranges).byteLength;
    const plan = { requests, bytesWanted, bytesRequested, predictedMs };
    return lists.length === 0 ? plan : { ...plan, lists };
  }

  /** The flow that brings `position` sooner than a request of its own would. */
  joinableAt(position: number): Flow | undefined {
    const flow = this.#parts.map.pendingAt(position);
    if (flow === undefined) return undefined;
    const wanted = { end: position, byteLength: flow.range.end - position, patientBytes: 0 };
    return this.#joins(flow, wanted, this.#parts.link()) ? flow : undefined;
  }

  /** What of `range` no flow brings sooner than a request of its own would, ascending. Its first position is no flow's to bring where {@link FlowPlanner.joinableAt} gives none. */
  gaps(range: Range): readonly Range[] {
    return this.#gaps([range], { hints: {}, link: this.#parts.link(), parts: undefined });
  }

  #planOf(gaps: readonly Range[], { link, parts }: Circumstances): PlannedLists {
    const { policy } = this.#parts;
    const overReadBytes = this.#mayOverRead(totalOf(gaps), parts);
    const options = { policy, overReadBytes, parts };
    // Undefined in a page, which sends no lists and is spared their code.
    const lists = this.#parts.takesLists() ? planLists?.(gaps, link, options) : undefined;
    return lists ?? { ...planReads(gaps, link, options), lists: [] };
  }

  /** Bytes that may be spent beside those that are wanted. */
  #mayOverRead(wanted: number, parts: PlanOptions["parts"]): number {
    // A walk to members that are wanted now may have spent all that was free.
    return this.#parts.budget.allowance(wanted, parts === undefined ? 0 : wanted);
  }

  /** Where few requests matter, `gaps` with what is held between them read once more. `lean` counts bytes. */
  #joinHoles(gaps: readonly Range[], { link, parts }: Circumstances): readonly Range[] {
    const { policy, map } = this.#parts;
    if (parts === undefined || gaps.length === 1 || policy !== "balanced") return gaps;
    // Where asking costs no time there is nothing to gain.
    if (link.latencyMs + link.connectMs === 0) return gaps;
    const overReadBytes = this.#mayOverRead(totalOf(gaps), parts);
    const unheldBytes = (range: Range): number => totalOf(map.missing(range));
    const maxPieceBytes = parts === 1 ? undividedBytes(policy, parts) : undefined;
    return joinHoles(gaps, { maxPieceBytes, overReadBytes, unheldBytes });
  }

  /** What of `ranges` must be asked for, ascending and disjoint. */
  #gaps(ranges: readonly Range[], { link, parts }: Circumstances): readonly Range[] {
    const patientBytes = parts === 1 ? undividedBytes(this.#parts.policy) : 0;
    const joins = (flow: Flow, { end, length }: Range): boolean =>
      this.#joins(flow, { end, byteLength: length, patientBytes }, link);
    const only = ranges[0];
    if (only !== undefined && ranges.length === 1) return this.#parts.map.gaps(only, joins);
    const gaps = new RangeSet();
    for (const range of ranges) for (const gap of this.#parts.map.gaps(range, joins)) gaps.add(gap);
    return [...gaps];
  }

  /** Whether a flow brings what ends at `end` no later than a request of its own would, which is `byteLength` long. */
  #joins(flow: Flow, { end, byteLength, patientBytes }: OwnRequest, link: LinkEstimate): boolean {
    const { latencyMs, connectMs, bytesPerSecond, idle, bandwidthMeasured } = link;
    // All of a small file is on its way, and what came of it was too quick to measure.
    if (flow.isOfWhole && bandwidthMeasured === false) return true;
    const bytes = end - flow.position;
    // Nobody keeps what a paused flow brings: pulled on, it would pass its own reader.
    if (flow.isPaused && bytes > this.#parts.map.maxBytes) return false;
    if (bytes <= patientBytes) return true;
    const latency = flow.position === flow.range.start ? latencyMs : 0;
    const waitMs = latency + (1000 * bytes) / bytesPerSecond;
    const ownMs = latencyMs + (idle === 0 ? connectMs : 0) + (1000 * byteLength) / bytesPerSecond;
    return waitMs <= ownMs + SLACK_MS;
  }

  /**
   * Widens one small read of its own, which may be the first of several in its neighbourhood: to whole blocks, or back to what lies before
   * it, as far as bytes may be spent. Gives `gaps` themselves where there is no such read.
   */
  #widen(ranges: readonly Range[], gaps: readonly Range[], { hints, link }: Circumstances): readonly Range[] {
    const { policy, budget, map } = this.#parts;
    const gap = gaps[0];
    if (gap === undefined || gaps.length !== 1 || ranges.length !== 1 || gap.length >= BLOCK_BYTES)
      return gaps;
    if (policy === "lean" || link.latencyMs === 0 || hints.expect === "random") return gaps;
    const whole = hints.expect === "tail" ? tailTo(gap) : this.#blocksOf(gap, hints, link);
    if (whole.length === gap.length || whole.length > budget.allowance()) return [gap];
    const block = map.missing(whole).find((part) => part.contains(gap));
    // Nothing where a request is under way that is not worth waiting for.
    return [block ?? gap];
  }

  #blocksOf(gap: Range, { aheadEnd }: ReadHints, link: LinkEstimate): Range {
    const { size } = this.#parts;
    const limit = Math.min(size, Math.max(gap.end, aheadEnd ?? size));
    // Who names a boundary knows the format, and asks for what it needs.
    if (aheadEnd === undefined && this.#isNearStart(gap, link))
      return new Range(gap.start, Math.min(limit, LEADING_REGION_BYTES, gap.start + LEADING_BLOCK_BYTES));
    // Where an answer is there at once, what a request saves is less than what its bytes cost the processor.
    if (this.#smallMisses < BLOCKS_AFTER || isNear(link)) return gap;
    const start = Math.floor(gap.start / BLOCK_BYTES) * BLOCK_BYTES;
    return new Range(start, Math.min(limit, Math.ceil(gap.end / BLOCK_BYTES) * BLOCK_BYTES));
  }

  #isNearStart({ end }: Range, { latencyMs, bytesPerSecond }: LinkEstimate): boolean {
    if (this.#parts.size <= HELD_AT_OPEN_BYTES || end > LEADING_REGION_BYTES) return false;
    return (2 * 1000 * LEADING_BLOCK_BYTES) / bytesPerSecond < latencyMs;
  }
}

function tailTo({ end }: Range): Range {
  return new Range(Math.max(0, end - TAIL_BYTES), end);
}

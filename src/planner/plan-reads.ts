import { OutOfBoundsError, RangeStreamsError } from "../errors.ts";
import type { Range } from "../ranges/range.ts";
import type { LinkEstimate } from "../source/link-estimate.ts";
import { cutRequests, runEnd } from "./cut-requests.ts";
import { type GapCandidate, gapCandidates } from "./gap-candidates.ts";
import { boundMakespan, loadOf, MAX_FOLLOWED, predictMakespan } from "./predict-makespan.ts";

/** What a plan may spend. */
export interface PlanOptions {
  /**
   * `fast` takes the least time; `balanced` does with fewer bytes where that is hardly slower; `lean` reads over a gap only where it
   * costs fewer bytes than a request.
   */
  readonly policy: "fast" | "balanced" | "lean";
  /** Bytes nobody asked for that may be read all the same; Infinity for no bound. */
  readonly overReadBytes: number;
  /** Bytes of one request at most. Default 8 MiB. */
  readonly maxPieceBytes?: number | undefined;
  /** No request may reach outside. */
  readonly within?: Range | undefined;
}

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

/**
 * From 8 MiB on a request's latency hardly matters, and 8-16 MiB is what pays on object stores (AnyBlob, VLDB 2023); what fails
 * is asked for again in smaller parts the smaller this is.
 */
const MAX_PIECE_BYTES = 8 * 1024 * 1024;
/** What is smaller is not divided: an error of the estimate weighs more than what is gained. *Unmeasured*. */
const MIN_PIECE_BYTES = 128 * 1024;
/**
 * The same while nothing is known of the bandwidth: on a link of 50 MB/s, dividing 760 KB over new connections takes longer than
 * having it from the open one.
 */
const MIN_UNKNOWN_PIECE_BYTES = 1024 * 1024;
/**
 * What a request costs on the wire beside its body: heads of 250 bytes out and 350-900 back, as object stores and CDNs send them,
 * and the packets around them.
 */
const REQUEST_BYTES = 1024;
/** Numbers of connections to try: steps of a third or less in time, which is finer than estimates are. */
const CONNECTIONS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96];
/** More are never planned for, whatever is allowed. */
const MAX_CONNECTIONS = 128;
/** Plans whose times differ by less are told apart by their bytes: estimates are no better. */
const TIE = { fast: 1.01, balanced: 1.03, lean: 1.03 } as const;
/**
 * Every request more than there are gaps must gain this part of the time, or it is not worth sending: the chunks of a Parquet file, which fill a link as
 * they are, are left whole, and a single range of 8 MiB is still divided.
 */
const DIVISION_GAIN = 0.02;
/** Time that may be given away for fewer connections. */
const THRIFT = 1.05;
/**
 * While rates are priors, fewer connections must also do on a link with so many times the bandwidth: at 50 MB/s where 10 were
 * supposed, too few took 1.4 times as long, while too many cost nothing but themselves.
 */
const PRIOR_MARGIN = 4;

/**
 * Plans which requests bring `missing` soonest: gaps are read over, and large ranges divided, wherever that shortens the predicted
 * time on this link, and never below the number of requests that its connections have use for. Pure: sends nothing.
 *
 * @param missing disjoint and ascending; nothing of it is held or on its way.
 * @throws INVALID_ARGUMENT for ranges out of order, OUT_OF_BOUNDS for one outside `within`.
 */
export function planReads(missing: readonly Range[], link: LinkEstimate, options: PlanOptions): PlannedReads {
  const { policy, within, maxPieceBytes = MAX_PIECE_BYTES } = options;
  checkRanges(missing, within);
  const [only] = missing;
  if (only === undefined) return summarize(missing, missing, { connections: 0, predictedMs: 0 });
  const pieceBytes = Math.min(maxPieceBytes, Number.MAX_SAFE_INTEGER);
  const connections = Math.min(link.connections, MAX_CONNECTIONS);
  if (missing.length === 1 && isOneEnough(only.length, { link, pieceBytes, connections })) {
    const predictedMs = predictMakespan(Float64Array.of(only.length), 1, link);
    return summarize(missing, missing, { connections: 1, predictedMs });
  }
  let plainCount = 0;
  for (const { length } of missing) plainCount += Math.ceil(length / pieceBytes);
  const limits: Limits = { link, pieceBytes, connections, plainCount, tried: triedCounts(link, connections) };
  const candidates = candidatesFor(missing, limits, options);
  const choice = chooseDraft(candidates, limits, {
    tie: TIE[policy],
    merge: (gap) => mergeOver(missing, gap, limits),
  });
  const requests = cutRequests(missing, choice.draft.merge.gap, choice.draft.pieceBytes);
  return summarize(missing, requests, fewestConnections(requests, limits, choice));
}

/** Ranges and connections are bounded by these. */
interface Bounds {
  readonly link: LinkEstimate;
  readonly pieceBytes: number;
  readonly connections: number;
}

interface Limits extends Bounds {
  /** Requests when nothing is merged, nor divided more than it must. */
  readonly plainCount: number;
  /** Numbers of connections to look at. */
  readonly tried: ReadonlySet<number>;
}

interface Candidate extends GapCandidate {
  /** No plan that merges so takes less. */
  readonly boundMs: number;
}

/** What is missing once gaps up to a size are read over. */
interface Merge {
  /** Gaps of at most this are read over. */
  readonly gap: number;
  /** Lengths of what is then asked for, gaps included. */
  readonly lengths: Float64Array;
  readonly byteLength: number;
  readonly largest: number;
  /** Requests when none is divided more than it must. */
  readonly count: number;
  /** The lengths that may be worth dividing. */
  readonly large: Float64Array;
}

/** One way to fetch: what to read over, how large a request may be, and how many go side by side. */
interface Draft {
  readonly merge: Merge;
  readonly pieceBytes: number;
  readonly count: number;
  readonly connections: number;
  /** What its time is multiplied by when it is compared. */
  readonly handicap: number;
  /** No such plan takes less, handicap included. */
  readonly boundMs: number;
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

function minPieceBytes({ bandwidthMeasured }: LinkEstimate): number {
  return bandwidthMeasured === false ? MIN_UNKNOWN_PIECE_BYTES : MIN_PIECE_BYTES;
}

/** Whether dividing one range cannot gain what plans are told apart by. */
function isOneEnough(byteLength: number, { link, pieceBytes, connections }: Bounds): boolean {
  if (byteLength > pieceBytes) return false;
  if (byteLength < 2 * minPieceBytes(link) || connections === 1) return true;
  const load = { count: 1, byteLength, largest: byteLength };
  const divided = { count: connections, byteLength, largest: byteLength / connections };
  const open = { ...link, idle: connections };
  return boundMakespan(load, 1, link) <= boundMakespan(divided, connections, open) * TIE.fast;
}

/** The one with the fewest bytes, which most plans end with and the others are measured by; then the most promising gaps first. */
function candidatesFor(missing: readonly Range[], limits: Limits, options: PlanOptions): Candidate[] {
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
function boundMerged({ count, byteLength }: GapCandidate, limits: Limits): number {
  let least = Infinity;
  for (const connections of limits.tried) {
    const load = { count: Math.max(count, connections), byteLength, largest: 0 };
    least = Math.min(least, boundMakespan(load, connections, limits.link));
  }
  return least;
}

function mergeOver(missing: readonly Range[], gap: number, { link, pieceBytes, connections }: Limits): Merge {
  const lengths = new Float64Array(missing.length);
  let runs = 0;
  let byteLength = 0;
  let largest = 0;
  let count = 0;
  for (let index = 0; index < missing.length; ) {
    const { start } = missing[index] as Range;
    const last = runEnd(missing, index, gap);
    const length = (missing[last] as Range).end - start;
    lengths[runs++] = length;
    byteLength += length;
    if (length > largest) largest = length;
    count += Math.ceil(length / pieceBytes);
    index = last + 1;
  }
  const kept = lengths.subarray(0, runs);
  const large = kept.filter((length) => length > Math.max(minPieceBytes(link), byteLength / connections));
  return { gap, lengths: kept, byteLength, largest, count, large };
}

/** Each number of connections with requests as large as may be, and with large ones divided so that all have their share. */
function draftsOf(merge: Merge, limits: Limits): Draft[] {
  const { link, pieceBytes, plainCount, tried } = limits;
  const drafts: Draft[] = [];
  const add = (piece: number, connections: number): void => {
    const count = countPieces(merge, piece, pieceBytes);
    if (connections > count) return;
    const largest = Math.min(merge.largest, piece);
    const handicap = 1 + Math.max(0, count - plainCount) * DIVISION_GAIN;
    const boundMs =
      handicap * boundMakespan({ count, byteLength: merge.byteLength, largest }, connections, link);
    drafts.push({ merge, pieceBytes: piece, count, connections, handicap, boundMs });
  };
  for (const connections of tried) {
    add(pieceBytes, connections);
    const share = Math.max(minPieceBytes(link), Math.ceil(merge.byteLength / connections));
    if (share < Math.min(pieceBytes, merge.largest)) add(share, connections);
  }
  if (merge.count < limits.connections) add(pieceBytes, merge.count);
  return drafts;
}

function countPieces(merge: Merge, piece: number, pieceBytes: number): number {
  if (piece === pieceBytes) return merge.count;
  let count = merge.lengths.length;
  for (const length of merge.large) count += Math.ceil(length / piece) - 1;
  return count;
}

function triedCounts(link: LinkEstimate, connections: number): ReadonlySet<number> {
  const open = Math.min(link.idle, connections);
  const some = new Set(CONNECTIONS.filter((count) => count < connections));
  if (open > 0) some.add(open);
  return some.add(connections);
}

interface Choice {
  readonly draft: Draft;
  /** No draft takes less. */
  readonly floorMs: number;
}

interface Followed {
  readonly draft: Draft;
  readonly ms: number;
}

interface Rules {
  /** Times whose ratio is less are told apart by their bytes. */
  readonly tie: number;
  merge(gap: number): Merge;
}

/**
 * The draft that takes the least time, or of those that take hardly more the one with the fewest bytes on the wire. Only what may
 * still win is merged and followed through.
 */
function chooseDraft(candidates: readonly Candidate[], limits: Limits, { tie, merge }: Rules): Choice {
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

function draftBytes({ merge, count }: Draft): number {
  return wireBytes({ byteLength: merge.byteLength, count });
}

function wireBytes({ byteLength, count }: { readonly byteLength: number; readonly count: number }): number {
  return byteLength + count * REQUEST_BYTES;
}

interface Costs {
  readonly connections: number;
  readonly predictedMs: number;
}

/**
 * The fewest connections that take hardly longer than any number would, now and once they are open: a list of reads is seldom the last
 * of its kind, and a connection saved now costs the next one a connect.
 */
function fewestConnections(requests: readonly Range[], limits: Limits, { draft, floorMs }: Choice): Costs {
  const { link } = limits;
  const sizes = Float64Array.from(requests, (request) => request.length);
  const load = loadOf(sizes);
  const most = Math.min(limits.connections, requests.length);
  const chosen = Math.min(draft.connections, most);
  const chosenMs = predictMakespan(sizes, chosen, link);
  const enoughMs = Math.max(chosenMs, floorMs * THRIFT);
  const open = { ...link, idle: most };
  for (const connections of [...limits.tried, most].sort((one, other) => one - other)) {
    if (connections > most) break;
    if (boundMakespan(load, connections, link) > enoughMs) continue;
    const predictedMs = connections === chosen ? chosenMs : predictMakespan(sizes, connections, link);
    if (predictedMs > enoughMs) continue;
    if (!isEnough(sizes, { link: open, connections, most })) continue;
    if (!isEnoughIfFaster(sizes, { link, connections, most: chosen })) continue;
    return { connections, predictedMs };
  }
  return { connections: chosen, predictedMs: chosenMs };
}

interface Comparison {
  readonly link: LinkEstimate;
  readonly connections: number;
  readonly most: number;
}

function isEnough(sizes: Float64Array, { link, connections, most }: Comparison): boolean {
  if (connections === most) return true;
  return predictMakespan(sizes, connections, link) <= predictMakespan(sizes, most, link) * THRIFT;
}

/** Whether fewer connections would also do if the link turned out to be faster than supposed. */
function isEnoughIfFaster(sizes: Float64Array, { link, connections, most }: Comparison): boolean {
  if (link.bandwidthMeasured !== false) return true;
  const faster = {
    ...link,
    bytesPerSecond: link.bytesPerSecond * PRIOR_MARGIN,
    totalBytesPerSecond: link.totalBytesPerSecond * PRIOR_MARGIN,
  };
  return isEnough(sizes, { link: faster, connections, most });
}

function summarize(missing: readonly Range[], requests: readonly Range[], costs: Costs): PlannedReads {
  return { requests, ...costs, bytesWanted: totalOf(missing), bytesRequested: totalOf(requests) };
}

/** Bytes of all. */
export function totalOf(ranges: readonly Range[]): number {
  let total = 0;
  for (const range of ranges) total += range.length;
  return total;
}

import type { Range } from "../ranges/range.ts";
import type { LinkEstimate } from "../source/link-estimate.ts";

/** With `fast` a part has at least this: an error of the estimate weighs more than what less would gain. *Unmeasured*. */
const MIN_FAST_PIECE_BYTES = 128 * 1024;
/**
 * Else a part has a third of what is missing, within these bounds: what one connection brings in tens of milliseconds is not worth several
 * requests, and three of them take 100 adjacent members of a zip of up to 100 kB. The lower one holds for `fast` too while nothing is known of
 * the bandwidth: on a link of 50 MB/s, dividing 760 KB over new connections takes longer than having it from the open one.
 */
const [MIN_PIECE_BYTES, MAX_MIN_PIECE_BYTES] = [1024 * 1024, 4 * 1024 * 1024];
const FEW_PIECES = 3;
/**
 * From 8 MiB on a request's latency hardly matters, and 8-16 MiB is what pays on object stores (AnyBlob, VLDB 2023); what fails
 * is asked for again in smaller parts the smaller this is.
 */
const MAX_PIECE_BYTES = 8 * 1024 * 1024;
/** The same where few requests matter: 8 MiB are promised, and headers of an archive come with them. */
const MAX_UNDIVIDED_BYTES = 9 * 1024 * 1024;
/** Numbers of connections to try: steps of a third or less in time, which is finer than estimates are. */
const CONNECTIONS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96];
/** More are never planned for, whatever is allowed. *Unmeasured*. */
export const MAX_CONNECTIONS = 128;

/** What a plan may spend. */
export interface PlanOptions {
  /**
   * `fast` takes the least time; `balanced` does with fewer bytes where that is hardly slower; `lean` reads over a gap only where it
   * costs fewer bytes than a request.
   */
  readonly policy: "fast" | "balanced" | "lean";
  /** Bytes nobody asked for that may be read all the same; Infinity for no bound. */
  readonly overReadBytes: number;
  /** Bytes of one request at most. Default 8 MiB, with `parts` 9; without bound for `lean` with `parts`. */
  readonly maxPieceBytes?: number | undefined;
  /**
   * Few requests matter more than time: up to 24 MiB are divided into so many at most, or more where `maxPieceBytes` must. Without effect for
   * `fast`. Default: three, as long as none has more than 4 MiB.
   */
  readonly parts?: 1 | 2 | undefined;
  /** No request may reach outside. */
  readonly within?: Range | undefined;
}

/** What a plan is made for. */
export interface PlanBounds {
  readonly link: LinkEstimate;
  /** Bytes of one request at most. */
  readonly pieceBytes: number;
  /** And at least, where a range is divided. */
  readonly minPieceBytes: number;
  /** Connections at most. */
  readonly connections: number;
  /** Requests into which a merge may be divided at most; more where it must be. */
  readonly mostParts: number;
}

/** What all drafts of one plan have in common. */
export interface PlanLimits extends PlanBounds {
  /** Requests when nothing is merged, nor divided more than it must. */
  readonly plainCount: number;
  /** Numbers of connections to look at. */
  readonly tried: ReadonlySet<number>;
}

/** A range of at most so many bytes is one request, by whatever link. */
export function undividedBytes(policy: PlanOptions["policy"], parts?: PlanOptions["parts"]): number {
  if (policy === "fast") return 2 * MIN_FAST_PIECE_BYTES - 1;
  return parts === 1 ? maxPieceBytes({ policy, parts }) : 2 * MIN_PIECE_BYTES - 1;
}

/** Bytes of one request at most. */
export function maxPieceBytes(options: Pick<PlanOptions, "policy" | "parts" | "maxPieceBytes">): number {
  const { policy, parts } = options;
  const { maxPieceBytes = parts === undefined ? MAX_PIECE_BYTES : MAX_UNDIVIDED_BYTES } = options;
  const isUnbounded = options.maxPieceBytes === undefined && policy === "lean" && parts !== undefined;
  return isUnbounded ? Number.MAX_SAFE_INTEGER : Math.min(maxPieceBytes, Number.MAX_SAFE_INTEGER);
}

/** Bytes that a part of what is divided has at least, where so much is missing. */
export function minPieceBytes(
  byteLength: number,
  { bandwidthMeasured }: LinkEstimate,
  options: PlanOptions,
): number {
  const { policy, parts } = options;
  if (policy === "fast") return bandwidthMeasured === false ? MIN_PIECE_BYTES : MIN_FAST_PIECE_BYTES;
  const most = maxPieceBytes(options);
  const [count, bound] =
    parts !== undefined && byteLength <= FEW_PIECES * most
      ? [parts, most]
      : [FEW_PIECES, MAX_MIN_PIECE_BYTES];
  return Math.max(MIN_PIECE_BYTES, Math.min(bound, Math.ceil(byteLength / count)));
}

/** See {@link PlanBounds.mostParts}. What is read over makes a merge longer than what is missing, so pieces of a least length bound no number. */
export function mostParts(byteLength: number, options: PlanOptions): number {
  const { policy, parts } = options;
  const areFew =
    policy !== "fast" && parts !== undefined && byteLength <= FEW_PIECES * maxPieceBytes(options);
  return areFew ? parts : Number.POSITIVE_INFINITY;
}

/** Numbers of connections to look at: some steps, as many as are open, and all. */
export function triedCounts(link: LinkEstimate, connections: number): ReadonlySet<number> {
  const open = Math.min(link.idle, connections);
  const some = new Set(CONNECTIONS.filter((count) => count < connections));
  if (open > 0) some.add(open);
  return some.add(connections);
}

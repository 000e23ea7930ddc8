import type { Range } from "../ranges/range.ts";
import { runEnd } from "./cut-requests.ts";
import type { PlanLimits } from "./plan-limits.ts";
import { boundMakespan } from "./predict-makespan.ts";

/**
 * What a request costs on the wire beside its body: heads of 250 bytes out and 350-900 back, as object stores and CDNs send them,
 * and the packets around them.
 */
export const REQUEST_BYTES = 1024;
/**
 * Every request more than there are gaps must gain this part of the time, or it is not worth sending: the chunks of a Parquet file, which fill a link as
 * they are, are left whole, and a single range of 8 MiB is still divided.
 */
const DIVISION_GAIN = 0.02;

/** What is missing once gaps up to a size are read over. */
export interface Merge {
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
export interface Draft {
  readonly merge: Merge;
  readonly pieceBytes: number;
  readonly count: number;
  readonly connections: number;
  /** What its time is multiplied by when it is compared. */
  readonly handicap: number;
  /** No such plan takes less, handicap included. */
  readonly boundMs: number;
}

/** What `missing` becomes when gaps of at most `gap` are read over. */
export function mergeOver(
  missing: readonly Range[],
  gap: number,
  { minPieceBytes, pieceBytes, connections }: PlanLimits,
): Merge {
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
  const large = kept.filter((length) => length > Math.max(minPieceBytes, byteLength / connections));
  return { gap, lengths: kept, byteLength, largest, count, large };
}

/** Each number of connections with requests as large as may be, and with large ones divided so that all have their share. */
export function draftsOf(merge: Merge, limits: PlanLimits): Draft[] {
  const { link, minPieceBytes, pieceBytes, plainCount, tried, mostParts } = limits;
  const drafts: Draft[] = [];
  const add = (piece: number, connections: number): void => {
    const count = countPieces(merge, piece, pieceBytes);
    if (connections > count || count > Math.max(mostParts, merge.count)) return;
    const largest = Math.min(merge.largest, piece);
    const handicap = 1 + Math.max(0, count - plainCount) * DIVISION_GAIN;
    const boundMs =
      handicap * boundMakespan({ count, byteLength: merge.byteLength, largest }, connections, link);
    drafts.push({ merge, pieceBytes: piece, count, connections, handicap, boundMs });
  };
  for (const connections of tried) {
    add(pieceBytes, connections);
    const share = Math.max(minPieceBytes, Math.ceil(merge.byteLength / connections));
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

/** Bytes that a draft costs on the wire. */
export function draftBytes({ merge, count }: Draft): number {
  return wireBytes({ byteLength: merge.byteLength, count });
}

/** Bytes of so many requests, and what they cost beside their bodies. */
export function wireBytes({
  byteLength,
  count,
}: {
  readonly byteLength: number;
  readonly count: number;
}): number {
  return byteLength + count * REQUEST_BYTES;
}

import { Range } from "../ranges/range.ts";
import { totalOf } from "./cut-requests.ts";

/** Bytes between two neighbours that are not held: headers and padding, as between the members of a tar. */
const NEIGHBOUR_BYTES = 16 * 1024;
/**
 * What lies between two neighbours in all. The headers of a tar are held since they were walked, in blocks around them, and small members with
 * them: 100 members of 50 kB were 100 requests on loopback and 73 with answers after 20 ms, and are two. *Unmeasured* in time.
 */
const HOLE_BYTES = 64 * 1024;

/** What may be spent on holes. */
export interface HoleBounds {
  /** It is one range that is missing in parts; these stay apart where one request would have more bytes than this. */
  readonly maxPieceBytes?: number | undefined;
  /** Bytes that may be read beside those that are missing. */
  readonly overReadBytes: number;
  /** How many bytes of a range are not held. */
  unheldBytes(range: Range): number;
}

/**
 * Where few requests matter more than time: `missing`, ascending, with what is held between parts of one range, or between neighbours, read over.
 * Gives `missing` itself where nothing is.
 */
export function joinHoles(missing: readonly Range[], bounds: HoleBounds): readonly Range[] {
  const { maxPieceBytes } = bounds;
  return maxPieceBytes === undefined
    ? joinNeighbours(missing, bounds)
    : joinParts(missing, maxPieceBytes, bounds.overReadBytes);
}

function joinParts(
  missing: readonly Range[],
  maxPieceBytes: number,
  overReadBytes: number,
): readonly Range[] {
  const [first, last] = [missing[0], missing.at(-1)];
  if (first === undefined || last === undefined || first === last) return missing;
  const whole = new Range(first.start, last.end);
  const isAffordable = whole.length - totalOf(missing) <= overReadBytes;
  return whole.length <= maxPieceBytes && isAffordable ? [whole] : missing;
}

function joinNeighbours(
  missing: readonly Range[],
  { overReadBytes, unheldBytes }: HoleBounds,
): readonly Range[] {
  const joined: Range[] = [];
  let left = overReadBytes;
  for (const gap of missing) {
    const last = joined.at(-1);
    const hole = last && new Range(last.end, gap.start);
    const isSmall = hole !== undefined && hole.length <= Math.min(HOLE_BYTES, left);
    if (last !== undefined && isSmall && unheldBytes(hole) <= NEIGHBOUR_BYTES) {
      left -= hole.length;
      joined[joined.length - 1] = new Range(last.start, gap.end);
    } else joined.push(gap);
  }
  return joined.length === missing.length ? missing : joined;
}

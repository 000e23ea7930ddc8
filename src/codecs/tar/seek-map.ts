import { Range } from "../../ranges/range.ts";
import type { Bytes } from "../../source/source.ts";

/** A place from which on a compressed tar can be decompressed. */
export interface SeekPoint {
  /** In the archive: its byte, and how many of the lowest bits of that belong to what was before. */
  readonly byte: number;
  readonly bit: number;
  /** Bytes decompressed before it. */
  readonly position: number;
  /** Of what lies between it and the next one, decompressed; undefined where nobody tells. */
  readonly checksum: number | undefined;
  /** Inside a deflate stream: what may be referred to, deflated. Undefined where a gzip member or a zstd frame starts. */
  readonly window: Bytes | undefined;
}

/** What the checksums of a map are: CRC-32, or the low half of an XXH64. */
export type SeekCheck = "crc32" | "xxh64";

/** The places of an archive, ascending, the first at its start. What lies between two neighbours is a span. */
export interface SeekMap {
  readonly check: SeekCheck;
  readonly points: readonly SeekPoint[];
  /** Where the last span ends. */
  readonly end: Pick<SeekPoint, "byte" | "position">;
}

/** Neighbouring spans, by number, the last one included. */
export interface Spans {
  readonly first: number;
  readonly last: number;
}

/** The spans in which these decompressed bytes lie; for no bytes, the one they would lie in. */
export function spansOf(map: SeekMap, start: number, end: number): Spans {
  return { first: spanAt(map, start), last: spanAt(map, Math.max(start, end - 1)) };
}

/** Which bytes of the archive hold these spans. */
export function storedRange({ points, end }: SeekMap, { first, last }: Spans): Range {
  const next = points[last + 1];
  // A byte that is the next one's in part is needed too.
  const stop = next === undefined ? end.byte : next.byte + (next.bit > 0 ? 1 : 0);
  return new Range(points[first]?.byte ?? 0, stop);
}

/** Where a span starts, decompressed; of the number behind the last, where that ends. */
export function positionOf({ points, end }: SeekMap, span: number): number {
  return points[span]?.position ?? end.position;
}

function spanAt({ points }: SeekMap, position: number): number {
  let [low, high] = [0, points.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((points[middle] as SeekPoint).position <= position) low = middle;
    else high = middle;
  }
  return low;
}

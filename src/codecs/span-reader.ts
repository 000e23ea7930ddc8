import type { Range } from "../ranges/range.ts";
import type { Bytes, PlannedReadOptions, PlannedSource } from "../source/source.ts";
import { chunksOf, once } from "../source/stream-chunks.ts";

/** Members up to this size are read at once, so that reads of one tick are planned together. *Unmeasured*. */
export const WHOLE_BYTES: number = 1024 * 1024;

/** The bytes of a span of the archive, in order, as chunks that are ours alone. */
export type ReadSpan = (span: Range) => AsyncIterable<Bytes>;

/**
 * Reads spans from a source: a small one at once, a large one as it arrives, each by one request up to 8 MiB. Whoever reads member after
 * member may be read ahead of, up to `aheadEnd`.
 */
export function spanReader(source: PlannedSource, options: PlannedReadOptions): ReadSpan {
  const { signal, aheadEnd } = options;
  return (span) =>
    span.length <= WHOLE_BYTES
      ? once(source.read(span, { signal, aheadEnd, divide: false }))
      : chunksOf(source.stream(span, { signal, divide: false }));
}

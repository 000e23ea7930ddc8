import type { Range } from "../ranges/range.ts";
import { Pipeline, PipelinePlace } from "../source/pipeline.ts";

/** A longer answer makes those behind it wait longer than they save. *Unmeasured*. */
const MAX_SHORT_BYTES = 32 * 1024;
/** Requests behind each other at most: what a connection that breaks has to be asked again. *Unmeasured*. */
const MAX_DEPTH = 8;
/** Bytes that they bring at most, all together. *Unmeasured*. */
const MAX_BYTES = 128 * 1024;

/**
 * Where `connections` are fewer than requests, the short ones go out behind each other, spread over as many connections as there are: each
 * has its answer as soon as what is before it has, and never later than if it had waited for that. Gives the place of each, in their
 * order; undefined for one that goes by itself.
 */
export function placesFor(
  requests: readonly Range[],
  connections: number,
): readonly (PipelinePlace | undefined)[] {
  if (requests.length <= connections) return [];
  const short = requests.filter(isShort);
  const byteLength = short.reduce((sum, { length }) => sum + length, 0);
  const count = Math.max(connections, Math.ceil(short.length / MAX_DEPTH), Math.ceil(byteLength / MAX_BYTES));
  if (count >= short.length) return [];
  const pipelines = Array.from({ length: count }, () => new Pipeline());
  let placed = 0;
  return requests.map((request) => {
    if (!isShort(request)) return undefined;
    return new PipelinePlace(pipelines[placed++ % count] as Pipeline);
  });
}

function isShort({ length }: Range): boolean {
  return length <= MAX_SHORT_BYTES;
}

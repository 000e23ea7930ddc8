import { Range } from "../ranges/range.ts";
import { type RangeInput, resolveRange } from "../ranges/range-input.ts";
import { beginCall } from "../source/call.ts";
import { closedError } from "../source/closed-error.ts";
import type { Bytes, PlannedSource, ReadOptions } from "../source/source.ts";
import { streamChunks } from "../source/stream-chunks.ts";

/**
 * A view of a part of a source, positions counted from the start of the part. It shares `spans` (whose positions stay those of
 * the whole), `receipt` and `identity`. Closing it leaves the source open.
 *
 * @throws INVALID_RANGE, OUT_OF_BOUNDS for a part outside the source.
 */
export function sliceSource(source: PlannedSource, range: RangeInput): PlannedSource {
  const part = resolveRange(range, source.size);
  const closing = new AbortController();
  const name = `${source.name} ${part}`;
  const within = (input: RangeInput): Range => {
    if (closing.signal.aborted) throw closing.signal.reason;
    const { start, end } = resolveRange(input, part.length);
    return new Range(part.start + start, part.start + end);
  };
  const limited = async <T>(options: ReadOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const call = beginCall({
      signals: [options.signal, closing.signal],
      totalMs: Number.POSITIVE_INFINITY,
      url: name,
    });
    try {
      return await work(call.signal);
    } finally {
      call.end();
    }
  };
  const close = async (): Promise<void> => {
    if (!closing.signal.aborted) closing.abort(closedError(name));
  };
  return {
    name,
    size: part.length,
    identity: source.identity,
    spans: source.spans,
    receipt: source.receipt,
    read: async (input, options = {}) => {
      const range = within(input);
      return limited(options, (signal) => source.read(range, { signal }));
    },
    readMany: async (inputs, options = {}) => {
      const ranges = inputs.map(within);
      return limited(options, (signal) => source.readMany(ranges, { signal }));
    },
    stream: (input = [0], options = {}) =>
      streamChunks(() => reopen(source, within(input), closing.signal), options.signal),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A stream of the source as a reader of ours, which ends when the slice closes. */
function reopen(
  source: PlannedSource,
  range: Range,
  closing: AbortSignal,
): { read(): Promise<Bytes | undefined>; cancel(): void } {
  const reader = source.stream(range, { signal: closing }).getReader();
  return {
    read: async () => (await reader.read()).value,
    cancel: () => {
      reader.cancel().catch(() => undefined);
    },
  };
}

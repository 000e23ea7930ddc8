import { Range } from "../../src/ranges/range.ts";
import { resolveRange } from "../../src/ranges/range-input.ts";
import type { Source } from "../../src/source/source.ts";

/** A Source over bytes that tells what was asked of it. */
export interface RecordedSource extends Source {
  /** Every read and stream, as `[start, end)` text. */
  readonly asked: string[];
  readonly isClosed: boolean;
  /** While set, reads wait for it. */
  gate: Promise<void> | undefined;
}

/** Wraps bytes; a size given larger than them stands for a file of which only the end is real. */
export function recordedSource(bytes: Uint8Array, name = "x.zip"): RecordedSource {
  const asked: string[] = [];
  let closed = false;
  const take = (range: Range): Uint8Array<ArrayBuffer> =>
    new Uint8Array(bytes.subarray(range.start, range.end));
  return {
    name,
    size: bytes.length,
    identity: { strength: "strong" },
    asked,
    gate: undefined,
    get isClosed() {
      return closed;
    },
    async read(input, options) {
      const range = resolveRange(input, bytes.length);
      asked.push(String(range));
      await this.gate;
      options?.signal?.throwIfAborted();
      return take(range);
    },
    stream(input = new Range(0, bytes.length)) {
      const range = resolveRange(input, bytes.length);
      asked.push(String(range));
      let position = range.start;
      return new ReadableStream(
        {
          pull: (controller) => {
            if (position === range.end) return controller.close();
            const end = Math.min(range.end, position + 50_000);
            controller.enqueue(take(new Range(position, end)));
            position = end;
          },
        },
        { highWaterMark: 0 },
      );
    },
    async close() {
      closed = true;
    },
    async [Symbol.asyncDispose]() {
      closed = true;
    },
  };
}

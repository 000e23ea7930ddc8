import { Range } from "../../src/ranges/range.ts";
import { resolveRange } from "../../src/ranges/range-input.ts";
import type { Source } from "../../src/source/source.ts";

/** A Source of any size that is zeros but for these parts, of which nothing is held but them. */
export function sparseSource(size: number, parts: ReadonlyMap<number, Uint8Array>): Source {
  const take = ({ start, end }: Range): Uint8Array<ArrayBuffer> => {
    const bytes = new Uint8Array(end - start);
    for (const [offset, part] of parts) {
      const from = Math.max(start, offset);
      const to = Math.min(end, offset + part.length);
      if (from < to) bytes.set(part.subarray(from - offset, to - offset), from - start);
    }
    return bytes;
  };
  return {
    name: "sparse.zip",
    size,
    identity: { strength: "strong" },
    read: async (input) => take(resolveRange(input, size)),
    stream(input = [0]) {
      let { start: position, end } = resolveRange(input, size);
      return new ReadableStream(
        {
          pull(controller) {
            const next = Math.min(end, position + 65_536);
            if (next > position) controller.enqueue(take(new Range(position, next)));
            position = next;
            if (position === end) controller.close();
          },
          cancel() {
            end = position;
          },
        },
        { highWaterMark: 0 },
      );
    },
    close: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

import { plainBytes } from "../bytes/plain-bytes.ts";
import { RangeStreamsError } from "../errors.ts";
import { Range } from "../ranges/range.ts";
import { type RangeInput, resolveRange } from "../ranges/range-input.ts";
import { HELD_BYTES, heldBytes, type InMemory } from "../source/held-view.ts";
import type { Meter } from "../source/meter.ts";
import type { Bytes, ReadOptions, Source } from "../source/source.ts";
import { type ChunkReader, streamChunks } from "../source/stream-chunks.ts";

/**
 * A Source that counts on a meter what is read of the one beneath, for sources that keep no count themselves. Anyone can write
 * a Source, so the length of what it gives is checked here, and its kind does not matter.
 */
export function countedSource(source: Source, meter: Meter): Source & InMemory {
  return {
    name: source.name,
    size: source.size,
    identity: source.identity,
    async read(input: RangeInput, options?: ReadOptions): Promise<Bytes> {
      const range = resolveRange(input, source.size);
      meter.requests++;
      const bytes: unknown = await source.read(range, options);
      if (!isBytes(bytes)) throw noBytes(source, range);
      if (bytes.byteLength !== range.length) throw wrongLength(source, range, bytes.byteLength);
      meter.received(range);
      return plainBytes(bytes);
    },
    stream(input: RangeInput = [0], options?: ReadOptions): ReadableStream<Bytes> {
      const range = resolveRange(input, source.size);
      return streamChunks(() => {
        meter.requests++;
        return countedReader(source, range, { meter, reader: source.stream(range, options).getReader() });
      });
    },
    [HELD_BYTES]: heldBytes(source),
    close: () => source.close(),
    [Symbol.asyncDispose]: () => source.close(),
  };
}

function countedReader(
  source: Source,
  range: Range,
  { meter, reader }: { meter: Meter; reader: ReadableStreamDefaultReader<Bytes> },
): ChunkReader {
  let position = range.start;
  return {
    async read(): Promise<Bytes | undefined> {
      const { done, value } = await reader.read();
      if (!done && !isBytes(value)) throw noBytes(source, range);
      const end = position + (value?.byteLength ?? 0);
      if (done ? end < range.end : end > range.end) throw wrongLength(source, range, end - range.start);
      if (value === undefined) return undefined;
      meter.received(new Range(position, end));
      position = end;
      return plainBytes(value);
    },
    cancel(): void {
      reader.cancel().catch(() => undefined);
    },
  };
}

function isBytes(value: unknown): value is Bytes {
  return ArrayBuffer.isView(value);
}

function noBytes(source: Source, range: Range): RangeStreamsError {
  const message = `${source.name}: asked for ${range}, got what are no bytes; that Source is broken`;
  return new RangeStreamsError("BAD_RESPONSE", message);
}

function wrongLength(source: Source, range: Range, got: number): RangeStreamsError {
  const message = `${source.name}: asked for ${range}, got ${got} bytes instead of ${range.length}; that Source is broken`;
  return new RangeStreamsError(got < range.length ? "SHORT_BODY" : "BAD_RESPONSE", message);
}

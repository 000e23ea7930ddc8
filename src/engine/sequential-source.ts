import { concatBytes } from "../bytes/collect-bytes.ts";
import { RangeStreamsError } from "../errors.ts";
import { Range } from "../ranges/range.ts";
import { type RangeInput, resolveRange } from "../ranges/range-input.ts";
import { closedError } from "../source/closed-error.ts";
import type { Bytes, Identity, ReadOptions, Source } from "../source/source.ts";
import { type ChunkReader, streamChunks } from "../source/stream-chunks.ts";
import { waitFor } from "../source/wait-for.ts";

/** One body to read everything from. */
export interface SequentialParts {
  readonly name: string;
  readonly size: number;
  readonly identity: Identity;
  /** The whole, from its first byte to its last. */
  readonly stream: ReadableStream<Bytes>;
  /** Bytes already passed that are kept at most; the oldest go first. */
  readonly keptBytes: number;
  /** Frees what lies beneath. */
  readonly close: () => Promise<void>;
}

/**
 * A Source out of one body that goes by once. A read waits until the body has passed it; what passed is kept as far as the limit
 * allows, and a read behind that is LIMIT. Nothing is taken from the body before somebody needs it.
 */
export function sequentialSource(parts: SequentialParts): Source {
  const tape = new Tape(parts);
  const closing = new AbortController();
  const resolve = (input: RangeInput): Range => {
    if (closing.signal.aborted) throw closing.signal.reason;
    return resolveRange(input, parts.size);
  };
  const close = async (): Promise<void> => {
    if (closing.signal.aborted) return;
    closing.abort(closedError(parts.name));
    tape.cancel();
    await parts.close();
  };
  return {
    name: parts.name,
    size: parts.size,
    identity: parts.identity,
    async read(input: RangeInput, options: ReadOptions = {}): Promise<Bytes> {
      options.signal?.throwIfAborted();
      const reader = tape.reader(resolve(input), closing.signal);
      const chunks: Bytes[] = [];
      for (let chunk = await reader.read(options.signal); chunk !== undefined; ) {
        chunks.push(chunk);
        chunk = await reader.read(options.signal);
      }
      return concatBytes(chunks);
    },
    stream(input: RangeInput = [0], options: ReadOptions = {}): ReadableStream<Bytes> {
      return streamChunks(() => tape.reader(resolve(input), closing.signal), options.signal);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The body going by, and the last part of what has passed. */
class Tape {
  readonly #parts: SequentialParts;
  readonly #reader: ReadableStreamDefaultReader<Bytes>;
  /** Ascending and touching: the first is the oldest kept. */
  readonly #kept: { readonly range: Range; readonly bytes: Bytes }[] = [];
  #keptBytes = 0;
  #passed = 0;
  #pulling: Promise<void> | undefined;

  constructor(parts: SequentialParts) {
    this.#parts = parts;
    this.#reader = parts.stream.getReader();
  }

  cancel(): void {
    this.#reader.cancel().catch(() => undefined);
  }

  reader(range: Range, closing: AbortSignal): ChunkReader {
    let position = range.start;
    return {
      read: async (signal) => {
        while (position < range.end) {
          if (position < this.#passed) {
            const bytes = this.#piece(position, range.end);
            position += bytes.byteLength;
            return bytes;
          }
          await waitFor(this.#pull(), [signal, closing]);
        }
        return undefined;
      },
      cancel: () => undefined,
    };
  }

  /** A copy of what one kept block holds from `position` on. */
  #piece(position: number, end: number): Bytes {
    // The newest block is the usual one: readers follow the body.
    for (let index = this.#kept.length; index-- > 0; ) {
      const block = this.#kept[index];
      if (block === undefined || block.range.start > position) continue;
      if (block.range.end <= position) break;
      const from = position - block.range.start;
      return block.bytes.slice(from, Math.min(end, block.range.end) - block.range.start);
    }
    const message = `${this.#parts.name}: asked for position ${position}, which went by; raise cache.maxBytes or read in order`;
    throw new RangeStreamsError("LIMIT", message);
  }

  /** Takes one chunk from the body, for whoever waits. */
  #pull(): Promise<void> {
    this.#pulling ??= this.#takeChunk().finally(() => {
      this.#pulling = undefined;
    });
    return this.#pulling;
  }

  async #takeChunk(): Promise<void> {
    const { done, value } = await this.#reader.read();
    if (done) {
      const message = `${this.#parts.name}: the body ended at ${this.#passed} of ${this.#parts.size}; open it again`;
      throw new RangeStreamsError("SHORT_BODY", message);
    }
    const range = new Range(this.#passed, this.#passed + value.byteLength);
    this.#kept.push({ range, bytes: value });
    this.#keptBytes += value.byteLength;
    this.#passed = range.end;
    this.#forget();
  }

  /** Drops the oldest beyond the limit; the newest block always stays, since its readers have not seen it yet. */
  #forget(): void {
    while (this.#kept.length > 1 && this.#keptBytes > this.#parts.keptBytes) {
      this.#keptBytes -= this.#kept.shift()?.range.length ?? 0;
    }
  }
}

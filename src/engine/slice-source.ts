import { Range } from "../ranges/range.ts";
import type { RangeDict } from "../ranges/range-dict.ts";
import { type RangeInput, resolveRange } from "../ranges/range-input.ts";
import { beginCall, type Call } from "../source/call.ts";
import { closedError } from "../source/closed-error.ts";
import { HELD_VIEW, type HeldInMemory, heldView } from "../source/held-view.ts";
import type {
  Bytes,
  Identity,
  PlannedReadOptions,
  PlannedSource,
  ReadPlan,
  Receipt,
  StreamOptions,
} from "../source/source.ts";
import { type ChunkReader, streamChunks } from "../source/stream-chunks.ts";

/**
 * A view of a part of a source, positions counted from the start of the part. Nothing beyond the part is fetched ahead. It shares
 * `spans` (whose positions stay those of the whole), `receipt` and `identity`. Closing it leaves the source open.
 *
 * @throws INVALID_RANGE, OUT_OF_BOUNDS for a part outside the source.
 */
export function sliceSource(source: PlannedSource, range: RangeInput): PlannedSource {
  return new SliceSource(source, resolveRange(range, source.size));
}

class SliceSource implements PlannedSource, HeldInMemory {
  readonly name: string;
  readonly size: number;
  readonly #source: PlannedSource;
  readonly #part: Range;
  readonly #closing = new AbortController();

  constructor(source: PlannedSource, part: Range) {
    this.#source = source;
    this.#part = part;
    this.name = `${source.name} ${part}`;
    this.size = part.length;
  }

  get identity(): Identity {
    return this.#source.identity;
  }

  get spans(): RangeDict<"held" | "pending"> {
    return this.#source.spans;
  }

  get receipt(): Receipt {
    return this.#source.receipt;
  }

  async read(input: RangeInput, options: PlannedReadOptions = {}): Promise<Bytes> {
    const range = this.#within(input);
    return this.#limited(options, (inside) => this.#source.read(range, inside));
  }

  async readMany(inputs: readonly RangeInput[], options: PlannedReadOptions = {}): Promise<Bytes[]> {
    const ranges = inputs.map((input) => this.#within(input));
    return this.#limited(options, (inside) => this.#source.readMany(ranges, inside));
  }

  async *readEach(
    inputs: readonly RangeInput[],
    options: PlannedReadOptions = {},
  ): AsyncGenerator<{ index: number; bytes: Bytes }, void, undefined> {
    const ranges = inputs.map((input) => this.#within(input));
    const call = this.#begin(options);
    try {
      yield* this.#source.readEach(ranges, this.#inside(options, call));
    } finally {
      call.end();
    }
  }

  tryRead(input: RangeInput): Bytes | undefined {
    return this.#source.tryRead(this.#within(input));
  }

  [HELD_VIEW](range: Range): Bytes | undefined {
    return heldView(this.#source, this.#within(range));
  }

  plan(inputs: readonly RangeInput[]): ReadPlan {
    return this.#source.plan(inputs.map((input) => this.#within(input)));
  }

  stream(input: RangeInput = [0], options: StreamOptions = {}): ReadableStream<Bytes> {
    return streamChunks(() => {
      const signal = this.#closing.signal;
      return readerOf(this.#source.stream(this.#within(input), { ...options, signal }));
    }, options.signal);
  }

  async close(): Promise<void> {
    if (!this.#closing.signal.aborted) this.#closing.abort(closedError(this.name));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #within(input: RangeInput): Range {
    if (this.#closing.signal.aborted) throw this.#closing.signal.reason;
    const { start, end } = resolveRange(input, this.size);
    return new Range(this.#part.start + start, this.#part.start + end);
  }

  async #limited<T>(
    options: PlannedReadOptions,
    work: (inside: PlannedReadOptions) => Promise<T>,
  ): Promise<T> {
    const call = this.#begin(options);
    try {
      return await work(this.#inside(options, call));
    } finally {
      call.end();
    }
  }

  #begin({ signal }: PlannedReadOptions): Call {
    const signals = [signal, this.#closing.signal];
    return beginCall({ signals, totalMs: Number.POSITIVE_INFINITY, url: this.name });
  }

  /** The options of a call as the source beneath understands them. */
  #inside(options: PlannedReadOptions, { signal }: Call): PlannedReadOptions {
    const { start, end } = this.#part;
    const aheadEnd = Math.min(end, start + (options.aheadEnd ?? this.size));
    return { ...options, aheadEnd, signal };
  }
}

function readerOf(stream: ReadableStream<Bytes>): ChunkReader {
  const reader = stream.getReader();
  return {
    read: async () => (await reader.read()).value,
    cancel() {
      reader.cancel().catch(() => undefined);
    },
  };
}

import { RangeStreamsError } from "../errors.ts";
import { Range } from "../ranges/range.ts";
import { RangeDict } from "../ranges/range-dict.ts";
import { type RangeInput, resolveRange } from "../ranges/range-input.ts";
import { RangeSet } from "../ranges/range-set.ts";
import { closedError } from "../source/closed-error.ts";
import type {
  Bytes,
  Identity,
  PlannedReadOptions,
  PlannedSource,
  ReadOptions,
  ReadPlan,
  Receipt,
  StreamOptions,
} from "../source/source.ts";
import { type ChunkReader, streamChunks } from "../source/stream-chunks.ts";
import { waitFor } from "../source/wait-for.ts";

/** How much of a long stream the opening request brings; the stream itself follows. *Unmeasured*. */
const STREAM_PROBE_BYTES = 64 * 1024;
/** Wanted ranges with less than this between them are opened with in one request. *Unmeasured*. */
const PROBE_GAP_BYTES = 64 * 1024;
/** What one opening request may bring, which is held as a whole: a member of 8 MiB and its headers, as by any request. *Unmeasured*. */
const MAX_PROBE_BYTES = 9 * 1024 * 1024;

/** What is known of a source before it is opened, and how to open it. */
export interface Deferral {
  /** For messages; secrets removed. */
  readonly name: string;
  readonly size: number;
  readonly identity: Identity;
  /** Bytes of the first request that can stay held, 1 at least: it asks for no more. Default: as many as it may have in any case, 9 MiB. */
  readonly maxProbeBytes?: number | undefined;
  /** Opens it with these bytes as its first request. */
  open(probe: Range): Promise<PlannedSource>;
}

/**
 * A source that is opened by its first read, whose bytes are what the opening asks for: nothing is sent before. Then it must have
 * the size and the validators that were expected of it, else every read rejects with CHANGED.
 */
export function deferSource(deferral: Deferral): PlannedSource {
  return new DeferredSource(deferral);
}

/** @throws CHANGED where a source is not the one that was indexed. */
export function checkUnchanged(source: PlannedSource, expected: Pick<Deferral, "size" | "identity">): void {
  const { size, identity } = expected;
  const differs =
    source.size !== size
      ? `${source.size} bytes where its index has ${size}`
      : differentValidator(source.identity, identity);
  if (differs === undefined) return;
  const message = `Opened ${source.name} from an index: got ${differs}; index it anew`;
  throw new RangeStreamsError("CHANGED", message);
}

function differentValidator(got: Identity, expected: Identity): string | undefined {
  for (const field of ["etag", "lastModified"] as const) {
    const [one, other] = [got[field], expected[field]];
    if (other !== undefined && one !== other) return `${field} ${one} where its index has ${other}`;
    // One that is the same decides; a date beside it may be that of another mirror.
    if (other !== undefined) return undefined;
  }
  return undefined;
}

class DeferredSource implements PlannedSource {
  readonly name: string;
  readonly size: number;
  readonly identity: Identity;
  readonly #deferral: Deferral;
  readonly #maxProbeBytes: number;
  readonly #closing: AbortController = new AbortController();
  #opening: Promise<PlannedSource> | undefined;
  #opened: PlannedSource | undefined;

  constructor(deferral: Deferral) {
    const { name, size, identity, maxProbeBytes = MAX_PROBE_BYTES } = deferral;
    this.#maxProbeBytes = Math.min(maxProbeBytes, MAX_PROBE_BYTES);
    this.name = name;
    this.size = size;
    this.identity = identity;
    this.#deferral = deferral;
  }

  get spans(): PlannedSource["spans"] {
    return this.#opened?.spans ?? new RangeDict();
  }

  get receipt(): Receipt {
    return this.#opened?.receipt ?? nothingSpent();
  }

  async read(range: RangeInput, options: PlannedReadOptions = {}): Promise<Bytes> {
    const wanted = this.#resolve(range);
    return (await this.#reach([wanted], options.signal)).read(wanted, options);
  }

  async readMany(ranges: readonly RangeInput[], options: PlannedReadOptions = {}): Promise<Bytes[]> {
    const wanted = ranges.map((range) => this.#resolve(range));
    if (wanted.length === 0) return [];
    return (await this.#reach(wanted, options.signal)).readMany(wanted, options);
  }

  async *readEach(
    ranges: readonly RangeInput[],
    options: PlannedReadOptions = {},
  ): AsyncGenerator<{ index: number; bytes: Bytes }, void, void> {
    const wanted = ranges.map((range) => this.#resolve(range));
    if (wanted.length > 0) yield* (await this.#reach(wanted, options.signal)).readEach(wanted, options);
  }

  stream(range: RangeInput = [0], options: StreamOptions = {}): ReadableStream<Bytes> {
    return streamChunks(() => this.#openReader(this.#resolve(range), options), options.signal);
  }

  tryRead(range: RangeInput): Bytes | undefined {
    const wanted = this.#resolve(range);
    return this.#opened?.tryRead(wanted);
  }

  plan(ranges: readonly RangeInput[]): ReadPlan {
    const wanted = ranges.map((range) => this.#resolve(range));
    if (this.#opened !== undefined) return this.#opened.plan(wanted);
    const { byteLength } = new RangeSet(wanted);
    const requests = wanted.length === 0 ? [] : [planProbe(wanted, this.#maxProbeBytes)];
    const bytesRequested = requests.reduce((sum, { length }) => sum + length, 0);
    return { requests, bytesWanted: byteLength, bytesRequested, predictedMs: 0 };
  }

  async close(): Promise<void> {
    if (!this.#closing.signal.aborted) this.#closing.abort(closedError(this.name));
    await this.#opening?.then((source) => source.close()).catch(() => undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #resolve(range: RangeInput): Range {
    if (this.#closing.signal.aborted) throw this.#closing.signal.reason;
    return resolveRange(range, this.size);
  }

  /** The source beneath. One reader's abort does not end the opening, which others may wait for. */
  #reach(wanted: readonly Range[], signal: ReadOptions["signal"]): Promise<PlannedSource> {
    signal?.throwIfAborted();
    if (this.#opened !== undefined) return Promise.resolve(this.#opened);
    this.#opening ??= this.#open(planProbe(wanted, this.#maxProbeBytes)).catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return waitFor(this.#opening, [signal, this.#closing.signal]);
  }

  async #open(probe: Range): Promise<PlannedSource> {
    const source = await this.#deferral.open(probe);
    try {
      checkUnchanged(source, this);
      this.#closing.signal.throwIfAborted();
    } catch (error) {
      await source.close();
      throw error;
    }
    this.#opened = source;
    return source;
  }

  #openReader(range: Range, options: StreamOptions): ChunkReader {
    const own = new AbortController();
    let reader: ReadableStreamDefaultReader<Bytes> | undefined;
    return {
      read: async () => {
        const { start, end } = range;
        // What is to be one request is brought by this one, as far as it may.
        const isOneRequest = options.aheadBytes === 0 || options.divide === false;
        const isBrought = isOneRequest && range.length <= this.#maxProbeBytes;
        const head = isBrought ? range : new Range(start, Math.min(end, start + STREAM_PROBE_BYTES));
        reader ??= (await this.#reach([head], own.signal)).stream(range, options).getReader();
        return (await reader.read()).value;
      },
      cancel: () => {
        own.abort();
        reader?.cancel().catch(() => undefined);
      },
    };
  }
}

function nothingSpent(): Receipt {
  const ranges = new RangeSet();
  return { requests: 0, retries: 0, bytesWanted: 0, bytesReceived: 0, cacheHits: 0, ranges };
}

/** What to open with: all that is wanted where it lies close together, else the first of it. */
function planProbe(wanted: readonly Range[], atMost: number): Range {
  const sorted = wanted.filter((range) => !range.isEmpty()).sort((one, other) => one.start - other.start);
  const [first] = sorted;
  const { start } = first ?? new Range(0, 1);
  let end = first?.end ?? 1;
  for (const range of sorted) {
    if (range.start - end > PROBE_GAP_BYTES || range.end - start > atMost) break;
    end = Math.max(end, range.end);
  }
  end = Math.min(end, start + atMost);
  return new Range(start, end);
}

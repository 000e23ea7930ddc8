import { Range } from "../ranges/range.ts";
import { RangeDict } from "../ranges/range-dict.ts";
import { type RangeInput, resolveRange } from "../ranges/range-input.ts";
import { RangeSet } from "../ranges/range-set.ts";
import { closedError } from "../source/closed-error.ts";
import type { Meter } from "../source/meter.ts";
import type { Bytes, Identity, PlannedSource, ReadOptions, Receipt, Source } from "../source/source.ts";
import { streamChunks } from "../source/stream-chunks.ts";
import { waitFor } from "../source/wait-for.ts";
import { type Fetch, Fetches } from "./fetches.ts";
import { HeldBytes } from "./held-bytes.ts";
import { SpanReader, type Wire } from "./span-reader.ts";

/** The body of a first answer, open and not yet read. */
export interface OpeningBody {
  readonly range: Range;
  readonly stream: ReadableStream<Bytes>;
}

/** Bytes at their place, on the way to an answer. */
interface Part {
  readonly range: Range;
  readonly bytes: Bytes;
}

/** What an engine is put around. */
export interface EngineParts {
  readonly source: Source;
  readonly meter: Meter;
  /** `close` closes the source too. */
  readonly owned: boolean;
  /** Bytes kept in memory at most. */
  readonly cacheBytes: number;
  readonly opening?: OpeningBody | undefined;
}

/**
 * The engine around one Source: a map of what is held, what is pending and what is missing. Every read and stream asks the map
 * first, shares what is in flight, and fetches only the gaps.
 */
export class Engine implements PlannedSource {
  readonly name: string;
  readonly size: number;
  readonly identity: Identity;
  readonly spans: RangeDict<"held" | "pending">;
  readonly receipt: Receipt;
  readonly #parts: EngineParts;
  readonly #spans = new RangeDict<"held" | "pending">();
  readonly #held: HeldBytes;
  readonly #fetches: Fetches;
  readonly #wires = new Set<Wire>();
  readonly #closing = new AbortController();
  #opening: OpeningBody | undefined;

  constructor(parts: EngineParts) {
    const { source, meter, cacheBytes } = parts;
    this.#parts = parts;
    this.name = source.name;
    this.size = source.size;
    this.identity = source.identity;
    this.receipt = meter;
    this.spans = this.#spans.asReadonly();
    this.#opening = parts.opening;
    this.#held = new HeldBytes({
      maxBytes: cacheBytes,
      onHeld: (range) => this.#spans.set(range, "held"),
      onDropped: (range) => this.#redraw(range),
    });
    this.#fetches = new Fetches(source, {
      onArrived: (range, bytes) => this.#held.hold(range, bytes),
      onPending: (range) => this.#spans.set(range, "pending"),
      onSettled: (range) => this.#redraw(range),
    });
  }

  async read(input: RangeInput, options: ReadOptions = {}): Promise<Bytes> {
    const [bytes] = await this.readMany([input], options);
    return bytes as Bytes;
  }

  async readMany(inputs: readonly RangeInput[], options: ReadOptions = {}): Promise<Bytes[]> {
    options.signal?.throwIfAborted();
    const ranges = inputs.map((input) => this.#resolve(input));
    const { meter } = this.#parts;
    for (const range of ranges) meter.bytesWanted += range.length;
    if (ranges.every((range) => this.#held.covers(range))) {
      meter.cacheHits++;
      return ranges.map((range) => this.#copyHeld(range));
    }
    return this.#gather(ranges, options.signal);
  }

  stream(input: RangeInput = [0], options: ReadOptions = {}): ReadableStream<Bytes> {
    return streamChunks(() => {
      const range = this.#resolve(input);
      this.#parts.meter.bytesWanted += range.length;
      if (!range.isEmpty() && this.#held.covers(range)) this.#parts.meter.cacheHits++;
      return this.#spanReader(range);
    }, options.signal);
  }

  /** Takes in the body of the first answer, which then stays held whatever the limit of the cache. */
  async holdOpening(signal: AbortSignal | undefined): Promise<void> {
    const opening = this.#opening;
    if (opening === undefined) return;
    this.#opening = undefined;
    const wire: Wire = { range: opening.range, reader: opening.stream.getReader() };
    const pinned = this.#parts.cacheBytes === 0;
    let position = opening.range.start;
    try {
      for (;;) {
        const { done, value } = await waitFor(wire.reader.read(), [signal]);
        if (done) return;
        const range = new Range(position, position + value.byteLength);
        this.#held.hold(range, value, pinned);
        position = range.end;
      }
    } finally {
      wire.reader.cancel().catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const reason = closedError(this.name);
    this.#closing.abort(reason);
    this.#opening?.stream.cancel().catch(() => undefined);
    this.#opening = undefined;
    this.#fetches.close(reason);
    for (const wire of this.#wires) wire.reader.cancel().catch(() => undefined);
    this.#wires.clear();
    this.#held.clear();
    this.#spans.clear();
    if (this.#parts.owned) await this.#parts.source.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #resolve(input: RangeInput): Range {
    this.#checkOpen();
    return resolveRange(input, this.size);
  }

  #checkOpen(): void {
    if (this.#closing.signal.aborted) throw closedError(this.name);
  }

  /** Brings every gap of what is wanted, shared with whoever wants the same bytes, then cuts the answers out. */
  async #gather(ranges: readonly Range[], signal: AbortSignal | undefined): Promise<Bytes[]> {
    const wanted = new RangeSet(ranges);
    const parts = new RangeDict<Part>();
    const fetches = new Set<Fetch>();
    for (const range of wanted) {
      const gaps = this.#held.missing(range);
      // Copied now: what is held may be dropped while the rest is on its way.
      for (const part of new RangeSet([range]).difference(new RangeSet(gaps))) {
        parts.set(part, { range: part, bytes: this.#copyHeld(part) });
      }
      for (const gap of gaps) for (const fetch of this.#fetches.join(gap)) fetches.add(fetch);
    }
    try {
      const arrivals = [...fetches].map(async ({ range, bytes }) => ({ range, bytes: await bytes }));
      for (const part of await waitFor(Promise.all(arrivals), [signal, this.#closing.signal])) {
        parts.set(part.range, part);
      }
      return ranges.map((range) => cutOut(range, parts));
    } finally {
      const reason = signal?.aborted ? signal.reason : new DOMException("no longer wanted", "AbortError");
      for (const fetch of fetches) this.#fetches.leave(fetch, reason);
    }
  }

  #copyHeld(range: Range): Bytes {
    const target = new Uint8Array(range.length);
    this.#held.copyInto(range, target);
    return target;
  }

  #spanReader(range: Range): SpanReader {
    return new SpanReader(
      {
        checkOpen: () => this.#checkOpen(),
        heldAt: (position, end) => this.#held.pieceAt(position, end),
        pendingAt: (position, end, signal) => this.#pendingAt(new Range(position, end), signal),
        openWire: (gap) => this.#openWire(gap),
        arrived: (at, bytes) => this.#held.hold(at, bytes),
        closed: (wire) => {
          this.#wires.delete(wire);
          this.#redraw(wire.range);
        },
      },
      range,
    );
  }

  #pendingAt(range: Range, signal: AbortSignal | undefined): Promise<Bytes> | undefined {
    const fetch = this.#fetches.joinAt(range.start);
    if (fetch === undefined) return undefined;
    const from = range.start - fetch.range.start;
    return waitFor(fetch.bytes, [signal, this.#closing.signal])
      .then((bytes) => bytes.slice(from, Math.min(range.end, fetch.range.end) - fetch.range.start))
      .finally(() => this.#fetches.leave(fetch, signal?.reason));
  }

  #openWire(range: Range): Wire {
    const wire = this.#takeOpening(range) ?? this.#newWire(range);
    this.#wires.add(wire);
    this.#spans.set(wire.range, "pending");
    this.#redraw(wire.range);
    return wire;
  }

  /** The body of the first answer serves the first stream that begins where it does. */
  #takeOpening(range: Range): Wire | undefined {
    const opening = this.#opening;
    if (opening === undefined || opening.range.start !== range.start) return undefined;
    this.#opening = undefined;
    return { range: opening.range, reader: opening.stream.getReader() };
  }

  #newWire(range: Range): Wire {
    const gap = this.#held.missing(range)[0] ?? range;
    const free = this.#fetches.missing(gap)[0] ?? gap;
    return { range: free, reader: this.#parts.source.stream(free).getReader() };
  }

  /** Draws a part of the map anew from what is held and in flight. */
  #redraw(range: Range): void {
    if (this.#closing.signal.aborted) return;
    this.#spans.delete(range);
    for (const pending of this.#fetches.pending(range)) this.#draw(pending, range, "pending");
    for (const wire of this.#wires) this.#draw(wire.range, range, "pending");
    for (const held of new RangeSet([range]).difference(new RangeSet(this.#held.missing(range)))) {
      this.#spans.set(held, "held");
    }
  }

  #draw(what: Range, within: Range, state: "held" | "pending"): void {
    const part = what.intersection(within);
    if (part !== undefined && !part.isEmpty()) this.#spans.set(part, state);
  }
}

/** The bytes of `range` out of parts that cover it, copied. */
function cutOut(range: Range, parts: RangeDict<Part>): Bytes {
  const target = new Uint8Array(range.length);
  for (const [, part] of parts.overlapping(range)) {
    const shared = part.range.intersection(range);
    if (shared === undefined) continue;
    const from = shared.start - part.range.start;
    target.set(part.bytes.subarray(from, from + shared.length), shared.start - range.start);
  }
  return target;
}

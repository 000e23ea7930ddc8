import { RangeStreamsError } from "../errors.ts";
import { Range } from "../ranges/range.ts";
import type { WireCall } from "../source/call.ts";
import type { PipelinePlace } from "../source/pipeline.ts";
import type { Share, Turn } from "../source/request-queue.ts";
import type { Bytes } from "../source/source.ts";
import { Stop } from "../source/stop.ts";
import type { PendingSpan } from "./span-map.ts";
import type { WireBody } from "./wire.ts";

/** Somebody who wants bytes that a flow brings. */
export interface FlowReader {
  /** Verified bytes that have arrived. They are shared: whoever keeps or hands them on copies them. */
  arrived(range: Range, bytes: Bytes): void;
  /** The flow brings nothing more; `error` is undefined where it came to its end. */
  ended(error: unknown): void;
}

/** How a {@link Flow} came to its end: nobody wanted it any more where it was *left*. */
export type FlowOutcome = "complete" | "failed" | "left";

/** What a {@link Flow} tells whoever started it. */
export interface FlowHost {
  /** For messages. */
  readonly name: string;
  readonly totalMs: number;
  /** An id that no other flow of its map has. */
  nextId(): number;
  /** Called before the readers are; what it throws fails the flow. */
  arriving(flow: Flow, range: Range): void;
  /** Called after the readers were: the bytes may be kept. */
  arrived(flow: Flow, range: Range, bytes: Bytes): void;
  settled(flow: Flow, outcome: FlowOutcome): void;
}

/** What a {@link Flow} is made of. */
export interface FlowParts {
  readonly range: Range;
  readonly body: WireBody;
  /** Nobody waits for it: it stays open without a reader, and every request that somebody waits for goes first. */
  readonly unattended?: boolean | undefined;
  /** All of its range will be pulled, whatever its readers do. */
  readonly bounded?: boolean | undefined;
  /** One of those that bring a small file whole. */
  readonly ofWhole?: boolean | undefined;
  /** What it has together with the other requests of its plan. */
  readonly share?: Share | undefined;
  /** The connection that it shares with some of those. */
  readonly place?: PipelinePlace | undefined;
}

/**
 * One request in flight, filling its range from the start. It is pulled only as far as somebody needs it, so that a slow reader
 * slows the server down. It ends when its last reader leaves.
 */
export class Flow implements PendingSpan, WireCall {
  readonly kind = "pending";
  readonly id: number;
  readonly range: Range;
  /** All of its range will be pulled. */
  readonly isBounded: boolean;
  /** One of those that bring a small file whole. */
  readonly isOfWhole: boolean;
  readonly #body: WireBody;
  readonly #host: FlowHost;
  readonly #readers = new Set<FlowReader>();
  readonly signal: Stop = new Stop();
  readonly turn: Turn;
  readonly place: PipelinePlace | undefined;
  #position: number;
  #neededEnd = 0;
  #unattended: boolean;
  #pumping = false;
  #isSettled = false;
  #served = false;
  #progressAt = 0;

  constructor(parts: FlowParts, host: FlowHost) {
    const { range, body, unattended = false, bounded = false, ofWhole = false, share, place } = parts;
    this.#body = body;
    this.#host = host;
    this.id = host.nextId();
    this.range = range;
    this.isBounded = bounded;
    this.isOfWhole = ofWhole;
    this.#position = range.start;
    this.#unattended = unattended;
    this.turn = { ahead: unattended, share };
    this.place = place;
  }

  remainingMs(): number {
    return this.#host.totalMs - (performance.now() - this.#progressAt);
  }

  /** Where the next byte goes. */
  get position(): number {
    return this.#position;
  }

  /** Some reader has had all it wanted of it. */
  get hasServed(): boolean {
    return this.#served;
  }

  /** Nothing will come of it any more. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Nothing is being pulled: its readers are the slow side. */
  get isPaused(): boolean {
    return !this.#pumping;
  }

  /** Several readers get the same bytes. */
  get isShared(): boolean {
    return this.#readers.size > 1;
  }

  /** Takes part. Each reader must {@link Flow.leave} unless it was told of the end. */
  join(reader: FlowReader): void {
    this.turn.ahead = false;
    this.#readers.add(reader);
  }

  /** The bytes up to `end` are needed now. */
  need(end: number): void {
    this.#neededEnd = Math.max(this.#neededEnd, Math.min(end, this.range.end));
    if (this.#pumping || this.#isSettled || this.#position >= this.#neededEnd) return;
    this.#pumping = true;
    this.#progressAt = performance.now();
    void this.#pump();
  }

  /** A reader has all it wanted: what is needed beyond that comes all the same, and then it ends, if that was the last reader. */
  satisfied(reader: FlowReader): void {
    this.#served = true;
    this.#readers.delete(reader);
    if (!this.#pumping) this.#endUnlessRead();
  }

  /** A reader gives up. The last one out ends the flow. */
  leave(reader: FlowReader, reason?: unknown): void {
    if (!this.#readers.delete(reader) || this.#readers.size > 0 || this.#unattended) return;
    this.cancel(reason);
  }

  /** Whoever started it without a reader has no more use for it. */
  abandon(): void {
    this.#unattended = false;
    if (this.#readers.size === 0) this.cancel();
  }

  /** Ends it, whoever still reads. */
  cancel(reason: unknown = new DOMException("no longer wanted", "AbortError")): void {
    if (this.#isSettled) return;
    this.signal.abort(reason);
    this.#settle("left", reason);
    this.#body.cancel();
  }

  async #pump(): Promise<void> {
    try {
      while (this.#position < this.#neededEnd && !this.#isSettled) {
        const bytes = await this.#body.readWithin(this);
        if (this.#isSettled) return;
        this.#take(bytes);
      }
      if (this.#position === this.range.end) this.#settle("complete", undefined);
      else this.#endUnlessRead();
    } catch (error) {
      if (this.#isSettled) return;
      this.#settle("failed", error);
      this.#body.cancel();
    } finally {
      this.#pumping = false;
    }
  }

  #endUnlessRead(): void {
    if (this.#readers.size === 0 && !this.#unattended) this.cancel();
  }

  #take(bytes: Bytes | undefined): void {
    const end = this.#position + (bytes?.byteLength ?? 0);
    if (bytes === undefined || end > this.range.end) throw this.#wrongLength(end);
    const isAll = end === this.range.end && this.#position === this.range.start;
    const range = isAll ? this.range : new Range(this.#position, end);
    this.#position = end;
    this.#progressAt = performance.now();
    const host = this.#host;
    host.arriving(this, range);
    for (const reader of this.#readers) reader.arrived(range, bytes);
    // The last reader may have left just now: then nothing of it is kept.
    if (this.#isSettled) return;
    host.arrived(this, range, bytes);
  }

  #settle(outcome: FlowOutcome, error: unknown): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    if (outcome === "complete") this.#body.cancel();
    this.#host.settled(this, outcome);
    if (this.#readers.size === 0) return;
    for (const reader of [...this.#readers]) reader.ended(error);
    this.#readers.clear();
  }

  /** Anyone can write a Source. */
  #wrongLength(end: number): RangeStreamsError {
    const { name } = this.#host;
    const message = `${name}: asked for ${this.range}, got bytes up to ${end}; that Source is broken`;
    return new RangeStreamsError(end < this.range.end ? "SHORT_BODY" : "BAD_RESPONSE", message);
  }
}

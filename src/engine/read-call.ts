import type { Range } from "../ranges/range.ts";
import type { Bytes } from "../source/source.ts";
import type { Flow, FlowReader } from "./flow.ts";
import type { SpanMap } from "./span-map.ts";

/** Whoever a {@link ReadCall} is part of. */
export interface ReadCallOwner {
  /** Told once: without an error when all bytes are there. */
  settled(call: ReadCall, error: unknown): void;
}

/** One range on its way into one array: what is held is copied at once, the rest as it arrives. */
export class ReadCall {
  readonly range: Range;
  /** Its place among those of its owner. */
  readonly index: number;
  readonly #owner: ReadCallOwner;
  readonly #parts: Part[] = [];
  /** Parts that still bring something. */
  #left = 0;
  #bytes: Bytes | undefined;

  constructor(range: Range, index: number, owner: ReadCallOwner) {
    this.range = range;
    this.index = index;
    this.#owner = owner;
  }

  /** The bytes, which belong to whoever asked. Made when the first arrive: until then there is nothing to collect. */
  get bytes(): Bytes {
    this.#bytes ??= new Uint8Array(this.range.length);
    return this.#bytes;
  }

  /** Takes what is held, and part in every flow that brings the rest, which must all be on the map. */
  start(map: SpanMap<Flow>): void {
    const pending = map.split(this.range, this);
    map.asked(this.range);
    for (const { range, value: flow } of pending) {
      const part = new Part(this, range, flow);
      this.#parts.push(part);
      flow.join(part);
    }
    this.#left = pending.length;
    for (const part of this.#parts) part.flow.need(part.range.end);
    if (pending.length === 0) this.#owner.settled(this, undefined);
  }

  /** Nobody waits any more. */
  stop(reason: unknown): void {
    for (const part of this.#parts) part.flow.leave(part, reason);
  }

  /** @internal */
  take(bytes: Bytes, start: number): void {
    // A copy is made in one step, and its memory is not cleared first.
    if (bytes.byteLength === this.range.length) this.#bytes = bytes.slice();
    else this.bytes.set(bytes, start - this.range.start);
  }

  /** @internal */
  partDone(): void {
    if (--this.#left === 0) this.#owner.settled(this, undefined);
  }

  /** @internal */
  partFailed(error: unknown): void {
    this.#owner.settled(this, error);
  }
}

/** What one flow brings of a call. */
class Part implements FlowReader {
  readonly flow: Flow;
  readonly range: Range;
  readonly #call: ReadCall;

  constructor(call: ReadCall, range: Range, flow: Flow) {
    this.#call = call;
    this.range = range;
    this.flow = flow;
  }

  arrived(range: Range, bytes: Bytes): void {
    const start = Math.max(range.start, this.range.start);
    const end = Math.min(range.end, this.range.end);
    if (start >= end) return;
    this.#call.take(bytes.subarray(start - range.start, end - range.start), start);
    if (end < this.range.end) return;
    this.flow.satisfied(this);
    this.#call.partDone();
  }

  ended(error: unknown): void {
    this.#call.partFailed(error);
  }
}

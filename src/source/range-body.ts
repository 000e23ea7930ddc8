import { Range } from "../ranges/range.ts";
import { beginCall, type WireCall } from "./call.ts";
import { closedError } from "./closed-error.ts";
import { DRAIN_BYTES, type Exchange } from "./exchange.ts";
import type { HttpLink } from "./http-link.ts";
import { Recovery } from "./recovery.ts";
import type { Bytes } from "./source.ts";
import type { StopSignal } from "./stop.ts";
import { withTimeout } from "./timeout.ts";
import { bodyError, getVerified, type VerifiedExchange } from "./verified-get.ts";

/**
 * A body of known length has its end in the same packet as its last byte. One that ends with its connection, or in chunks, may
 * be a little late; after this the bytes, which are all there and proven by their Content-Range, are taken as they are.
 */
const END_MS = 250;

/** The exchange that delivers now. */
interface Delivery {
  readonly exchange: Exchange;
  /** Bytes of the body before those that were asked for. */
  lead: number;
  /** Where the wanted part ends. */
  readonly end: number;
  /** The body goes on beyond the wanted part, as its Content-Range says. */
  readonly more: boolean;
}

/**
 * The bytes of one range, in order, over as many exchanges as it takes: a shorter answer is continued, a dropped body resumed
 * at the byte reached and held against the pinned identity, a parked one taken up again. One reader at a time.
 */
export class RangeBody {
  readonly range: Range;
  readonly #link: HttpLink;
  readonly #recovery: Recovery;
  /** Verified chunks that were taken in when the connection was parked. */
  readonly #ready: Bytes[] = [];
  #parking: Promise<void> | undefined;
  #delivery: Delivery | undefined;
  /** The next byte to come from the wire. */
  #position: number;
  #cancelled = false;

  constructor(link: HttpLink, range: Range, first?: VerifiedExchange) {
    this.#link = link;
    this.range = range;
    this.#position = range.start;
    this.#recovery = new Recovery(link.settings.retry, link);
    if (first === undefined) return;
    this.#deliver(first);
    this.#idle();
  }

  /**
   * The next chunk, which belongs to the caller; undefined at the end of the range. An abort rejects at once with the reason of
   * the signal and loses no byte: the next call goes on.
   *
   * @throws whatever the exchange reports once trying again is of no use.
   */
  async read(signal?: AbortSignal): Promise<Bytes | undefined> {
    const { timeouts } = this.#link.settings;
    const signals = [signal, this.#link.closing];
    const call = beginCall({ signals, totalMs: timeouts.totalMs, url: this.#link.name });
    try {
      return await this.readWithin(call);
    } finally {
      call.end();
    }
  }

  /** As {@link RangeBody.read}, as one part of a longer call. */
  async readWithin(call: WireCall): Promise<Bytes | undefined> {
    call.signal.throwIfAborted();
    if (this.#cancelled) throw closedError(this.#link.name);
    this.#delivery?.exchange.busy();
    try {
      return await this.#next(call);
    } finally {
      this.#idle();
    }
  }

  /** Ends it: a connection on which little is left is kept by taking that in, another is closed. */
  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#ready.length = 0;
    if (this.#delivery === undefined) return;
    if (this.#left() <= DRAIN_BYTES) this.#delivery.exchange.discard();
    else this.#delivery.exchange.cancel();
    this.#delivery = undefined;
  }

  async #next(call: WireCall): Promise<Bytes | undefined> {
    if (this.#parking !== undefined) {
      await withTimeout(this.#parking, {
        ms: Number.POSITIVE_INFINITY,
        signal: call.signal,
        phase: "idle",
        url: this.#link.name,
      });
    }
    const ready = this.#ready.shift();
    if (ready !== undefined) return ready;
    while (this.#position < this.range.end) {
      try {
        const delivery = this.#delivery ?? (await this.#connect(call));
        const chunk = await this.#take(delivery, call.signal);
        if (chunk !== undefined) {
          this.#recovery.progress();
          return chunk;
        }
      } catch (error) {
        if (call.signal.aborted && error === call.signal.reason) throw error;
        if (this.#cancelled) throw closedError(this.#link.name);
        this.#drop();
        await this.#recovery.after(error, call);
      }
    }
    return undefined;
  }

  async #connect(call: WireCall): Promise<Delivery> {
    const range = new Range(this.#position, this.range.end);
    return this.#deliver(await getVerified(this.#link, { kind: "span", range }, call));
  }

  #deliver({ exchange, verified }: VerifiedExchange): Delivery {
    const { body, wanted } = verified;
    const end = Math.min(wanted.end, this.range.end);
    const delivery: Delivery = {
      exchange,
      lead: wanted.start - body.start,
      end,
      more: body.end > end,
    };
    this.#delivery = delivery;
    return delivery;
  }

  /** The next wanted chunk of this exchange, or undefined where it held only bytes before them. */
  async #take(delivery: Delivery, signal: StopSignal): Promise<Bytes | undefined> {
    const chunk = await delivery.exchange.read(signal);
    if (chunk === undefined) throw bodyError(this.#link, this.#ask(), "short");
    const placed = this.#place(delivery, chunk);
    if (this.#position === delivery.end) await this.#finish(delivery);
    return placed;
  }

  /** Cuts the wanted part out of a chunk and moves on past it. */
  #place(delivery: Delivery, chunk: Bytes): Bytes | undefined {
    const { meter } = this.#link.settings;
    const skipped = Math.min(delivery.lead, chunk.byteLength);
    const length = Math.min(chunk.byteLength - skipped, delivery.end - this.#position);
    const extra = chunk.byteLength - skipped - length;
    meter.wasted(skipped + extra);
    if (extra > 0 && !delivery.more) throw bodyError(this.#link, this.#ask(), "long");
    delivery.lead -= skipped;
    if (length === 0) return undefined;
    const start = this.#position;
    this.#position = start + length;
    meter.received(new Range(start, this.#position));
    return length === chunk.byteLength ? chunk : chunk.slice(skipped, skipped + length);
  }

  /** Sees to it that a body which should be over is over. */
  async #finish(delivery: Delivery): Promise<void> {
    this.#delivery = undefined;
    const { exchange } = delivery;
    if (delivery.more) {
      exchange.discard();
      return;
    }
    let extra: Bytes | undefined;
    try {
      extra = await exchange.read(undefined, END_MS);
    } catch {
      // Every byte is there and in its place: how the connection ends no longer matters.
      exchange.cancel();
    }
    if (extra === undefined) {
      this.#link.answered();
      return;
    }
    exchange.cancel();
    this.#link.settings.meter.wasted(extra.byteLength);
    throw bodyError(this.#link, this.#ask(), "long");
  }

  #ask(): { kind: "span"; range: Range } {
    return { kind: "span", range: this.range };
  }

  /** Bytes that the open exchange still has to deliver. */
  #left(): number {
    return this.#delivery === undefined ? 0 : this.#delivery.end - this.#position;
  }

  #drop(): void {
    this.#delivery?.exchange.cancel();
    this.#delivery = undefined;
  }

  /** Nobody waits for bytes now: the connection may be taken by whoever does. */
  #idle(): void {
    if (this.#delivery === undefined || this.#cancelled) return;
    this.#delivery.exchange.idle({ drainable: this.#left() <= DRAIN_BYTES, park: () => this.#park() });
  }

  #park(): void {
    const delivery = this.#delivery;
    this.#delivery = undefined;
    if (delivery === undefined) return;
    if (delivery.end - this.#position > DRAIN_BYTES) {
      delivery.exchange.cancel();
      return;
    }
    this.#parking = this.#drain(delivery).finally(() => {
      this.#parking = undefined;
    });
  }

  /** Takes in the little that is left. What does not come at once, or does not fit, is asked for again when it is wanted. */
  async #drain(delivery: Delivery): Promise<void> {
    const length = delivery.end - this.#position;
    const chunks = await delivery.exchange.drain(length + delivery.lead);
    const total = chunks?.reduce((sum, chunk) => sum + chunk.byteLength, 0);
    if (chunks === undefined || total === undefined) return;
    if (this.#cancelled || total !== length + delivery.lead) {
      this.#link.settings.meter.wasted(total);
      return;
    }
    for (const chunk of chunks) {
      const placed = this.#place(delivery, chunk);
      if (placed !== undefined) this.#ready.push(placed);
    }
  }
}

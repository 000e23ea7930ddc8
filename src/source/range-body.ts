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
      if (this.#parking !== undefined) await this.#parked(this.#parking, call.signal);
      if (this.#ready.length > 0) return this.#ready.shift();
      while (this.#position < this.range.end) {
        try {
          const delivery = this.#delivery ?? this.#deliver(await getVerified(this.#link, this.#rest(), call));
          const { exchange } = delivery;
          const now = exchange.poll(call.signal);
          const chunk = this.#place(delivery, now === undefined ? await exchange.read(call.signal) : now);
          if (this.#position === delivery.end) {
            const after = delivery.more ? undefined : exchange.poll();
            if (after === null) this.#finished();
            else await this.#finish(delivery, after);
          }
          if (chunk === undefined) continue;
          this.#recovery.progress();
          return chunk;
        } catch (error) {
          await this.#recover(error, call);
        }
      }
      return undefined;
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

  /** Waits until what was parked is here. */
  #parked(parking: Promise<void>, signal: StopSignal): Promise<void> {
    const ms = Number.POSITIVE_INFINITY;
    return withTimeout(parking, { ms, signal, phase: "idle", url: this.#link.name });
  }

  /** Resolves when it is time to try again; throws where it is not. */
  async #recover(error: unknown, call: WireCall): Promise<void> {
    if (call.signal.aborted && error === call.signal.reason) throw error;
    if (this.#cancelled) throw closedError(this.#link.name);
    this.#drop();
    await this.#recovery.after(error, call);
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

  /** Cuts the wanted part out of the next chunk, if it has any, and moves on past it. Throws where there is no chunk. */
  #place(delivery: Delivery, chunk: Bytes | null | undefined): Bytes | undefined {
    if (chunk === undefined || chunk === null) throw bodyError(this.#link, this.#ask(), "short");
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
    meter.received(this.#part(start, this.#position));
    return length === chunk.byteLength ? chunk : chunk.slice(skipped, skipped + length);
  }

  /** The body was over with the last byte that was wanted. */
  #finished(): void {
    this.#delivery = undefined;
    this.#link.answered();
  }

  /** Sees to it that a body which should be over is over; `extra` came behind it. */
  async #finish({ exchange, more }: Delivery, extra: Bytes | undefined): Promise<void> {
    this.#delivery = undefined;
    if (more) {
      exchange.discard();
      return;
    }
    try {
      extra ??= await exchange.read(undefined, END_MS);
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

  #rest(): { kind: "span"; range: Range } {
    return { kind: "span", range: this.#part(this.#position, this.range.end) };
  }

  /** A part of the range, which mostly is all of it. */
  #part(start: number, end: number): Range {
    return start === this.range.start && end === this.range.end ? this.range : new Range(start, end);
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

import { plainBytes } from "../bytes/plain-bytes.ts";
import { parseDecimal } from "../http/decimal.ts";
import type { ResponseHead } from "../http/expectation.ts";
import type { HeaderFields } from "../http/header-fields.ts";
import type { BodyTiming } from "./body-timing.ts";
import type { Deadlines } from "./deadlines.ts";
import type { Meter } from "./meter.ts";
import type { Parkable, Slot } from "./request-queue.ts";
import type { Bytes } from "./source.ts";
import type { StopSignal } from "./stop.ts";
import { withTimeout } from "./timeout.ts";
import type { TransportResponse } from "./transport.ts";

/**
 * A body with no more left than this is taken in rather than cancelled, which would cost the connection. On HTTP/1.1 a new
 * connection costs a round trip, in which a link of 10 Mbit/s and 50 ms moves as much; *unmeasured* beyond that.
 */
export const DRAIN_BYTES = 64 * 1024;
/** A body that does not end within this is cancelled after all. *Unmeasured*. */
const DRAIN_MS = 250;

/** What an exchange is part of. */
export interface ExchangeParts {
  readonly slot: Slot;
  /** Its status can be followed as a redirect by us. */
  readonly redirectable: boolean;
  /** For messages; secrets removed. */
  readonly name: string;
  /** False for the answer to a HEAD, whose Content-Length is that of another. */
  readonly hasBody: boolean;
  readonly idleMs: number;
  readonly meter: Meter;
  /** Listens to the body, where it comes from the wire itself. */
  readonly bodyTiming?: BodyTiming | undefined;
  /** Aborted with the CLOSED error when the source closes. */
  readonly closing: AbortSignal;
  readonly clock: Deadlines;
  /** Called once, when the connection was given back. */
  readonly onEnd: (exchange: Exchange) => void;
}

/** One answered request: its head, and its body pulled under the idle clock. Holds a connection until its end. */
export class Exchange implements ResponseHead {
  readonly #response: TransportResponse;
  readonly #parts: ExchangeParts;
  #reading: Promise<Bytes | undefined> | undefined;
  #ended = false;

  constructor(response: TransportResponse, parts: ExchangeParts) {
    this.#response = response;
    this.#parts = parts;
  }

  get redirectable(): boolean {
    return this.#parts.redirectable;
  }

  get status(): number {
    return this.#response.status;
  }

  get headers(): HeaderFields {
    return this.#response.headers;
  }

  get filtered(): boolean {
    return this.#response.filtered;
  }

  /** The URL that answered. */
  get url(): string {
    return this.#response.url;
  }

  /** Its request went out before another was answered on its connection. */
  get isQueued(): boolean {
    return this.#response.queued === true;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /**
   * The next chunk as it came, not yet placed or counted; undefined at the end, which gives the connection back. An abort
   * leaves the chunk for the next call.
   *
   * @throws NETWORK, TIMEOUT (idle), CLOSED, or the reason of the signal.
   */
  async read(signal?: StopSignal, idleMs = this.#parts.idleMs): Promise<Bytes | undefined> {
    if (this.#ended) throw this.#parts.closing.reason;
    const now = this.poll(signal);
    if (now !== undefined) return now ?? undefined;
    const { name: url, clock } = this.#parts;
    try {
      const chunk = await withTimeout(this.#pull(), { ms: idleMs, signal, phase: "idle", url, clock });
      this.#reading = undefined;
      if (chunk !== undefined) return plainBytes(chunk);
      this.#end();
      return undefined;
    } catch (error) {
      if (!signal?.aborted || error !== signal.reason) this.cancel();
      if (this.#parts.closing.aborted) throw this.#parts.closing.reason;
      throw error;
    }
  }

  /** Waits for the next chunk, or the end, and leaves it for the next read; tells whether there is one. */
  async peek(signal: StopSignal): Promise<boolean> {
    const { idleMs, name: url, clock } = this.#parts;
    return (await withTimeout(this.#pull(), { ms: idleMs, signal, phase: "idle", url, clock })) !== undefined;
  }

  /**
   * As {@link Exchange.read}, where that need not wait: null for the end, undefined where it must, or would throw. Most small bodies come with
   * their heads, and cost neither clock nor promise.
   */
  poll(signal?: StopSignal): Bytes | null | undefined {
    if (this.#ended || this.#reading !== undefined || signal?.aborted) return undefined;
    const now = this.#response.body.poll?.();
    if (now === undefined) return undefined;
    if (now === null) {
      this.#end();
      return null;
    }
    this.#parts.bodyTiming?.taken(now.byteLength);
    return plainBytes(now);
  }

  /** One pull at a time; a chunk whose reader was aborted waits in it for the next reader. */
  #pull(): Promise<Bytes | undefined> {
    if (this.#reading === undefined) {
      this.#parts.bodyTiming?.waiting();
      this.#reading = this.#response.body.read();
      this.#reading.then((chunk) => chunk && this.#parts.bodyTiming?.arrived(chunk.byteLength), ignore);
    }
    return this.#reading;
  }

  /** Nobody waits for bytes of this exchange: its connection may be taken. */
  idle(holder: Parkable): void {
    if (!this.#ended) this.#parts.slot.idle(holder);
  }

  /** Somebody waits for its bytes again. */
  busy(): void {
    this.#parts.slot.busy();
  }

  /** Ends the exchange at once; its connection is lost. */
  cancel(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#parts.bodyTiming?.dropped();
    // A connection that is still closing counts as one: the bound holds for what the server sees.
    void this.#response.body.cancel().finally(() => this.#giveBack());
  }

  /** Ends an exchange whose body nobody wants: a short one is taken in, a long one cancelled. In the background. */
  discard(): void {
    const declared = this.#parts.hasBody ? this.headers.get("content-length") : null;
    // A list of lengths, or none at all, tells nothing: then the body does.
    if (declared !== null && (parseDecimal(declared.trim()) ?? 0) > DRAIN_BYTES) {
      this.cancel();
      return;
    }
    void this.drain(DRAIN_BYTES).then((chunks) => {
      for (const chunk of chunks ?? []) this.#parts.meter.wasted(chunk.byteLength);
    });
  }

  /**
   * Takes in what is left, if that is at most `maxBytes` and comes at once; else cancels and gives undefined. The chunks are
   * not counted.
   */
  async drain(maxBytes: number): Promise<Bytes[] | undefined> {
    const chunks: Bytes[] = [];
    const until = performance.now() + DRAIN_MS;
    let left = maxBytes;
    try {
      while (!this.#ended) {
        const chunk = await this.read(undefined, Math.max(1, until - performance.now()));
        if (chunk === undefined) return chunks;
        left -= chunk.byteLength;
        chunks.push(chunk);
        if (left < 0) break;
      }
    } catch {
      // A body that breaks off while nobody waits for it is no failure: whoever comes back asks for the rest again.
    }
    this.cancel();
    for (const chunk of chunks) this.#parts.meter.wasted(chunk.byteLength);
    return undefined;
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#parts.bodyTiming?.ended();
    this.#giveBack();
  }

  #giveBack(): void {
    this.#parts.slot.release();
    this.#parts.onEnd(this);
  }
}

/** A body that breaks off says so to its reader. */
function ignore(): void {}

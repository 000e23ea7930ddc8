import type { WireBody, WireSource } from "../../src/engine/wire.ts";
import { Range } from "../../src/ranges/range.ts";
import type { RangeInput } from "../../src/ranges/range-input.ts";
import { resolveRange } from "../../src/ranges/range-input.ts";
import type { WireCall } from "../../src/source/call.ts";
import type { LinkEstimate } from "../../src/source/link-estimate.ts";
import { Meter } from "../../src/source/meter.ts";
import { onAbort } from "../../src/source/on-abort.ts";
import type { Share } from "../../src/source/request-queue.ts";
import type { Bytes, Identity } from "../../src/source/source.ts";
import type { StopSignal } from "../../src/source/stop.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** A link as it is; the engine is told the truth about it. */
export interface LinkProfile {
  readonly latencyMs: number;
  readonly connectMs: number;
  /** Of one connection, and of all together. */
  readonly bytesPerSecond: number;
  readonly totalBytesPerSecond: number;
  readonly connections: number;
}

export const CLOUD: LinkProfile = {
  latencyMs: 20,
  connectMs: 20,
  bytesPerSecond: 50e6,
  totalBytesPerSecond: 125e6,
  connections: 16,
};
export const WAN: LinkProfile = {
  latencyMs: 100,
  connectMs: 100,
  bytesPerSecond: 10e6,
  totalBytesPerSecond: 50e6,
  connections: 16,
};
/** One connection gives all there is. */
export const SLOW: LinkProfile = {
  latencyMs: 50,
  connectMs: 50,
  bytesPerSecond: 1e6,
  totalBytesPerSecond: 1e6,
  connections: 6,
};

/** One request as the wire saw it. */
export interface SentRequest {
  readonly range: Range;
  readonly sentMs: number;
  /** Nobody waited for it when it was sent. */
  readonly ahead: boolean;
  deliveredBytes: number;
  state: "open" | "complete" | "cancelled" | "failed";
}

export interface ImitatedWireOptions {
  readonly size: number;
  readonly link?: LinkProfile;
  /** Called before each chunk; what it throws is what the request fails with. */
  readonly beforeChunk?: ((request: SentRequest) => void) | undefined;
  readonly identity?: Identity;
}

const CHUNK_BYTES = 64 * 1024;
/** A prime, so that no block of a power of two meets the same bytes at another place of the file. */
const PERIOD = 65_521;
const pattern = new Uint8Array(2 * PERIOD);
for (const at of [0, PERIOD]) pattern.set(patternBytes(PERIOD), at);

/** The bytes `[start, end)` of every imitated file: cheap enough for gigabytes. */
export function wireBytes(start: number, end: number): Bytes {
  const bytes = new Uint8Array(end - start);
  for (let at = 0; at < bytes.length; ) {
    const from = (start + at) % PERIOD;
    const length = Math.min(PERIOD, bytes.length - at);
    bytes.set(pattern.subarray(from, from + length), at);
    at += length;
  }
  return bytes;
}

/** A wire on a link that exists only in virtual time: every run of a program gives the same requests at the same times. */
export class ImitatedWire implements WireSource {
  readonly name = "imitated";
  readonly size: number;
  readonly identity: Identity;
  readonly totalMs: number = Number.POSITIVE_INFINITY;
  readonly clock = new VirtualClock();
  readonly meter = new Meter();
  /** In the order sent. */
  readonly requests: SentRequest[] = [];
  peakConnections = 0;
  isClosed = false;
  /** May be changed at any time. */
  link: LinkProfile;
  readonly #options: ImitatedWireOptions;
  readonly #waiters = new Set<Waiter>();
  readonly #shares = new Map<Share, number>();
  #active = 0;
  /** Bodies that are coming in, and share the link. */
  #flowing = 0;

  constructor(options: ImitatedWireOptions) {
    this.#options = options;
    this.size = options.size;
    this.link = options.link ?? CLOUD;
    this.identity = options.identity ?? { strength: "strong", etag: '"1"' };
  }

  /** What was asked for, in the order sent. */
  get asked(): string[] {
    return this.requests.map(({ range }) => String(range));
  }

  /** Requests that hold a connection now. */
  get active(): number {
    return this.#active;
  }

  linkEstimate(): LinkEstimate {
    return { ...this.link, idle: this.peakConnections - this.#active, measured: true };
  }

  openBody(range: Range): WireBody {
    return new ImitatedBody(this, range);
  }

  async read(input: RangeInput): Promise<Bytes> {
    const { start, end } = resolveRange(input, this.size);
    return wireBytes(start, end);
  }

  stream(): ReadableStream<Bytes> {
    throw new Error("The engine opens bodies of a wire and never streams");
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Waits for a connection, those first that somebody waits for. Gives what a new one costs. */
  acquire({ signal, turn }: WireCall): Promise<number> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiters.delete(waiter);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        isAhead: () => turn?.ahead === true,
        share: turn?.share,
        grant: (connectMs) => {
          forget();
          resolve(connectMs);
        },
      };
      const forget = onAbort(signal, leave);
      this.#waiters.add(waiter);
      this.#grant();
    });
  }

  release({ turn }: WireCall): void {
    this.#active--;
    this.#count(turn?.share, -1);
    this.#grant();
  }

  sent(range: Range, { turn }: WireCall): SentRequest {
    this.meter.requests++;
    const ahead = turn?.ahead === true;
    const request: SentRequest = { range, ahead, sentMs: this.clock.now, deliveredBytes: 0, state: "open" };
    this.requests.push(request);
    return request;
  }

  /** The next bytes of a request, in their time. */
  async deliver(request: SentRequest, signal: StopSignal): Promise<Bytes> {
    this.#options.beforeChunk?.(request);
    const start = request.range.start + request.deliveredBytes;
    const range = new Range(start, Math.min(request.range.end, start + CHUNK_BYTES));
    this.#flowing++;
    const share = this.link.totalBytesPerSecond / this.#flowing;
    try {
      await this.clock.sleep((1000 * range.length) / Math.min(this.link.bytesPerSecond, share), signal);
    } finally {
      this.#flowing--;
    }
    request.deliveredBytes += range.length;
    this.meter.received(range);
    return wireBytes(range.start, range.end);
  }

  #count(share: Share | undefined, change: number): void {
    if (share !== undefined) this.#shares.set(share, (this.#shares.get(share) ?? 0) + change);
  }

  #grant(): void {
    for (const ahead of [false, true]) {
      for (const waiter of this.#waiters) {
        const { share } = waiter;
        if (waiter.isAhead() !== ahead || this.#active >= this.link.connections) continue;
        if (share !== undefined && (this.#shares.get(share) ?? 0) >= share.connections) continue;
        this.#waiters.delete(waiter);
        this.#active++;
        this.#count(share, 1);
        const isNew = this.#active > this.peakConnections;
        if (isNew) this.peakConnections = this.#active;
        waiter.grant(isNew ? this.link.connectMs : 0);
      }
    }
  }
}

interface Waiter {
  readonly share: Share | undefined;
  isAhead(): boolean;
  grant(connectMs: number): void;
}

class ImitatedBody implements WireBody {
  readonly #wire: ImitatedWire;
  readonly #range: Range;
  #request: SentRequest | undefined;
  #call: WireCall | undefined;

  constructor(wire: ImitatedWire, range: Range) {
    this.#wire = wire;
    this.#range = range;
  }

  async readWithin(call: WireCall): Promise<Bytes | undefined> {
    call.signal.throwIfAborted();
    const request = (this.#request ??= await this.#send(call));
    if (request.state !== "open") return undefined;
    try {
      const bytes = await this.#wire.deliver(request, call.signal);
      if (request.deliveredBytes === this.#range.length) this.#end("complete");
      return bytes;
    } catch (error) {
      this.#end(call.signal.aborted ? "cancelled" : "failed");
      throw error;
    }
  }

  cancel(): void {
    this.#end("cancelled");
  }

  async #send(call: WireCall): Promise<SentRequest> {
    const connectMs = await this.#wire.acquire(call);
    if (call.signal.aborted) this.#wire.release(call);
    call.signal.throwIfAborted();
    this.#call = call;
    this.#request = this.#wire.sent(this.#range, call);
    try {
      await this.#wire.clock.sleep(connectMs + this.#wire.link.latencyMs, call.signal);
    } catch (error) {
      this.#end("cancelled");
      throw error;
    }
    return this.#request;
  }

  #end(state: SentRequest["state"]): void {
    if (this.#request?.state !== "open" || this.#call === undefined) return;
    this.#request.state = state;
    this.#wire.release(this.#call);
  }
}

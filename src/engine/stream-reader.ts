import { Range } from "../ranges/range.ts";
import type { LinkEstimate } from "../source/link-estimate.ts";
import type { Bytes } from "../source/source.ts";
import type { ChunkReader } from "../source/stream-chunks.ts";
import { withTimeout } from "../source/timeout.ts";
import { AheadWindow, isNear, windowCap } from "./ahead-window.ts";
import type { Flow, FlowReader } from "./flow.ts";

/** What a {@link StreamReader} needs of the engine. */
export interface StreamHost {
  /** For messages. */
  readonly name: string;
  /** Milliseconds that one read may take. */
  readonly totalMs: number;
  /** Throws CLOSED once the source is closed. */
  checkOpen(): void;
  link(): LinkEstimate;
  /** A copy of what is held from `position` on, at most to `end`. */
  heldAt(position: number, end: number): Bytes | undefined;
  /** The same, and it need not stay held. */
  takeAt(position: number, end: number): Bytes | undefined;
  /** The request that brings `position` sooner than one of its own would. */
  pendingAt(position: number): Flow | undefined;
  /** What of `range` nobody fetched or fetches. */
  missing(range: Range): Range[];
  /** That, and what a request of its own would bring sooner than those that fetch it. */
  gaps(range: Range): readonly Range[];
  /** Bytes that may still be asked for. */
  left(): number;
  /**
   * Starts a request that is pulled as it is read, for less than `range` where the budget ends before it does.
   *
   * @throws LIMIT where there is none left.
   */
  fetch(range: Range): Flow;
  /** Starts a request that fills while others are read. */
  fetchAhead(range: Range): Flow;
  /** Whether so many bytes that arrive together are kept: else the reader may have them as they are. */
  keeps(byteLength: number): boolean;
}

/** How a range is streamed. */
export interface StreamExtent {
  readonly range: Range;
  /** Bytes that may be in flight and unread; 0 fetches by one request what is pulled, and nothing ahead of it. */
  readonly aheadBytes: number;
  /** It is more than could stay held: what was read is let go. */
  readonly passing: boolean;
}

/** What is asked for at once when nothing is known of how far the reader goes. Doubles as it goes on. */
const FIRST_WINDOW = 2 * 1024 * 1024;

/**
 * Connections at least, where answers take their time: a stream is bound to so few bytes in flight that where each connection has a rate of
 * its own more of them are quicker, and a full link does not mind ({@link AheadWindow} has the figures).
 */
const SIDE_BY_SIDE = 16;
/**
 * Nobody waits for the middle of a stream, so its pieces may be longer than those before reads, which cost twice the requests: 200 MB of
 * a member that is deflated to 61, with pieces of 256, 512 and 768 KiB from: 788, 736 and 686 ms on the cloud profile; a download where each
 * connection has a rate of its own: 1295, 1206 and 1328.
 */
const MIN_PIECE = 512 * 1024;
/** 200 MB on the wan profile take 5.1 s so, and 5.7 with the third that reads have: a stream has no end to stop before. */
const EXCESS = 1 / 2;
/** The window, as a multiple of what the link holds in flight. */
const IN_FLIGHT_TIMES = 2;

/** Reads one range in order out of whatever mixture of held, pending and missing it is. One reader at a time. */
export class StreamReader implements ChunkReader {
  readonly #host: StreamHost;
  readonly #end: number;
  readonly #aheadBytes: number;
  readonly #passing: boolean;
  readonly #ahead = new Set<Flow>();
  #position: number;
  readonly #window: AheadWindow | undefined;
  #isCancelled = false;
  #flow: Flow | undefined;
  #waiting: Waiting | undefined;
  readonly #reader: FlowReader = {
    arrived: (range, bytes) => this.#arrived(range, bytes),
    ended: (error) => this.#ended(error),
  };

  constructor(host: StreamHost, { range, aheadBytes, passing }: StreamExtent) {
    this.#host = host;
    this.#position = range.start;
    this.#end = range.end;
    this.#aheadBytes = aheadBytes;
    this.#passing = passing;
    if (aheadBytes > 0)
      this.#window = new AheadWindow(range.start, Math.min(FIRST_WINDOW, aheadBytes), {
        leastPieces: SIDE_BY_SIDE,
        minPiece: MIN_PIECE,
        excess: EXCESS,
        // A stream is long enough for its start not to matter.
        quickStart: false,
      });
  }

  /** The next chunk, which belongs to the caller; undefined at the end. An abort of `signal` loses no byte. */
  async read(signal?: AbortSignal): Promise<Bytes | undefined> {
    for (;;) {
      this.#host.checkOpen();
      signal?.throwIfAborted();
      if (this.#isCancelled || this.#position === this.#end) return undefined;
      this.#fetchAhead();
      const chunk = this.#held() ?? (await this.#nextOfFlow(signal));
      // Nothing where a flow came to its end, or passed this place before: then look again.
      if (chunk === undefined) continue;
      this.#position += chunk.byteLength;
      if (this.#position === this.#end) this.#flow?.satisfied(this.#reader);
      return chunk;
    }
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#leaveFlow();
    // A read that still waits would keep its clock, and the process with it.
    this.#waiting?.resolve(undefined);
    this.#waiting = undefined;
    for (const flow of this.#ahead) flow.abandon();
    this.#ahead.clear();
  }

  /** What was read is let go, unless another reads it too: that one would have to ask for it again. */
  get #mayTake(): boolean {
    return this.#passing && this.#flow?.isShared !== true;
  }

  #held(): Bytes | undefined {
    return this.#mayTake
      ? this.#host.takeAt(this.#position, this.#end)
      : this.#host.heldAt(this.#position, this.#end);
  }

  /** Keeps the window ahead of the reader filled, in pieces side by side. */
  #fetchAhead(): void {
    const window = this.#window;
    if (window === undefined || window.end === this.#end) return;
    for (const flow of this.#ahead) if (flow.isSettled) this.#ahead.delete(flow);
    const most = Math.max(0, this.#aheadBytes - window.size);
    const extra = Math.min(most, window.extraFor(this.#position, this.#ahead));
    if (!window.isDue(this.#position, extra)) return;
    const link = this.#host.link();
    const cap = isNear(link)
      ? this.#aheadBytes
      : Math.min(this.#aheadBytes, windowCap(link, IN_FLIGHT_TIMES));
    const end = Math.min(this.#end, Math.max(window.end, this.#position) + this.#host.left());
    for (const piece of window.fill(this.#position, { link, cap, end, extra }))
      for (const gap of this.#host.missing(piece)) this.#ahead.add(this.#host.fetchAhead(gap));
  }

  /** What the flow brings next; undefined where another look is due. */
  #nextOfFlow(signal: AbortSignal | undefined): Promise<Bytes | undefined> {
    const flow = this.#flowHere();
    const next = new Promise<Bytes | undefined>((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
    flow.need(this.#position + 1);
    return withTimeout(next, { ms: this.#host.totalMs, signal, phase: "total", url: this.#host.name });
  }

  /** The flow that brings the next byte. One that others pulled past it brings it no more. */
  #flowHere(): Flow {
    const flow = this.#flow;
    return flow === undefined || flow.isSettled || flow.position > this.#position ? this.#joinFlow() : flow;
  }

  #joinFlow(): Flow {
    this.#leaveFlow();
    const flow = this.#host.pendingAt(this.#position) ?? this.#openFlow();
    this.#flow = flow;
    flow.join(this.#reader);
    return flow;
  }

  /** A request from here on, to where something begins that is held, or in flight and soon here. */
  #openFlow(): Flow {
    const rest = new Range(this.#position, this.#end);
    return this.#host.fetch(this.#host.gaps(rest)[0] ?? rest);
  }

  #leaveFlow(): void {
    const flow = this.#flow;
    this.#flow = undefined;
    flow?.leave(this.#reader);
  }

  #arrived(range: Range, bytes: Bytes): void {
    const waiting = this.#waiting;
    if (waiting === undefined || !range.contains(this.#position)) return;
    this.#waiting = undefined;
    const isKept = this.#host.keeps(range.length);
    if (this.#mayTake && isKept) {
      // It is held by the time that this is seen.
      waiting.resolve(undefined);
      return;
    }
    const from = this.#position - range.start;
    const to = Math.min(this.#end, range.end) - range.start;
    const whole = from === 0 && to === bytes.byteLength;
    const isOurs = whole && !isKept && this.#flow?.isShared === false;
    waiting.resolve(isOurs ? bytes : bytes.slice(from, to));
  }

  #ended(error: unknown): void {
    this.#flow = undefined;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (error === undefined) waiting?.resolve(undefined);
    else waiting?.reject(error);
  }
}

interface Waiting {
  resolve(chunk: Bytes | undefined): void;
  reject(error: unknown): void;
}

import { onAbort } from "./on-abort.ts";
import type { StopSignal } from "./stop.ts";

/**
 * An idle exchange keeps its connection this long before a waiting request may take it. Long enough that a consumer which is
 * just between two chunks is not interrupted, short enough that nobody notices; *unmeasured*.
 */
const GRACE_MS = 20;
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What a slot's holder can do when another request needs the connection. */
export interface Parkable {
  /** Little is left: it can be taken in at once, which keeps the connection and wastes nothing. */
  readonly drainable: boolean;
  /** Gives the slot back, now or soon. Called at most once for each time the slot was idle. */
  park(): void;
}

/** The right to one connection of an origin. */
export interface Slot {
  /** Nobody waits for bytes of this exchange: it may be parked. */
  idle(holder: Parkable): void;
  /** Somebody waits for its bytes again. */
  busy(): void;
  /** Gives the connection back. Twice is once. */
  release(): void;
}

/** What a request asks of the queue. */
export interface QueueRequest {
  /** Connections that this request allows at most. */
  readonly limit: number;
  readonly signal?: StopSignal | undefined;
  /** Default: somebody waits for it. */
  readonly turn?: Turn | undefined;
}

/** When a request's turn comes. May change while it waits. */
export interface Turn {
  /** It may come in handy, and lets every request go first that somebody waits for. */
  ahead: boolean;
  /** What it has together with the other requests of its plan. */
  readonly share?: Share | undefined;
}

/** Connections of one plan: more would bring it no sooner. Those that others use do not count. */
export interface Share {
  readonly connections: number;
}

interface Waiter {
  readonly limit: number;
  readonly turn: Turn | undefined;
  grant(slot: Slot): void;
}

/** One connection that is in use. */
class Held implements Slot {
  readonly share: Share | undefined;
  readonly #queue: RequestQueue;
  holder: Parkable | undefined;
  idleSince = 0;
  parking = false;

  constructor(queue: RequestQueue, share: Share | undefined) {
    this.#queue = queue;
    this.share = share;
  }

  idle(holder: Parkable): void {
    this.holder = holder;
    this.idleSince = performance.now();
    this.#queue.becameIdle(this);
  }

  busy(): void {
    this.holder = undefined;
  }

  release(): void {
    this.#queue.released(this);
  }
}

/**
 * One queue per origin: at most so many exchanges at once, the others wait in order, reads before what is fetched ahead. A
 * half-read exchange never starves a waiting one: the one idle longest is parked (drained where little is left, else cancelled,
 * to be resumed at its position). A server that limits us is given fewer connections, and after a while more again; one that
 * says when to come back is left alone until then.
 */
export class RequestQueue {
  readonly #held = new Set<Held>();
  readonly #waiters = new Set<Waiter>();
  /** Connections that the requests of a plan hold here; a redirect may have led some of them to another origin. */
  readonly #shares = new Map<Share, number>();
  #parking = 0;
  /** Connections that the server seems to bear. */
  #ceiling = Number.POSITIVE_INFINITY;
  #pausedUntil = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Exchanges that hold a connection now. */
  get active(): number {
    return this.#held.size;
  }

  /** Requests that wait for one. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Connections that the server seems to bear; Infinity until it complains. */
  get ceiling(): number {
    return this.#ceiling;
  }

  /** Milliseconds until the server wants to be asked again. */
  get pausedMs(): number {
    return this.#pausedUntil === 0 ? 0 : Math.max(0, this.#pausedUntil - performance.now());
  }

  /** A connection, where one is to be had at once. */
  tryAcquire({ limit, signal, turn }: QueueRequest): Slot | undefined {
    const isFree = this.#mayStart(limit) && this.waiting === 0 && !this.#hasItsShare(turn);
    return isFree && signal?.aborted !== true ? this.#hold(turn?.share) : undefined;
  }

  /** Waits for a connection. Rejects with `signal.reason` on abort. */
  acquire(request: QueueRequest): Promise<Slot> {
    const { limit, signal, turn } = request;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const slot = this.tryAcquire(request);
    if (slot !== undefined) return Promise.resolve(slot);
    return new Promise((resolve, reject) => {
      const forget = onAbort(signal, () => {
        this.#waiters.delete(waiter);
        reject(signal?.reason);
        this.#schedule();
      });
      const waiter: Waiter = {
        limit,
        turn,
        grant: (slot) => {
          forget();
          resolve(slot);
        },
      };
      this.#waiters.add(waiter);
      this.#schedule();
    });
  }

  /** The server wants to be left alone for so long; a pause is never shortened. */
  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, performance.now() + ms);
  }

  /**
   * The server complained of too much: half the connections from now on, at least one. While more are still open than are
   * allowed now, a complaint is about those, and counts no second time.
   */
  complained(): void {
    if (this.#held.size > this.#ceiling) return;
    const now = Math.min(this.#ceiling, Math.max(1, this.#held.size));
    this.#ceiling = Math.max(1, Math.floor(now / 2));
  }

  /** An answer was read to its end: a complaint fades, one connection for as many answers as there are connections. */
  answered(): void {
    if (Number.isFinite(this.#ceiling)) this.#ceiling += 1 / this.#ceiling;
  }

  #mayStart(limit: number): boolean {
    return this.#held.size < Math.min(limit, Math.floor(this.#ceiling)) && this.pausedMs === 0;
  }

  #hold(share: Share | undefined): Slot {
    const held = new Held(this, share);
    this.#held.add(held);
    if (share !== undefined) this.#shares.set(share, (this.#shares.get(share) ?? 0) + 1);
    return held;
  }

  /** @internal */
  becameIdle(held: Held): void {
    // Re-inserted, so that the set's order is that of idleness and the longest idle comes first.
    if (this.#held.delete(held)) this.#held.add(held);
    if (this.waiting > 0) this.#schedule();
  }

  /** @internal */
  released(held: Held): void {
    if (!this.#held.delete(held)) return;
    if (held.share !== undefined) this.#giveBack(held.share);
    if (held.parking) this.#parking--;
    this.#schedule();
  }

  #hasItsShare(turn: Turn | undefined): boolean {
    const share = turn?.share;
    return share !== undefined && (this.#shares.get(share) ?? 0) >= share.connections;
  }

  #giveBack(share: Share): void {
    const left = (this.#shares.get(share) ?? 0) - 1;
    if (left > 0) this.#shares.set(share, left);
    else this.#shares.delete(share);
  }

  #schedule(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiters.size === 0) return;
    for (const ahead of [false, true]) {
      for (const waiter of this.#waiters) {
        if ((waiter.turn?.ahead === true) !== ahead) continue;
        if (!this.#mayStart(waiter.limit)) break;
        if (this.#hasItsShare(waiter.turn)) continue;
        this.#waiters.delete(waiter);
        waiter.grant(this.#hold(waiter.turn?.share));
      }
    }
    if (!this.#isNeeded()) return;
    if (this.pausedMs > 0) this.#wakeIn(this.pausedMs);
    else this.#parkIdle();
  }

  /** More requests wait for a connection of somebody else's than will have one soon. */
  #isNeeded(): boolean {
    let waiting = 0;
    for (const { turn } of this.#waiters)
      if (!this.#hasItsShare(turn) && ++waiting > this.#parking) return true;
    return false;
  }

  #parkIdle(): void {
    if (!this.#isNeeded()) return;
    const now = performance.now();
    let nextMs = Number.POSITIVE_INFINITY;
    // A copy: parking changes the set.
    for (const held of [...this.#held]) {
      const { holder } = held;
      if (holder === undefined) continue;
      const waitMs = holder.drainable ? 0 : held.idleSince + GRACE_MS - now;
      if (waitMs > 0) {
        nextMs = Math.min(nextMs, waitMs);
        continue;
      }
      held.holder = undefined;
      held.parking = true;
      this.#parking++;
      holder.park();
      if (!this.#isNeeded()) return;
    }
    if (Number.isFinite(nextMs)) this.#wakeIn(nextMs);
  }

  #wakeIn(ms: number): void {
    clearTimeout(this.#timer);
    // A longer delay than a timer can hold would fire at once.
    this.#timer = setTimeout(() => this.#schedule(), Math.min(Math.ceil(ms), MAX_TIMER_MS));
  }
}

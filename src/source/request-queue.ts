import { onAbort } from "./on-abort.ts";

/**
 * An idle exchange keeps its connection this long before a waiting request may take it. Long enough that a consumer which is
 * just between two chunks is not interrupted, short enough that nobody notices; *unmeasured*.
 */
const GRACE_MS = 20;

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

interface Waiter {
  readonly limit: number;
  grant(slot: Slot): void;
}

interface Held {
  holder: Parkable | undefined;
  idleSince: number;
  parking: boolean;
}

/**
 * One queue per origin: at most so many exchanges at once, the others wait in order. A half-read exchange never starves a
 * waiting one: the one idle longest is parked (drained where little is left, else cancelled, to be resumed at its position).
 */
export class RequestQueue {
  readonly #held = new Set<Held>();
  readonly #waiters = new Set<Waiter>();
  #parking = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Exchanges that hold a connection now. */
  get active(): number {
    return this.#held.size;
  }

  /** Requests that wait for one. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Waits for a connection. Rejects with `signal.reason` on abort. */
  acquire(limit: number, signal?: AbortSignal): Promise<Slot> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#held.size < limit && this.#waiters.size === 0) return Promise.resolve(this.#hold());
    return new Promise((resolve, reject) => {
      const forget = onAbort(signal, () => {
        this.#waiters.delete(waiter);
        reject(signal?.reason);
        this.#schedule();
      });
      const waiter: Waiter = {
        limit,
        grant: (slot) => {
          forget();
          resolve(slot);
        },
      };
      this.#waiters.add(waiter);
      this.#schedule();
    });
  }

  #hold(): Slot {
    const held: Held = { holder: undefined, idleSince: 0, parking: false };
    this.#held.add(held);
    return {
      idle: (holder) => {
        held.holder = holder;
        held.idleSince = performance.now();
        // Re-inserted, so that the set's order is that of idleness and the longest idle comes first.
        if (this.#held.delete(held)) this.#held.add(held);
        if (this.#waiters.size > 0) this.#schedule();
      },
      busy: () => {
        held.holder = undefined;
      },
      release: () => {
        if (!this.#held.delete(held)) return;
        if (held.parking) this.#parking--;
        this.#schedule();
      },
    };
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const waiter of this.#waiters) {
      if (this.#held.size >= waiter.limit) break;
      this.#waiters.delete(waiter);
      waiter.grant(this.#hold());
    }
    this.#parkIdle();
  }

  #parkIdle(): void {
    if (this.#waiters.size <= this.#parking) return;
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
      if (this.#waiters.size <= this.#parking) return;
    }
    if (!Number.isFinite(nextMs)) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#schedule(), Math.ceil(nextMs));
  }
}

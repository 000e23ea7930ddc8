/** A moment by which something must have happened; belongs to the {@link Deadlines} that gave it. */
export interface Deadline {
  /** On the clock of `performance.now`. */
  readonly at: number;
  expire(): void;
}

/**
 * Many limits on one timer. Nearly every limit is taken away long before it is reached; here that costs a note in a set, where a
 * timer of its own cost 2 µs each, several for every small request. While there is a limit, the timer keeps a Node process alive, as one of
 * its own would; in the `background` it never does.
 */
export class Deadlines {
  readonly #open = new Set<Deadline>();
  readonly #background: boolean;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer rings, which may be long before anything is due. */
  #ringsAt = Number.POSITIVE_INFINITY;

  constructor({ background = false }: { background?: boolean } = {}) {
    this.#background = background;
  }

  /** Calls `expire` once after so many milliseconds; not at all for Infinity. */
  add(ms: number, expire: () => void): Deadline {
    const deadline = { at: performance.now() + ms, expire };
    if (!Number.isFinite(ms)) return deadline;
    if (this.#open.size === 0) this.#keepAlive(true);
    this.#open.add(deadline);
    if (deadline.at < this.#ringsAt) this.#arm(deadline.at);
    return deadline;
  }

  /** Takes one away. Twice is once. */
  delete(deadline: Deadline): void {
    if (this.#open.delete(deadline) && this.#open.size === 0) this.#keepAlive(false);
  }

  /** Takes all away, and the timer with them. */
  clear(): void {
    this.#open.clear();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#ringsAt = Number.POSITIVE_INFINITY;
  }

  #arm(at: number): void {
    clearTimeout(this.#timer);
    this.#ringsAt = at;
    // A longer delay than a timer can hold would fire at once.
    const ms = Math.min(Math.max(0, Math.ceil(at - performance.now())), 2 ** 31 - 1);
    this.#timer = setTimeout(() => this.#ring(), ms);
    if (this.#background) setAlive(this.#timer, false);
  }

  #keepAlive(alive: boolean): void {
    if (!this.#background) setAlive(this.#timer, alive);
  }

  #ring(): void {
    this.#timer = undefined;
    this.#ringsAt = Number.POSITIVE_INFINITY;
    const now = performance.now();
    // What expires may take others away, or add some.
    for (const deadline of [...this.#open]) {
      if (deadline.at <= now && this.#open.delete(deadline)) deadline.expire();
    }
    let next = this.#ringsAt;
    for (const { at } of this.#open) next = Math.min(next, at);
    if (next < this.#ringsAt) this.#arm(next);
  }
}

/** In Node a timer may or may not keep the process alive; elsewhere a timer is a number, and there is no process. */
function setAlive(timer: unknown, alive: boolean): void {
  if (typeof timer !== "object" || timer === null) return;
  const held = timer as { ref?(): void; unref?(): void };
  if (alive) held.ref?.();
  else held.unref?.();
}

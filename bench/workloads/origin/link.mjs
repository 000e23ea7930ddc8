/** Unused bandwidth is kept for so long, which evens out timers that fire late. */
const BURST_MS = 4;
/** Longer bodies go to a socket in writes of this size, where nothing is capped. */
const WRITE_BYTES = 1024 * 1024;

/**
 * Shares the link among the bodies on their way: token buckets of each connection and of all together, filled by one timer. A body
 * is `{ left, send(bytes), isBlocked(), connection: { credit } }`.
 */
export class Link {
  #profile;
  #bodies = new Set();
  #credit = 0;
  #filled = 0;
  #isArmed = false;

  constructor(profile) {
    this.#profile = profile;
  }

  /** Starts a body; it ends by itself when nothing is left. */
  add(body) {
    this.#bodies.add(body);
    if (this.#isUncapped) {
      this.pump(body);
    } else {
      body.connection.filled ??= performance.now() - BURST_MS;
      this.#arm();
    }
  }

  delete(body) {
    this.#bodies.delete(body);
  }

  /** Sends on where nothing is capped: until the socket is full. */
  pump(body) {
    if (!this.#isUncapped || !this.#bodies.has(body)) return;
    while (body.left > 0 && !body.isBlocked()) body.send(Math.min(body.left, WRITE_BYTES));
    if (body.left === 0) this.delete(body);
  }

  get #isUncapped() {
    return this.#profile.connection === Number.POSITIVE_INFINITY;
  }

  #arm() {
    if (this.#isArmed) return;
    this.#isArmed = true;
    setTimeout(() => {
      this.#isArmed = false;
      this.#tick();
      if (this.#bodies.size > 0) this.#arm();
    }, 1);
  }

  #tick() {
    const now = performance.now();
    const ms = Math.min(now - this.#filled, BURST_MS);
    this.#filled = now;
    this.#credit = fill(this.#credit, this.#profile.link, ms);
    const ready = [];
    for (const body of this.#bodies) {
      const { connection } = body;
      const since = Math.min(now - connection.filled, BURST_MS);
      connection.filled = now;
      connection.credit = fill(connection.credit, this.#profile.connection, since);
      if (!body.isBlocked()) ready.push(body);
    }
    // Those that can take least first: what they leave is shared by the rest.
    const room = (body) => Math.min(body.left, body.connection.credit);
    ready.sort((a, b) => room(a) - room(b));
    for (const [index, body] of ready.entries()) {
      const bytes = Math.floor(Math.min(room(body), this.#credit / (ready.length - index)));
      if (bytes <= 0) continue;
      this.#credit -= bytes;
      body.connection.credit -= bytes;
      body.send(bytes);
      if (body.left === 0) this.delete(body);
    }
  }
}

function fill(credit, bytesPerSecond, ms) {
  if (bytesPerSecond === Number.POSITIVE_INFINITY) return bytesPerSecond;
  return Math.min(credit + (bytesPerSecond * ms) / 1000, (bytesPerSecond * BURST_MS) / 1000);
}

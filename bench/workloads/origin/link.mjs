/** Bandwidth that nobody could use is kept for so long. */
const BURST_MS = 1;
/** A timer that fires late, on a machine that is busy, takes no bandwidth away, up to so long. */
const LATE_MS = 50;
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
      const now = performance.now();
      body.connection.filled = now;
      if (!this.#isArmed) this.#filled = now;
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
    const { connection: perConnection, link } = this.#profile;
    const now = performance.now();
    this.#credit += earned(link, now - this.#filled);
    this.#filled = now;
    const ready = [];
    const bodies = [...this.#bodies];
    for (const body of bodies) {
      const { connection } = body;
      connection.credit += earned(perConnection, now - connection.filled);
      connection.filled = now;
      if (!body.isBlocked()) ready.push(body);
    }
    this.#share(ready);
    this.#credit = Math.min(this.#credit, earned(link, BURST_MS));
    for (const { connection } of bodies)
      connection.credit = Math.min(connection.credit, earned(perConnection, BURST_MS));
  }

  #share(ready) {
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

function earned(bytesPerSecond, ms) {
  if (bytesPerSecond === Number.POSITIVE_INFINITY) return bytesPerSecond;
  return (bytesPerSecond * Math.min(ms, LATE_MS)) / 1000;
}

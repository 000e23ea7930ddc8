/** What came in first of a body. */
export interface FirstBytes {
  /** Milliseconds from sending the request to these bytes; undefined where that is not known. */
  readonly firstByteMs: number | undefined;
  /** On a connection that had served before. */
  readonly used: boolean;
  readonly byteLength: number;
  readonly now: number;
}

/**
 * What is told of bodies as they come in, in milliseconds and bytes. A body is *cold* while it may be in its slow start, and slower than
 * the link for that; then it is *warm*.
 */
export interface BodyListener {
  /** Bytes of some body have come, in whatever time, the last of them now. */
  noteArrival(byteLength: number, now: number): void;
  /** The first bytes of a body have come. */
  noteFirstBytes(first: FirstBytes): void;
  /** Bytes of a cold body came in: they tell nothing themselves, but had their share of a link that others used meanwhile. */
  noteColdBytes(ms: number, byteLength: number, now: number): void;
  /** Bytes of a warm body came in from `start` to `end` without its consumer keeping it. */
  noteWarmBytes(start: number, end: number, byteLength: number): void;
  /** So many bytes of one body came in without a pause: that is the rate of a connection. */
  noteRate(byteLength: number, ms: number): void;
  /** The same of a body that was cold so far: only one that took longer than a slow start does tells of the link. */
  noteColdRate(byteLength: number, ms: number): void;
  /** A body is warm from now on. */
  noteWarm(): void;
  /** A body that had begun is over. */
  noteEnd(isWarm: boolean): void;
  /** An exchange ended with its connection open. */
  noteFreeConnection(): void;
}

/** What a {@link BodyTiming} begins with. */
export interface BodyTimingParts {
  readonly now: () => number;
  /** When the headers came. */
  readonly at: number;
  /** Milliseconds from sending the request to the end of the headers; undefined where that is not known. */
  readonly headersMs: number | undefined;
  /** On a connection that had served before. */
  readonly used: boolean;
}

/** The rest of a body that came in more quickly or is shorter than this tells of buffers and not of the link. *Unmeasured*. */
const MIN_WINDOW = { bytes: 64 * 1024, ms: 2 } as const;
/** A sample is taken when a body has moved so much for so long, so that a long one is heard before its end. *Unmeasured*. */
const RATE_WINDOW = { bytes: 256 * 1024, ms: 10 } as const;
/**
 * A body that has moved less is cold: from ten segments of 1,460 bytes (RFC 6928) doubling gets there in four round trips. *Unmeasured*.
 */
const WARM_BYTES = 128 * 1024;
/** A consumer that comes back later than this may have let buffers fill: its bytes no longer tell of the link. *Unmeasured*. */
const AWAY_MS = 1;
/** A wait of this length shows that the buffers are empty again. *Unmeasured*. */
const CAUGHT_UP_MS = 5;

/** One body as its bytes come in: tells a listener what the link did, and leaves out what the consumer did. */
export class BodyTiming {
  readonly #listener: BodyListener;
  readonly #parts: BodyTimingParts;
  /** When the last chunk came; at first the headers. */
  #lastArrivalAt: number;
  #waitingSince = 0;
  #hasBegun = false;
  /** The consumer was the slow side, and what comes now may have waited for it. */
  #isConsumerBehind = false;
  /** It is past what may be its slow start. */
  #isWarm = false;
  #windowStart = 0;
  #windowBytes = 0;

  constructor(listener: BodyListener, parts: BodyTimingParts) {
    this.#listener = listener;
    this.#parts = parts;
    this.#lastArrivalAt = parts.at;
  }

  /** Somebody waits for the next chunk. */
  waiting(now: number = this.#parts.now()): void {
    this.#waitingSince = now;
    if (now - this.#lastArrivalAt > AWAY_MS) this.#isConsumerBehind = true;
  }

  /** Somebody came for a chunk that was there. */
  taken(byteLength: number): void {
    const now = this.#parts.now();
    this.waiting(now);
    this.arrived(byteLength, now);
  }

  /** It has come. */
  arrived(byteLength: number, now: number = this.#parts.now()): void {
    const last = this.#lastArrivalAt;
    const waitedMs = now - this.#waitingSince;
    this.#lastArrivalAt = now;
    // The first bytes were on their way for nobody knows how long.
    this.#listener.noteArrival(this.#hasBegun ? byteLength : 0, now);
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      const { headersMs, used } = this.#parts;
      const firstByteMs = headersMs === undefined ? undefined : headersMs + waitedMs;
      this.#listener.noteFirstBytes({ firstByteMs, used, byteLength, now });
      this.#openWindow(now);
      return;
    }
    if (this.#isConsumerBehind) {
      if (waitedMs < CAUGHT_UP_MS) return;
      this.#isConsumerBehind = false;
      this.#openWindow(now);
      return;
    }
    this.#windowBytes += byteLength;
    if (!this.#isWarm) {
      this.#listener.noteColdBytes(now - last, byteLength, now);
      if (this.#windowBytes < WARM_BYTES) return;
      this.#listener.noteColdRate(this.#windowBytes, now - this.#windowStart);
      this.#isWarm = true;
      this.#listener.noteWarm();
      this.#openWindow(now);
      return;
    }
    this.#listener.noteWarmBytes(last, now, byteLength);
    if (this.#windowBytes < RATE_WINDOW.bytes || now - this.#windowStart < RATE_WINDOW.ms) return;
    this.#listener.noteRate(this.#windowBytes, now - this.#windowStart);
    this.#openWindow(now);
  }

  /** The body came to its end, and its connection stays open. */
  ended(): void {
    const ms = this.#lastArrivalAt - this.#windowStart;
    const bytes = this.#windowBytes;
    if (!this.#isConsumerBehind && !this.#isWarm) this.#listener.noteColdRate(bytes, ms);
    else if (!this.#isConsumerBehind && bytes >= MIN_WINDOW.bytes && ms >= MIN_WINDOW.ms)
      this.#listener.noteRate(bytes, ms);
    this.#listener.noteFreeConnection();
    this.dropped();
  }

  /** The body is over. */
  dropped(): void {
    if (this.#hasBegun) this.#listener.noteEnd(this.#isWarm);
  }

  #openWindow(now: number): void {
    this.#windowStart = now;
    this.#windowBytes = 0;
  }
}

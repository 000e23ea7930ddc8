import { followLow, type LowTracker, STALE_MS } from "./low-tracker.ts";

/** The way to one origin as far as it is known: plain data, for the planner. */
export interface LinkEstimate {
  /** Milliseconds from sending to the first body byte, on an open connection. */
  readonly latencyMs: number;
  /** Milliseconds that a new connection costs more. */
  readonly connectMs: number;
  /** Bytes a second that one connection gives. */
  readonly bytesPerSecond: number;
  /** Bytes a second that all connections give together. */
  readonly totalBytesPerSecond: number;
  /** Connections that may be open at once; Infinity where nothing bounds them. */
  readonly connections: number;
  /** Open connections that wait for work. */
  readonly idle: number;
  /** False: nothing was seen yet, and all figures are the priors. */
  readonly measured: boolean;
  /** False: no body was long enough yet, and the rates are the priors. */
  readonly bandwidthMeasured?: boolean | undefined;
}

/** How long the parts of one exchange took, where the transport tells. */
export interface ExchangeTiming {
  /** Milliseconds to a new connection; undefined on one that had served before. */
  readonly connectMs: number | undefined;
  /** Milliseconds from having the connection to the end of the headers; undefined where others were to be answered first. */
  readonly latencyMs: number | undefined;
}

/**
 * Between a near CDN (5-20 ms) and another continent (100-300 ms). Used for no longer than the first answer, which every source
 * has before it plans anything. *Unmeasured*.
 */
const PRIOR_LATENCY_MS = 50;
/**
 * What one connection over a broadband line or to a busy object store gives; the slower of the two profiles of our benchmarks. Too
 * low splits a little early, too high merges over gaps that cost more than they save. *Unmeasured*.
 */
const PRIOR_BYTES_PER_SECOND = 10_000_000;
/** What all connections give, as a multiple of one: 2.5 and 5 in the profiles of our benchmarks, up to 100 at an object store. */
const PRIOR_WIDTH = 5;
/** The rest of a body that came in more quickly or is shorter than this tells of buffers and not of the link. *Unmeasured*. */
const MIN_WINDOW = { bytes: 64 * 1024, ms: 2 } as const;
/** A sample is taken when a body has moved so much for so long, so that a long one is heard before its end. *Unmeasured*. */
const FLOW_WINDOW = { bytes: 256 * 1024, ms: 10 } as const;
/** The same for all bodies together. *Unmeasured*. */
const TOTAL_WINDOW = { bytes: 512 * 1024, ms: 50 } as const;
/** What all bodies brought, whoever was the slow side, is looked at after so much. *Unmeasured*. */
const BROUGHT_WINDOW = { bytes: 1024 * 1024, ms: 100 } as const;
/** A link that brought so much may bring this much more: windows that follow what came would else never grow. */
const PROBING = 1.25;
/**
 * A body that has moved less may be in its slow start, and slower than the link for that: from ten segments of 1,460 bytes
 * (RFC 6928) doubling gets there in four round trips.
 */
const WARM_BYTES = 128 * 1024;
const WARM_TRIPS = 4;
/** What such a body must move at least to tell of a link that is slower still. *Unmeasured*. */
const MIN_COLD_BYTES = 16 * 1024;
/** A consumer that comes back later than this may have let buffers fill: its bytes no longer tell of the link. *Unmeasured*. */
const AWAY_MS = 1;
/** A wait of this length shows that the buffers are empty again. *Unmeasured*. */
const CAUGHT_UP_MS = 5;

/**
 * What is known of the way to one origin, from its own answers: a time to the first byte on used and on new connections, the rate of
 * one body and of all together. Times lean to the low side and rates to the high side, since other work only slows an answer
 * down. Time in which nobody waits for bytes is never counted.
 */
export class LinkEstimator {
  readonly #now: () => number;
  readonly #connectTrips: number;
  readonly #used: LowTracker = { value: undefined, at: 0 };
  readonly #fresh: LowTracker = { value: undefined, at: 0 };
  /** Of the last new connection, where the transport told. */
  #connectMs: number | undefined;
  #bytesPerSecond: number | undefined;
  /** The rate at which more connections were seen to add nothing. */
  #total: number | undefined;
  /** The highest rate of bodies together that were seen not to slow each other down. */
  #unshared = 0;
  /** All bodies together in this window: bytes, the time in which any of them came in, and the sum of their times. */
  readonly #window = { bytes: 0, ms: 0, flowMs: 0, coveredUntil: 0 };
  #windowClosedAt = 0;
  /** What came of all bodies, and in what time, since the last look; `since` undefined while there is none. */
  readonly #brought = { bytes: 0, ms: 0, since: undefined as number | undefined };
  /** The rate at which all bodies together came in lately: no link gives less. */
  #lately = 0;
  #flowedAt = 0;
  #lastTotal = 0;
  #lastWidth = 1;
  /** Bodies that have begun and are not over; and those of them whose time is counted. */
  #bodies = 0;
  #warmBodies = 0;
  /** Since when there has been any of these. */
  #warmSince = 0;
  /** Exchanges that ended with their connection open, less those sent since. */
  #open = 0;

  /** `secure`: a new connection costs another round trip for TLS 1.3 (RFC 8446 section 2). */
  constructor({
    secure = false,
    now = () => performance.now(),
  }: { secure?: boolean; now?: () => number } = {}) {
    this.#now = now;
    this.#connectTrips = secure ? 2 : 1;
  }

  /** A request goes out; what is given belongs to its {@link LinkEstimator.answered}. */
  sent(): { readonly at: number; readonly used: boolean } {
    const used = this.#open > 0;
    if (used) this.#open--;
    return { at: this.#now(), used };
  }

  /** Its headers have come. The flow listens to its body. */
  answered(sent: { readonly at: number; readonly used: boolean }, timing?: ExchangeTiming): Flow {
    const now = this.#now();
    const told = timing?.connectMs;
    const used = timing === undefined ? sent.used : told === undefined;
    const latencyMs = timing === undefined ? now - sent.at : timing.latencyMs;
    const headersMs = latencyMs === undefined ? undefined : (told ?? 0) + latencyMs;
    if (told !== undefined) this.#connectMs = told;
    return new Flow(this, { now: this.#now, at: now, headersMs, used });
  }

  /** Bytes of some body have come, in whatever time, the last of them now. */
  brought(byteLength: number, now: number): void {
    const window = this.#brought;
    if (window.since !== undefined) {
      window.bytes += byteLength;
      window.ms += now - window.since;
    }
    window.since = now;
    if (window.ms < BROUGHT_WINDOW.ms || window.bytes < BROUGHT_WINDOW.bytes) return;
    const rate = (window.bytes / window.ms) * 1000;
    this.#lately = rate > this.#lately ? rate : this.#lately + (rate - this.#lately) * 0.1;
    window.bytes = window.ms = 0;
  }

  /** The first bytes of a body have come now; `headersMs` after they were asked for, where that is known. */
  began({ headersMs, used, byteLength, now }: BodyStart): void {
    if (headersMs !== undefined) followLow(used ? this.#used : this.#fresh, headersMs, now);
    this.#bodies++;
    // How long they were on their way nobody knows.
    this.joined((byteLength / this.#single()) * 1000, byteLength, now);
  }

  /** So many bytes came in that tell nothing themselves, but had their share of a link that others used meanwhile. */
  joined(ms: number, byteLength: number, now: number): void {
    // Unless there was one beside them all the while, nobody counted their time.
    if (this.#warmBodies === 0 || now - ms < this.#warmSince) return;
    this.#window.bytes += byteLength;
    this.#window.flowMs += ms;
  }

  /** A body came in from `start` to `end` without its consumer keeping it. */
  moved(start: number, end: number, byteLength: number): void {
    const window = this.#window;
    window.bytes += byteLength;
    window.flowMs += end - start;
    window.ms += Math.max(0, end - Math.max(start, window.coveredUntil));
    window.coveredUntil = end;
    if (window.ms >= TOTAL_WINDOW.ms && window.bytes >= TOTAL_WINDOW.bytes) this.#closeWindow();
  }

  /** So many bytes of one body came in without a pause. */
  flowed(byteLength: number, ms: number): void {
    const sample = (byteLength / ms) * 1000;
    const known = this.#single();
    const weight = ms / (ms + 10);
    const width = this.#widthNow();
    const spare = this.#lastTotal < (this.#total ?? 0) * 0.5;
    // Where bodies share a full link, a small share tells nothing of what one alone would get.
    if (sample < known && width >= 1.5 && !spare) return;
    const now = this.#now();
    const news = this.#bytesPerSecond === undefined || now - this.#flowedAt > STALE_MS;
    this.#flowedAt = now;
    if (news) this.#bytesPerSecond = known + (sample - known) * weight;
    else if (sample < known)
      this.#bytesPerSecond = known + ((sample - known) * 0.2 * weight) / Math.max(1, width);
    else this.#bytesPerSecond = known + (Math.min(sample, known * 4) - known) * 0.5 * weight;
  }

  /** A short body came in by itself: only one that took longer than a slow start does tells of the link. */
  crept(byteLength: number, ms: number): void {
    const slow = byteLength >= MIN_COLD_BYTES && ms > WARM_TRIPS * this.#times().latencyMs;
    if (slow && this.#bodies === 1) this.flowed(byteLength, ms);
  }

  /** A body has moved so much that its time tells of the link. */
  warmed(): void {
    if (this.#warmBodies++ === 0) this.#warmSince = this.#now();
  }

  /** A body that had begun is over. */
  over(isWarm: boolean): void {
    if (--this.#bodies === 0) this.#brought.since = undefined;
    if (isWarm) this.#warmBodies--;
  }

  /** An exchange ended with its connection open. */
  ended(): void {
    this.#open++;
  }

  /** What is known now. `idle`: where the transport counts its connections; else our own count serves. */
  estimate({
    connections,
    idle = this.#open,
  }: {
    connections: number;
    idle?: number | undefined;
  }): LinkEstimate {
    const { latencyMs, connectMs } = this.#times();
    const bytesPerSecond = this.#single();
    const totalBytesPerSecond =
      this.#total === undefined
        ? Math.max(bytesPerSecond * PRIOR_WIDTH, this.#unshared * 2, this.#lately * PROBING)
        : Math.max(this.#total, bytesPerSecond, this.#lately);
    const measured = (this.#used.value ?? this.#fresh.value ?? this.#bytesPerSecond) !== undefined;
    return {
      latencyMs,
      connectMs,
      bytesPerSecond,
      totalBytesPerSecond,
      connections,
      idle: Math.min(idle, connections),
      measured,
      bandwidthMeasured: this.#bytesPerSecond !== undefined || this.#total !== undefined,
    };
  }

  /** How many bodies come in at a time. */
  #widthNow(): number {
    const { ms, flowMs } = this.#window;
    return ms > 0 ? flowMs / ms : this.#lastWidth;
  }

  #single(): number {
    return this.#bytesPerSecond ?? PRIOR_BYTES_PER_SECOND;
  }

  /** What only new connections have shown is divided as the transport told, or by round trips. */
  #times(): { latencyMs: number; connectMs: number } {
    const used = this.#used.value;
    const fresh = this.#fresh.value;
    const trips = this.#connectTrips;
    if (fresh === undefined) {
      const latencyMs = used ?? PRIOR_LATENCY_MS;
      return { latencyMs, connectMs: latencyMs * trips };
    }
    const connectMs = this.#connectMs ?? (fresh * trips) / (trips + 1);
    const latencyMs = used ?? Math.max(0, fresh - connectMs);
    return { latencyMs, connectMs: used === undefined ? connectMs : Math.max(0, fresh - latencyMs) };
  }

  #closeWindow(): void {
    const window = this.#window;
    const sample = (window.bytes / window.ms) * 1000;
    const width = window.flowMs / window.ms;
    const weight = window.ms / (window.ms + 10);
    this.#lastTotal = sample;
    this.#lastWidth = width;
    window.bytes = window.ms = window.flowMs = 0;
    const stale = window.coveredUntil - this.#windowClosedAt > STALE_MS;
    this.#windowClosedAt = window.coveredUntil;
    const total = stale ? undefined : this.#total;
    this.#total = total;
    if (stale) this.#unshared = 0;
    if (width < 1.5) {
      if (total !== undefined && sample > total) this.#total = sample;
      return;
    }
    const shared = sample < this.#single() * width * 0.8;
    if (!shared) this.#unshared = Math.max(this.#unshared, sample);
    if (total === undefined) {
      if (shared) this.#total = sample;
    } else if (sample > total) {
      this.#total = total + (sample - total) * 0.3 * weight;
    } else if (shared) {
      this.#total = total + (sample - total) * 0.2 * weight;
    }
  }
}

interface BodyStart {
  readonly headersMs: number | undefined;
  /** On a connection that had served before. */
  readonly used: boolean;
  readonly byteLength: number;
  readonly now: number;
}

interface FlowParts {
  readonly now: () => number;
  /** When the headers came. */
  readonly at: number;
  readonly headersMs: number | undefined;
  readonly used: boolean;
}

/** One body as its bytes come in: tells the estimator what the link did, and leaves out what the consumer did. */
export class Flow {
  readonly #link: LinkEstimator;
  readonly #parts: FlowParts;
  /** When the last chunk came; at first the headers. */
  #arrivedAt: number;
  #waitingSince = 0;
  #begun = false;
  /** The consumer was the slow side, and what comes now may have waited for it. */
  #behind = false;
  /** It is past what may be its slow start. */
  #warm = false;
  #windowStart = 0;
  #windowBytes = 0;

  constructor(link: LinkEstimator, parts: FlowParts) {
    this.#link = link;
    this.#parts = parts;
    this.#arrivedAt = parts.at;
  }

  /** Somebody waits for the next chunk. */
  waiting(now: number = this.#parts.now()): void {
    this.#waitingSince = now;
    if (now - this.#arrivedAt > AWAY_MS) this.#behind = true;
  }

  /** Somebody came for a chunk that was there. */
  taken(byteLength: number): void {
    const now = this.#parts.now();
    this.waiting(now);
    this.arrived(byteLength, now);
  }

  /** It has come. */
  arrived(byteLength: number, now: number = this.#parts.now()): void {
    const last = this.#arrivedAt;
    const waitedMs = now - this.#waitingSince;
    this.#arrivedAt = now;
    // The first bytes were on their way for nobody knows how long.
    this.#link.brought(this.#begun ? byteLength : 0, now);
    if (!this.#begun) {
      this.#begun = true;
      const { headersMs, used } = this.#parts;
      const toFirst = headersMs === undefined ? undefined : headersMs + waitedMs;
      this.#link.began({ headersMs: toFirst, used, byteLength, now });
      this.#openWindow(now);
      return;
    }
    if (this.#behind) {
      if (waitedMs < CAUGHT_UP_MS) return;
      this.#behind = false;
      this.#openWindow(now);
      return;
    }
    this.#windowBytes += byteLength;
    if (!this.#warm) {
      this.#link.joined(now - last, byteLength, now);
      if (this.#windowBytes < WARM_BYTES) return;
      this.#link.crept(this.#windowBytes, now - this.#windowStart);
      this.#warm = true;
      this.#link.warmed();
      this.#openWindow(now);
      return;
    }
    this.#link.moved(last, now, byteLength);
    if (this.#windowBytes < FLOW_WINDOW.bytes || now - this.#windowStart < FLOW_WINDOW.ms) return;
    this.#link.flowed(this.#windowBytes, now - this.#windowStart);
    this.#openWindow(now);
  }

  /** The body came to its end, and its connection stays open. */
  ended(): void {
    const ms = this.#arrivedAt - this.#windowStart;
    const bytes = this.#windowBytes;
    if (!this.#behind && !this.#warm) this.#link.crept(bytes, ms);
    else if (!this.#behind && bytes >= MIN_WINDOW.bytes && ms >= MIN_WINDOW.ms) this.#link.flowed(bytes, ms);
    this.#link.ended();
    this.dropped();
  }

  /** The body is over. */
  dropped(): void {
    if (this.#begun) this.#link.over(this.#warm);
  }

  #openWindow(now: number): void {
    this.#windowStart = now;
    this.#windowBytes = 0;
  }
}

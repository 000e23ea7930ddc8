import { type BodyListener, BodyTiming, type FirstBytes } from "./body-timing.ts";
import { followLow, type LowTracker, STALE_MS } from "./low-tracker.ts";

// What an estimate goes through: at first all figures are priors. The first answer gives a time to connect and to the first byte
// (`measured`). The first body that is long enough gives the rate of one connection, and of all as a guess from it
// (`bandwidthMeasured`). Bodies side by side raise that guess until they are seen to slow each other down: from then on the rate of
// all is measured too, and followed up and down. After a minute of silence a sample counts half, and the rate of all is a guess again.

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
/** A sample of all bodies together is taken when they have moved so much for so long. *Unmeasured*. */
const TOTAL_WINDOW = { bytes: 512 * 1024, ms: 50 } as const;
/** What all bodies brought, whoever was the slow side, is looked at after so much. *Unmeasured*. */
const BROUGHT_WINDOW = { bytes: 1024 * 1024, ms: 100 } as const;
/**
 * A link that brought so much may bring this much more: windows that follow what came would else never grow. With this, and what came
 * lately as the least of a link, 256 MB in reads of 4 KiB took 2.45 s instead of 2.55 to 2.75.
 */
const PROBING = 1.25;
/** The same of bodies that were seen not to slow each other down. *Unmeasured*. */
const UNSHARED_PROBING = 2;
/**
 * A body that has not moved so much as to be past its slow start ({@link BodyTiming}) tells of the link only where it took longer than
 * that start: four round trips. *Unmeasured*.
 */
const SLOW_START_TRIPS = 4;
/** What such a body must move at least. *Unmeasured*. */
const MIN_COLD_BYTES = 16 * 1024;
/** A sample of this length counts half, a longer one more. *Unmeasured*. */
const HALF_WEIGHT_MS = 10;
/** So many bodies at a time, on average, share the link; fewer are mostly one alone. *Unmeasured*. */
const SHARING_WIDTH = 1.5;
/** Bodies that bring less than this part of what each alone would bring slow each other down: the link is full. *Unmeasured*. */
const FULL_SHARE = 0.8;
/** A link that brings less than this part of what it can has room: a slow body on it is slow for another reason. *Unmeasured*. */
const SPARE_SHARE = 0.5;
/** How far one sample moves the rate of one body, up and down; it leans up, since other work only slows a body. *Unmeasured*. */
const SINGLE_STEP_UP = 0.5;
const SINGLE_STEP_DOWN = 0.2;
/** A sample counts for at most so many times the rate that was known: buffers empty faster than any link. *Unmeasured*. */
const MAX_RISE = 4;
/** How far one sample moves the rate of all bodies. *Unmeasured*. */
const TOTAL_STEP_UP = 0.3;
const TOTAL_STEP_DOWN = 0.2;
/** How far a lower sample moves the rate at which bodies came in lately; a higher one counts at once. *Unmeasured*. */
const LATELY_STEP_DOWN = 0.1;

/**
 * What is known of the way to one origin, from its own answers: a time to the first byte on used and on new connections, the rate of
 * one body and of all together. Times lean to the low side and rates to the high side, since other work only slows an answer
 * down. Time in which nobody waits for bytes is never counted.
 */
export class LinkEstimator implements BodyListener {
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
  readonly #window = { bytes: 0, ms: 0, bodyMs: 0, coveredUntil: 0 };
  #windowClosedAt = 0;
  /** What came of all bodies, and in what time, since the last look; `since` undefined while there is none. */
  readonly #brought = { bytes: 0, ms: 0, since: undefined as number | undefined };
  /** The rate at which all bodies together came in lately: no link gives less. */
  #lately = 0;
  /** When a body last told the rate of one connection. */
  #singleAt = 0;
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

  /** Its headers have come. What is given listens to its body. */
  answered(sent: { readonly at: number; readonly used: boolean }, timing?: ExchangeTiming): BodyTiming {
    const now = this.#now();
    const told = timing?.connectMs;
    const used = timing === undefined ? sent.used : told === undefined;
    const latencyMs = timing === undefined ? now - sent.at : timing.latencyMs;
    const headersMs = latencyMs === undefined ? undefined : (told ?? 0) + latencyMs;
    if (told !== undefined) this.#connectMs = told;
    return new BodyTiming(this, { now: this.#now, at: now, headersMs, used });
  }

  noteArrival(byteLength: number, now: number): void {
    const window = this.#brought;
    if (window.since !== undefined) {
      window.bytes += byteLength;
      window.ms += now - window.since;
    }
    window.since = now;
    if (window.ms < BROUGHT_WINDOW.ms || window.bytes < BROUGHT_WINDOW.bytes) return;
    const rate = (window.bytes / window.ms) * 1000;
    this.#lately = rate > this.#lately ? rate : this.#lately + (rate - this.#lately) * LATELY_STEP_DOWN;
    window.bytes = window.ms = 0;
  }

  noteFirstBytes({ firstByteMs, used, byteLength, now }: FirstBytes): void {
    if (firstByteMs !== undefined) followLow(used ? this.#used : this.#fresh, firstByteMs, now);
    this.#bodies++;
    // How long they were on their way nobody knows.
    this.noteColdBytes((byteLength / this.#single()) * 1000, byteLength, now);
  }

  noteColdBytes(ms: number, byteLength: number, now: number): void {
    // Unless there was one beside them all the while, nobody counted their time.
    if (this.#warmBodies === 0 || now - ms < this.#warmSince) return;
    this.#window.bytes += byteLength;
    this.#window.bodyMs += ms;
  }

  noteWarmBytes(start: number, end: number, byteLength: number): void {
    const window = this.#window;
    window.bytes += byteLength;
    window.bodyMs += end - start;
    window.ms += Math.max(0, end - Math.max(start, window.coveredUntil));
    window.coveredUntil = end;
    if (window.ms >= TOTAL_WINDOW.ms && window.bytes >= TOTAL_WINDOW.bytes) this.#closeWindow();
  }

  noteRate(byteLength: number, ms: number): void {
    const sample = (byteLength / ms) * 1000;
    const known = this.#single();
    const weight = ms / (ms + HALF_WEIGHT_MS);
    const width = this.#widthNow();
    const spare = this.#lastTotal < (this.#total ?? 0) * SPARE_SHARE;
    // Where bodies share a full link, a small share tells nothing of what one alone would get.
    if (sample < known && width >= SHARING_WIDTH && !spare) return;
    const now = this.#now();
    const news = this.#bytesPerSecond === undefined || now - this.#singleAt > STALE_MS;
    this.#singleAt = now;
    if (news) this.#bytesPerSecond = known + (sample - known) * weight;
    else if (sample < known)
      this.#bytesPerSecond = known + ((sample - known) * SINGLE_STEP_DOWN * weight) / Math.max(1, width);
    else
      this.#bytesPerSecond = known + (Math.min(sample, known * MAX_RISE) - known) * SINGLE_STEP_UP * weight;
  }

  noteColdRate(byteLength: number, ms: number): void {
    const slow = byteLength >= MIN_COLD_BYTES && ms > SLOW_START_TRIPS * this.#times().latencyMs;
    if (slow && this.#bodies === 1) this.noteRate(byteLength, ms);
  }

  noteWarm(): void {
    if (this.#warmBodies++ === 0) this.#warmSince = this.#now();
  }

  noteEnd(isWarm: boolean): void {
    if (--this.#bodies === 0) this.#brought.since = undefined;
    if (isWarm) this.#warmBodies--;
  }

  noteFreeConnection(): void {
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
        ? Math.max(bytesPerSecond * PRIOR_WIDTH, this.#unshared * UNSHARED_PROBING, this.#lately * PROBING)
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
    const { ms, bodyMs } = this.#window;
    return ms > 0 ? bodyMs / ms : this.#lastWidth;
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
    const width = window.bodyMs / window.ms;
    const weight = window.ms / (window.ms + HALF_WEIGHT_MS);
    this.#lastTotal = sample;
    this.#lastWidth = width;
    window.bytes = window.ms = window.bodyMs = 0;
    const stale = window.coveredUntil - this.#windowClosedAt > STALE_MS;
    this.#windowClosedAt = window.coveredUntil;
    const total = stale ? undefined : this.#total;
    this.#total = total;
    if (stale) this.#unshared = 0;
    if (width < SHARING_WIDTH) {
      if (total !== undefined && sample > total) this.#total = sample;
      return;
    }
    const shared = sample < this.#single() * width * FULL_SHARE;
    if (!shared) this.#unshared = Math.max(this.#unshared, sample);
    if (total === undefined) {
      if (shared) this.#total = sample;
    } else if (sample > total) {
      this.#total = total + (sample - total) * TOTAL_STEP_UP * weight;
    } else if (shared) {
      this.#total = total + (sample - total) * TOTAL_STEP_DOWN * weight;
    }
  }
}

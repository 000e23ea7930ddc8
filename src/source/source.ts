import type { Range } from "../ranges/range.ts";
import type { RangeDict } from "../ranges/range-dict.ts";
import type { RangeInput } from "../ranges/range-input.ts";
import type { RangeSet } from "../ranges/range-set.ts";

/** A `Uint8Array` over an ordinary `ArrayBuffer`, never a `SharedArrayBuffer`. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Options of every call that reads bytes. */
export interface ReadOptions {
  /** Aborts this call alone. It rejects with `signal.reason` itself. */
  signal?: AbortSignal | undefined;
}

/** Options of a call that reads, and what the caller knows of the reads to come; that, but for `divide`, has no effect on two or more ranges together. */
export interface PlannedReadOptions extends ReadOptions {
  /**
   * What follows this read: `sequential` reads on from its end, so that what follows may be fetched ahead at once; `random` leaves
   * its place, so that nothing beyond it is fetched; `tail` goes back from its end, as from a footer to the directory before it, so that a
   * small read takes 64 KiB up to its end at once. Default: what the reads themselves show. Without effect on two or more ranges
   * together (`readMany`, `readEach`), and under the policy `lean`, which fetches nothing besides.
   */
  expect?: "sequential" | "random" | "tail" | undefined;
  /**
   * The end, exclusive, of what this reader will read: nothing at or after this position is fetched ahead for it. Default: the end of
   * the source. Without effect on two or more ranges together.
   */
  aheadEnd?: number | undefined;
  /**
   * `false`: few requests matter more than time. One range sends one request at most, as long as at most 8 MiB lie from its first missing
   * byte to its last: it is not divided over several connections, what is held in between is read once more where bytes may be spent, and
   * what is fetched ahead comes with it or alone. Several ranges that lie together are divided into two at most, or more where 8 MiB are not
   * enough for one, up to 24 MiB. Under the policy `lean` there is no such bound, but nothing is read once more; under `fast` this is without
   * effect. {@link PlannedSource.plan} tells of reads without it. Default: true.
   */
  divide?: boolean | undefined;
}

/** Options of {@link PlannedSource.stream}. */
export interface StreamOptions extends ReadOptions {
  /**
   * Bytes of the range that may be in flight and unread at most. 0: one request, pulled as the stream is read. Default (and at
   * most) 8 MiB, over several connections where they pay.
   */
  aheadBytes?: number | undefined;
  /**
   * `false`: what is at most 8 MiB, and under the policy `lean` whatever there is, comes as with `aheadBytes: 0`. Without effect under `fast`.
   * Default: true.
   */
  divide?: boolean | undefined;
}

/**
 * How surely a server's answers can be told to be of one representation (RFC 9110 section 8.8): *strong* for a strong
 * ETag only, *weak* for a weak ETag, a Last-Modified date or what only a size can tell, *none* for nothing at all.
 */
export interface Identity {
  readonly strength: "strong" | "weak" | "none";
  /** The ETag field as sent, quotes and `W/` included. */
  readonly etag?: string | undefined;
  /** The Last-Modified field as sent. */
  readonly lastModified?: string | undefined;
}

/**
 * The waist of this package: immutable bytes of one pinned representation, read by position. Six members, so that
 * anyone can write one. Everything above composes over it and never knows whether bytes come from HTTP, a file, a
 * Blob, a slice of another Source or a test.
 *
 * > Exactly those bytes of one identified representation, or a typed error. Never partial, never mixed, never
 * > fabricated.
 */
export interface Source extends AsyncDisposable {
  /** What it is called in messages: a URL without its secrets, a path, or any other text. */
  readonly name: string;
  /** Bytes. `Infinity` while a server keeps it secret: then only bounded reads work. */
  readonly size: number;
  /** What was pinned at open. */
  readonly identity: Identity;
  /**
   * Exactly the bytes of `range`, which belong to the caller.
   *
   * @throws INVALID_RANGE for a malformed range, OUT_OF_BOUNDS for one outside the file (never clamped), UNKNOWN_SIZE
   * for a form that needs a size nobody knows, CLOSED after `close`, and whatever the transport beneath reports.
   */
  read(range: RangeInput, options?: ReadOptions): Promise<Bytes>;
  /**
   * The bytes of `range` (default: all) as they arrive, with back-pressure. Each chunk belongs to the consumer.
   *
   * @throws (through the stream) what {@link Source.read} throws.
   */
  stream(range?: RangeInput, options?: ReadOptions): ReadableStream<Bytes>;
  /** Frees everything; pending and later calls reject with CLOSED. Closing twice is fine. */
  close(): Promise<void>;
}

/** Live counters of what a source has cost. */
export interface Receipt {
  /** HTTP requests sent, probe, redirects and retries included; for other sources, reads made of them. */
  readonly requests: number;
  /** Requests among those that repeated a failed one. */
  readonly retries: number;
  /** Bytes that callers asked for, each call counted. */
  readonly bytesWanted: number;
  /** Body bytes taken from the wire, those of aborted exchanges included. */
  readonly bytesReceived: number;
  /** Reads and streams answered wholly from bytes already held. */
  readonly cacheHits: number;
  /** Which parts of the file have been received. */
  readonly ranges: RangeSet;
}

/** What `openSource` returns: any {@link Source} with the engine around it. */
export interface PlannedSource extends Source {
  /** The public range map: what is here (`held`), what is on its way (`pending`). A live, read-only view. */
  readonly spans: RangeDict<"held" | "pending">;
  /** Live counters: look again for newer figures. */
  readonly receipt: Receipt;
  /**
   * All `ranges`, in the order asked; duplicates, overlaps and any order are fine, and bytes are fetched once: what is missing is one
   * plan, which {@link PlannedSource.plan} shows. Each array belongs to the caller. All or nothing: the first failure rejects the
   * call and cancels what only it wanted; one range outside the file refuses the whole call before anything is sent.
   *
   * @throws LIMIT where `maxBytes` does not suffice, before anything is sent; and as {@link Source.read}.
   */
  readMany(ranges: readonly RangeInput[], options?: PlannedReadOptions): Promise<Bytes[]>;
  /**
   * As {@link PlannedSource.readMany}, but each as soon as it is complete, with its index among `ranges`. Leaving the loop cancels
   * what is still to come. Sends nothing before the first step.
   *
   * @throws (from the loop) what {@link PlannedSource.readMany} throws; what came before has been given.
   */
  readEach(
    ranges: readonly RangeInput[],
    options?: PlannedReadOptions,
  ): AsyncIterable<{ index: number; bytes: Bytes }>;
  /**
   * As {@link Source.read}, and what the caller knows of the reads to come. No request for what is held or on its way; else one as a
   * rule, and several for what is large. Reads begun in the same tick are planned together, as {@link PlannedSource.readMany} is. The
   * policy may widen it or read ahead of it; those bytes stay held.
   *
   * @throws LIMIT where `maxBytes` does not suffice, before anything is sent; and as {@link Source.read}.
   */
  read(range: RangeInput, options?: PlannedReadOptions): Promise<Bytes>;
  /**
   * As {@link Source.stream}, over several connections where they pay, with at most 8 MiB in flight and unread. Nothing is sent before
   * it is first read.
   *
   * @throws (through the stream) LIMIT where `maxBytes` does not suffice, once all that it allows has been given; and what {@link Source.stream} throws.
   */
  stream(range?: RangeInput, options?: StreamOptions): ReadableStream<Bytes>;
  /**
   * The bytes of `range` if all of them are held, else undefined. Synchronous; sends nothing (a sequence that is being read ahead goes
   * on a microtask later). They belong to the caller.
   *
   * @throws INVALID_RANGE, OUT_OF_BOUNDS, UNKNOWN_SIZE, CLOSED.
   */
  tryRead(range: RangeInput): Bytes | undefined;
  /**
   * What {@link PlannedSource.readMany} would send for `ranges` now, by what is held and known of the link now. What a store has counts
   * as missing. Synchronous; sends nothing.
   *
   * @throws INVALID_RANGE, OUT_OF_BOUNDS, UNKNOWN_SIZE, CLOSED.
   */
  plan(ranges: readonly RangeInput[]): ReadPlan;
}

/** What a read would cost. */
export interface ReadPlan {
  /** What would be asked for, half-open, ascending and disjoint: one request each. */
  readonly requests: readonly Range[];
  /**
   * Beside those, where the server is known to answer lists of ranges (RFC 9110 section 14.2): one request each, for at least two ranges.
   */
  readonly lists?: readonly (readonly Range[])[] | undefined;
  /** Distinct bytes asked for, those held included. */
  readonly bytesWanted: number;
  /** Bytes of all requests and lists, gaps that are read over included. */
  readonly bytesRequested: number;
  /** Milliseconds until the last byte, by what is known of the link: a comparison of plans, no promise. */
  readonly predictedMs: number;
}

/**
 * What happened on the wire and in the range map, for progress displays, logs and tests. URLs come without secrets. Whoever applies
 * every `span` in order draws the same map as {@link PlannedSource.spans}; each comes one microtask after its change.
 */
export type SourceEvent =
  | {
      /** A request goes out; one that follows a redirect or repeats a failed one is a request too. */
      readonly type: "request";
      /** The URL asked. */
      readonly url: string;
      /** The Range field as sent, such as `bytes=0-99`: both ends inclusive. Undefined where the whole was asked for. */
      readonly range: string | undefined;
    }
  | {
      /** The headers of an answer have come. */
      readonly type: "response";
      /** The URL asked. */
      readonly url: string;
      /** The status code. */
      readonly status: number;
      /** The Range field of its request: both ends inclusive. */
      readonly range: string | undefined;
    }
  | {
      /** Something costs certainty or speed, and no call fails of it. */
      readonly type: "warning";
      /** A sentence for people. */
      readonly message: string;
    }
  | {
      /** The range map has changed. */
      readonly type: "span";
      /** What the range is from now on. */
      readonly state: "held" | "pending" | "missing";
      /** A half-open {@link Range}, end exclusive: unlike the Range field of a request. */
      readonly range: Range;
    };

/**
 * Where blocks of bytes are kept beyond the life of a source: a `Map<string, Uint8Array>` fits, and so does anything with these
 * three methods, synchronous or not. It may forget at any time and may fail: what it gives is checked, and a failing store never
 * fails a read.
 */
export interface BlockStore {
  /** The value last set, or undefined. It stays the store's: it is copied before anyone may change it. */
  get(key: string): Promise<Uint8Array | undefined> | Uint8Array | undefined;
  /** Takes over `value`, which nobody changes afterwards. A promise, where one is returned, is waited for. */
  set(key: string, value: Bytes): unknown;
  /** Forgets a key, known or not. */
  delete(key: string): unknown;
}

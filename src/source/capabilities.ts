/**
 * What is known of a server, learned from its answers and never from `Accept-Ranges` alone; undefined where nothing showed it yet.
 * Plain data: print it, keep it, and give it back as the option `capabilities`.
 */
export interface Capabilities {
  /** Ranges are honoured. */
  ranges?: boolean | undefined;
  /** `bytes=-n` works. */
  suffix?: boolean | undefined;
  /** Several ranges in one request work. */
  multiRange?: boolean | undefined;
  /**
   * Requests that go out on one connection behind each other, before the first is answered, are all answered (RFC 9112 section 9.3.2). False
   * keeps them from being sent so.
   */
  pipelining?: boolean | undefined;
  /** HEAD works. */
  head?: boolean | undefined;
  /** If-Match works. */
  ifMatch?: boolean | undefined;
  /** Content-Range can be seen; in a browser CORS may hide it. */
  visibleHeaders?: boolean | undefined;
  /** Bytes that one answer holds at most, where a server caps them. */
  maxRangeBytes?: number | undefined;
}

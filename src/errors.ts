/** Every code an error of this package can bear. Each is explained in `docs/guide/errors.md`. */
export type ErrorCode =
  | "INVALID_RANGE"
  | "INVALID_ARGUMENT"
  | "NO_ACTIVE_RANGE"
  | "OUT_OF_BOUNDS"
  | "OVERLAP"
  | "CLOSED"
  | "UNKNOWN_SIZE"
  | "NETWORK"
  | "TIMEOUT"
  | "HTTP_STATUS"
  | "AUTH"
  | "NOT_FOUND"
  | "RATE_LIMITED"
  | "REDIRECT"
  | "RANGE_IGNORED"
  | "RANGE_MISMATCH"
  | "BAD_RESPONSE"
  | "SHORT_BODY"
  | "ENCODED"
  | "CHANGED"
  | "NO_IDENTITY"
  | "BLOCKED_ADDRESS"
  | "LIMIT"
  | "FORMAT"
  | "AMBIGUOUS"
  | "UNSAFE_PATH"
  | "EXISTS"
  | "CHECKSUM"
  | "UNSUPPORTED";

/** Options of every error class here. */
export interface RangeStreamsErrorOptions {
  /** The same request may succeed later. Default false. */
  retryable?: boolean;
  /** What lay beneath, for instance what a client threw. */
  cause?: unknown;
}

// A registered symbol, so that the guard also recognises errors of another copy of this package (two
// versions in one node_modules, or one copy bundled and one not).
const BRAND: unique symbol = Symbol.for("range-streams.error") as never;

/**
 * The one base of every error thrown here. `message` has three parts: what was asked (URL without secrets, range),
 * what came back, and what to do about it. An abort is never wrapped: it rejects with `signal.reason` itself.
 */
export class RangeStreamsError extends Error {
  /** Which kind of failure it is: program against this, never against the message. */
  readonly code: ErrorCode;
  /** The same request may succeed later. */
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: RangeStreamsErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? false;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** A half-open span `[start, end)` of bytes, as errors carry it. A `Range` is one. */
export interface ByteSpan {
  /** First position. */
  readonly start: number;
  /** Position after the last. */
  readonly end: number;
}

/** `OUT_OF_BOUNDS`: a range or position that does not lie inside the file. */
export class OutOfBoundsError extends RangeStreamsError {
  /** What was asked for, half-open; a negative start counts from the end of the file. */
  readonly range: ByteSpan;
  /** Bytes in the file, where it is known. */
  readonly size: number | undefined;

  // oxlint-disable-next-line max-params -- three, and then the options
  constructor(
    message: string,
    range: ByteSpan,
    size: number | undefined,
    options?: RangeStreamsErrorOptions,
  ) {
    super("OUT_OF_BOUNDS", message, options);
    this.range = range;
    this.size = size;
  }
}

/** What an {@link HttpError} knows of the exchange that failed. */
export interface HttpErrorDetails extends RangeStreamsErrorOptions {
  /** The URL asked, secrets removed. */
  url: string;
  /** The bytes asked for, half-open, where a range was asked. */
  range?: ByteSpan | undefined;
  /** The status that came back, where one did. */
  status?: number | undefined;
  /** How often the exchange was tried, the first included. Default 1. */
  attempts?: number | undefined;
  /** Milliseconds after which the server said to come back (Retry-After). */
  retryAfterMs?: number | undefined;
}

/** Any failure of an HTTP exchange, whatever its code. */
export class HttpError extends RangeStreamsError {
  /** The URL asked, secrets removed. */
  readonly url: string;
  /** The bytes asked for, half-open, where a range was asked. */
  readonly range: ByteSpan | undefined;
  /** The status that came back, where one did. */
  readonly status: number | undefined;
  /** How often the exchange was tried, the first included. */
  readonly attempts: number;
  /** Milliseconds after which the server said to come back (Retry-After). */
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, details: HttpErrorDetails) {
    super(code, message, details);
    this.url = details.url;
    this.range = details.range;
    this.status = details.status;
    this.attempts = details.attempts ?? 1;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** The same error after several tries, which it tells. */
export function withAttempts(error: HttpError, attempts: number): HttpError {
  const { code, message, cause, url, range, status, retryable, retryAfterMs } = error;
  const details = { url, range, status, retryable, retryAfterMs, attempts, cause };
  return new HttpError(code, `${message} (tried ${attempts} times)`, details);
}

/**
 * Whether `error` is one of ours and, where codes are given, bears one of them. Works across duplicate copies of the
 * package, where `instanceof` does not.
 */
export function isRangeStreamsError(error: unknown, ...codes: ErrorCode[]): error is RangeStreamsError {
  if (typeof error !== "object" || error === null || !(BRAND in error)) return false;
  return codes.length === 0 || codes.includes((error as { code?: unknown }).code as ErrorCode);
}

import { type ErrorCode, isRangeStreamsError } from "../errors.ts";

/** The field that names the error where the relay itself, and not a server, has no answer. */
export const ERROR_FIELD = "relay-error";

/** An error as the relay tells it to `relayClient`: JSON in the body beside {@link ERROR_FIELD}. */
export interface ToldError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
}

/**
 * The fields of every answer. Whatever a server sends, a browser takes it for bytes: it is never shown, run, kept, or given to another
 * page.
 */
export const SAFE_FIELDS: Readonly<Record<string, string>> = {
  "content-type": "application/octet-stream",
  "x-content-type-options": "nosniff",
  "content-security-policy": "sandbox; default-src 'none'",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
};

const READABLE = ["content-range", "content-length", "etag", "last-modified", "accept-ranges", "retry-after"];

/** The fields by which the one page may read the answer (WHATWG Fetch, CORS protocol). */
export function corsFields(origin: string): Record<string, string> {
  return {
    "access-control-allow-origin": origin,
    "access-control-expose-headers": [...READABLE, ERROR_FIELD].join(", "),
    vary: "origin",
  };
}

/** What a preflight is told besides; kept for as long as the browser would take it for. */
export const PREFLIGHT_FIELDS: Readonly<Record<string, string>> = {
  "access-control-allow-methods": "GET",
  "access-control-allow-headers": "range, if-match, if-range",
  "access-control-max-age": "600",
};

const STATUS_BY_CODE: Partial<Record<ErrorCode, number>> = {
  INVALID_ARGUMENT: 400,
  INVALID_RANGE: 400,
  BLOCKED_ADDRESS: 403,
  LIMIT: 413,
  RATE_LIMITED: 429,
  TIMEOUT: 504,
};

/** The status and the words for what went wrong. Of what is not ours nothing is told. */
export function describeToPage(error: unknown): { readonly status: number; readonly told: ToldError } {
  if (!isRangeStreamsError(error)) {
    const message = "The relay failed at something that it did not expect";
    return { status: 500, told: { code: "NETWORK", message, retryable: false } };
  }
  const { code, message, retryable } = error;
  return { status: STATUS_BY_CODE[code] ?? 502, told: { code, message, retryable } };
}

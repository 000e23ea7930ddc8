import { parseDecimal } from "./decimal.ts";

/**
 * The Retry-After field (RFC 9110 section 10.2.3) in milliseconds from `nowMs` (Unix time): seconds or an HTTP-date; a date in
 * the past is 0, nonsense is undefined.
 */
export function parseRetryAfter(text: string | null, nowMs: number): number | undefined {
  if (text === null) return undefined;
  const trimmed = text.trim();
  const seconds = parseDecimal(trimmed);
  if (seconds !== undefined) return seconds * 1000;
  // An HTTP-date begins with the name of a day; Date.parse alone would take far stranger things for a date.
  if (trimmed.length > 40 || !/^[A-Z][a-z]{2,8},? /.test(trimmed)) return undefined;
  const date = Date.parse(trimmed);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

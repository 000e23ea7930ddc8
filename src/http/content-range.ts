import { Range } from "../ranges/range.ts";
import { parseDecimal } from "./decimal.ts";

/** A Content-Range field that means something: the span of the body, or of a 416 only the total. */
export interface ContentRange {
  /** Half-open; undefined in the `bytes * /total` form of a 416. */
  readonly range: Range | undefined;
  /** Bytes in the complete representation; undefined where the server says `*`. */
  readonly total: number | undefined;
}

/**
 * Strictly parses a Content-Range field (RFC 9110 section 14.4): `bytes 0-2/11`, `bytes 0-2/*`, `bytes * /11` (without the
 * blank). The whole text must match: two fields joined by a comma, other units, signs, a last position before the first or
 * past the total, and numbers above 2^53 − 1 are all `undefined`. Linear in the text.
 */
export function parseContentRange(text: string): ContentRange | undefined {
  const trimmed = text.trim();
  const blank = trimmed.indexOf(" ");
  if (blank === -1 || trimmed.slice(0, blank).toLowerCase() !== "bytes") return undefined;
  const rest = trimmed.slice(blank + 1);
  const slash = rest.indexOf("/");
  if (slash === -1) return undefined;
  const total = parseTotal(rest.slice(slash + 1));
  if (total === undefined) return undefined;
  const positions = rest.slice(0, slash);
  if (positions === "*") return total === "*" ? undefined : { range: undefined, total };
  const range = parsePositions(positions);
  if (range === undefined) return undefined;
  if (total === "*") return { range, total: undefined };
  return range.end <= total ? { range, total } : undefined;
}

function parseTotal(text: string): number | "*" | undefined {
  return text === "*" ? "*" : parseDecimal(text);
}

function parsePositions(text: string): Range | undefined {
  const dash = text.indexOf("-");
  if (dash === -1) return undefined;
  const first = parseDecimal(text.slice(0, dash));
  const last = parseDecimal(text.slice(dash + 1));
  if (first === undefined || last === undefined || last < first) return undefined;
  const end = last + 1;
  return Number.isSafeInteger(end) ? new Range(first, end) : undefined;
}

/** Formats the Content-Range of a 206; `total` undefined gives `*`. */
export function formatContentRange(range: Range, total: number | undefined): string {
  return `bytes ${range.start}-${range.end - 1}/${total ?? "*"}`;
}

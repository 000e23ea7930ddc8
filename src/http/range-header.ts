import { RangeStreamsError } from "../errors.ts";
import { Range } from "../ranges/range.ts";
import { parseDecimal } from "./decimal.ts";

/**
 * What one GET asks for: a bounded span, everything from a position on, or the last bytes. Half-open here; the inclusive
 * ends of HTTP exist in this room alone.
 */
export type RangeAsk =
  | { readonly kind: "span"; readonly range: Range }
  | { readonly kind: "from"; readonly start: number }
  | { readonly kind: "suffix"; readonly length: number };

/** What one GET for several spans asks for: at least one, none empty, ascending and disjoint (RFC 9110 section 14.2). */
export interface ListAsk {
  readonly kind: "list";
  readonly ranges: readonly Range[];
}

/**
 * The value of a Range field (RFC 9110 section 14.2).
 *
 * @throws INVALID_RANGE for an empty list, span or suffix, which HTTP cannot express.
 */
export function formatRangeHeader(ask: RangeAsk | ListAsk): string {
  switch (ask.kind) {
    case "span":
      return `bytes=${formatSpan(ask.range)}`;
    case "from":
      return `bytes=${ask.start}-`;
    case "suffix":
      if (ask.length === 0) throw emptyAsk("the last 0 bytes");
      return `bytes=-${ask.length}`;
    case "list":
      if (ask.ranges.length === 0) throw emptyAsk("no range at all");
      return `bytes=${ask.ranges.map(formatSpan).join(",")}`;
  }
}

function formatSpan(range: Range): string {
  if (range.isEmpty()) throw emptyAsk(String(range));
  return `${range.start}-${range.end - 1}`;
}

function emptyAsk(what: string): RangeStreamsError {
  return new RangeStreamsError(
    "INVALID_RANGE",
    `Asked for ${what}: HTTP has no empty range; send nothing instead`,
  );
}

/**
 * Strictly parses a Range field of one range (RFC 9110 section 14.1.1). Undefined for other units, lists, blanks, signs, a last
 * position before the first, an empty suffix and numbers above 2^53 − 1. Linear in the text.
 */
export function parseRangeHeader(text: string): RangeAsk | undefined {
  if (text.slice(0, 6).toLowerCase() !== "bytes=") return undefined;
  const dash = text.indexOf("-", 6);
  if (dash === -1) return undefined;
  const [before, after] = [text.slice(6, dash), text.slice(dash + 1)];
  const last = parseDecimal(after);
  if (before === "") return last === undefined || last === 0 ? undefined : { kind: "suffix", length: last };
  const start = parseDecimal(before);
  if (start === undefined) return undefined;
  if (after === "") return { kind: "from", start };
  if (last === undefined || last < start || last === Number.MAX_SAFE_INTEGER) return undefined;
  return { kind: "span", range: new Range(start, last + 1) };
}

/** More ranges than these are only counted in a message. */
const DESCRIBED_RANGES = 3;

/** The words for an ask in a message: `bytes=0-2`. */
export function describeAsk(ask: RangeAsk | ListAsk | undefined): string {
  if (ask === undefined) return "all of it";
  if (ask.kind !== "list" || ask.ranges.length <= DESCRIBED_RANGES) return formatRangeHeader(ask);
  const first = formatRangeHeader({ kind: "list", ranges: ask.ranges.slice(0, DESCRIBED_RANGES) });
  return `${first} and ${ask.ranges.length - DESCRIBED_RANGES} more`;
}

import { RangeStreamsError } from "../errors.ts";
import type { Range } from "../ranges/range.ts";

/**
 * What one GET asks for: a bounded span, everything from a position on, or the last bytes. Half-open here; the inclusive
 * ends of HTTP exist in this room alone.
 */
export type RangeAsk =
  | { readonly kind: "span"; readonly range: Range }
  | { readonly kind: "from"; readonly start: number }
  | { readonly kind: "suffix"; readonly length: number };

/**
 * The value of a Range field (RFC 9110 section 14.2).
 *
 * @throws INVALID_RANGE for an empty span or suffix, which HTTP cannot express.
 */
export function formatRangeHeader(ask: RangeAsk): string {
  switch (ask.kind) {
    case "span":
      if (ask.range.isEmpty()) throw emptyAsk(String(ask.range));
      return `bytes=${ask.range.start}-${ask.range.end - 1}`;
    case "from":
      return `bytes=${ask.start}-`;
    case "suffix":
      if (ask.length === 0) throw emptyAsk("the last 0 bytes");
      return `bytes=-${ask.length}`;
  }
}

function emptyAsk(what: string): RangeStreamsError {
  return new RangeStreamsError(
    "INVALID_RANGE",
    `Asked for ${what}: HTTP has no empty range; send nothing instead`,
  );
}

/** The words for an ask in a message: `bytes=0-2`. */
export function describeAsk(ask: RangeAsk | undefined): string {
  return ask === undefined ? "all of it" : formatRangeHeader(ask);
}

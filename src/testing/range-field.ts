// The server's side of the Range grammar. On purpose it shares nothing with the client's in `http/`: a slip of one
// position there must not meet its own mirror image here.

/** A half-open span of positions. */
export interface Span {
  /** First position. */
  readonly start: number;
  /** Position after the last. */
  readonly end: number;
}

/** One range of a Range field. `last` is inclusive, as in HTTP; undefined is open-ended. */
export type RangeSpec =
  | { readonly first: number; readonly last: number | undefined }
  | { readonly suffix: number };

/**
 * The ranges of a Range field (RFC 9110 section 14.1.2), `"malformed"` for a byte-range field that breaks the grammar, and
 * undefined for another unit, which a server ignores.
 */
export function parseRangeField(text: string): RangeSpec[] | "malformed" | undefined {
  const equals = text.indexOf("=");
  if (equals === -1 || text.slice(0, equals).trim().toLowerCase() !== "bytes") return undefined;
  const specs: RangeSpec[] = [];
  for (const item of text.slice(equals + 1).split(",")) {
    const trimmed = item.trim();
    // Section 5.6.1: a recipient accepts empty list elements.
    if (trimmed === "") continue;
    const spec = parseSpec(trimmed);
    if (spec === undefined) return "malformed";
    specs.push(spec);
  }
  return specs.length === 0 ? "malformed" : specs;
}

function parseSpec(text: string): RangeSpec | undefined {
  const dash = text.indexOf("-");
  if (dash === -1) return undefined;
  const first = parseDigits(text.slice(0, dash));
  const last = parseDigits(text.slice(dash + 1));
  if (first === undefined || last === undefined) return undefined;
  if (first === "") return last === "" ? undefined : { suffix: last };
  return { first, last: last === "" ? undefined : last };
}

function parseDigits(text: string): number | "" | undefined {
  if (text === "") return "";
  return /^[0-9]+$/.test(text) ? Number(text) : undefined;
}

/** Whether a range is reversed, which makes the whole field invalid (RFC 9110 section 14.1.1). */
export function isReversed(spec: RangeSpec): boolean {
  return "first" in spec && spec.last !== undefined && spec.last < spec.first;
}

/** Where a range lies in `size` bytes, its end clamped to them; an empty span is a range that cannot be satisfied. */
export function placeSpec(spec: RangeSpec, size: number): Span {
  if ("suffix" in spec) return { start: Math.max(0, size - spec.suffix), end: size };
  const end = spec.last === undefined ? size : Math.min(size, spec.last + 1);
  return { start: spec.first, end: Math.max(end, spec.first) };
}

/** The value of a Content-Range field; `total` undefined gives `*`. */
export function contentRangeOf(span: Span, total: number | undefined): string {
  return `bytes ${span.start}-${span.end - 1}/${total ?? "*"}`;
}

/** The Range field that asks for exactly `span`. */
export function rangeFieldOf(span: Span): string {
  return `bytes=${span.start}-${span.end - 1}`;
}

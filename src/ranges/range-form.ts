import { OutOfBoundsError, RangeStreamsError } from "../errors.ts";

/**
 * How a range of bytes may be written. A tuple and an object follow `Array.prototype.slice`: half-open, an omitted end means the
 * end of the file, a negative number counts from the end; with a negative start, an end of 0 also means the end of the file. A
 * `Range` is an object of this kind. Strings: `'[0, 3)'`, `'[0,2]'`, `'(0,3)'`, `'0..3'` = [0, 3), `'5..'`, `'-3..'`.
 */
export type RangeInput =
  | string
  | readonly [start: number, end?: number | undefined]
  | { readonly start: number; readonly end?: number | undefined }
  | { readonly suffix: number };

/** A range as it was meant, before any size is known. All numbers are safe integers. */
export type RangeForm =
  | { readonly kind: "span"; readonly start: number; readonly end: number }
  | { readonly kind: "from"; readonly start: number }
  | { readonly kind: "suffix"; readonly length: number }
  /** Counted from the end of the file, in part or wholly, and bounded there too. */
  | { readonly kind: "relative"; readonly start: number; readonly end: number };

/** Half-open bounds. */
export interface Bounds {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads an input without knowing the size of the file.
 *
 * @throws INVALID_RANGE for what is no range of bytes: fractions, NaN, infinities, other types, unsafe integers, triples, reversed
 * pairs, and a negative start with a positive end.
 */
export function parseForm(input: RangeInput): RangeForm {
  if (typeof input === "string") return parseText(input);
  if (Array.isArray(input)) {
    if (input.length !== 1 && input.length !== 2) throw invalid(input, "a tuple has one or two numbers");
    return formOf(input, input[0], input[1]);
  }
  if (typeof input !== "object" || input === null)
    throw invalid(input, "give a tuple, an object, a string or a Range");
  if ("suffix" in input) {
    if ("start" in input || "end" in input) throw invalid(input, "give either start and end or a suffix");
    if (!isCount(input.suffix)) throw invalid(input, "a suffix is a whole number of bytes");
    return { kind: "suffix", length: input.suffix };
  }
  const { start, end } = input as { start: number; end?: number };
  return formOf(input, start, end);
}

/**
 * Places a form in a file of `size` bytes; undefined or Infinity means that nobody knows the size. Nothing is clamped.
 *
 * @throws UNKNOWN_SIZE, OUT_OF_BOUNDS with range and size, INVALID_RANGE for bounds that are reversed in a file of this size,
 * INVALID_ARGUMENT for a size that is none.
 */
export function placeForm(form: RangeForm, size: number | undefined): Bounds {
  const known = size === Number.POSITIVE_INFINITY ? undefined : size;
  if (known !== undefined && !isCount(known)) throw invalidSize(known);
  if (form.kind === "span") {
    if (known !== undefined && form.end > known) throw outOfBounds(form, known);
    return form;
  }
  if (known === undefined) throw unknownSize(form);
  switch (form.kind) {
    case "from":
      // No bytes lie from there on: the error's span is empty, not reversed.
      if (form.start > known) throw outOfBounds({ start: form.start, end: form.start }, known);
      return { start: form.start, end: known };
    case "suffix":
      if (form.length > known) throw outOfBounds({ start: -form.length, end: known }, known);
      return { start: known - form.length, end: known };
    case "relative":
      return placeRelative(form, known);
  }
}

function placeRelative(form: Bounds, size: number): Bounds {
  const start = form.start < 0 ? size + form.start : form.start;
  const end = form.end < 0 ? size + form.end : form.end;
  if (start < 0 || end < 0 || start > size) throw outOfBounds(form, size);
  if (start > end) throw invalid([form.start, form.end], `in ${size} bytes its end lies before its start`);
  return { start, end };
}

function formOf(input: unknown, start: unknown, end: unknown): RangeForm {
  if (!isWhole(start)) throw invalid(input, "its start must be a whole number");
  if (end === undefined) {
    return start < 0 ? { kind: "suffix", length: -start } : { kind: "from", start: start + 0 };
  }
  if (!isWhole(end)) throw invalid(input, "its end must be a whole number");
  if (start < 0 && end === 0) return { kind: "suffix", length: -start };
  if (start < 0 && end > 0) throw invalid(input, "a negative start needs a negative end, or none");
  if (start < 0 === end < 0 && start > end) throw invalid(input, "its end lies before its start");
  // Adding 0 turns a negative zero into a plain one.
  if (start >= 0 && end >= 0) return { kind: "span", start: start + 0, end: end + 0 };
  return { kind: "relative", start, end };
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isCount(value: unknown): value is number {
  return isWhole(value) && value >= 0;
}

/** Strict and linear in the text: the whole of it must match; spaces may stand only around the numbers inside. */
function parseText(text: string): RangeForm {
  if (text.startsWith(" ") || text.endsWith(" ")) throw invalid(text, "leave out the spaces around it");
  const dots = text.indexOf("..");
  return dots === -1 ? parseBrackets(text) : parseDots(text, dots);
}

function parseDots(text: string, dots: number): RangeForm {
  const start = parseWhole(text.slice(0, dots), text);
  const rest = text.slice(dots + 2);
  return formOf(text, start, rest === "" ? undefined : parseWhole(rest, text));
}

/** The one place outside `http/` where inclusive ends exist: `[0,2]` and `(0,3)` are written so. */
function parseBrackets(text: string): RangeForm {
  const opening = text[0];
  const closing = text.at(-1);
  const comma = text.indexOf(",");
  if (!(opening === "[" || opening === "(") || !(closing === "]" || closing === ")") || comma === -1) {
    throw invalid(text, "write '[0, 3)', '[0,2]', '(0,3)', '0..3', '5..' or '-3..'");
  }
  const first = parseWhole(text.slice(1, comma), text);
  const last = parseWhole(text.slice(comma + 1, -1), text);
  if (first < 0 || last < 0)
    throw invalid(text, "numbers in brackets count from the start; write '-3..' for the end");
  if (first > last) throw invalid(text, "its end lies before its start");
  return formOf(text, opening === "(" ? first + 1 : first, closing === "]" ? last + 1 : last);
}

/** Anchored, and no character fits two parts of the pattern: it cannot backtrack over the text more than once. */
const WHOLE = /^ *(?:-?[1-9][0-9]*|0[0-9]*) *$/;

function parseWhole(digits: string, text: string): number {
  // `-0` is none: one reader takes it for the start of the file, another for its end.
  if (!WHOLE.test(digits)) throw invalid(text, "its numbers must be whole");
  return Number(digits);
}

function invalid(input: unknown, why: string): RangeStreamsError {
  return new RangeStreamsError("INVALID_RANGE", `Asked for the range ${describe(input)}: ${why}`);
}

function describe(input: unknown): string {
  if (typeof input === "string") return JSON.stringify(input.slice(0, 60));
  if (Array.isArray(input)) return `[${input.slice(0, 4).map(describeBound).join(", ")}]`;
  if (typeof input !== "object" || input === null) return describeBound(input);
  const { start, end, suffix } = input as { start?: unknown; end?: unknown; suffix?: unknown };
  return suffix === undefined
    ? `{ start: ${describeBound(start)}, end: ${describeBound(end)} }`
    : `{ suffix: ${describeBound(suffix)} }`;
}

/** Never throws, as `String` does for some objects, and never gives a long text. */
export function describeBound(bound: unknown): string {
  if (typeof bound === "object" && bound !== null) return Array.isArray(bound) ? "an array" : "an object";
  return typeof bound === "function" ? "a function" : String(bound).slice(0, 30);
}

function outOfBounds(range: Bounds, size: number): OutOfBoundsError {
  const { start, end } = range;
  const message = `Asked for [${start}, ${end}) of ${size} bytes: it reaches outside the file; ask within [0, ${size})`;
  return new OutOfBoundsError(message, { start, end }, size);
}

function invalidSize(size: unknown): RangeStreamsError {
  const message = `Asked for a range of ${describeBound(size)} bytes: a size is a whole number, or Infinity while it is not known`;
  return new RangeStreamsError("INVALID_ARGUMENT", message);
}

function unknownSize(form: RangeForm): RangeStreamsError {
  const what = form.kind === "from" ? `all from ${form.start} on` : "a range counted from the end";
  const message = `Asked for ${what}, but the size of the file is not known; give a start and an end`;
  return new RangeStreamsError("UNKNOWN_SIZE", message);
}

import { Range } from "./range.ts";
import { parseForm, type RangeInput } from "./range-form.ts";

export type { RangeInput } from "./range-form.ts";

/** What an input asks for before any size is known. */
export type RangeRequestForm =
  | { readonly kind: "span"; readonly range: Range }
  | { readonly kind: "from"; readonly start: number }
  | { readonly kind: "suffix"; readonly length: number }
  | { readonly kind: "relative" };

/**
 * The range that `input` means in a file of `size` bytes (undefined or Infinity: unknown).
 *
 * @throws INVALID_RANGE, OUT_OF_BOUNDS for a bound outside the size, UNKNOWN_SIZE for a form that needs a size, INVALID_ARGUMENT for
 * a size that is no whole number.
 */
export function resolveRange(input: RangeInput, size?: number): Range {
  // A range is whole and frozen; what is left to look at is whether it lies in the file.
  if (input instanceof Range && (size === undefined || (input.end <= size && Number.isSafeInteger(size))))
    return input;
  return Range.from(input, size);
}

/**
 * What can be asked of a server without knowing the size: a span, all from a position on, a suffix; `relative` cannot.
 *
 * @throws INVALID_RANGE
 */
export function rangeForm(input: RangeInput): RangeRequestForm {
  const form = parseForm(input);
  switch (form.kind) {
    case "span":
      return { kind: "span", range: new Range(form.start, form.end) };
    case "relative":
      return { kind: "relative" };
    default:
      return form;
  }
}

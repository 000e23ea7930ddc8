import { Range, type RangeInput, RangeStreamsError } from "../index.ts";

/** Which part of a file or member is wanted, as the options of `cat` say it. */
export interface ExtentOptions {
  /** As in HTTP and curl, both ends included: `a-b`, `a-` or `-n`. */
  range?: string | undefined;
  /** At most so many bytes of the start. */
  head?: string | undefined;
  /** At most so many bytes of the end. */
  tail?: string | undefined;
}

/** A wanted part, before the size is known. */
export interface Extent {
  /** The very range to ask for, where its positions must be there. */
  readonly exact: RangeInput | undefined;
  /** What to ask for first, at most 64 KiB; undefined for the default. */
  readonly probe: RangeInput | undefined;
  /**
   * The part, in a file of this size. `head` and `tail` take what there is, as their namesakes do; positions of `range` must
   * be there.
   *
   * @throws OUT_OF_BOUNDS
   */
  resolve(size: number): Range;
}

const MAX_PROBE_BYTES = 64 * 1024;

/** @throws INVALID_ARGUMENT for more than one of them, INVALID_RANGE for text that is none. */
export function parseExtent({ range, head, tail }: ExtentOptions): Extent {
  if ([range, head, tail].filter((option) => option !== undefined).length > 1) {
    const message = "Asked for more than one of --range, --head and --tail; give one of them";
    throw new RangeStreamsError("INVALID_ARGUMENT", message);
  }
  if (range !== undefined) {
    const exact = parseHttpRange(range);
    return { exact, probe: undefined, resolve: (size) => Range.from(exact, size) };
  }
  if (head !== undefined) {
    const length = parseCount(head, "--head");
    const probe = length === 0 ? undefined : new Range(0, Math.min(length, MAX_PROBE_BYTES));
    return { exact: undefined, probe, resolve: (size) => new Range(0, Math.min(size, length)) };
  }
  if (tail !== undefined) {
    const length = parseCount(tail, "--tail");
    const probe = length === 0 ? undefined : { suffix: Math.min(length, MAX_PROBE_BYTES) };
    const resolve = (size: number): Range => Range.from({ suffix: Math.min(size, length) }, size);
    return { exact: undefined, probe, resolve };
  }
  return { exact: undefined, probe: undefined, resolve: (size) => Range.from([0], size) };
}

/**
 * `a-b`, `a-` or `-n` (RFC 9110 section 14.1.2), one range.
 *
 * @throws INVALID_RANGE
 */
export function parseHttpRange(text: string): RangeInput {
  const [, first, last] = /^(\d*)-(\d*)$/.exec(text) ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) {
    throw new RangeStreamsError(
      "INVALID_RANGE",
      `Asked for --range ${text}: got no range; write a-b (both ends included), a- or -n`,
    );
  }
  if (first === "") return { suffix: parseCount(last, "--range") };
  const start = parseCount(first, "--range");
  return last === "" ? [start] : Range.parse(`[${start}, ${parseCount(last, "--range")}]`);
}

function parseCount(text: string, option: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(count)) return count;
  throw new RangeStreamsError(
    "INVALID_RANGE",
    `Asked for ${option} ${text}: got no number of bytes; write digits`,
  );
}

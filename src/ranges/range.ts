import { RangeStreamsError } from "../errors.ts";
import { INSPECT } from "./inspect.ts";
import { describeBound, parseForm, placeForm, type RangeInput } from "./range-form.ts";

/**
 * A half-open range of bytes `[start, end)`: safe integers, `0 <= start <= end`. Frozen. An empty range has a place but holds
 * nothing.
 */
export class Range {
  // Declared only: fields that are defined before they are set cost every range a call of its own.
  /** First position. */
  declare readonly start: number;
  /** Position after the last. */
  declare readonly end: number;

  /** @throws INVALID_RANGE for anything but safe integers with `0 <= start <= end`. */
  constructor(start: number, end: number) {
    if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start) {
      const asked = `Asked for the range [${describeBound(start)}, ${describeBound(end)})`;
      throw new RangeStreamsError("INVALID_RANGE", `${asked}: bounds must be whole, 0 <= start <= end`);
    }
    // Adding 0 turns a negative zero into a plain one.
    this.start = start + 0;
    this.end = end + 0;
    Object.freeze(this);
  }

  /**
   * A range from any way of writing one, where `size` is the bytes of the file (Infinity: unknown): it places negative, open-ended
   * and suffix forms, and bounds all. Nothing is clamped.
   *
   * @throws INVALID_RANGE, OUT_OF_BOUNDS for a bound outside the size, UNKNOWN_SIZE for a form that needs a size, INVALID_ARGUMENT
   * for a size that is no whole number.
   */
  static from(input: RangeInput, size?: number): Range {
    const { start, end } = placeForm(parseForm(input), size);
    return new Range(start, end);
  }

  /**
   * A range from text: `'[0, 3)'`, `'[0,2]'` with an inclusive end, `'(0,3)'` with an exclusive start, `'0..3'` = [0, 3), `'5..'` to
   * the end, `'-3..'` the last three. The whole text must match; spaces may stand only around the numbers inside.
   *
   * @throws as {@link Range.from}.
   */
  static parse(text: string, size?: number): Range {
    if (typeof text !== "string") {
      throw new RangeStreamsError(
        "INVALID_RANGE",
        `Asked to parse ${describeBound(text)}: it is not a string`,
      );
    }
    return Range.from(text, size);
  }

  /** Bytes in the range. */
  get length(): number {
    return this.end - this.start;
  }

  /** Whether it holds no position: `start` and `end` are equal. */
  isEmpty(): boolean {
    return this.start === this.end;
  }

  /** Whether a position, or all of a range, lies inside. An empty range does where its place is inside or at either end. */
  contains(what: number | Range): boolean {
    if (typeof what === "number") return Number.isInteger(what) && what >= this.start && what < this.end;
    return what.start >= this.start && what.end <= this.end;
  }

  /** Whether both hold a common position; an empty range never does. */
  overlaps(other: Range): boolean {
    return Math.max(this.start, other.start) < Math.min(this.end, other.end);
  }

  /** Whether one ends where the other begins, with no common position; so an empty range touches what begins or ends at its place. */
  touches(other: Range): boolean {
    return this.end === other.start || other.end === this.start;
  }

  /** The common positions; undefined where there are none. */
  intersection(other: Range): Range | undefined {
    if (!this.overlaps(other)) return undefined;
    return new Range(Math.max(this.start, other.start), Math.min(this.end, other.end));
  }

  /** Both as one range; undefined where they neither overlap nor touch. An empty range within the other adds nothing to it. */
  union(other: Range): Range | undefined {
    const apart = Math.max(this.start, other.start) > Math.min(this.end, other.end);
    if (apart) return undefined;
    return new Range(Math.min(this.start, other.start), Math.max(this.end, other.end));
  }

  /** What of this range is not in the other: none, one or two ranges, never an empty one. */
  difference(other: Range): Range[] {
    if (this.isEmpty()) return [];
    if (!this.overlaps(other)) return [this];
    const parts: Range[] = [];
    if (this.start < other.start) parts.push(new Range(this.start, other.start));
    if (other.end < this.end) parts.push(new Range(other.end, this.end));
    return parts;
  }

  /** Whether both have the same `start` and the same `end`. */
  equals(other: Range): boolean {
    return this.start === other.start && this.end === other.end;
  }

  /** `[0, 3)` */
  toString(): string {
    return `[${this.start}, ${this.end})`;
  }

  /** `Range[0, 3)`, for `console.log`. */
  [INSPECT](): string {
    return `Range${this.toString()}`;
  }
}

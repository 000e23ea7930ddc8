import { INSPECT } from "./inspect.ts";
import { IntervalList } from "./interval-list.ts";
import { missingRanges } from "./missing-ranges.ts";
import type { Range } from "./range.ts";
import { type RangeInput, resolveRange } from "./range-input.ts";

/**
 * A set of positions, kept as sorted, disjoint ranges of which none touches another. Adding an empty range changes nothing. Every
 * change is O(log n) in the ranges held, and linear in those it swallows.
 */
export class RangeSet implements Iterable<Range> {
  readonly #list = new IntervalList<undefined>();
  #byteLength = 0;

  /** @throws INVALID_RANGE, UNKNOWN_SIZE for forms that need a size. */
  constructor(ranges: Iterable<RangeInput> = []) {
    for (const range of ranges) this.add(range);
  }

  /** How many ranges it takes. */
  get size(): number {
    return this.#list.size;
  }

  /** How many positions it holds. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** @throws INVALID_RANGE, UNKNOWN_SIZE */
  add(input: RangeInput): this {
    const range = resolveRange(input);
    if (range.isEmpty()) return this;
    let whole = range;
    for (const near of this.#list.near(range)) whole = whole.union(near.range) ?? whole;
    this.delete(whole);
    this.#list.insert({ range: whole, value: undefined });
    this.#byteLength += whole.length;
    return this;
  }

  /** @throws INVALID_RANGE, UNKNOWN_SIZE */
  delete(input: RangeInput): this {
    const range = resolveRange(input);
    for (const held of this.#list.overlapping(range)) {
      this.#byteLength -= held.range.intersection(range)?.length ?? 0;
    }
    this.#list.carve(range);
    return this;
  }

  clear(): void {
    this.#list.clear();
    this.#byteLength = 0;
  }

  has(position: number): boolean {
    return this.#list.at(position) !== undefined;
  }

  /** Whether every position of the range is held; an empty range always is. */
  covers(input: RangeInput): boolean {
    return this.missing(input).length === 0;
  }

  /** The ranges that share a position with this one, whole, ascending. */
  overlapping(input: RangeInput): Range[] {
    return this.#list.overlapping(resolveRange(input)).map(({ range }) => range);
  }

  /** The gaps within a range, ascending. */
  missing(within: RangeInput): Range[] {
    const range = resolveRange(within);
    return missingRanges(range, this.#list.overlapping(range));
  }

  /** A new set with the positions of either. */
  union(other: RangeSet): RangeSet {
    const united = new RangeSet(this);
    for (const range of other) united.add(range);
    return united;
  }

  /** A new set with the positions of both. */
  intersection(other: RangeSet): RangeSet {
    const shared = new RangeSet();
    const [few, many] = this.size <= other.size ? [this, other] : [other, this];
    for (const range of few) {
      for (const held of many.overlapping(range)) {
        const part = held.intersection(range);
        if (part !== undefined) shared.add(part);
      }
    }
    return shared;
  }

  /** A new set with the positions of this one that are not in the other. */
  difference(other: RangeSet): RangeSet {
    const rest = new RangeSet();
    for (const range of this) for (const part of other.missing(range)) rest.add(part);
    return rest;
  }

  /** From the lowest position to the highest, gaps included; undefined for an empty set. */
  span(): Range | undefined {
    const first = this.#list.first()?.range;
    const last = this.#list.last()?.range;
    return first === undefined || last === undefined ? undefined : resolveRange([first.start, last.end]);
  }

  *[Symbol.iterator](): IterableIterator<Range> {
    for (const { range } of this.#list) yield range;
  }

  /** `RangeSet{Range[0, 3), Range[7, 9)}` */
  toString(): string {
    return `RangeSet{${[...this].map((range) => range[INSPECT]()).join(", ")}}`;
  }

  /** The same, for `console.log`. */
  [INSPECT](): string {
    return this.toString();
  }
}

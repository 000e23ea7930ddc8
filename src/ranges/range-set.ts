import { INSPECT } from "./inspect.ts";
import { IntervalList } from "./interval-list.ts";
import { Range } from "./range.ts";
import { type RangeInput, resolveRange } from "./range-input.ts";

/**
 * A set of positions, kept as sorted, disjoint ranges of which none touches another. Empty ranges change nothing. Every call is
 * O(log n) in the ranges held, and linear in those it swallows or gives; `union`, `intersection` and `difference` are O(n log n).
 * An iteration goes on past what it gave last when the set changes meanwhile.
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

  /**
   * Adds the positions of a range, merging it with what it overlaps or touches.
   *
   * @throws INVALID_RANGE, UNKNOWN_SIZE for forms that need a size.
   */
  add(input: RangeInput): this {
    const range = resolveRange(input);
    if (range.isEmpty()) return this;
    const near = this.#list.near(range);
    const first = near[0]?.range;
    if (first === undefined) {
      this.#byteLength += range.length;
      this.#list.set({ range, value: undefined });
      return this;
    }
    if (first.contains(range)) return this;
    const last = near.at(-1)?.range;
    const start = Math.min(first.start, range.start);
    const whole = new Range(start, Math.max(last?.end ?? range.end, range.end));
    this.#byteLength += whole.length - this.#list.carve(whole);
    this.#list.set({ range: whole, value: undefined });
    return this;
  }

  /**
   * Takes the positions of a range out, trimming and splitting what lay there.
   *
   * @throws as {@link RangeSet.add}.
   */
  delete(input: RangeInput): this {
    this.#byteLength -= this.#list.carve(resolveRange(input));
    return this;
  }

  /** Takes everything out. */
  clear(): void {
    this.#list.clear();
    this.#byteLength = 0;
  }

  /** Whether a position is held; a fraction never is. */
  has(position: number): boolean {
    return this.#list.at(position) !== undefined;
  }

  /**
   * Whether every position of a range is held; of an empty one, always.
   *
   * @throws as {@link RangeSet.add}.
   */
  covers(input: RangeInput): boolean {
    const range = resolveRange(input);
    // Ranges held touch nowhere, so what is covered lies in one of them.
    return range.isEmpty() || this.#list.at(range.start)?.range.contains(range) === true;
  }

  /**
   * The ranges held that share a position with this one, whole, ascending; for an empty one, none.
   *
   * @throws as {@link RangeSet.add}.
   */
  overlapping(input: RangeInput): Range[] {
    return this.#list.overlapping(resolveRange(input)).map(({ range }) => range);
  }

  /**
   * The gaps within a range, ascending, each as long as it can be.
   *
   * @throws as {@link RangeSet.add}.
   */
  missing(within: RangeInput): Range[] {
    return this.#list.missing(resolveRange(within));
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
    return this.#list.span();
  }

  /** The ranges, ascending. */
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

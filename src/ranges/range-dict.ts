import { RangeStreamsError } from "../errors.ts";
import { formatValue, INSPECT } from "./inspect.ts";
import { IntervalList } from "./interval-list.ts";
import type { Range } from "./range.ts";
import { type RangeInput, resolveRange } from "./range-input.ts";
import { RangeSet } from "./range-set.ts";

/**
 * A map from disjoint ranges to values, ascending. Setting overwrites: what lay there is trimmed or split. Touching entries never
 * merge, even with one value. Empty ranges change nothing. Every call is O(log n), and linear in the entries it takes or gives. An
 * iteration goes on past what it gave last when the dict changes meanwhile.
 */
export class RangeDict<V> implements Iterable<[Range, V]> {
  #list: IntervalList<V> = new IntervalList<V>();
  #readonly = false;

  /** How many entries there are. */
  get size(): number {
    return this.#list.size;
  }

  /**
   * A live view of this very dict, O(1), through which it cannot be changed: `set`, `delete` and `clear` of the view throw
   * INVALID_ARGUMENT.
   */
  asReadonly(): RangeDict<V> {
    const view = new RangeDict<V>();
    view.#list = this.#list;
    view.#readonly = true;
    return view;
  }

  /**
   * Gives all positions of a range to `value`.
   *
   * @throws INVALID_RANGE, UNKNOWN_SIZE for forms that need a size, INVALID_ARGUMENT on a read-only view.
   */
  set(input: RangeInput, value: V): this {
    this.#checkWritable();
    const range = resolveRange(input);
    if (!range.isEmpty()) this.#list.set({ range, value });
    return this;
  }

  /**
   * Frees the positions of a range, trimming and splitting what lay there; tells whether anything did.
   *
   * @throws as {@link RangeDict.set}.
   */
  delete(input: RangeInput): boolean {
    this.#checkWritable();
    return this.#list.carve(resolveRange(input)) > 0;
  }

  /**
   * Takes every entry out.
   *
   * @throws INVALID_ARGUMENT on a read-only view.
   */
  clear(): void {
    this.#checkWritable();
    this.#list.clear();
  }

  /**
   * The value at a position, or of the one entry that holds a range wholly; an empty range is in none, and neither is a range over
   * two touching entries.
   *
   * @throws INVALID_RANGE, UNKNOWN_SIZE for forms that need a size.
   */
  get(where: number | RangeInput): V | undefined {
    if (typeof where === "number") return this.#list.at(where)?.value;
    const range = resolveRange(where);
    const entry = this.#list.at(range.start);
    return entry !== undefined && !range.isEmpty() && entry.range.contains(range) ? entry.value : undefined;
  }

  /** The key that holds a position; a fraction is in none. */
  rangeAt(position: number): Range | undefined {
    return this.#list.at(position)?.range;
  }

  /**
   * The entries that share a position with a range, whole, ascending; for an empty one, none.
   *
   * @throws as {@link RangeDict.get}.
   */
  overlapping(input: RangeInput): [Range, V][] {
    return this.#list.overlapping(resolveRange(input)).map(({ range, value }) => [range, value]);
  }

  /**
   * The gaps within a range, ascending, each as long as it can be.
   *
   * @throws as {@link RangeDict.get}.
   */
  missing(within: RangeInput): Range[] {
    return this.#list.missing(resolveRange(within));
  }

  /** All positions that map to this very value (`Object.is`). Linear in the entries. */
  rangesOf(value: V): RangeSet {
    const ranges = new RangeSet();
    for (const entry of this.#list) if (Object.is(entry.value, value)) ranges.add(entry.range);
    return ranges;
  }

  /** From the lowest position to the highest, gaps included; undefined for an empty dict. */
  span(): Range | undefined {
    return this.#list.span();
  }

  /** The ranges, ascending. */
  *keys(): IterableIterator<Range> {
    for (const { range } of this.#list) yield range;
  }

  /** The values, in the order of their ranges. */
  *values(): IterableIterator<V> {
    for (const { value } of this.#list) yield value;
  }

  /** The ranges and their values, ascending. */
  *entries(): IterableIterator<[Range, V]> {
    for (const { range, value } of this.#list) yield [range, value];
  }

  /** As {@link RangeDict.entries}. */
  [Symbol.iterator](): IterableIterator<[Range, V]> {
    return this.entries();
  }

  /** One line an entry, as the original prints it. */
  toString(): string {
    if (this.size === 0) return "RangeDict{}";
    const lines = [...this].map(([range, value]) => `  RangeSet{${range[INSPECT]()}}: ${formatValue(value)}`);
    return `RangeDict{\n${lines.join(",\n")}\n}`;
  }

  /** The same, for `console.log`. */
  [INSPECT](): string {
    return this.toString();
  }

  #checkWritable(): void {
    if (!this.#readonly) return;
    const message = "Asked to change a read-only view of ranges; change what it shows instead";
    throw new RangeStreamsError("INVALID_ARGUMENT", message);
  }
}

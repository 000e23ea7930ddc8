import { Range } from "./range.ts";

/** One entry: a range that is never empty, and what it maps to. */
export interface Interval<V> {
  readonly range: Range;
  readonly value: V;
}

/** Where an entry is, or belongs. */
interface Place {
  readonly block: number;
  readonly index: number;
}

/** A place that was looked for. */
interface FoundPlace extends Place {
  readonly position: number;
}

/**
 * Entries a block holds at most: long enough for few blocks, short enough that shifting one is cheap. Of 64 to 1,024, measured with
 * `bench/ranges` at 100,000 entries, 256 was the fastest, by a little.
 */
const BLOCK_LENGTH = 256;

/**
 * Disjoint ranges in ascending order, in a sorted array of sorted blocks: look-ups are two binary searches, and an insertion
 * shifts one block.
 */
export class IntervalList<V> {
  readonly #blocks: Interval<V>[][] = [];
  #size = 0;
  /** Counts changes, so that an iteration notices one. */
  #version = 0;
  /** The place found last, as long as it holds: whoever looks for one mostly looks for it again, and then puts something there. */
  #found: FoundPlace | undefined;

  get size(): number {
    return this.#size;
  }

  /** The entry that holds `position`. */
  at(position: number): Interval<V> | undefined {
    const { block, index } = this.#reaching(position);
    const found = this.#blocks[block]?.[index];
    return found?.range.contains(position) ? found : undefined;
  }

  /** The entries that share a position with `range`, ascending. */
  overlapping(range: Range): Interval<V>[] {
    return range.isEmpty() ? [] : this.#collect(range, false);
  }

  /** The entries that share a position with `range` or touch it, ascending. */
  near(range: Range): Interval<V>[] {
    return this.#collect(range, true);
  }

  /** The gaps that the entries leave in `within`, ascending, each as long as it can be. */
  missing(within: Range): Range[] {
    const gaps: Range[] = [];
    let position = within.start;
    for (const { range } of this.overlapping(within)) {
      if (range.start > position) gaps.push(new Range(position, range.start));
      position = range.end;
    }
    if (position < within.end) gaps.push(new Range(position, within.end));
    return gaps;
  }

  /** From the lowest position to the highest, gaps included. */
  span(): Range | undefined {
    const first = this.#blocks[0]?.[0];
    const last = this.#blocks.at(-1)?.at(-1);
    return first === undefined || last === undefined
      ? undefined
      : new Range(first.range.start, last.range.end);
  }

  /** Frees the positions of `range`, trimming and splitting what lay there; gives how many positions that were. */
  carve(range: Range): number {
    const removed = this.overlapping(range);
    if (removed.length === 0) return 0;
    let freed = 0;
    const kept: Interval<V>[] = [];
    for (const { range: held, value } of removed) {
      freed += held.length;
      for (const part of held.difference(range)) {
        freed -= part.length;
        kept.push({ range: part, value });
      }
    }
    const [rest] = kept;
    if (removed.length === 1 && kept.length === 1 && rest !== undefined) {
      // Trimmed at one end: it keeps its place.
      const { block, index } = this.#reaching(range.start);
      this.#changed();
      (this.#blocks[block] as Interval<V>[])[index] = rest;
      return freed;
    }
    this.#remove(range.start, removed.length);
    for (const entry of kept) this.#insert(entry, this.#reaching(entry.range.start));
    return freed;
  }

  /** Adds an entry; what lay at its positions is freed first. */
  set(entry: Interval<V>): void {
    const { start, end } = entry.range;
    let place = this.#reaching(start);
    const next = this.#blocks[place.block]?.[place.index];
    if (next !== undefined && next.range.start === start && next.range.end === end) {
      // What changes its state as a whole is the usual case, and moves no other entry: the place that was found still holds.
      this.#version++;
      (this.#blocks[place.block] as Interval<V>[])[place.index] = entry;
      return;
    }
    if (next !== undefined && next.range.start < end) {
      this.carve(entry.range);
      place = this.#reaching(start);
    }
    this.#insert(entry, place);
  }

  clear(): void {
    this.#changed();
    this.#size = 0;
    this.#blocks.length = 0;
  }

  /** Ascending. After a change it goes on with the first entry that reaches beyond the one given last. */
  *[Symbol.iterator](): IterableIterator<Interval<V>> {
    let at = { block: 0, index: 0 };
    let version = this.#version;
    for (;;) {
      const entry = this.#blocks[at.block]?.[at.index];
      if (entry === undefined) return;
      yield entry;
      if (version === this.#version) {
        const more = at.index < (this.#blocks[at.block]?.length ?? 0) - 1;
        at = more ? { block: at.block, index: at.index + 1 } : { block: at.block + 1, index: 0 };
      } else {
        at = this.#reaching(entry.range.end);
        version = this.#version;
      }
    }
  }

  #collect({ start, end }: Range, touching: boolean): Interval<V>[] {
    const found: Interval<V>[] = [];
    let { block, index } = touching ? this.#search(start, true) : this.#reaching(start);
    for (let entries = this.#blocks[block]; entries !== undefined; entries = this.#blocks[++block]) {
      for (; index < entries.length; index++) {
        const entry = entries[index] as Interval<V>;
        const held = entry.range.start;
        if (held > end || (held === end && !touching)) return found;
        found.push(entry);
      }
      index = 0;
    }
    return found;
  }

  /** Where the first entry is that ends after `position`; past the last block if none does. */
  #reaching(position: number): Place {
    if (this.#found?.position !== position) this.#found = this.#search(position, false);
    return this.#found;
  }

  #changed(): void {
    this.#version++;
    this.#found = undefined;
  }

  /** As {@link IntervalList.#reaching}, or with `touching` the first that ends at `position`. */
  #search(position: number, touching: boolean): FoundPlace {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entries = this.#blocks[middle] as Interval<V>[];
      const { end } = (entries[entries.length - 1] as Interval<V>).range;
      if (end > position || (touching && end === position)) high = middle;
      else low = middle + 1;
    }
    const block = low;
    const entries = this.#blocks[block];
    if (entries === undefined) return { block, index: 0, position };
    low = 0;
    high = entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { end } = (entries[middle] as Interval<V>).range;
      if (end > position || (touching && end === position)) high = middle;
      else low = middle + 1;
    }
    return { block, index: low, position };
  }

  /** Takes `count` entries away, from the one that holds or follows `position`. */
  #remove(position: number, count: number): void {
    const { block, index } = this.#reaching(position);
    this.#changed();
    this.#size -= count;
    let left = count;
    let emptied = 0;
    let from = index;
    let firstEmptied = block;
    for (let at = block; left > 0; at++) {
      const entries = this.#blocks[at] as Interval<V>[];
      left -= entries.splice(from, left).length;
      if (entries.length === 0) {
        if (emptied === 0) firstEmptied = at;
        emptied++;
      }
      from = 0;
    }
    if (emptied > 0) this.#blocks.splice(firstEmptied, emptied);
  }

  #insert(entry: Interval<V>, { block, index }: Place): void {
    this.#changed();
    this.#size++;
    // Past the last block the entry joins that block's end; at the start of a later one it may stand there as well.
    const target = Math.min(block, this.#blocks.length - 1);
    const entries = this.#blocks[target];
    if (entries === undefined) {
      this.#blocks.push([entry]);
      return;
    }
    const at = target === block ? index : entries.length;
    entries.splice(at, 0, entry);
    if (entries.length > BLOCK_LENGTH) this.#split(target, entries);
    else this.#found = { block: target, index: at, position: entry.range.start };
  }

  #split(block: number, entries: Interval<V>[]): void {
    // Appending in order is the usual way to grow: then the full block stays full instead of half empty.
    const ascending = block === this.#blocks.length - 1;
    const at = ascending ? BLOCK_LENGTH : BLOCK_LENGTH / 2;
    this.#blocks.splice(block + 1, 0, entries.splice(at));
  }
}

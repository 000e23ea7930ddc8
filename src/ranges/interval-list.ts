import { Range } from "./range.ts";

/** One entry: a range that is never empty, and what it maps to. */
export interface Interval<V> {
  readonly range: Range;
  readonly value: V;
}

/**
 * Entries a block holds at most. Blocks of 256 were the fastest of those tried for 10^5 and 10^6 entries: long enough for few
 * blocks, short enough that shifting one is cheap.
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

  get size(): number {
    return this.#size;
  }

  /** The entry that holds `position`. */
  at(position: number): Interval<V> | undefined {
    const found = this.#first((range) => range.end > position).entry;
    return found !== undefined && found.range.start <= position ? found : undefined;
  }

  /** The entries that share a position with `range`, ascending. */
  overlapping(range: Range): Interval<V>[] {
    if (range.isEmpty()) return [];
    return this.#collect(
      (held) => held.end > range.start,
      (held) => held.start < range.end,
    );
  }

  /** The entries that share a position with `range` or touch it, ascending. */
  near(range: Range): Interval<V>[] {
    return this.#collect(
      (held) => held.end >= range.start,
      (held) => held.start <= range.end,
    );
  }

  first(): Interval<V> | undefined {
    return this.#blocks[0]?.[0];
  }

  last(): Interval<V> | undefined {
    return this.#blocks.at(-1)?.at(-1);
  }

  /** Frees the positions of `range`, trimming and splitting what lay there; tells whether anything did. */
  carve(range: Range): boolean {
    const removed = this.overlapping(range);
    if (removed.length === 0) return false;
    const kept: Interval<V>[] = [];
    for (const { range: held, value } of removed) {
      for (const part of held.difference(range)) kept.push({ range: part, value });
    }
    this.#remove(range.start, removed.length);
    for (const entry of kept) this.insert(entry);
    return true;
  }

  /** Adds an entry; its positions must be free. */
  insert(entry: Interval<V>): void {
    this.#version++;
    this.#size++;
    const { start } = entry.range;
    const { block, index } = this.#first((range) => range.start >= start);
    // Past the last block the entry joins that block's end; at the start of a later one it may stand there as well.
    const target = Math.min(block, this.#blocks.length - 1);
    const entries = this.#blocks[target];
    if (entries === undefined) {
      this.#blocks.push([entry]);
      return;
    }
    entries.splice(target === block ? index : entries.length, 0, entry);
    if (entries.length > BLOCK_LENGTH) this.#split(target, entries);
  }

  clear(): void {
    this.#version++;
    this.#size = 0;
    this.#blocks.length = 0;
  }

  /** Ascending. Changes made meanwhile are seen where they lie ahead. */
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
        at = this.#first((range) => range.start >= entry.range.end);
        version = this.#version;
      }
    }
  }

  #collect(isFirst: (range: Range) => boolean, isMember: (range: Range) => boolean): Interval<V>[] {
    const found: Interval<V>[] = [];
    let { block, index } = this.#first(isFirst);
    for (let entries = this.#blocks[block]; entries !== undefined; entries = this.#blocks[++block]) {
      for (; index < entries.length; index++) {
        const entry = entries[index] as Interval<V>;
        if (!isMember(entry.range)) return found;
        found.push(entry);
      }
      index = 0;
    }
    return found;
  }

  /** The first entry of which `holds` is true; it must stay true from there on. */
  #first(holds: (range: Range) => boolean): { block: number; index: number; entry: Interval<V> | undefined } {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (holds((this.#blocks[middle]?.at(-1) as Interval<V>).range)) high = middle;
      else low = middle + 1;
    }
    const block = low;
    const entries = this.#blocks[block];
    if (entries === undefined) return { block, index: 0, entry: undefined };
    low = 0;
    high = entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (holds((entries[middle] as Interval<V>).range)) high = middle;
      else low = middle + 1;
    }
    return { block, index: low, entry: entries[low] };
  }

  /** Takes `count` entries away, from the one that holds or follows `position`. */
  #remove(position: number, count: number): void {
    this.#version++;
    this.#size -= count;
    const { block, index } = this.#first((range) => range.end > position);
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

  #split(block: number, entries: Interval<V>[]): void {
    // Appending in order is the usual way to grow: then the full block stays full instead of half empty.
    const ascending = block === this.#blocks.length - 1;
    const at = ascending ? BLOCK_LENGTH : BLOCK_LENGTH / 2;
    this.#blocks.splice(block + 1, 0, entries.splice(at));
  }
}

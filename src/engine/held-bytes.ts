import type { Range } from "../ranges/range.ts";
import { RangeDict } from "../ranges/range-dict.ts";
import { type Bytes } from "../source/source.ts";

/** Verified bytes at their place. */
interface Block {
  readonly range: Range;
  readonly bytes: Bytes;
}

/** What {@link HeldBytes} tells whoever draws the map. */
export interface HeldBytesOptions {
  /** Bytes kept at most; the least recently used go first. */
  readonly maxBytes: number;
  onHeld(range: Range): void;
  onDropped(range: Range): void;
}

/**
 * The bytes of one source that are in memory, by position, under a limit. What goes in and what comes out is copied: nobody
 * outside can change what the next reader gets, and a small block never keeps a large buffer alive.
 */
export class HeldBytes {
  readonly #options: HeldBytesOptions;
  readonly #blocks = new RangeDict<Block>();
  /** In order of use: the first is the one to go. */
  readonly #recency = new Set<Block>();
  #byteLength = 0;

  constructor(options: HeldBytesOptions) {
    this.#options = options;
  }

  /** Bytes held now. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** Keeps a copy of what is not held yet. `pinned` bytes count against no limit and stay. */
  hold(range: Range, bytes: Bytes, pinned = false): void {
    if (!pinned && range.length > this.#options.maxBytes) return;
    for (const gap of this.#blocks.missing(range)) {
      const block = { range: gap, bytes: bytes.slice(gap.start - range.start, gap.end - range.start) };
      this.#blocks.set(gap, block);
      if (!pinned) {
        this.#recency.add(block);
        this.#byteLength += gap.length;
      }
      this.#options.onHeld(gap);
    }
    this.#evict();
  }

  covers(range: Range): boolean {
    return this.#blocks.missing(range).length === 0;
  }

  /** The parts of `range` that are not held, ascending. */
  missing(range: Range): Range[] {
    return this.#blocks.missing(range);
  }

  /** Copies what is held of `range` into `target`, which begins at `range.start`. */
  copyInto(range: Range, target: Bytes): void {
    for (const [at, block] of this.#blocks.overlapping(range)) {
      const part = at.intersection(range);
      if (part === undefined) continue;
      this.#use(block);
      const from = part.start - block.range.start;
      target.set(block.bytes.subarray(from, from + part.length), part.start - range.start);
    }
  }

  /** A copy of what one block holds from `position` on, at most to `end`; undefined where nothing is held there. */
  pieceAt(position: number, end: number): Bytes | undefined {
    const at = this.#blocks.rangeAt(position);
    const block = at === undefined ? undefined : this.#blocks.get(at);
    if (block === undefined) return undefined;
    this.#use(block);
    const { start } = block.range;
    return block.bytes.slice(position - start, Math.min(end, block.range.end) - start);
  }

  clear(): void {
    this.#blocks.clear();
    this.#recency.clear();
    this.#byteLength = 0;
  }

  #use(block: Block): void {
    if (this.#recency.delete(block)) this.#recency.add(block);
  }

  #evict(): void {
    for (const block of this.#recency) {
      if (this.#byteLength <= this.#options.maxBytes) return;
      this.#recency.delete(block);
      this.#byteLength -= block.range.length;
      this.#blocks.delete(block.range);
      this.#options.onDropped(block.range);
    }
  }
}

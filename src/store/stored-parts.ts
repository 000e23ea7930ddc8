import { IntervalList } from "../ranges/interval-list.ts";
import type { Range } from "../ranges/range.ts";
import type { Bytes } from "../source/source.ts";

/** Verified bytes at their place in the file. */
export interface StoredPart {
  readonly range: Range;
  readonly bytes: Bytes;
}

/** Verified bytes of one block, in pieces. Of bytes that it has already it keeps the first: all are of one representation. */
export class StoredParts implements Iterable<StoredPart> {
  readonly #parts = new IntervalList<Bytes>();
  #byteLength = 0;

  /** Distinct bytes held. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** Takes a copy of what is missing of a part. */
  add({ range, bytes }: { range: Range; bytes: Uint8Array }): void {
    for (const gap of this.#parts.missing(range)) {
      const piece = new Uint8Array(bytes.subarray(gap.start - range.start, gap.end - range.start));
      this.#parts.set({ range: gap, value: piece });
      this.#byteLength += gap.length;
    }
  }

  /** How many bytes of a range are not here. */
  missingBytes(range: Range): number {
    return this.#parts.missing(range).reduce((sum, gap) => sum + gap.length, 0);
  }

  /** The parts, ascending; they may touch. */
  *[Symbol.iterator](): IterableIterator<StoredPart> {
    for (const { range, value: bytes } of this.#parts) yield { range, bytes };
  }
}

/** What parts, ascending, hold of a range, each piece copied into a buffer of its own. */
export function cutParts(parts: Iterable<StoredPart>, within: Range): [Range, Bytes][] {
  const pieces: [Range, Bytes][] = [];
  for (const { range, bytes } of parts) {
    const shared = range.intersection(within);
    if (shared === undefined || shared.isEmpty()) continue;
    pieces.push([shared, bytes.slice(shared.start - range.start, shared.end - range.start)]);
  }
  return pieces;
}

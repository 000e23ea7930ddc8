import { Range } from "../ranges/range.ts";
import { RangeDict } from "../ranges/range-dict.ts";
import type { RangeResponse } from "./range-response.ts";

/**
 * Which handle owns which positions, and what of them is unread. Every position belongs to at most one handle. Each change is
 * O(log n) in the handles, and linear in those it touches.
 */
export class RangeLedger {
  /** What was asked for, less what later ranges took. */
  readonly requested: RangeDict<RangeResponse> = new RangeDict<RangeResponse>();
  /** What is still to read. */
  readonly unread: RangeDict<RangeResponse> = new RangeDict<RangeResponse>();
  /** Every handle that is open, those included that own nothing any more. */
  readonly #open = new Set<RangeResponse>();
  /** In the order they were added, closed ones among them; replanted ones do not count. */
  #added: RangeResponse[] = [];
  #closed = 0;

  /** The handle whose unread part is exactly this. */
  identical(range: Range): RangeResponse | undefined {
    return this.unread.rangeAt(range.start)?.equals(range) ? this.unread.get(range) : undefined;
  }

  /** Everybody who owns a position of `range` gives it up. */
  free(range: Range): void {
    for (const [owned, response] of this.requested.overlapping(range)) {
      const before = response.remaining;
      response.trimTo(keptPart(owned, range, before.start));
      this.requested.delete(owned);
      this.requested.set(response.owned, response);
      this.moved(response, before);
    }
  }

  /** Puts a new handle on its range, whose positions must be free. */
  place(response: RangeResponse, added: boolean): void {
    this.requested.set(response.owned, response);
    this.unread.set(response.remaining, response);
    this.#open.add(response);
    if (added) this.#added.push(response);
  }

  moved(response: RangeResponse, before: Range): void {
    this.unread.delete(before);
    this.unread.set(response.remaining, response);
  }

  remove(response: RangeResponse): void {
    // Closed handles are let go once they are the larger part, which costs each of them one step.
    this.#closed++;
    if (this.#closed > this.#added.length / 2) {
      this.#added = this.#added.filter(({ isClosed }) => !isClosed);
      this.#closed = 0;
    }
    this.#open.delete(response);
    this.unread.delete(response.remaining);
    if (this.requested.get(response.owned) === response) this.requested.delete(response.owned);
  }

  /** The most recently added handle that is left: open, and owner of a position. */
  latest(): RangeResponse | undefined {
    const isGone = (response: RangeResponse): boolean => response.isClosed || response.owned.isEmpty();
    for (let last = this.#added.at(-1); last !== undefined && isGone(last); last = this.#added.at(-1))
      this.#added.pop();
    return this.#added.at(-1);
  }

  /** Every handle there is. */
  all(): RangeResponse[] {
    return [...this.#open];
  }
}

/**
 * The contiguous part of what a handle owns that holds its position, once `taken` is gone. One that was read to an end which is
 * taken now keeps what it had before; one that loses everything keeps its place alone.
 */
function keptPart(owned: Range, taken: Range, position: number): Range {
  const parts = owned.difference(taken);
  return (
    parts.find((part) => position >= part.start && position <= part.end) ??
    parts[0] ??
    new Range(position, position)
  );
}

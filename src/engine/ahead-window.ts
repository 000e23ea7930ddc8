import { Range } from "../ranges/range.ts";
import type { LinkEstimate } from "../source/link-estimate.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
/** A smaller piece is not worth a request of its own. *Unmeasured*. */
const MIN_PIECE = 256 * KiB;
/** From here on a request's latency hardly matters. */
const MAX_PIECE = 4 * MiB;

/** What bounds a window now. */
export interface WindowBounds {
  readonly link: LinkEstimate;
  /** Bytes ahead of the reader at most. */
  readonly cap: number;
  /** Nothing from here on is fetched. */
  readonly end: number;
}

/**
 * The bytes ahead of one reader that are on their way or wait to be read. Filled piece by piece as the reader goes on, so that the
 * connections never pause together; twice as large each time half of it was read.
 */
export class AheadWindow {
  /** Up to where bytes were asked for. */
  end: number;
  #size: number;
  #growAt: number;
  #isFilling = true;

  constructor(position: number, size: number) {
    this.end = position;
    this.#size = Math.round(size);
    this.#growAt = position + this.#size / 2;
  }

  /** Bytes ahead at most, for now. */
  get size(): number {
    return this.#size;
  }

  /** Whether anything is to be fetched for a reader at `position`. */
  isDue(position: number): boolean {
    return position >= this.#growAt || this.end - position < this.#size;
  }

  /** The pieces to fetch now, ascending. They count as asked for. */
  fill(position: number, bounds: WindowBounds): Range[] {
    const { link, cap, end: limit } = bounds;
    if (position >= this.#growAt) {
      this.#size = Math.max(Math.min(2 * this.#size, Math.round(cap)), Math.min(this.#size, Math.round(cap)));
      this.#growAt = position + this.#size / 2;
    }
    const sideBySide = connectionsFor(link);
    const piece = Math.round(Math.min(MAX_PIECE, Math.max(MIN_PIECE, this.#size / sideBySide)));
    const pieces: Range[] = [];
    if (this.end < position) this.end = position;
    const end = Math.min(limit, position + this.#size);
    while (this.end < end) {
      // Pieces of one length that began together end together, and then all connections wait at once: the first ones differ.
      const length = this.#isFilling
        ? Math.max(MIN_PIECE, Math.round((piece * (pieces.length + 1)) / sideBySide))
        : piece;
      const last = limit - this.end < 1.5 * length;
      const next = last ? limit : this.end + length;
      if (next > end && (!last || pieces.length > 0) && this.end > position) break;
      pieces.push(new Range(this.end, next));
      this.end = next;
    }
    if (pieces.length > 0) this.#isFilling = false;
    return pieces;
  }
}

/** Connections that a window has use for: enough that others bring what one does not while it waits for its next answer. */
export function connectionsFor({ bytesPerSecond, totalBytesPerSecond, connections }: LinkEstimate): number {
  return Math.min(connections, Math.max(2, Math.ceil((2 * totalBytesPerSecond) / bytesPerSecond)));
}

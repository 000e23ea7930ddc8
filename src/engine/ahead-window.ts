import { Range } from "../ranges/range.ts";
import type { LinkEstimate } from "../source/link-estimate.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
/** A smaller piece is not worth a request of its own. *Unmeasured*. */
const MIN_PIECE = 256 * KiB;
/** From here on a request's latency hardly matters. */
const MAX_PIECE = 4 * MiB;

/**
 * Pieces of a window at least, where an answer takes its time: a rate is mostly overestimated, from bytes that had gathered in
 * buffers. On the cloud profile 4 gave 105 of 125 MB/s, 8 gave 117.
 */
const MIN_SIDE_BY_SIDE = 8;
/**
 * And at most: more make pieces smaller and the link no faster. 256 MiB on the cloud profile: 1,020 requests and 2.9 s with 32, 535 and
 * 2.7 with 16.
 */
const MAX_SIDE_BY_SIDE = 16;

/**
 * Where the link is what limits, all bodies have the same share of it: pieces of one length that began together end together, the reader
 * passes all of them at once, and all connections wait for their next answer side by side, for ever. Pieces of two lengths, and a window
 * that is not all in flight, do not fall into step. On the cloud profile 90 MB/s of 125 became 120; where each connection has a rate of
 * its own, whole pieces give a fifth more.
 */
const UNEVEN = [0.6, 1.4] as const;
const TIGHT_SHARE = 0.75;
/** All connections together get less than this part of what each alone would. *Unmeasured*. */
const TIGHT = 0.6;

/** What bounds a window now. */
export interface WindowBounds {
  readonly link: LinkEstimate;
  /** Bytes ahead of the reader at most. */
  readonly cap: number;
  /** Nothing from here on is fetched. */
  readonly end: number;
  /** Bytes by which the window may be exceeded now. Default 0. */
  readonly extra?: number | undefined;
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
  /** Pieces so far. */
  #count = 0;

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
    const { link, cap, end: limit, extra = 0 } = bounds;
    if (position >= this.#growAt) {
      this.#size = Math.min(2 * this.#size, Math.round(cap));
      this.#growAt = position + this.#size / 2;
    }
    this.end = Math.max(this.end, position);
    const connections = connectionsFor(link);
    const uneven = isTight(link) && this.#size * TIGHT_SHARE >= MIN_PIECE * connections;
    const share = (uneven ? TIGHT_SHARE : 1) / connections;
    const piece = Math.min(MAX_PIECE, Math.max(MIN_PIECE, this.#size * share));
    const pieces: Range[] = [];
    const most = position + extra + Math.min(this.#size + MIN_PIECE, Math.max(MIN_PIECE, cap));
    const many = Math.floor((position + extra + this.#size - this.end) / piece);
    while (this.end < limit) {
      // Pieces of one length that begin together end together, and then all connections wait for their next answer at once: 96 of 125
      // MB/s on the cloud profile, and 120 where the first of many are shorter than the last.
      const first = many < 2 ? 1 : Math.min(1, (pieces.length + 1) / many);
      const turn = uneven ? (UNEVEN[this.#count % UNEVEN.length] as number) : 1;
      const length = Math.round(Math.max(uneven ? MIN_PIECE / 2 : MIN_PIECE, piece * first * turn));
      const rest = limit - this.end;
      const whole = rest < 1.5 * length ? limit : this.end + length;
      if (whole > most && this.end > position) break;
      const next = Math.min(whole, most);
      pieces.push(new Range(this.end, next));
      this.#count++;
      this.end = next;
    }
    return pieces;
  }
}

function isTight(link: LinkEstimate): boolean {
  return link.totalBytesPerSecond < TIGHT * connectionsFor(link) * link.bytesPerSecond;
}

/**
 * Connections that a window has use for. With 2 x bandwidth x latency in flight, twice as many as the link needs at full rate would
 * do if none ever waited for its reader and every estimate held; twice that leaves room. Where an answer is there at once, two
 * are enough for one to be under way while the other is read.
 */
export function connectionsFor(link: LinkEstimate): number {
  const { latencyMs, bytesPerSecond, totalBytesPerSecond, connections } = link;
  if ((latencyMs * bytesPerSecond) / 1000 < MIN_PIECE / 2) return Math.min(connections, 2);
  const wanted = Math.ceil((4 * totalBytesPerSecond) / bytesPerSecond);
  return Math.min(connections, MAX_SIDE_BY_SIDE, Math.max(MIN_SIDE_BY_SIDE, wanted));
}

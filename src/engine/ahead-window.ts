import { Range } from "../ranges/range.ts";
import type { LinkEstimate } from "../source/link-estimate.ts";
import type { Policy } from "./budget.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
/** A smaller piece of what lies ahead of reads is not worth a request of its own. *Unmeasured*. */
const MIN_PIECE = 256 * KiB;
/**
 * The part of its size by which a window may be exceeded. Two readers who end after 33.5 MB on the wan profile have brought 37.2 with a half and 35.8 with a third, and none of them took longer;
 * a sequence on the cloud profile takes a hundredth longer.
 */
const EXCESS = 1 / 3;
/** From here on a request's latency hardly matters. */
const MAX_PIECE = 4 * MiB;

/**
 * Pieces of a window at least, where an answer takes its time. 256 MiB as a stream over 8, 12 and 16: 2.29, 2.29 and 2.30 s on the cloud
 * profile, 1.43, 1.33 and 1.30 where each connection has 50 MB/s of its own; in reads of 64 KiB on the cloud profile 2.35, 2.34 and 2.55.
 */
const MIN_SIDE_BY_SIDE = 12;
/** And at most. On a full link more only make pieces smaller, and the one that is waited for later. */
const MAX_SIDE_BY_SIDE = 16;
/** On a link that answers sooner than this, the processor is what limits, and every request more is work for it. */
const NEAR_MS = 4;
/** What a link is taken to bring while nothing is known of it but how far it is: 40 MB/s. */
const UNKNOWN_BYTES_PER_MS = 40_000;
/** So many connections together get less than this part of what each alone would. *Unmeasured*. */
const TIGHT = 0.6;

/**
 * Bytes of a piece at least in a first window whose connections are still to be opened: the more of them it opens, the less what follows
 * waits for its own. With this and {@link FIRST_GROWTH} two readers of 32 MiB take 452 ms on the cloud profile and 1.41 s on wan, without
 * them 490 and 1.45.
 */
const OPENING_PIECE = 128 * KiB;
/** The part of a first window after which the next is asked for: it takes a round trip, in which the rest is read. */
const FIRST_GROWTH = 8;

/** Reads in a piece at least where each may ask for one: with two, what lies ahead grows by one a read. */
const SINGLE_READS = 2;

/** Less than this is not worth a request of its own ahead. */
export const MIN_WINDOW = 256 * KiB;
/** The contract's bound for what lies ahead of a reader. */
export const MAX_WINDOW = 16 * MiB;
/**
 * What lies ahead beyond what is in flight makes up for pieces that come late, and those are no later on a farther link: as much as the
 * link brings in this time will do. Two readers who end after 33.5 MB on the wan profile have brought 36.0 MB so, and 37.0 with twice what is in
 * flight; a sequence in reads of 64 KiB takes a hundredth longer. On the cloud profile, where that is less than this, 1.75 times is 6 % slower.
 */
const SPARE_MS = 75;

/** What bounds a window now. */
export interface WindowBounds {
  readonly link: LinkEstimate;
  /** Bytes ahead of the reader at most. */
  readonly cap: number;
  /** Nothing from here on is fetched. */
  readonly end: number;
  /** Bytes by which the window may be exceeded now. Default 0. */
  readonly extra?: number | undefined;
  /** The read that asks for one piece at most, which then brings what is missing of it too. */
  readonly single?: Range | undefined;
}

/** What a window is like for its kind of reader. */
export interface WindowShape {
  /** See {@link connectionsFor}. */
  readonly leastPieces?: number | undefined;
  /** Bytes of a piece at least. Default 256 KiB. */
  readonly minPiece?: number | undefined;
  /** The part of its size by which it may be exceeded; see {@link AheadWindow.extraFor}. Default a third. */
  readonly excess?: number | undefined;
  /** Whether the first window opens connections for those that follow, and these follow sooner. Default true. */
  readonly quickStart?: boolean | undefined;
}

/** A request of a window, as far as it has come in. */
export interface Arriving {
  readonly range: Range;
  /** Up to where its bytes have come. */
  readonly position: number;
}

/**
 * The bytes ahead of one reader that are on their way or wait to be read. Filled piece by piece as the reader goes on, so that the
 * connections never pause together; twice as large each time half of it was read, the first time sooner.
 */
export class AheadWindow {
  /** Up to where bytes were asked for. */
  end: number;
  readonly #leastPieces: number | undefined;
  readonly #minPiece: number;
  readonly #excess: number;
  #size: number;
  #growAt: number;
  /** Nothing was asked for so far, and what is opens connections. */
  #isStarting: boolean;

  constructor(position: number, size: number, shape: WindowShape = {}) {
    const { leastPieces, minPiece = MIN_PIECE, excess = EXCESS, quickStart = true } = shape;
    this.#leastPieces = leastPieces;
    this.#minPiece = minPiece;
    this.#excess = excess;
    this.end = position;
    this.#size = Math.round(size);
    this.#isStarting = quickStart;
    this.#growAt = position + this.#size / (quickStart ? FIRST_GROWTH : 2);
  }

  /** Bytes ahead at most, for now. */
  get size(): number {
    return this.#size;
  }

  /** Whether anything is to be fetched for a reader at `position`; `extra` as in {@link WindowBounds}. */
  isDue(position: number, extra = 0): boolean {
    return position >= this.#growAt || this.end - position < this.#size + extra;
  }

  /**
   * Bytes by which a window may be exceeded now: what came in before its turn, as far as `excess` goes. All bodies on a full link come in
   * alike, so the piece that the reader waits for is hardly ahead of the others. If what waits behind it counted in full, nothing would be
   * asked for meanwhile, all pieces would be read at once, and the next ones asked for at once again: 84 MB/s of 125 on the cloud profile, and 115 so.
   *
   * @param flows what was asked for in this window and is not over.
   */
  extraFor(position: number, flows: Iterable<Arriving>): number {
    let waiting = this.end - position;
    for (const { range, position: arrived } of flows) waiting -= range.end - arrived;
    return Math.max(0, Math.min(waiting, Math.floor(this.#size * this.#excess)));
  }

  /** The pieces to fetch now, ascending. They count as asked for. */
  fill(position: number, bounds: WindowBounds): Range[] {
    const { link, cap, end: limit, extra = 0 } = bounds;
    if (position >= this.#growAt) {
      this.#size = Math.min(2 * this.#size, Math.round(cap));
      this.#growAt = position + this.#size / 2;
    }
    this.end = Math.max(this.end, position);
    const connections = connectionsFor(link, this.#leastPieces);
    const isOpening = this.#isStarting && link.idle < connections / 2;
    const minPiece = isOpening ? Math.min(this.#minPiece, OPENING_PIECE) : this.#minPiece;
    this.#isStarting = false;
    const piece = Math.min(MAX_PIECE, Math.max(minPiece, this.#size / connections));
    if (bounds.single !== undefined)
      return this.#fillOnce(bounds.single, { piece, most: position + this.#size + minPiece, limit });
    const pieces: Range[] = [];
    const usual = position + extra + Math.min(this.#size + minPiece, Math.max(minPiece, cap));
    // A little that is left to the end costs a round trip less now than later.
    const isLast = limit - usual <= this.#size / 2 && limit - position <= cap;
    const most = isLast ? Math.max(usual, limit) : usual;
    const many = Math.floor((position + extra + this.#size - this.end) / piece);
    while (this.end < limit) {
      // Pieces of one length that begin together end together, and then all connections wait for their next answer at once: 96 of 125
      // MB/s on the cloud profile, and 120 where the first of many are shorter than the last.
      const first = many < 2 ? 1 : Math.min(1, (pieces.length + 1) / many);
      const length = Math.round(Math.max(minPiece, piece * first));
      const rest = limit - this.end;
      const whole = rest < 1.5 * length ? limit : this.end + length;
      if (whole > most && this.end > position) break;
      const next = Math.min(whole, most);
      pieces.push(new Range(this.end, next));
      this.end = next;
    }
    return pieces;
  }

  /** One piece, of so many reads as this that the window fills up while each of them asks for one. */
  #fillOnce(read: Range, { piece, most, limit }: SingleBounds): Range[] {
    const isMissing = this.end < read.end;
    const length = Math.max(piece, SINGLE_READS * read.length);
    const next = Math.max(this.end, read.end) + length;
    const end = limit - next < length / 2 ? limit : Math.round(next);
    // A read of which too little may be fetched ahead asks for itself.
    if (end <= read.end || end <= this.end || (end > most && !isMissing)) return [];
    const start = this.end;
    this.end = end;
    return [new Range(start, end)];
  }
}

/** Bounds of a single piece: its usual length, and positions up to where it may usually go, and at all. */
interface SingleBounds {
  readonly piece: number;
  readonly most: number;
  readonly limit: number;
}

/**
 * Bytes in a window at most: what the link holds in flight, so many times, and a few MiB where that is less or not known.
 */
export function windowCap(
  { latencyMs, totalBytesPerSecond, bandwidthMeasured }: LinkEstimate,
  times: number,
): number {
  const inFlight = (latencyMs * totalBytesPerSecond) / 1000;
  if (bandwidthMeasured !== false) return Math.max(2 * MiB, times * inFlight);
  return Math.max(4 * MiB, times * Math.max(inFlight, latencyMs * UNKNOWN_BYTES_PER_MS));
}

/** Bytes ahead of reads at most; at most half of what may be held, or it would push itself out. */
export function readWindowCap(
  link: LinkEstimate,
  { policy, cacheBytes }: { readonly policy: Policy; readonly cacheBytes: number },
): number {
  const times = policy === "fast" ? 4 : Math.min(2, 1 + SPARE_MS / link.latencyMs);
  return Math.min(MAX_WINDOW, windowCap(link, times), cacheBytes / 2);
}

/** Whether answers come so soon that few and large requests are best. */
export function isNear({ latencyMs }: LinkEstimate): boolean {
  return latencyMs < NEAR_MS;
}

/** Whether more connections would gain nothing, as far as is known. */
function isTight({ connections, bytesPerSecond, totalBytesPerSecond }: LinkEstimate): boolean {
  return totalBytesPerSecond < TIGHT * Math.min(connections, MAX_SIDE_BY_SIDE) * bytesPerSecond;
}

/**
 * Connections that a window has use for. With 2 x bandwidth x latency in flight, twice as many as a full link needs would do if none ever
 * waited for its reader and every estimate held. Where nothing shows yet that the link is full, twice that. Where an answer is there at
 * once, two are enough for one to be under way while the other is read.
 */
export function connectionsFor(link: LinkEstimate, least: number = MIN_SIDE_BY_SIDE): number {
  const { latencyMs, bytesPerSecond, totalBytesPerSecond, connections } = link;
  if (isNear(link) || (latencyMs * bytesPerSecond) / 1000 < MIN_PIECE / 2) return Math.min(connections, 2);
  const wanted = Math.ceil(((isTight(link) ? 2 : 4) * totalBytesPerSecond) / bytesPerSecond);
  return Math.min(connections, MAX_SIDE_BY_SIDE, Math.max(least, wanted));
}

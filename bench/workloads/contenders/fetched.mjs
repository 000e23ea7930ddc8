import { joinedRanges } from "../traces/joined-ranges.mjs";

const PIECE = 1024 * 1024;

/**
 * What was fetched once is kept for ever. `want` sends what of the ranges is missing: neighbours joined, gaps up to `gap` bytes
 * read over, pieces of at most 1 MiB over all connections; `read` waits for its bytes.
 */
export class Fetched {
  #http;
  /** Sorted and disjoint: { start, end, bytes: a promise, then a buffer }. */
  #pieces = [];

  constructor(http) {
    this.#http = http;
  }

  want(ranges, { gap = 0 } = {}) {
    for (const [start, end] of this.#missing(joinedRanges(ranges, gap))) {
      // As many pieces as there are connections, where the time of a body counts more than that of a request.
      const wanted = Math.max(1, Math.round((end - start) / PIECE));
      const length = Math.ceil((end - start) / wanted);
      for (let at = start; at < end; at += length) this.#fetch(at, Math.min(at + length, end));
    }
  }

  /** Puts in bytes that came otherwise. */
  hold(start, bytes) {
    this.#insert({ start, end: start + bytes.length, bytes });
  }

  read(start, end) {
    const pieces = this.#covering(start, end);
    if (pieces.some(({ bytes }) => bytes instanceof Promise))
      return Promise.all(pieces.map(({ bytes }) => bytes)).then(() => copyOut(pieces, start, end));
    return copyOut(pieces, start, end);
  }

  #fetch(start, end) {
    const piece = { start, end, bytes: undefined };
    piece.bytes = this.#http.get(start, end).then((bytes) => {
      piece.bytes = bytes;
    });
    this.#insert(piece);
  }

  #insert(piece) {
    this.#pieces.splice(this.#indexAfter(piece.start), 0, piece);
  }

  /** Index of the first piece that ends after `position`. */
  #indexAfter(position) {
    let low = 0;
    let high = this.#pieces.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#pieces[middle].end > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #covering(start, end) {
    const first = this.#indexAfter(start);
    let last = first;
    while (last < this.#pieces.length && this.#pieces[last].start < end) last++;
    return this.#pieces.slice(first, last);
  }

  #missing(ranges) {
    const missing = [];
    for (const [start, end] of ranges) {
      let at = start;
      for (const piece of this.#covering(start, end)) {
        if (piece.start > at) missing.push([at, piece.start]);
        at = Math.max(at, piece.end);
      }
      if (at < end) missing.push([at, end]);
    }
    return missing;
  }
}

function copyOut(pieces, start, end) {
  if (pieces.length === 1) return pieces[0].bytes.subarray(start - pieces[0].start, end - pieces[0].start);
  const bytes = Buffer.allocUnsafeSlow(end - start);
  for (const piece of pieces)
    piece.bytes.copy(
      bytes,
      Math.max(0, piece.start - start),
      Math.max(0, start - piece.start),
      end - piece.start,
    );
  return bytes;
}

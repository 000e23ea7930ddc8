/**
 * A file that exists as a list of segments, each some bytes repeated from a phase on: nothing is stored, and neither serving nor
 * comparing it copies anything.
 */
export class SegmentFile {
  #starts = [];
  #segments = [];
  size = 0;

  constructor(segments) {
    for (const { bytes, length = bytes.length, phase = 0 } of segments) {
      if (length === 0) continue;
      this.#starts.push(this.size);
      this.#segments.push({ bytes, phase });
      this.size += length;
    }
    this.#starts.push(this.size);
  }

  /** The bytes of [start, end), as views in their order. */
  *pieces(start, end) {
    for (let index = this.#indexAt(start); start < end; index++) {
      const { bytes, phase } = this.#segments[index];
      const segmentEnd = Math.min(end, this.#starts[index + 1]);
      while (start < segmentEnd) {
        const from = (start - this.#starts[index] + phase) % bytes.length;
        const length = Math.min(bytes.length - from, segmentEnd - start);
        yield bytes.subarray(from, from + length);
        start += length;
      }
    }
  }

  bytes(start, end) {
    return Buffer.concat([...this.pieces(start, end)]);
  }

  /** Whether `bytes` are the file's bytes from `start` on. */
  matches(start, bytes) {
    if (start + bytes.length > this.size) return false;
    let at = 0;
    for (const piece of this.pieces(start, start + bytes.length)) {
      if (piece.compare(bytes, at, at + piece.length) !== 0) return false;
      at += piece.length;
    }
    return true;
  }

  #indexAt(position) {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high - 1) {
      const middle = (low + high) >>> 1;
      if (this.#starts[middle] <= position) low = middle;
      else high = middle;
    }
    return low;
  }
}

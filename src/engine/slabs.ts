/** Bytes that may lie in one buffer with others. A view of its own for each would cost as much memory as 200 bytes of them. */
export interface SlabPiece {
  readonly byteLength: number;
  /** What they lie in, a part of which they are. */
  bytes: Uint8Array;
  /** Where in it they begin. */
  offset: number;
  /** Unless nothing but them lies there. */
  slab: Slab | undefined;
}

interface Slab {
  readonly bytes: Uint8Array;
  /** Where the next piece goes. */
  end: number;
  /** Bytes of the pieces that are still wanted. */
  live: number;
  /** All that were put here, in order; those that were freed are no longer of this slab. */
  readonly pieces: SlabPiece[];
}

/** A larger piece has a buffer of its own: the end of a slab that is too short for the next stays empty. */
const PIECE_BYTES = 8 * 1024;
const SLAB_BYTES = 64 * 1024;
/** Empty slabs kept for what comes next: what is evicted goes slab by slab, and as much comes in its place. */
const SPARE_SLABS = 4;

/**
 * V8 does not count shared memory as memory that a collection might free, and so does not collect everything for every few MB of it.
 * Nothing is lost: what is held is freed by the limit of its map, not by a collection. Pages mostly have none to share.
 */
const SlabBuffer = globalThis.SharedArrayBuffer ?? ArrayBuffer;

/**
 * Memory for small pieces: many share one buffer. Of 10,000 requests whose 4 KiB were kept, a buffer for each took a tenth of all CPU,
 * and the collections that V8 began for them took another.
 *
 * No slab is larger than what the small pieces had before it, and one of which half was freed is emptied into the next as soon as
 * half as much again is allocated as is wanted: few pieces never keep much memory alive.
 */
export class Slabs {
  #open: Slab | undefined;
  readonly #spare: Uint8Array[] = [];
  /** Those of which half is no longer wanted. */
  readonly #sparse = new Set<Slab>();
  /** Bytes of the slabs of which something is wanted. */
  #allocated = 0;
  /** Bytes that are wanted of them. */
  #inSlabs = 0;
  /** Bytes of all small pieces. */
  #live = 0;

  /** Whether a piece of so many bytes belongs here. */
  static takes(byteLength: number): boolean {
    return byteLength <= PIECE_BYTES;
  }

  get allocatedBytes(): number {
    return this.#allocated;
  }

  /** Gives a piece, which lies somewhere else so far, memory of its own. */
  put(piece: SlabPiece): void {
    this.#live += piece.byteLength;
    this.#move(piece);
  }

  /** Its memory may go; what it holds is not to be looked at again. */
  free(piece: SlabPiece): void {
    const { slab, byteLength } = piece;
    this.#live -= byteLength;
    if (slab === undefined) return;
    piece.slab = undefined;
    slab.live -= byteLength;
    this.#inSlabs -= byteLength;
    if (slab !== this.#open) this.#thinOut(slab);
  }

  /** Sees to it that what a slab no longer has does not add up. */
  #thinOut(slab: Slab): void {
    if (slab.live === 0) this.#retire(slab);
    else if (2 * slab.live <= slab.bytes.length) this.#sparse.add(slab);
    for (const sparse of this.#sparse) {
      if (2 * this.#allocated <= 3 * this.#inSlabs) return;
      this.#empty(sparse);
    }
  }

  #move(piece: SlabPiece): void {
    const { bytes, offset, byteLength } = piece;
    const before = this.#open;
    const slab = this.#slabFor(byteLength);
    if (slab === undefined) {
      piece.bytes = bytes.slice(offset, offset + byteLength);
      piece.offset = 0;
      return;
    }
    slab.bytes.set(bytes.subarray(offset, offset + byteLength), slab.end);
    piece.bytes = slab.bytes;
    piece.offset = slab.end;
    piece.slab = slab;
    slab.end += byteLength;
    slab.live += byteLength;
    slab.pieces.push(piece);
    this.#inSlabs += byteLength;
    if (before !== undefined && before !== slab) this.#thinOut(before);
  }

  #slabFor(byteLength: number): Slab | undefined {
    const open = this.#open;
    if (open !== undefined && open.end + byteLength <= open.bytes.length) return open;
    const size = Math.min(SLAB_BYTES, this.#live);
    if (size < 2 * byteLength) return undefined;
    const bytes = (size === SLAB_BYTES && this.#spare.pop()) || new Uint8Array(new SlabBuffer(size));
    this.#open = { bytes, end: 0, live: 0, pieces: [] };
    this.#allocated += size;
    return this.#open;
  }

  /** Moves what is wanted of a slab into the open one. */
  #empty(slab: Slab): void {
    this.#sparse.delete(slab);
    this.#inSlabs -= slab.live;
    for (const piece of slab.pieces) {
      if (piece.slab !== slab) continue;
      piece.slab = undefined;
      this.#move(piece);
    }
    this.#retire(slab);
  }

  #retire(slab: Slab): void {
    const { bytes } = slab;
    this.#sparse.delete(slab);
    this.#allocated -= bytes.length;
    if (bytes.length === SLAB_BYTES && this.#spare.length < SPARE_SLABS) this.#spare.push(bytes);
  }
}

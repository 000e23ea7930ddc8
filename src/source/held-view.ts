import type { Range } from "../ranges/range.ts";
import type { Bytes, Source } from "./source.ts";

// Symbols, as the way is for this package alone: what it gives is not the reader's.
export const HELD_VIEW: unique symbol = Symbol("held view");
export const HELD_BYTES: unique symbol = Symbol("held bytes");

/** A Source all of whose bytes are in memory. */
export interface InMemory {
  /** They belong to whoever opened them. */
  readonly [HELD_BYTES]?: Uint8Array | undefined;
}

/** A source that may have all its bytes in memory, and shows them as they lie there. */
export interface HeldInMemory {
  /** The bytes of a range inside the size, or undefined where they cannot be shown. */
  [HELD_VIEW](range: Range): Bytes | undefined;
}

/**
 * The bytes of a range inside the size as they lie in memory, where a source has all of its own there: for a parser or a decoder, without
 * the copy, the promises and the place on the range map that a read costs. They are only to be read, and neither to be handed out nor kept:
 * whoever gave them may change them one day. Undefined for other sources. On the receipt they are wanted and were held.
 *
 * @throws CLOSED.
 */
export function heldView(source: Source, range: Range): Bytes | undefined {
  return HELD_VIEW in source ? (source as Source & HeldInMemory)[HELD_VIEW](range) : undefined;
}

/** All bytes of a source, where they are in memory. */
export function heldBytes(source: Source): Uint8Array | undefined {
  return (source as Source & InMemory)[HELD_BYTES];
}

/** A part of bytes, where it can be shown. */
export function viewOf(bytes: Uint8Array, { start, end, length }: Range): Bytes | undefined {
  const { buffer, byteOffset, byteLength } = bytes;
  // Another thread may write into shared memory between a check and a use; and of bytes that were handed away nothing is left.
  if (!(buffer instanceof ArrayBuffer) || end > byteLength) return undefined;
  return new Uint8Array(buffer, byteOffset + start, length);
}

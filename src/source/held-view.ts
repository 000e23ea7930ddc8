import type { Range } from "../ranges/range.ts";
import type { Bytes, Source } from "./source.ts";

// A symbol, as the way is for this package alone: what it gives is not the reader's.
export const HELD_VIEW: unique symbol = Symbol("held view");

/** A source that may have all its bytes in memory, and shows them as they lie there. */
export interface HeldInMemory {
  /** The bytes of a range, or undefined where they cannot be shown. Counts as a read of them. */
  [HELD_VIEW](range: Range): Bytes | undefined;
}

/**
 * The bytes of a range as they lie in memory, where a source has all of its own there: for a parser or a decoder, without the copy, the
 * promises and the place on the range map that a read costs. They are only to be read, and neither to be handed out nor kept: whoever gave
 * them may change them one day. Undefined for other sources.
 *
 * @throws OUT_OF_BOUNDS, CLOSED.
 */
export function heldView(source: Source, range: Range): Bytes | undefined {
  return HELD_VIEW in source ? (source as Source & HeldInMemory)[HELD_VIEW](range) : undefined;
}

/** A part of bytes, where it can be shown. */
export function viewOf(bytes: Uint8Array, { start, end, length }: Range): Bytes | undefined {
  const { buffer, byteOffset, byteLength } = bytes;
  // Another thread may write into shared memory between a check and a use; and of bytes that were handed away nothing is left.
  if (!(buffer instanceof ArrayBuffer) || end > byteLength) return undefined;
  return new Uint8Array(buffer, byteOffset + start, length);
}

import type { Bytes } from "../source/source.ts";

/**
 * Deterministic bytes in which every position tells where it is: a read from the wrong place, even one byte off or one
 * power of two off, differs. The same `size` and `seed` give the same bytes everywhere.
 *
 * @param size Bytes.
 * @param seed Another seed gives wholly different bytes. Default 0.
 */
export function patternBytes(size: number, seed = 0): Bytes {
  return patternSlice(0, size, seed);
}

/**
 * The bytes `[start, end)` of the endless pattern that {@link patternBytes} begins: for files too large to hold in memory,
 * as `{ size, read: (start, end) => patternSlice(start, end) }`.
 */
export function patternSlice(start: number, end: number, seed = 0): Bytes {
  const bytes = new Uint8Array(end - start);
  for (let index = 0; index < bytes.length; index++) bytes[index] = patternByte(start + index, seed);
  return bytes;
}

// Both halves of the position and the seed go through a full avalanche, so that no small period exists.
function patternByte(position: number, seed: number): number {
  const low = position >>> 0;
  const high = Math.floor(position / 0x1_0000_0000);
  let mixed =
    Math.imul(low ^ Math.imul(high + 1, 0x9e37_79b1), 0x85eb_ca6b) ^ Math.imul(seed + 1, 0x27d4_eb2f);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b_3c6d);
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a_2d39);
  return (mixed ^ (mixed >>> 15)) & 0xff;
}

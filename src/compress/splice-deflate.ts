import { concatBytes } from "../bytes/collect-bytes.ts";
import type { Chunk, PartOptions } from "./decoder.ts";

// How the middle of a deflate stream becomes a whole one that any inflater takes (RFC 1951, 3.2.3): in front of it a stored block that
// holds the window, and then blocks without content whose bits fill up to the bit where the part starts; behind it a last block
// without content. The bytes between stay where they are, as stored blocks in them need, which are aligned to bytes.

/** Bits, the first one lowest. */
interface Bits {
  readonly value: bigint;
  readonly count: number;
}

/** A block with the fixed codes and nothing but its end: not the last (0), type 1, seven zeros. */
const EMPTY_FIXED: Bits = { value: 0b010n, count: 10 };
/** The same as the last block of a stream. */
const LAST_FIXED = 0b011;

/**
 * The fixed block and the stored one fill up to even bits alone. This one has 91 bits: type 2; one distance code; 18 lengths of the code
 * for lengths, of which 18 (a run of zeros) and 1 have a code; 255 zeros as runs of 138 and 117; the literals 255 and 256 and the one
 * distance with codes of one bit; and the end of the block, 256.
 */
const EMPTY_DYNAMIC: Bits = joinBits([
  [0, 1],
  [2, 2],
  [0, 5],
  [0, 5],
  [18 - 4, 4],
  ...Array.from({ length: 18 }, (_, index): [number, number] => [index === 2 || index === 17 ? 1 : 0, 3]),
  [1, 1],
  [138 - 11, 7],
  [1, 1],
  [117 - 11, 7],
  [0, 3],
  [1, 1],
]);

function joinBits(parts: readonly (readonly [value: number, count: number])[]): Bits {
  let [value, count] = [0n, 0];
  for (const [part, length] of parts) {
    value |= BigInt(part) << BigInt(count);
    count += length;
  }
  return { value, count };
}

/** Blocks without content that end so many bits into a byte: whole bytes, and the bits of the byte that follows them. */
function fillUp(bit: number): { readonly bytes: Chunk; readonly low: number } {
  let { value, count }: Bits = bit % 2 === 0 ? { value: 0n, count: 0 } : EMPTY_DYNAMIC;
  while (count % 8 !== bit) {
    value |= EMPTY_FIXED.value << BigInt(count);
    count += EMPTY_FIXED.count;
  }
  const bytes = new Uint8Array(count >> 3);
  for (const [index] of bytes.entries()) bytes[index] = Number((value >> BigInt(8 * index)) & 0xffn);
  return { bytes, low: Number(value >> BigInt(8 * bytes.length)) };
}

/** A stored block that is not the last. */
function storedBlock(content: Chunk): Chunk {
  if (content.length === 0) return new Uint8Array(0);
  const { length } = content;
  const header = Uint8Array.of(0, length & 0xff, length >> 8, ~length & 0xff, (~length >> 8) & 0xff);
  return concatBytes([header, content]);
}

/**
 * Makes a part of a deflate stream, or of a gzip file, one whose streams are whole; the window comes out first. Takes over the chunks:
 * the first and the last byte are mended in place.
 */
export async function* spliceDeflate(
  stored: AsyncIterable<Chunk>,
  { start, end }: Pick<PartOptions, "start" | "end">,
): AsyncGenerator<Chunk, void, void> {
  let first: { bit: number; low: number } | undefined;
  if (start !== undefined) {
    const { bytes, low } = fillUp(start.bit);
    yield concatBytes([storedBlock(start.window), bytes]);
    first = { bit: start.bit, low };
  }
  let held: Chunk | undefined;
  for await (const chunk of stored) {
    if (chunk.length === 0) continue;
    if (first !== undefined)
      chunk[0] = ((((chunk[0] as number) >> first.bit) << first.bit) | first.low) & 0xff;
    first = undefined;
    if (held !== undefined) yield held;
    held = chunk;
  }
  if (end !== undefined) yield closeStream(held, end.bit);
  else if (held !== undefined) yield held;
}

/** The last chunk with a last block behind its last bit. */
function closeStream(chunk: Chunk | undefined, bit: number): Chunk {
  if (bit === 0 || chunk === undefined)
    return concatBytes([chunk ?? new Uint8Array(0), Uint8Array.of(LAST_FIXED, 0)]);
  const last = ((chunk.at(-1) as number) & ((1 << bit) - 1)) | (LAST_FIXED << bit);
  chunk[chunk.length - 1] = last & 0xff;
  // Ten bits from there on: they end in the next byte, or just behind it.
  return concatBytes([chunk, Uint8Array.of(last >> 8, 0).subarray(0, bit > 6 ? 2 : 1)]);
}

import { Decompress as Fzstd } from "fzstd";
import { brokenStream } from "./broken-stream.ts";
import type { Chunk } from "./decoder.ts";
import type { ZstdBlock } from "./zstd-frames.ts";

/** What the blocks of one frame are decompressed with. */
export interface BlockOptions {
  /** For messages: whose bytes these are. */
  what: string;
  /** Bytes that blocks may refer back to. */
  windowSize: number;
}

/**
 * Decompresses the blocks of one zstd frame. Neither a checksum nor a promised size is looked at. FORMAT for blocks that cannot be, and
 * whatever the input throws.
 */
export async function* decompressBlocks(
  blocks: AsyncIterable<ZstdBlock>,
  { what, windowSize }: BlockOptions,
): AsyncGenerator<Chunk, void, void> {
  let output: Chunk[] = [];
  const fzstd = new Fzstd((chunk) => {
    if (chunk.length > 0) output.push(chunk as Chunk);
  });
  const run = (bytes: Chunk, isLast: boolean): Chunk[] => {
    output = [];
    try {
      fzstd.push(bytes, isLast);
    } catch (error) {
      throw brokenStream(what, `${String(error)} in zstd`, error);
    }
    return output;
  };
  run(frameHeader(windowSize), false);
  for await (const { bytes, isLast } of blocks) {
    if (isLast || !isEmptyBlock(bytes)) yield* run(bytes, isLast);
  }
}

/** The header of a frame with at least this window and nothing else (RFC 8878, 3.1.1.1): no checksum and no size. */
export function frameHeader(windowSize: number): Chunk {
  let exponent = 10;
  while (2 ** exponent < windowSize) exponent++;
  return Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, (exponent - 10) << 3);
}

/** Raw or repeated, of no bytes: costs this decoder, which moves its whole window for each block, a move for nothing. */
function isEmptyBlock([low = 0, middle = 0, high = 0]: Chunk): boolean {
  const value = low | (middle << 8) | (high << 16);
  return value >> 3 === 0;
}

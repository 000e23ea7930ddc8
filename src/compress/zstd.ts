import { Decompress as Fzstd } from "fzstd";
import type { Crc32 } from "../bytes/crc32.ts";
import { RangeStreamsError } from "../errors.ts";
import { brokenStream } from "./broken-stream.ts";
import { decodeBy } from "./check-decoded.ts";
import type { Chunk, Decode, DecompressOptions } from "./decoder.ts";
import { loadXxhash64 } from "./xxhash64.ts";
import { readZstdPieces, type ZstdFrame } from "./zstd-frames.ts";

/** The method `zstd`; see {@link Decode}. */
export const decodeZstd: Decode = decodeBy(decompressZstd);

/**
 * Decompresses zstd frames, one after the other, to the end of the input. The checksums of frames and the sizes they tell are
 * checked, which the decoder itself does not do. A window above 128 MiB is LIMIT before it is allocated.
 */
export async function* decompressZstd(
  stored: AsyncIterable<Chunk>,
  options: DecompressOptions,
): AsyncGenerator<Chunk, void, void> {
  const { what, size = Number.POSITIVE_INFINITY, onRestart } = options;
  let hashing: Promise<() => Crc32> | undefined;
  let decoder: FrameDecoder | undefined;
  let produced = 0;
  for await (const piece of readZstdPieces(stored, options)) {
    if (piece.type === "frame") {
      onRestart?.({ byte: piece.frame.start, bit: 0, position: produced, copyWindow: undefined });
      if (piece.frame.hasChecksum) hashing ??= loadXxhash64();
      const hash = piece.frame.hasChecksum ? (await hashing)?.() : undefined;
      decoder = openFrame(piece.frame, { what, atMost: size - produced, hash });
    } else if (piece.type === "block") {
      for (const chunk of decoder?.push(piece.bytes, piece.isLast) ?? []) {
        produced += chunk.length;
        yield chunk;
      }
    } else {
      decoder?.finish(piece.checksum);
    }
  }
}

interface FrameDecoder {
  push(block: Chunk, isLast: boolean): Chunk[];
  finish(checksum: number | undefined): void;
}

/** What a frame is decoded with. */
interface FrameOptions {
  readonly what: string;
  /** The most that may come out, as far as anyone promised. */
  readonly atMost: number;
  /** Where the frame has a checksum. */
  readonly hash: Crc32 | undefined;
}

function openFrame(frame: ZstdFrame, { what, atMost, hash }: FrameOptions): FrameDecoder {
  let output: Chunk[] = [];
  let length = 0;
  const fzstd = new Fzstd((chunk) => {
    if (chunk.length > 0) output.push(chunk as Chunk);
  });
  const run = (bytes: Chunk, isLast: boolean): void => {
    try {
      fzstd.push(bytes, isLast);
    } catch (error) {
      throw brokenStream(what, `${String(error)} in zstd`, error);
    }
  };
  run(frameHeader(Math.min(frame.windowSize, atMost)), false);
  return {
    push(block, isLast) {
      output = [];
      if (isLast || !isEmptyBlock(block)) run(block, isLast);
      for (const chunk of output) {
        hash?.update(chunk);
        length += chunk.length;
      }
      return output;
    },
    finish(checksum) {
      if (frame.contentSize !== undefined && frame.contentSize !== length) {
        throw brokenStream(what, `${length} of the ${frame.contentSize} bytes that a zstd frame tells of`);
      }
      if (hash === undefined || hash.digest() === checksum) return;
      const message = `Decompressed ${what}: got a zstd frame whose checksum is wrong; it is damaged, do not use it`;
      throw new RangeStreamsError("CHECKSUM", message);
    },
  };
}

/**
 * The header of a frame with at least this window and nothing else. The decoder moves its whole window for each block, so that a
 * small file with the window of a large one (as the highest levels write) is decoded faster with a smaller one, which serves as
 * well: no match reaches further back than the output.
 */
function frameHeader(windowSize: number): Chunk {
  let exponent = 10;
  while (2 ** exponent < windowSize) exponent++;
  return Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, (exponent - 10) << 3);
}

/** Raw or repeated, of no bytes: costs the decoder a move of its window for nothing. */
function isEmptyBlock([low = 0, middle = 0, high = 0]: Chunk): boolean {
  const value = low | (middle << 8) | (high << 16);
  return value >> 3 === 0;
}

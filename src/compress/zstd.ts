import { decompressBlocks } from "#zstd-blocks";
import type { Crc32 } from "../bytes/crc32.ts";
import { RangeStreamsError } from "../errors.ts";
import { brokenStream } from "./broken-stream.ts";
import { decodeBy } from "./check-decoded.ts";
import type { Chunk, Decode, DecompressOptions } from "./decoder.ts";
import { loadXxhash64 } from "./xxhash64.ts";
import { readZstdFrames, type ZstdFrame } from "./zstd-frames.ts";

/** The method `zstd`; see {@link Decode}. */
export const decodeZstd: Decode = decodeBy(decompressZstd);

/**
 * Decompresses zstd frames, one after the other, to the end of the input. The checksums of frames and the sizes they tell are
 * checked here, as not every decoder does. A window above 128 MiB is LIMIT before it is allocated.
 */
export async function* decompressZstd(
  stored: AsyncIterable<Chunk>,
  options: DecompressOptions,
): AsyncGenerator<Chunk, void, void> {
  const { what, size = Number.POSITIVE_INFINITY, onRestart } = options;
  let hashing: Promise<() => Crc32> | undefined;
  let position = 0;
  for await (const frame of readZstdFrames(stored, options)) {
    onRestart?.({ byte: frame.start, bit: 0, position, copyWindow: undefined });
    if (frame.hasChecksum) hashing ??= loadXxhash64();
    const hash = frame.hasChecksum ? (await hashing)?.() : undefined;
    // No match reaches further back than the output, so that a small file may have a smaller window than its frame asks for: the
    // highest levels ask for a large one always.
    const windowSize = Math.min(frame.windowSize, size - position);
    let length = 0;
    for await (const chunk of decompressBlocks(frame.blocks, { what, windowSize })) {
      hash?.update(chunk);
      length += chunk.length;
      yield chunk;
    }
    checkFrame(frame, { length, checksum: hash?.digest() }, what);
    position += length;
  }
}

function checkFrame(
  frame: ZstdFrame,
  { length, checksum }: { readonly length: number; readonly checksum: number | undefined },
  what: string,
): void {
  if (frame.contentSize !== undefined && frame.contentSize !== length) {
    throw brokenStream(what, `${length} of the ${frame.contentSize} bytes that a zstd frame tells of`);
  }
  if (checksum === frame.checksum()) return;
  const message = `Decompressed ${what}: got a zstd frame whose checksum is wrong; it is damaged, do not use it`;
  throw new RangeStreamsError("CHECKSUM", message);
}

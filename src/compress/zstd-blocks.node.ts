import * as zlib from "node:zlib";
import { brokenStream } from "./broken-stream.ts";
import type { Chunk } from "./decoder.ts";
import { ownBytes, runEngine } from "./zlib-engine.node.ts";
import {
  type BlockOptions,
  frameHeader,
  decompressBlocks as portableDecompressBlocks,
} from "./zstd-blocks.ts";
import type { ZstdBlock } from "./zstd-frames.ts";

/** As of `inflate.node.ts`, where both were measured. */
const OUTPUT_BYTES = 256 * 1024;
const INPUT_BYTES = 1024 * 1024;

/** What node:zlib has of zstd since Node 22.15, which the types of Node 20 do not tell of. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: typeof zlib.createInflateRaw };

/** Decompresses the blocks of one zstd frame as {@link portableDecompressBlocks} does, by node:zlib where it can. */
export const decompressBlocks: typeof portableDecompressBlocks =
  createZstdDecompress === undefined ? portableDecompressBlocks : decompressByZlib;

async function* decompressByZlib(
  blocks: AsyncIterable<ZstdBlock>,
  { what, windowSize }: BlockOptions,
): AsyncGenerator<Chunk, void, void> {
  const engine = (createZstdDecompress as typeof zlib.createInflateRaw)({ chunkSize: OUTPUT_BYTES });
  const broken = (error: unknown): Error => brokenStream(what, `${String(error)} in zstd`, error);
  const output = runEngine(engine, frameOf(blocks, windowSize), { inputBytes: INPUT_BYTES, broken });
  for await (const chunk of output) yield ownBytes(chunk);
}

async function* frameOf(
  blocks: AsyncIterable<ZstdBlock>,
  windowSize: number,
): AsyncGenerator<Chunk, void, void> {
  yield frameHeader(windowSize);
  for await (const { bytes } of blocks) yield bytes;
}

import { createInflateRaw, type InflateRaw, inflateRawSync } from "node:zlib";
import { concatBytes, isTight } from "../bytes/collect-bytes.ts";
import { brokenStream } from "./broken-stream.ts";
import { collectWhole } from "./collect-whole.ts";
import type { Chunk, DecodeOptions } from "./decoder.ts";
import { ownBytes, runEngine } from "./zlib-engine.node.ts";

/**
 * Size of zlib's output buffers. 200 MB inflated in 0.7 s of CPU with 256 KiB and more, in 2-3 s with zlib's default of
 * 16 KiB: each buffer costs a trip through the thread pool.
 */
const OUTPUT_BYTES = 256 * 1024;

/** Of output that is known to be large: 50 MB took 213 ms with them where 230 with the smaller ones. */
const LARGE_OUTPUT_BYTES = 1024 * 1024;
const LARGE_BYTES = 16 * 1024 * 1024;

/**
 * Stored bytes that gather while zlib has its hands full: each hand-over costs a trip through the thread pool, whatever its length, and
 * the chunks of a socket are of 64 KiB at most.
 */
const INPUT_BYTES = 1024 * 1024;

/**
 * Members up to this size, stored and inflated, are inflated in one call: a stream of zlib's took 0.2 to 0.3 ms of CPU for
 * one of 1 to 16 kB where that took 0.01 to 0.04, and one of 64 kB blocks all else for less than 0.3 ms.
 */
const SMALL_BYTES = 64 * 1024;

/** A larger member is put together from zlib's usual buffers: it counts the room of one in 32 bits. */
const MAX_WHOLE_BYTES = 1024 * 1024 * 1024;

/** What is told of a member. */
type InflateOptions = Pick<DecodeOptions, "what" | "size" | "storedSize">;

/**
 * Inflates one raw deflate stream (RFC 1951) by node:zlib. Garbage, a missing end and any byte after the end, which zlib
 * itself would not mind, are FORMAT.
 */
export function inflateRaw(
  stored: AsyncIterable<Chunk>,
  options: InflateOptions,
): AsyncGenerator<Chunk, void, void> {
  return isSmall(options) ? inflateSmall(stored, options) : inflateStream(stored, options);
}

/**
 * The same for a small stream whose stored bytes are here; undefined for a larger one. Throws as {@link inflateRaw}.
 */
export function inflateNow(stored: Chunk, options: InflateOptions): Chunk | undefined {
  if (!isSmall(options)) return undefined;
  const { size } = options;
  // One byte to spare, so that too long an output shows.
  const limits = { chunkSize: Math.max(64, size + 1), maxOutputLength: size + 1, info: true };
  let inflated: { buffer: Buffer<ArrayBuffer>; engine: { bytesWritten: number } };
  try {
    inflated = inflateRawSync(stored, limits) as never;
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") {
      throw brokenStream(options.what, `more than the ${size} bytes it should be`, error);
    }
    throw notWhole(options.what, error);
  }
  checkEnd(inflated.engine.bytesWritten, options);
  return inflated.buffer.length === 0 ? new Uint8Array(0) : ownBytes(inflated.buffer);
}

function isSmall({ size, storedSize }: InflateOptions): boolean {
  return size <= SMALL_BYTES && storedSize <= SMALL_BYTES;
}

async function* inflateSmall(
  stored: AsyncIterable<Chunk>,
  options: InflateOptions,
): AsyncGenerator<Chunk, void, void> {
  const chunks: Chunk[] = [];
  for await (const chunk of stored) chunks.push(chunk);
  const inflated = inflateNow(concatBytes(chunks), options);
  if (inflated !== undefined && inflated.length > 0) yield inflated;
}

/**
 * Inflates into one array of `size` bytes, which zlib fills itself; `check` is told of each part, while zlib goes on with the next.
 * Throws as {@link inflateRaw}, and what `check` throws.
 */
export function inflateWhole(
  stored: AsyncIterable<Chunk>,
  options: InflateOptions,
  check: (part: Chunk) => void,
): Promise<Chunk> {
  const { size } = options;
  if (isSmall(options) || size > MAX_WHOLE_BYTES)
    return collectWhole(inflateRaw(stored, options), size, check);
  return fillWhole(stored, options, check);
}

async function fillWhole(
  stored: AsyncIterable<Chunk>,
  options: InflateOptions,
  check: (part: Chunk) => void,
): Promise<Chunk> {
  const { size } = options;
  let whole: Chunk | undefined;
  // One byte to spare, so that too long an output shows, and zlib never begins a second buffer.
  const inflated = inflateBy(createInflateRaw({ chunkSize: Math.max(64, size + 1) }), stored, options);
  for await (const { buffer, byteOffset, byteLength } of inflated) {
    check(new Uint8Array(buffer, byteOffset, byteLength));
    whole ??= new Uint8Array(buffer, byteOffset, size);
  }
  if (whole === undefined) return new Uint8Array(0);
  // A small buffer of zlib's is a part of a pool.
  return isTight(whole) ? whole : whole.slice();
}

async function* inflateStream(
  stored: AsyncIterable<Chunk>,
  options: InflateOptions,
): AsyncGenerator<Chunk, void, void> {
  const { size, storedSize } = options;
  // A promise of much out of little is not believed before it came true.
  const isLarge = Number.isFinite(size) && size >= LARGE_BYTES && storedSize * 16 >= LARGE_BYTES;
  const engine = createInflateRaw({ chunkSize: isLarge ? LARGE_OUTPUT_BYTES : OUTPUT_BYTES });
  for await (const output of inflateBy(engine, stored, options)) yield ownBytes(output);
}

/** What zlib puts out, as views of its buffers. */
async function* inflateBy(
  engine: InflateRaw,
  stored: AsyncIterable<Chunk>,
  options: InflateOptions,
): AsyncGenerator<Buffer<ArrayBuffer>, void, void> {
  const broken = (error: unknown): Error => notWhole(options.what, error);
  yield* runEngine(engine, stored, { inputBytes: INPUT_BYTES, broken });
  checkEnd(engine.bytesWritten, options);
}

function notWhole(what: string, error: unknown): Error {
  return brokenStream(what, `data that is not one whole deflate stream (${String(error)})`, error);
}

function checkEnd(taken: number, options: Pick<InflateOptions, "what" | "storedSize">): void {
  const { storedSize } = options;
  if (taken === storedSize) return;
  throw brokenStream(options.what, `an end after ${taken} of ${storedSize} stored bytes`);
}

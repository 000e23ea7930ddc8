import { createInflateRaw, type InflateRaw, inflateRawSync } from "node:zlib";
import { concatBytes } from "../bytes/collect-bytes.ts";
import { brokenStream } from "./broken-stream.ts";
import type { Chunk, DecodeOptions } from "./decoder.ts";
import { gatherChunks } from "./gather-chunks.ts";

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
  const isSmall = options.size <= SMALL_BYTES && options.storedSize <= SMALL_BYTES;
  return isSmall ? inflateSmall(stored, options) : inflateStream(stored, options);
}

async function* inflateSmall(
  stored: AsyncIterable<Chunk>,
  { what, size, storedSize }: InflateOptions,
): AsyncGenerator<Chunk, void, void> {
  const chunks: Chunk[] = [];
  for await (const chunk of stored) chunks.push(chunk);
  // One byte to spare, so that too long an output shows.
  const limits = { chunkSize: Math.max(64, size + 1), maxOutputLength: size + 1 };
  let inflated: { buffer: Buffer; engine: { bytesWritten: number } };
  try {
    inflated = inflateRawSync(concatBytes(chunks), { ...limits, info: true }) as never;
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") {
      throw brokenStream(what, `more than the ${size} bytes it should be`, error);
    }
    throw notWhole(what, error);
  }
  checkEnd(inflated.engine.bytesWritten, { what, storedSize });
  if (inflated.buffer.length > 0) yield ownBytes(inflated.buffer as Buffer<ArrayBuffer>);
}

async function* inflateStream(
  stored: AsyncIterable<Chunk>,
  { what, size, storedSize }: InflateOptions,
): AsyncGenerator<Chunk, void, void> {
  // A promise of much out of little is not believed before it came true.
  const isLarge = Number.isFinite(size) && size >= LARGE_BYTES && storedSize * 16 >= LARGE_BYTES;
  const engine = createInflateRaw({ chunkSize: isLarge ? LARGE_OUTPUT_BYTES : OUTPUT_BYTES });
  const input = stored[Symbol.asyncIterator]();
  let failure: { readonly error: unknown } | undefined;
  feed(engine, gatherChunks(input, INPUT_BYTES)).catch((error: unknown) => {
    failure ??= { error };
    engine.destroy();
  });
  try {
    for await (const output of engine) yield ownBytes(output as Buffer<ArrayBuffer>);
  } catch (error) {
    if (failure !== undefined) throw failure.error;
    throw notWhole(what, error);
  } finally {
    engine.destroy();
    input.return?.().catch(() => undefined);
  }
  checkEnd(engine.bytesWritten, { what, storedSize });
}

function notWhole(what: string, error: unknown): Error {
  return brokenStream(what, `data that is not one whole deflate stream (${String(error)})`, error);
}

function checkEnd(taken: number, { what, storedSize }: Pick<InflateOptions, "what" | "storedSize">): void {
  if (taken !== storedSize) throw brokenStream(what, `an end after ${taken} of ${storedSize} stored bytes`);
}

async function feed(engine: InflateRaw, input: AsyncIterable<Chunk>): Promise<void> {
  for await (const chunk of input) {
    if (engine.destroyed || engine.readableEnded) return;
    // The callback comes when zlib has taken the chunk in; its errors come through the output.
    await new Promise<void>((resolve) => engine.write(chunk, () => resolve()));
  }
  engine.end();
}

/** Bytes over a buffer of their own: zlib hands out views of one that it goes on filling. */
function ownBytes(output: Buffer<ArrayBuffer>): Chunk {
  return output.byteLength === output.buffer.byteLength
    ? new Uint8Array(output.buffer)
    : new Uint8Array(output);
}

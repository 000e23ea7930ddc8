import { createInflateRaw, type InflateRaw } from "node:zlib";
import type { Chunk, DecodeOptions } from "./decoder.ts";
import { notDeflate } from "./not-deflate.ts";

/**
 * Size of zlib's output buffers. 200 MB inflated in 0.7 s of CPU with 256 KiB and more, in 2-3 s with zlib's default of
 * 16 KiB: each buffer costs a trip through the thread pool.
 */
const OUTPUT_BYTES = 1024 * 1024;

/**
 * Inflates one raw deflate stream (RFC 1951) by node:zlib. Garbage, a missing end and any byte after the end, which zlib
 * itself would not mind, are FORMAT.
 */
export async function* inflateRaw(
  stored: AsyncIterable<Chunk>,
  options: Pick<DecodeOptions, "what" | "size" | "storedSize">,
): AsyncGenerator<Chunk, void, void> {
  // A small member gets a small buffer, with a byte to spare so that too long an output shows.
  const engine = createInflateRaw({ chunkSize: Math.min(Math.max(64, options.size + 1), OUTPUT_BYTES) });
  const input = stored[Symbol.asyncIterator]();
  let failure: { readonly error: unknown } | undefined;
  feed(engine, input).catch((error: unknown) => {
    failure ??= { error };
    engine.destroy();
  });
  try {
    for await (const output of engine) yield ownBytes(output as Buffer<ArrayBuffer>);
  } catch (error) {
    if (failure !== undefined) throw failure.error;
    throw notDeflate(options.what, `data that is not one whole deflate stream (${String(error)})`, error);
  } finally {
    engine.destroy();
    input.return?.().catch(() => undefined);
  }
  if (engine.bytesWritten !== options.storedSize) {
    throw notDeflate(
      options.what,
      `an end after ${engine.bytesWritten} of ${options.storedSize} stored bytes`,
    );
  }
}

async function feed(engine: InflateRaw, input: AsyncIterator<Chunk>): Promise<void> {
  for (let next = await input.next(); !next.done; next = await input.next()) {
    const chunk = next.value;
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

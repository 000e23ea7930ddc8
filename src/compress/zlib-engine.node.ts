import type { Transform } from "node:stream";
import type { Zlib } from "node:zlib";
import type { Chunk } from "./decoder.ts";
import { gatherChunks } from "./gather-chunks.ts";

/** How a stream of zlib's is run. */
export interface EngineOptions {
  /**
   * Stored bytes that gather while zlib has its hands full: each hand-over costs a trip through the thread pool, whatever its length.
   */
  readonly inputBytes: number;
  /** The error for what zlib dislikes. */
  broken(error: unknown): Error;
}

/** Passes chunks through a stream of zlib's and gives what it puts out, as views of its buffers. Throws what the input throws, as it is. */
export async function* runEngine(
  engine: Transform & Zlib,
  stored: AsyncIterable<Chunk>,
  { inputBytes, broken }: EngineOptions,
): AsyncGenerator<Buffer<ArrayBuffer>, void, void> {
  const input = stored[Symbol.asyncIterator]();
  let failure: { readonly error: unknown } | undefined;
  feed(engine, gatherChunks(input, inputBytes)).catch((error: unknown) => {
    failure ??= { error };
    engine.destroy();
  });
  try {
    for await (const output of engine) yield output as Buffer<ArrayBuffer>;
  } catch (error) {
    if (failure !== undefined) throw failure.error;
    throw broken(error);
  } finally {
    engine.destroy();
    input.return?.().catch(() => undefined);
  }
}

async function feed(engine: Transform, input: AsyncIterable<Chunk>): Promise<void> {
  for await (const chunk of input) {
    if (engine.destroyed || engine.readableEnded) return;
    // The callback comes when zlib has taken the chunk in; its errors come through the output.
    await new Promise<void>((resolve) => engine.write(chunk, () => resolve()));
  }
  engine.end();
}

/** Bytes over a buffer of their own: zlib hands out views of one that it goes on filling. */
export function ownBytes(output: Buffer<ArrayBuffer>): Chunk {
  return output.byteLength === output.buffer.byteLength
    ? new Uint8Array(output.buffer)
    : new Uint8Array(output);
}

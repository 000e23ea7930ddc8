import { inflateRaw } from "#inflate";
import { concatBytes } from "../bytes/collect-bytes.ts";
import { brokenStream } from "./broken-stream.ts";
import type { Chunk } from "./decoder.ts";

/** How far back deflate refers (RFC 1951, 2). */
const WINDOW_BYTES = 32 * 1024;

/** A window as an index keeps it: deflated. By the platform, which no library has to be loaded for. */
export async function packWindow(window: Chunk): Promise<Chunk> {
  const packed = new Blob([window]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

/** The window again. @throws FORMAT for what is none, more than 32 KiB among it. */
export async function unpackWindow(packed: Chunk, what: string): Promise<Chunk> {
  const chunks: Chunk[] = [];
  let length = 0;
  async function* stored(): AsyncGenerator<Chunk, void, void> {
    yield packed;
  }
  for await (const chunk of inflateRaw(stored(), { what, size: WINDOW_BYTES, storedSize: packed.length })) {
    length += chunk.length;
    if (length > WINDOW_BYTES) throw brokenStream(what, `a window above ${WINDOW_BYTES} bytes`);
    chunks.push(chunk);
  }
  return concatBytes(chunks);
}

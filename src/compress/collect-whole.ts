import { isTight } from "../bytes/collect-bytes.ts";
import type { Chunk } from "./decoder.ts";

/**
 * Lays decoded chunks, which come to `size` bytes at most, one after the other into one array. `check` is told of each before it is
 * kept, and may throw.
 */
export async function collectWhole(
  decoded: AsyncIterable<Chunk>,
  size: number,
  check?: (part: Chunk) => void,
): Promise<Chunk> {
  let bytes: Chunk | undefined;
  let position = 0;
  for await (const chunk of decoded) {
    check?.(chunk);
    if (chunk.length === size && isTight(chunk)) {
      bytes = chunk;
      continue;
    }
    bytes ??= new Uint8Array(size);
    bytes.set(chunk, position);
    position += chunk.length;
  }
  return bytes ?? new Uint8Array(0);
}

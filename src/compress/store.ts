import { checkDecoded } from "./check-decoded.ts";
import type { Chunk, DecodeOptions } from "./decoder.ts";

/** The method `store`: bytes as they are, checked; see {@link Decode}. */
export function decodeStore(
  stored: AsyncIterable<Chunk>,
  options: DecodeOptions,
): AsyncGenerator<Chunk, void, void> {
  return checkDecoded(stored, options, () => options.storedSize);
}

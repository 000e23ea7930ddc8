import { inflateRaw } from "#inflate";
import { checkDecoded } from "./check-decoded.ts";
import type { Chunk, DecodeOptions } from "./decoder.ts";

/** The method `deflate`: one raw stream (RFC 1951) that ends where the stored bytes do; see {@link Decode}. */
export function decodeDeflate(
  stored: AsyncIterable<Chunk>,
  options: DecodeOptions,
): AsyncGenerator<Chunk, void, void> {
  let storedSoFar = 0;
  async function* counted(): AsyncGenerator<Chunk, void, void> {
    for await (const chunk of stored) {
      storedSoFar += chunk.length;
      yield chunk;
    }
  }
  return checkDecoded(inflateRaw(counted(), options), options, () => storedSoFar);
}

import { inflateNow, inflateRaw, inflateWhole } from "#inflate";
import { DecodedCheck, decodeBy } from "./check-decoded.ts";
import type { Chunk, Decode, DecodeNow, DecodeWhole } from "./decoder.ts";

/** The method `deflate`: one raw stream (RFC 1951) that ends where the stored bytes do; see {@link Decode}. */
export const decodeDeflate: Decode = decodeBy(inflateRaw);

/** The same into one array; see {@link DecodeWhole}. */
export const decodeDeflateWhole: DecodeWhole = async (stored, options) => {
  const check = new DecodedCheck(options);
  let storedSoFar = 0;
  async function* counted(): AsyncGenerator<Chunk, void, void> {
    for await (const chunk of stored) {
      storedSoFar += chunk.length;
      yield chunk;
    }
  }
  const bytes = await inflateWhole(counted(), options, (part) => check.take(part, storedSoFar));
  check.end();
  return bytes;
};

/** The same for a small member whose stored bytes are here, where the platform can; see {@link DecodeNow}. */
export const decodeDeflateNow: DecodeNow = (stored, options) => {
  const bytes = inflateNow(stored, options);
  if (bytes === undefined) return undefined;
  const check = new DecodedCheck(options);
  check.take(bytes, stored.length);
  check.end();
  return bytes;
};

import { brokenStream } from "./broken-stream.ts";
import { decodeBy } from "./check-decoded.ts";
import type { Chunk, Decode, DecompressOptions } from "./decoder.ts";
import { Inflate64, TruncatedInput } from "./inflate64.ts";

/** The method `deflate64`: one raw stream that ends where the stored bytes do; see {@link Decode}. */
export const decodeDeflate64: Decode = decodeBy(decompressDeflate64);

const SURPLUS = "something after the end of its deflate64 stream";

/** Decompresses one raw deflate64 stream. Garbage, a missing end and any byte after the end are FORMAT. */
async function* decompressDeflate64(
  stored: AsyncIterable<Chunk>,
  { what }: DecompressOptions,
): AsyncGenerator<Chunk, void, void> {
  const inflater = new Inflate64();
  const decode = function* (chunk: Chunk, isLast: boolean): Generator<Chunk, void, void> {
    try {
      yield* inflater.push(chunk, isLast);
    } catch (error) {
      const got = error instanceof TruncatedInput ? "a deflate64 stream that is cut short" : String(error);
      throw brokenStream(what, got, error);
    }
  };
  for await (const chunk of stored) {
    yield* decode(chunk, false);
    if (inflater.hasSurplus) throw brokenStream(what, SURPLUS);
  }
  yield* decode(new Uint8Array(0), true);
  if (inflater.hasSurplus) throw brokenStream(what, SURPLUS);
}

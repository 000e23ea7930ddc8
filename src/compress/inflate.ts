import { brokenStream } from "./broken-stream.ts";
import { collectWhole } from "./collect-whole.ts";
import type { Chunk, DecodeOptions } from "./decoder.ts";

/**
 * Inflates one raw deflate stream (RFC 1951) by the platform's DecompressionStream, which rejects garbage, a missing end
 * and any byte after the end: all FORMAT here.
 */
export async function* inflateRaw(
  stored: AsyncIterable<Chunk>,
  options: Pick<DecodeOptions, "what">,
): AsyncGenerator<Chunk, void, void> {
  const inflater = new DecompressionStream("deflate-raw");
  const writer = inflater.writable.getWriter();
  const reader = inflater.readable.getReader();
  const input = stored[Symbol.asyncIterator]();
  let failure: { readonly error: unknown } | undefined;
  const pull = async (): Promise<IteratorResult<Chunk>> => {
    try {
      return await input.next();
    } catch (error) {
      failure = { error };
      throw error;
    }
  };
  const feed = async (): Promise<void> => {
    for (let next = await pull(); !next.done; next = await pull()) await writer.write(next.value);
    await writer.close();
  };
  // Its errors reach us through the readable side.
  feed().catch((error: unknown) => writer.abort(error).catch(() => undefined));
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } catch (error) {
    if (failure !== undefined) throw failure.error;
    throw brokenStream(options.what, "data that is not one whole deflate stream", error);
  } finally {
    reader.cancel().catch(() => undefined);
    input.return?.().catch(() => undefined);
  }
}

/** Inflates into one array of `size` bytes; `check` is told of each part before it is kept. Throws as {@link inflateRaw}. */
export function inflateWhole(
  stored: AsyncIterable<Chunk>,
  options: Pick<DecodeOptions, "what" | "size">,
  check: (part: Chunk) => void,
): Promise<Chunk> {
  return collectWhole(inflateRaw(stored, options), options.size, check);
}

/** The platform inflates by streams alone. */
export function inflateNow(): undefined {
  return undefined;
}

import { brokenStream } from "./broken-stream.ts";
import type { Chunk } from "./decoder.ts";
import { Inflate64, TruncatedInput } from "./inflate64.ts";
import type { PushbackInput } from "./pushback-input.ts";

/**
 * Inflates one raw deflate stream (RFC 1951) and gives back what follows it. By the decoder of our own: the platform's
 * DecompressionStream takes a byte after the end for an error and does not tell where the end was.
 */
export async function* inflateUntilEnd(
  input: PushbackInput,
  what: string,
): AsyncGenerator<Chunk, void, void> {
  const inflater = new Inflate64("deflate");
  while (!inflater.hasEnded) {
    const chunk = await input.next();
    try {
      yield* inflater.push(chunk ?? new Uint8Array(0), chunk === undefined);
    } catch (error) {
      const got = error instanceof TruncatedInput ? "a deflate stream that is cut short" : String(error);
      throw brokenStream(what, got, error);
    }
    if (chunk === undefined && !inflater.hasEnded) {
      throw brokenStream(what, "a deflate stream that is cut short");
    }
  }
  input.unread(inflater.takeSurplus());
}

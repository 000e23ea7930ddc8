import { brokenStream } from "./broken-stream.ts";
import type { Chunk } from "./decoder.ts";
import { Inflate64, TruncatedInput } from "./inflate64.ts";
import type { PushbackInput } from "./pushback-input.ts";

/** Where a block of a deflate stream ends that is not its last, counted from the start of the stream. */
export interface BlockEnd {
  readonly bitsTaken: number;
  readonly bytesMade: number;
  copyWindow(): Chunk;
}

/**
 * Inflates one raw deflate stream (RFC 1951) and gives back what follows it. By the decoder of our own: the platform's
 * DecompressionStream takes a byte after the end for an error and does not tell where the end was, and no library tells where
 * blocks end.
 */
export async function* inflateUntilEnd(
  input: PushbackInput,
  what: string,
  onBlock?: (end: BlockEnd) => void,
): AsyncGenerator<Chunk, void, void> {
  const inflater: Inflate64 = new Inflate64("deflate", onBlock && (() => onBlock(inflater)));
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

import { isTight } from "../bytes/collect-bytes.ts";
import { checkDecoded, DecodedCheck } from "./check-decoded.ts";
import type { Chunk, DecodeOptions } from "./decoder.ts";

/** The method `store`: bytes as they are, checked; see {@link Decode}. */
export function decodeStore(
  stored: AsyncIterable<Chunk>,
  options: DecodeOptions,
): AsyncGenerator<Chunk, void, void> {
  return checkDecoded(stored, options, () => options.storedSize);
}

/** The same for bytes that are all here: as they are where they are ours and keep nothing else alive, else a copy. */
export function decodeStoreNow(stored: Chunk, options: DecodeOptions, isOurs: boolean): Chunk {
  const check = new DecodedCheck(options);
  // Summed where they lie, then copied at once: 34 ms for 50 MB, of which copying into new memory takes 24. Copied and summed in pieces that
  // stay in the processor's cache it was 40, as what copies much at once writes past the cache. Nobody can write in between.
  check.take(stored, options.storedSize);
  check.end();
  return isOurs && isTight(stored) ? stored : stored.slice();
}

import xz from "xz-decompress";
import { concatBytes } from "../bytes/collect-bytes.ts";
import { RangeStreamsError } from "../errors.ts";
import { brokenStream } from "./broken-stream.ts";
import { decodeBy } from "./check-decoded.ts";
import type { Chunk, Decode, DecompressOptions } from "./decoder.ts";

/** The method `xz`; see {@link Decode}. */
export const decodeXz: Decode = decodeBy(decompressXz);

/** What the library ends its messages with: the result of xz-embedded (`enum xz_ret`). */
const RESULTS = { memory: 3, memoryLimit: 4, options: 6 } as const;

/** The stream's header, and what is looked at of the first block's. */
const HEAD_BYTES = 17;

// The library lets one stream decode at a time, and the others wait until it is read to its end: two members read in turns would
// wait for each other for ever. Its contexts do not share anything, so the lock is taken off.
const UNLOCKED = { acquire: async (): Promise<void> => undefined, release: (): void => undefined };

/**
 * Decompresses xz streams, one after the other, to the end of the input. Of the checks CRC-32 and CRC-64 are checked; SHA-256 and
 * filters (BCJ, delta) are UNSUPPORTED, a dictionary above 64 MiB is LIMIT before it is allocated.
 */
export async function* decompressXz(
  stored: AsyncIterable<Chunk>,
  { what }: DecompressOptions,
): AsyncGenerator<Chunk, void, void> {
  const input = stored[Symbol.asyncIterator]();
  let failure: { readonly error: unknown } | undefined;
  let head: Chunk = new Uint8Array(0);
  const compressed = new ReadableStream<Chunk>(
    {
      async pull(controller) {
        try {
          let next = await input.next();
          while (!next.done && next.value.length === 0) next = await input.next();
          if (next.done) {
            controller.close();
            return;
          }
          if (head.length < HEAD_BYTES) head = concatBytes([head, next.value.slice(0, HEAD_BYTES)]);
          controller.enqueue(next.value);
        } catch (error) {
          failure = { error };
          throw error;
        }
      },
    },
    { highWaterMark: 0 },
  );
  Object.assign(xz.XzReadableStream, { _contextMutex: UNLOCKED });
  const reader = new xz.XzReadableStream(compressed).getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (next.value.length > 0) yield next.value as Chunk;
    }
  } catch (error) {
    if (failure !== undefined) throw failure.error;
    throw explain(error, { what, head });
  } finally {
    reader.cancel().catch(() => undefined);
    input.return?.().catch(() => undefined);
  }
}

function explain(error: unknown, { what, head }: { what: string; head: Chunk }): RangeStreamsError {
  const result = Number(/\d+$/.exec(String(error))?.[0]);
  const isLarge = result === RESULTS.options && hasLargestDictionary(head);
  if (result === RESULTS.memory || result === RESULTS.memoryLimit || isLarge) {
    const got = "an xz dictionary above 64 MiB";
    return new RangeStreamsError("LIMIT", `Decompressed ${what}: got ${got}; unpack it with xz`, {
      cause: error,
    });
  }
  if (result === RESULTS.options) {
    const got = "xz with a filter or a check that is not known here";
    return new RangeStreamsError("UNSUPPORTED", `Decompressed ${what}: got ${got}; unpack it with xz`, {
      cause: error,
    });
  }
  return brokenStream(what, `data that is not whole xz streams (${String(error)})`, error);
}

/**
 * Whether the first block needs a dictionary of 4 GiB, which the library takes for an option it does not know. A block header with
 * one filter and no sizes is: its length (1), flags (1), the filter (0x21: LZMA2), length of its properties (1), dictionary (1).
 */
function hasLargestDictionary(head: Chunk): boolean {
  const [flags, filter, , dictionary] = head.subarray(13, HEAD_BYTES);
  return flags === 0 && filter === 0x21 && dictionary === 40;
}

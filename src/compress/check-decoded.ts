import { createCrc32 } from "#crc32";
import { RangeStreamsError } from "../errors.ts";
import type { Chunk, Decode, DecodeOptions } from "./decoder.ts";

/** Output that may be of any ratio: tiny members are no bombs. */
const RATIO_GRACE_BYTES = 1024 * 1024;

/** Makes the decoder of a member out of what decompresses: its output is held against what the directory promises. */
export function decodeBy(decompress: Decode): Decode {
  return (stored, options) => {
    let storedSoFar = 0;
    async function* counted(): AsyncGenerator<Chunk, void, void> {
      for await (const chunk of stored) {
        storedSoFar += chunk.length;
        yield chunk;
      }
    }
    return checkDecoded(decompress(counted(), options), options, () => storedSoFar);
  };
}

/** Passes on decoded chunks while they keep to what was promised; see {@link Decode} for the errors. */
export async function* checkDecoded(
  decoded: AsyncIterable<Chunk>,
  options: DecodeOptions,
  storedSoFar: () => number,
): AsyncGenerator<Chunk, void, void> {
  const { what, size, crc32, maxRatio } = options;
  const crc = createCrc32();
  let length = 0;
  for await (const chunk of decoded) {
    length += chunk.length;
    if (length > size) throw wrongSize(what, `more than the ${size} bytes it should be`);
    if (exceedsRatio(length, storedSoFar(), maxRatio)) throw tooDense(options);
    // Before the chunk is handed over: then it is the consumer's, who may write into it.
    if (crc32 !== undefined) crc.update(chunk);
    yield chunk;
  }
  if (length < size) throw wrongSize(what, `${length} of the ${size} bytes it should be`);
  if (crc32 !== undefined && crc.digest() !== crc32) {
    const got = `bytes with the CRC-32 ${hex(crc.digest())} where ${hex(crc32)} was promised`;
    throw new RangeStreamsError("CHECKSUM", `Read ${what}: got ${got}; they are damaged, do not use them`);
  }
}

/** Whether so much output from so little input is beyond the limit. */
export function exceedsRatio(size: number, storedSize: number, maxRatio: number): boolean {
  return size > RATIO_GRACE_BYTES && size > storedSize * maxRatio;
}

/** The LIMIT error of a member that grows too much. */
export function tooDense(options: Pick<DecodeOptions, "what" | "maxRatio">): RangeStreamsError {
  const got = `more than ${options.maxRatio} bytes for each stored byte`;
  return new RangeStreamsError("LIMIT", `Read ${options.what}: got ${got}; raise maxRatio if you trust it`);
}

function wrongSize(what: string, got: string): RangeStreamsError {
  return new RangeStreamsError("FORMAT", `Read ${what}: got ${got}; it is damaged or deceives`);
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}

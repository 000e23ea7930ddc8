import { inflateRaw } from "#inflate";
import { RangeStreamsError } from "../errors.ts";
import { brokenStream } from "./broken-stream.ts";
import type { Chunk } from "./decoder.ts";

/** Two bytes before the deflate stream and a checksum of four after it (RFC 1950 section 2.2). */
const HEADER_BYTES = 2;
const TRAILER_BYTES = 4;

/**
 * What is handed to the inflater at once. A platform's DecompressionStream puts out all that comes of one piece before it respects
 * back-pressure: some 1,032 bytes for each of these.
 */
const PIECE_BYTES = 64 * 1024;

/** Largest prime below 2^16, and how many bytes of 255 may be summed before 32 bits overflow (RFC 1950 section 9). */
const ADLER_MODULUS = 65521;
const ADLER_BLOCK = 5552;

/** What is told of a zlib stream. */
export interface ZlibOptions {
  /** For messages: whose bytes these are. */
  what: string;
  /** Bytes once inflated, where they are known: more of them is FORMAT here, fewer is for the caller to see. Default: any number. */
  size?: number | undefined;
}

/**
 * Inflates one whole zlib stream (RFC 1950) that is in memory. Each chunk belongs to the consumer, and none is proven before the
 * last: the checksum follows them.
 *
 * Throws FORMAT for what is no zlib stream, is cut short or followed by anything, UNSUPPORTED for a preset dictionary, CHECKSUM at
 * the end for wrong bytes.
 */
export async function* inflateZlib(
  stored: Chunk,
  { what, size = Number.POSITIVE_INFINITY }: ZlibOptions,
): AsyncGenerator<Chunk, void, void> {
  checkHeader(stored, what);
  const raw = stored.subarray(HEADER_BYTES, -TRAILER_BYTES);
  let adler = 1;
  let length = 0;
  for await (const chunk of inflateRaw(pieces(raw), { what, size, storedSize: raw.length })) {
    length += chunk.length;
    if (length > size) throw brokenStream(what, `more than ${size} bytes`);
    adler = updateAdler32(adler, chunk);
    yield chunk;
  }
  const trailer = stored.subarray(-TRAILER_BYTES);
  const promised = new DataView(trailer.buffer, trailer.byteOffset).getUint32(0);
  if (adler !== promised) {
    const got = `bytes with the Adler-32 ${adler.toString(16)} where ${promised.toString(16)} was promised`;
    throw new RangeStreamsError("CHECKSUM", `Read ${what}: got ${got}; they are damaged, do not use them`);
  }
}

function checkHeader(stored: Chunk, what: string): void {
  const [method = 0, flags = 0] = stored;
  if (stored.length < HEADER_BYTES + TRAILER_BYTES) {
    throw brokenStream(what, `${stored.length} bytes, too few for a zlib stream`);
  }
  // Method 8 with a window of at most 32 KiB, and a check of the two bytes themselves.
  if ((method & 0x0f) !== 8 || method >> 4 > 7 || ((method << 8) | flags) % 31 !== 0) {
    throw brokenStream(what, "no zlib stream");
  }
  if ((flags & 0x20) !== 0) {
    const got = "a zlib stream with a preset dictionary";
    throw new RangeStreamsError("UNSUPPORTED", `Read ${what}: got ${got}; it cannot be read here`);
  }
}

async function* pieces(bytes: Chunk): AsyncGenerator<Chunk, void, void> {
  for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
    yield bytes.subarray(start, start + PIECE_BYTES);
  }
}

function updateAdler32(before: number, bytes: Uint8Array): number {
  let low = before & 0xffff;
  let high = before >>> 16;
  for (let start = 0; start < bytes.length; start += ADLER_BLOCK) {
    const end = Math.min(start + ADLER_BLOCK, bytes.length);
    for (let index = start; index < end; index++) {
      low += bytes[index] as number;
      high += low;
    }
    low %= ADLER_MODULUS;
    high %= ADLER_MODULUS;
  }
  return ((high << 16) | low) >>> 0;
}

import { decompress } from "lzma1";
import { concatBytes } from "../bytes/collect-bytes.ts";
import { RangeStreamsError } from "../errors.ts";
import { brokenStream } from "./broken-stream.ts";
import { decodeBy } from "./check-decoded.ts";
import type { Chunk, Decode, DecompressOptions } from "./decoder.ts";

/** The method `lzma`; see {@link Decode}. Whole members only, of at most 32 MiB: LIMIT beyond. */
export const decodeLzma: Decode = decodeBy(decompressZipLzma);

/**
 * The library decodes in one go, at 13 MB/s on the machine that measured it: so much blocks all else for 2.5 s, and no more is
 * borne.
 */
const MAX_BYTES = 32 * 1024 * 1024;
/** Version of the library that wrote it (2), length of the properties (2), properties (5) (APPNOTE 5.8.8). */
const ZIP_HEADER_BYTES = 9;
const PROPERTIES_BYTES = 5;
/**
 * The first property is (pb × 5 + lp) × 9 + lc, of which pb and lp are at most 4 and lc at most 8. The library takes it for a number
 * with a sign: from 128 on it would make tables of gigabytes. No writer is known to use those.
 */
const [MAX_PROPERTY, MAX_READ_PROPERTY] = [224, 127];

async function* decompressZipLzma(
  stored: AsyncIterable<Chunk>,
  { what, size = Number.POSITIVE_INFINITY }: DecompressOptions,
): AsyncGenerator<Chunk, void, void> {
  if (size > MAX_BYTES) throw tooLarge(what, size);
  const chunks: Chunk[] = [];
  let length = 0;
  for await (const chunk of stored) {
    length += chunk.length;
    if (length > MAX_BYTES) throw tooLarge(what, length);
    chunks.push(chunk);
  }
  const alone = toLzmaAlone(concatBytes(chunks), { what, size });
  let decoded: Uint8Array;
  try {
    decoded = decompress(alone);
  } catch (error) {
    throw brokenStream(what, `${String(error)} in lzma`, error);
  }
  if (decoded.length > 0) yield decoded as Chunk;
}

/**
 * The form of `.lzma` files that the library reads: properties (1), dictionary size (4), size (8), data. A dictionary need not be
 * larger than all that comes out.
 */
function toLzmaAlone(stored: Chunk, { what, size }: { what: string; size: number }): Chunk {
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
  if (stored.length < ZIP_HEADER_BYTES + PROPERTIES_BYTES || view.getUint16(2, true) !== PROPERTIES_BYTES) {
    throw brokenStream(what, "no header of lzma in zip");
  }
  const property = view.getUint8(4);
  if (property > MAX_PROPERTY) throw brokenStream(what, `the property ${property} of lzma`);
  if (property > MAX_READ_PROPERTY) throw notRead(what, property);
  const alone = new Uint8Array(stored.length + 4);
  const header = new DataView(alone.buffer);
  header.setUint8(0, property);
  header.setUint32(1, Math.min(view.getUint32(5, true), Math.max(size, 4096)), true);
  header.setUint32(5, size, true);
  alone.set(stored.subarray(ZIP_HEADER_BYTES), 13);
  return alone;
}

function tooLarge(what: string, size: number): RangeStreamsError {
  const got = `${size} bytes of lzma, which is decoded in one go`;
  return new RangeStreamsError("LIMIT", `Decompressed ${what}: got ${got}; unpack it with another tool`);
}

function notRead(what: string, property: number): RangeStreamsError {
  const got = `lzma with the property ${property}`;
  const message = `Decompressed ${what}: got ${got}, which is not read here; unpack it with another tool`;
  return new RangeStreamsError("UNSUPPORTED", message);
}

import { Readable } from "node:stream";
import { createInflateRaw, inflateRawSync } from "node:zlib";

const PIECE = 64 * 1024;
/** Its best: with the default of 16 KiB each costs a trip through the thread pool. */
const CHUNK = 256 * 1024;

function* pieces(input) {
  for (let at = 0; at < input.length; at += PIECE) yield input.subarray(at, at + PIECE);
}

export const inflate = (input, { size }) => inflateRawSync(input, { chunkSize: size });

export async function streamInflate(input) {
  const chunks = [];
  const inflated = Readable.from(pieces(input)).pipe(createInflateRaw({ chunkSize: CHUNK }));
  for await (const chunk of inflated) chunks.push(chunk);
  return chunks;
}

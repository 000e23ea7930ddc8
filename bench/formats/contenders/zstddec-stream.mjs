import { ZSTDDecoder } from "zstddec/stream";

const PIECE = 64 * 1024;
const decoder = new ZSTDDecoder();
await decoder.init();

function* pieces(input) {
  for (let at = 0; at < input.length; at += PIECE) yield input.subarray(at, at + PIECE);
}

export const unzstd = (input) => Array.from(decoder.decodeStreaming(pieces(input)), (chunk) => chunk.slice());

import { Decompress } from "fzstd";

const PIECE = 64 * 1024;

export function unzstd(input) {
  const chunks = [];
  const decoder = new Decompress((chunk) => chunks.push(chunk));
  for (let at = 0; at < input.length; at += PIECE) {
    decoder.push(input.subarray(at, at + PIECE), at + PIECE >= input.length);
  }
  return chunks;
}

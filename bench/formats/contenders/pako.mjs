import { Inflate, inflateRaw } from "pako";

const PIECE = 64 * 1024;

export const inflate = (input) => inflateRaw(input);

export function streamInflate(input) {
  const chunks = [];
  const inflater = new Inflate({ raw: true });
  inflater.onData = (chunk) => chunks.push(chunk);
  for (let at = 0; at < input.length; at += PIECE) {
    inflater.push(input.subarray(at, at + PIECE), at + PIECE >= input.length);
  }
  if (inflater.err) throw new Error(inflater.msg);
  return chunks;
}

import { Inflate, inflateSync, unzipSync } from "fflate";

const PIECE = 64 * 1024;

export function listZip(input) {
  const listed = [];
  unzipSync(input, {
    filter({ name, originalSize }) {
      listed.push({ name, size: originalSize });
      return false;
    },
  });
  return listed;
}

export function readZip(input, { names }) {
  const wanted = new Set(names);
  const files = unzipSync(input, { filter: ({ name }) => wanted.has(name) });
  return names.map((name) => files[name]);
}

export const inflate = (input, { size }) => inflateSync(input, { out: new Uint8Array(size) });

export function streamInflate(input) {
  const chunks = [];
  const inflater = new Inflate((chunk) => chunks.push(chunk));
  for (let at = 0; at < input.length; at += PIECE) {
    inflater.push(input.subarray(at, at + PIECE), at + PIECE >= input.length);
  }
  return chunks;
}

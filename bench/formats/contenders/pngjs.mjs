import { PNG } from "pngjs";

export function decodePng(input) {
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.length);
  const { width, height, depth, data } = PNG.sync.read(bytes, { skipRescale: true });
  return { width, height, bitDepth: depth, data };
}

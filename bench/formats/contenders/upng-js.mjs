import UPNG from "upng-js";

export function decodePng(input) {
  const image = UPNG.decode(input.buffer.slice(input.byteOffset, input.byteOffset + input.length));
  const { width, height } = image;
  const [rgba] = UPNG.toRGBA8(image);
  return { width, height, bitDepth: 8, data: new Uint8Array(rgba) };
}

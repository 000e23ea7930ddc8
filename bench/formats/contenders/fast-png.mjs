import { decode } from "fast-png";

/** It gives samples as they are stored; what is missing to RGBA is made here, as a user would have to. */
export function decodePng(input) {
  const { width, height, depth, channels, palette, data } = decode(input, { checkCrc: true });
  if (channels === 4) return { width, height, bitDepth: depth, data };
  const direct = palette === undefined ? fromRgb(data) : fromPalette(data, palette);
  return { width, height, bitDepth: depth, data: direct };
}

function fromRgb(data) {
  const rgba = new Uint8Array((data.length / 3) * 4);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    rgba[to] = data[from];
    rgba[to + 1] = data[from + 1];
    rgba[to + 2] = data[from + 2];
    rgba[to + 3] = 255;
  }
  return rgba;
}

function fromPalette(data, palette) {
  const table = new Uint32Array(
    Uint8Array.from(palette.flatMap(([r, g, b, a = 255]) => [r, g, b, a])).buffer,
  );
  const rgba = new Uint32Array(data.length);
  for (let at = 0; at < data.length; at++) rgba[at] = table[data[at]];
  return new Uint8Array(rgba.buffer);
}

import { crc32, deflateSync } from "node:zlib";
import { randomNumbers } from "../../workloads/files/random.mjs";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const IDAT_BYTES = 64 * 1024;
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];
/** Samples a pixel, of the color types that are made here. */
const CHANNELS = { 2: 3, 3: 1, 6: 4 };

/**
 * An image like a photograph, smooth with a little noise, whose rows take the five filters in turn. Returns the file, its pixels as
 * RGBA, and the file as it is when one byte of the pixels was damaged after the checksums were made.
 */
export function pngFile({ width, height, colorType, bitDepth = 8, interlaced = false }) {
  const palette = colorType === 3 ? colors() : undefined;
  const sampleBytes = bitDepth / 8;
  const pixelBytes = CHANNELS[colorType] * sampleBytes;
  const samples = photograph({ width, height, pixelBytes });
  const passes = interlaced ? ADAM7 : [[0, 0, 1, 1]];
  const rows = Buffer.concat(
    passes.map((pass) => filteredPass(samples, { width, height, pixelBytes, pass })),
  );
  const lay = (data) => layOut({ width, height, colorType, bitDepth, interlaced, palette }, data);
  const data = deflateSync(rows, { level: 6 });
  const damagedRows = Buffer.from(rows);
  damagedRows[rows.length >> 1] ^= 1;
  const damaged = deflateSync(damagedRows, { level: 6 });
  data.copy(damaged, damaged.length - 4, data.length - 4);
  return {
    bytes: lay(data),
    damaged: lay(damaged),
    pixels: toRgba(samples, { colorType, bitDepth, palette }),
  };
}

function photograph({ width, height, pixelBytes }) {
  const next = randomNumbers(width + pixelBytes);
  const jitter = Uint8Array.from({ length: 65_537 }, () => next() * 6);
  const samples = Buffer.alloc(width * height * pixelBytes);
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const light = 100 + 60 * Math.sin(x / 90) + 50 * Math.cos(y / 70);
      for (let part = 0; part < pixelBytes; part++) {
        samples[at] = light + 12 * part + jitter[at % jitter.length];
        at++;
      }
    }
  }
  return samples;
}

function colors() {
  return Buffer.from(Array.from({ length: 256 * 3 }, (_, at) => (at * 89 + (at >> 3)) & 0xff));
}

function filteredPass(samples, { width, height, pixelBytes, pass }) {
  const [startX, startY, stepX, stepY] = pass;
  const columns = Math.ceil((width - startX) / stepX);
  const lines = [];
  let above = Buffer.alloc(columns * pixelBytes);
  for (let y = startY; y < height; y += stepY) {
    const row = Buffer.alloc(columns * pixelBytes);
    for (let column = 0; column < columns; column++) {
      const from = (y * width + startX + column * stepX) * pixelBytes;
      samples.copy(row, column * pixelBytes, from, from + pixelBytes);
    }
    lines.push(filtered(row, above, { filter: lines.length % 5, pixelBytes }));
    above = row;
  }
  return Buffer.concat(lines);
}

function filtered(row, above, { filter, pixelBytes }) {
  const line = Buffer.alloc(row.length + 1);
  line[0] = filter;
  for (let at = 0; at < row.length; at++) {
    const left = at < pixelBytes ? 0 : row[at - pixelBytes];
    const corner = at < pixelBytes ? 0 : above[at - pixelBytes];
    line[at + 1] = row[at] - predicted(filter, { left, up: above[at], corner });
  }
  return line;
}

function predicted(filter, { left, up, corner }) {
  if (filter === 4) {
    const guess = left + up - corner;
    const [a, b, c] = [left, up, corner].map((value) => Math.abs(guess - value));
    return a <= b && a <= c ? left : b <= c ? up : corner;
  }
  return [0, left, up, (left + up) >> 1][filter];
}

function layOut({ width, height, colorType, bitDepth, interlaced, palette }, data) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bitDepth, colorType, 0, 0, interlaced ? 1 : 0], 8);
  const chunks = [chunk("IHDR", header)];
  if (palette !== undefined) chunks.push(chunk("PLTE", palette));
  for (let at = 0; at < data.length; at += IDAT_BYTES)
    chunks.push(chunk("IDAT", data.subarray(at, at + IDAT_BYTES)));
  return Buffer.concat([SIGNATURE, ...chunks, chunk("IEND", Buffer.alloc(0))]);
}

function chunk(type, data) {
  const bytes = Buffer.alloc(data.length + 12);
  bytes.writeUInt32BE(data.length, 0);
  bytes.write(type, 4, "latin1");
  bytes.set(data, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length);
  return bytes;
}

/** RGBA as bytes; of 16 bits as this machine has them in memory. */
function toRgba(samples, { colorType, bitDepth, palette }) {
  if (bitDepth === 16) {
    const wide = Buffer.from(samples).swap16();
    return withAlpha(new Uint16Array(wide.buffer, wide.byteOffset, wide.length / 2), colorType, 0xffff);
  }
  if (palette === undefined) return withAlpha(samples, colorType, 0xff);
  const direct = Buffer.alloc(samples.length * 3);
  for (const [at, index] of samples.entries()) palette.copy(direct, at * 3, index * 3, index * 3 + 3);
  return withAlpha(direct, 2, 0xff);
}

function withAlpha(samples, colorType, opaque) {
  if (colorType === 6) return asBytes(samples);
  const rgba = new (samples instanceof Uint16Array ? Uint16Array : Uint8Array)((samples.length / 3) * 4);
  for (let from = 0, to = 0; from < samples.length; from += 3, to += 4) {
    rgba[to] = samples[from];
    rgba[to + 1] = samples[from + 1];
    rgba[to + 2] = samples[from + 2];
    rgba[to + 3] = opaque;
  }
  return asBytes(rgba);
}

function asBytes(samples) {
  return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
}

import { zlibSync } from "fflate";
import { buildPng, headerChunk, join, latin1, noise, uint32Of, writeFile } from "../png/build-png.ts";
import { crc32Of } from "../zip/build-zip.ts";
import type { Sample } from "./mutate.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const SIGNATURE_BYTES = 8;
const FRAME_BYTES = 12;

/** Where chunks begin, as their lengths say; the last one may be cut short. */
function chunksOf(bytes: Bytes): readonly { at: number; length: number }[] {
  const chunks: { at: number; length: number }[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = SIGNATURE_BYTES; at + FRAME_BYTES <= bytes.length; ) {
    const length = view.getUint32(at);
    if (at + FRAME_BYTES + length > bytes.length) break;
    chunks.push({ at, length });
    at += FRAME_BYTES + length;
  }
  return chunks;
}

function pngSample(name: string, bytes: Bytes): Sample {
  const places = chunksOf(bytes).flatMap(({ at, length }) => {
    // The chunk's head and CRC, and its first fields: those of the header among them.
    const fields = Array.from({ length: Math.min(length, 16) }, (_, index) => at + 8 + index);
    return [at, at + 4, at + 8 + length, ...fields];
  });
  return { name, bytes, places, repair: repairPng };
}

/** Makes the CRC of every chunk right. */
function repairPng(bytes: Bytes): void {
  for (const { at, length } of chunksOf(bytes)) {
    bytes.set(uint32Of(crc32Of(bytes.subarray(at + 4, at + 8 + length))), at + 8 + length);
  }
}

const SAMPLE = (x: number, y: number): number[] => [0, 1, 2, 3].map((channel) => noise(x, y, channel) & 0xff);
const BEFORE = [
  { type: "gAMA", data: uint32Of(45_455) },
  { type: "cHRM", data: uint32Of(31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6000) },
  { type: "iCCP", data: join([latin1("profile\0\0"), zlibSync(latin1("p".repeat(200)))]) },
  { type: "bKGD", data: Uint8Array.of(0, 1, 0, 2, 0, 3) },
  { type: "pHYs", data: join([uint32Of(2835, 2835), Uint8Array.of(1)]) },
  { type: "tIME", data: Uint8Array.of(7, 231, 11, 14, 22, 13, 20) },
];
const TEXTS = [
  { type: "tEXt", data: latin1("Title\0Buoy 7") },
  { type: "zTXt", data: join([latin1("Comment\0\0"), zlibSync(latin1("tide ".repeat(50)))]) },
  { type: "iTXt", data: join([latin1("Author\0\x01\0en\0\0"), zlibSync(latin1("keeper"))]) },
];

export function pngSamples(): readonly Sample[] {
  const palette = { type: "PLTE", data: Uint8Array.from({ length: 48 }, (_, index) => index * 5) };
  const indexed = (x: number, y: number): number[] => [(x + y) % 16];
  return [
    pngSample(
      "rgba",
      buildPng({
        width: 9,
        height: 7,
        colorType: 6,
        sample: SAMPLE,
        before: BEFORE,
        after: TEXTS,
        dataBytes: 60,
      }),
    ),
    pngSample(
      "interlaced",
      buildPng({ width: 9, height: 7, colorType: 2, interlaced: true, sample: SAMPLE }),
    ),
    pngSample(
      "palette",
      buildPng({
        width: 11,
        height: 5,
        colorType: 3,
        bitDepth: 4,
        sample: indexed,
        before: [palette, { type: "tRNS", data: Uint8Array.of(0, 128) }],
      }),
    ),
    pngSample("deep", buildPng({ width: 3, height: 4, bitDepth: 16, sample: (x, y) => [noise(x, y, 0)] })),
    pngSample(
      "gray",
      writeFile([
        headerChunk({ width: 8, height: 2, bitDepth: 1 }),
        { type: "IDAT", data: zlibSync(Uint8Array.of(0, 170, 0, 85)) },
        { type: "IEND" },
      ]),
    ),
  ];
}

import { describe, expect, it } from "vitest";
import { buildPng } from "../../test/png/build-png.ts";
import { type Dimensions, imageDimensions } from "./image-dimensions.ts";

const bytes = (...parts: (string | number[])[]): Uint8Array =>
  Uint8Array.from(
    parts.flatMap((part) => (typeof part === "string" ? [...Buffer.from(part, "latin1")] : part)),
  );

const START = [0xff, 0xd8];
const FRAME = [0xff, 0xc2, 0, 11, 8, 0x01, 0x02, 0x03, 0x04, 1, 1, 0x11, 0];
const table = (length: number): number[] => [
  0xff,
  0xc4,
  length >> 8,
  length & 0xff,
  ...Array<number>(length - 2).fill(0xff),
];

/** Of a file of which only the first bytes were read at once; and how often it was read on. */
async function ask(
  type: string,
  file: Uint8Array,
  headBytes = 512,
): Promise<[Dimensions | undefined, number]> {
  let reads = 0;
  const found = await imageDimensions(type, file.subarray(0, headBytes), async (position, length) => {
    reads += 1;
    return file.subarray(position, position + length);
  });
  return [found, reads];
}

describe("imageDimensions", () => {
  it.each<[string, string, Uint8Array]>([
    ["PNG", "png", buildPng({ width: 300, height: 2 })],
    ["GIF", "gif", bytes("GIF89a", [0x2c, 1, 2, 0], [0, 0, 0])],
    ["WebP, lossy", "webp", bytes("RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a", [0x2c, 0x41, 2, 0x80])],
    [
      "WebP, lossless",
      "webp",
      bytes("RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f", [0x2b, 0x41, 0, 0], [0, 0, 0, 0, 0]),
    ],
    ["WebP, extended", "webp", bytes("RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0", [0x2b, 1, 0, 1, 0, 0])],
  ])("of a %s", async (_what, type, file) => {
    expect(await ask(type, file)).toEqual([{ width: 300, height: 2 }, 0]);
  });

  it("of a JPEG, whose frame may lie beyond the head", async () => {
    const wanted = { width: 0x304, height: 0x102 };
    expect(await ask("jpeg", bytes(START, table(20), [0xff, 0xff], FRAME))).toEqual([wanted, 0]);
    expect(await ask("jpeg", bytes(START, table(40_000), FRAME))).toEqual([wanted, 1]);
  });

  it.each<[string, string, Uint8Array]>([
    ["JPEG cut short", "jpeg", bytes(START, table(2000).slice(0, 900))],
    ["JPEG whose scan comes first", "jpeg", bytes(START, [0xff, 0xda, 0, 2], FRAME)],
    ["JPEG with a segment of no length", "jpeg", bytes(START, [0xff, 0xe0, 0, 0], FRAME)],
    ["JPEG of garbage", "jpeg", bytes(START, "garbage, garbage")],
    ["JPEG of filling bytes", "jpeg", bytes(START, Array<number>(5000).fill(0xff))],
    ["PNG without its header", "png", buildPng({ width: 3, height: 2, without: ["IHDR"] })],
    ["GIF cut short", "gif", bytes("GIF89a", [1])],
    ["GIF of no width", "gif", bytes("GIF89a", [0, 0, 2, 0])],
    ["WebP of an unknown kind", "webp", bytes("RIFF\0\0\0\0WEBPABCD", Array<number>(20).fill(1))],
    ["zip", "zip", bytes("PK\x03\x04", Array<number>(40).fill(1))],
  ])("are not told of a %s", async (_what, type, file) => {
    expect((await ask(type, file, 100))[0]).toBeUndefined();
  });
});

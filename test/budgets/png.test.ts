import { describe, expect, it } from "vitest";
import { openPng } from "../../src/png.ts";
import { startLab } from "../lab/lab.ts";
import { buildPng, type ImageSpec, latin1, noise } from "../png/build-png.ts";

/** 800 by 500 pixels of noise: 1.2 MB in chunks of 8 KiB. */
const image: ImageSpec = {
  width: 800,
  height: 500,
  colorType: 2,
  sample: (x, y) => [0, 1, 2].map((channel) => noise(x, y, channel) & 0xff),
  filter: () => 0,
  dataBytes: 8192,
  after: [{ type: "tEXt", data: latin1("Title\0Noise") }],
};
const large = buildPng(image);
const small = buildPng({ ...image, width: 40, height: 20 });

describe("what reading in a PNG costs", () => {
  it("the header, and what comes before the image data: 1 request of 32 KiB", async () => {
    await using lab = await startLab({ files: { "large.png": large } });
    await using png = await openPng(`${lab.url}/large.png`);
    expect(png.header.width).toBe(800);
    expect([await png.hasAlpha(), await png.gamma(), await png.physical()]).toEqual([
      false,
      undefined,
      undefined,
    ]);
    expect(png.chunks.size).toBeGreaterThan(3);
    expect([png.source.receipt.requests, png.source.receipt.bytesReceived]).toEqual([1, 32_768]);
  });

  it("all of a small one: 1 request and not a byte twice", async () => {
    await using lab = await startLab({ files: { "small.png": small } });
    await using png = await openPng(`${lab.url}/small.png`);
    expect((await png.pixels()).data.length).toBe(40 * 20 * 4);
    expect(await png.text()).toEqual({ Title: "Noise" });
    expect((await png.allChunks()).missing([8, small.length])).toEqual([]);
    expect([png.source.receipt.requests, png.source.receipt.bytesReceived]).toEqual([1, small.length]);
  });

  it("the pixels of a large one: its bytes once, in at most 6 requests, whose chunks are then known", async () => {
    await using lab = await startLab({ files: { "large.png": large } });
    await using png = await openPng(`${lab.url}/large.png`);
    const { data } = await png.pixels();
    expect([data[0], data[1], data[2], data[3]]).toEqual([
      ...[0, 1, 2].map((c) => noise(0, 0, c) & 0xff),
      255,
    ]);
    const { requests, bytesReceived } = png.source.receipt;
    expect(requests).toBeLessThanOrEqual(6);
    expect(bytesReceived).toBe(large.length);
    expect((await png.allChunks()).missing([8, large.length])).toEqual([]);
    expect(await png.text()).toEqual({ Title: "Noise" });
    expect(png.source.receipt.requests).toBe(requests);
  });
});

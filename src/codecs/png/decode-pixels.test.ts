import { describe, expect, it } from "vitest";
import { buildPng, type ImageSpec, join, latin1, noise } from "../../../test/png/build-png.ts";
import { palette, SMALL, samplesOf, small } from "../../../test/png/small-png.ts";
import { openPng } from "../../png.ts";

const SIZES = [
  [1, 1],
  [3, 2],
  [9, 11],
  [33, 17],
] as const;

/** Color type and bit depth: all that there are. */
const KINDS = [
  [0, 1],
  [0, 2],
  [0, 4],
  [0, 8],
  [0, 16],
  [2, 8],
  [2, 16],
  [3, 1],
  [3, 2],
  [3, 4],
  [3, 8],
  [4, 8],
  [4, 16],
  [6, 8],
  [6, 16],
] as const;

const paletteOf = (bitDepth: number): Uint8Array =>
  Uint8Array.from({ length: 2 ** bitDepth * 3 }, (_, index) => noise(index, 0, 7) & 0xff);

/** What the pixels must be, by the meaning of the samples alone. */
function wantedPixels({
  width,
  height,
  bitDepth = 8,
  colorType = 0,
  sample = () => [],
}: ImageSpec): number[] {
  const full = bitDepth === 16 ? 65_535 : 255;
  const wanted: number[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [a = 0, b = 0, c = 0, d = 0] = sample(x, y);
      const grey = (a * full) / (2 ** bitDepth - 1);
      if (colorType === 0) wanted.push(grey, grey, grey, full);
      if (colorType === 2) wanted.push(a, b, c, full);
      if (colorType === 3) wanted.push(...paletteOf(bitDepth).subarray(a * 3, a * 3 + 3), full);
      if (colorType === 4) wanted.push(grey, grey, grey, b);
      if (colorType === 6) wanted.push(a, b, c, d);
    }
  }
  return wanted;
}

async function pixelsOf(bytes: Uint8Array): Promise<number[]> {
  await using png = await openPng(bytes);
  return Array.from((await png.pixels()).data);
}

describe("the pixels of a PNG", () => {
  it.each(KINDS)(
    "of color type %i with %i bits are right, in every size, interlaced and not",
    async (colorType, bitDepth) => {
      for (const [width, height] of SIZES) {
        for (const interlaced of [false, true]) {
          const before = colorType === 3 ? [{ type: "PLTE", data: paletteOf(bitDepth) }] : [];
          const spec = {
            width,
            height,
            bitDepth,
            colorType,
            interlaced,
            before,
            sample: samplesOf(bitDepth),
          };
          await using png = await openPng(buildPng(spec));
          const pixels = await png.pixels();
          expect(pixels).toMatchObject({ width, height, channels: 4, bitDepth: bitDepth === 16 ? 16 : 8 });
          expect(pixels.data).toBeInstanceOf(bitDepth === 16 ? Uint16Array : Uint8Array);
          expect(Array.from(pixels.data)).toEqual(wantedPixels(spec));
          expect(png.header).toEqual({ width, height, bitDepth, colorType, interlaced });
        }
      }
    },
  );

  it.each([0, 1, 2, 3, 4])("are right where every row has the filter %i", async (filter) => {
    for (const [colorType, bitDepth] of KINDS) {
      const before = colorType === 3 ? [{ type: "PLTE", data: paletteOf(bitDepth) }] : [];
      const sample = samplesOf(bitDepth);
      const spec = { width: 13, height: 7, bitDepth, colorType, before, sample, filter: () => filter };
      expect(await pixelsOf(buildPng(spec))).toEqual(wantedPixels(spec));
    }
  });

  it("are right whatever pieces the data is cut into, and in a view with an offset", async () => {
    const spec = { ...SMALL, width: 40, height: 40, colorType: 6 };
    const wanted = wantedPixels(spec);
    for (const dataBytes of [1, 7, 1000, 8192])
      expect(await pixelsOf(buildPng({ ...spec, dataBytes }))).toEqual(wanted);
    const bytes = buildPng(spec);
    const shifted = new Uint8Array(bytes.length + 13);
    shifted.set(bytes, 13);
    expect(await pixelsOf(shifted.subarray(13))).toEqual(wanted);
    expect(await pixelsOf(join([bytes, latin1("after the end")]))).toEqual(wanted);
  });

  it("are right of a large image that is inflated in many pieces", async () => {
    const spec: ImageSpec = { width: 700, height: 300, colorType: 2, sample: samplesOf(8), dataBytes: 8192 };
    const wanted = wantedPixels(spec);
    const got = await pixelsOf(buildPng(spec));
    expect(got.findIndex((value, index) => value !== wanted[index])).toBe(-1);
    expect(got.length).toBe(wanted.length);
  });

  it.each([
    ["grey", 0, 8, Uint8Array.of(0xff, 5), [4, 5, 6], [255, 0, 255]],
    ["grey of 2 bits", 0, 2, Uint8Array.of(0, 2), [1, 2, 3], [255, 0, 255]],
    ["grey of 16 bits", 0, 16, Uint8Array.of(1, 2), [0x102, 0x103, 0x202], [0, 65_535, 65_535]],
  ] as const)(
    "have one transparent %s where that is told",
    async (_what, colorType, bitDepth, data, greys, alphas) => {
      const sample = (x: number): number[] => [greys[x] ?? 0];
      const bytes = buildPng({
        width: 3,
        height: 1,
        bitDepth,
        colorType,
        sample,
        before: [{ type: "tRNS", data }],
      });
      expect((await pixelsOf(bytes)).filter((_, index) => index % 4 === 3)).toEqual(alphas);
    },
  );

  it.each([8, 16])("have one transparent color of %i bits where that is told", async (bitDepth) => {
    const colors = [
      [1, 2, 3],
      [1, 2, 4],
      [3, 2, 1],
    ];
    const before = [{ type: "tRNS", data: Uint8Array.of(0, 1, 0, 2, 0, 3) }];
    const image = {
      width: 3,
      height: 1,
      bitDepth,
      colorType: 2,
      sample: (x: number) => colors[x] ?? [],
      before,
    };
    const full = bitDepth === 8 ? 255 : 65_535;
    expect((await pixelsOf(buildPng(image))).filter((_, index) => index % 4 === 3)).toEqual([0, full, full]);
  });

  it("have the alpha of their entry in the palette, opaque where none is told", async () => {
    const before = [palette(4), { type: "tRNS", data: Uint8Array.of(0, 100) }];
    const bytes = buildPng({ width: 4, height: 1, bitDepth: 2, colorType: 3, sample: (x) => [x], before });
    await using png = await openPng(bytes);
    expect(Array.from((await png.pixels()).data)).toEqual([
      ...[9, 9, 9, 0, 9, 9, 9, 100],
      ...[9, 9, 9, 255, 9, 9, 9, 255],
    ]);
    expect([await png.hasAlpha(), await png.alphaAsDirect(), await png.channelCountAsDirect()]).toEqual([
      true,
      true,
      4,
    ]);
    expect([png.channelCount, png.bitDepthAsDirect]).toEqual([1, 8]);
    expect([await png.anySemitransparent(), await png.anyTransparent()]).toEqual([true, true]);
  });

  it("belong to the caller", async () => {
    await using png = await openPng(buildPng(SMALL));
    (await png.pixels()).data.fill(0);
    expect(Array.from((await png.pixels()).data)).toEqual(wantedPixels(SMALL));
  });
});

describe("transparency", () => {
  it.each([
    [0, false, 1],
    [2, false, 3],
    [4, true, 2],
    [6, true, 4],
  ] as const)("of color type %i without tRNS: %s, %i channels", async (colorType, hasAlpha, channels) => {
    await using png = await openPng(buildPng({ ...SMALL, colorType, sample: () => [9, 255, 9, 255] }));
    expect([await png.hasAlpha(), await png.channelCountAsDirect()]).toEqual([hasAlpha, channels]);
    expect([await png.anySemitransparent(), await png.anyTransparent()]).toEqual([false, false]);
  });

  it("of grey and RGB with tRNS is one channel more", async () => {
    await using grey = await openPng(small([{ type: "tRNS", data: Uint8Array.of(0, 1) }]));
    expect([await grey.hasAlpha(), await grey.channelCountAsDirect()]).toEqual([true, 2]);
    await using color = await openPng(
      small([{ type: "tRNS", data: new Uint8Array(6) }], [], { colorType: 2 }),
    );
    expect([await color.hasAlpha(), await color.channelCountAsDirect()]).toEqual([true, 4]);
  });

  it("of grey with alpha and of 16 bits is told by its alpha alone", async () => {
    const half = buildPng({ ...SMALL, colorType: 4, sample: () => [9, 128] });
    await using png = await openPng(half);
    expect([await png.anySemitransparent(), await png.anyTransparent()]).toEqual([true, true]);
    const none = buildPng({ ...SMALL, colorType: 6, bitDepth: 16, sample: () => [9, 9, 9, 0] });
    await using invisible = await openPng(none);
    expect([await invisible.anySemitransparent(), await invisible.anyTransparent()]).toEqual([false, true]);
  });
});

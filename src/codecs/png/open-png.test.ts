import { zlibSync } from "fflate";
import { describe, expect, it } from "vitest";
import {
  buildPng,
  type ChunkSpec,
  headerChunk,
  type ImageSpec,
  imageData,
  join,
  latin1,
  noise,
  uint32Of,
  writeFile,
} from "../../../test/png/build-png.ts";
import { recordedSource } from "../../../test/zip/recorded-source.ts";
import { openPng, type PngFile, type PngOptions } from "../../png.ts";

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

const samplesOf = (bitDepth: number) => (x: number, y: number) =>
  [0, 1, 2, 3].map((channel) => noise(x, y, channel) & (2 ** bitDepth - 1));

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

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "no error",
    (error: { code?: unknown }) => error.code ?? error,
  );

/** The code of the error of opening or decoding. */
const decodeCode = (bytes: Uint8Array, options?: PngOptions): Promise<unknown> =>
  codeOf(openPng(bytes, options).then((png) => png.pixels()));

const SMALL: ImageSpec = { width: 4, height: 3, sample: samplesOf(8) };
const palette = (entries: number): ChunkSpec => ({ type: "PLTE", data: new Uint8Array(entries * 3).fill(9) });
const small = (before: ChunkSpec[], after: ChunkSpec[] = [], more: Partial<ImageSpec> = {}): Uint8Array =>
  buildPng({ ...SMALL, ...more, before, after });

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

describe("chunks", () => {
  const bytes = small(
    [{ type: "gAMA", data: uint32Of(45_455) }],
    [{ type: "tEXt", data: latin1("Title\0Red") }],
  );

  it("are keyed by all their bytes, from the length to the CRC", async () => {
    await using png = await openPng(bytes);
    expect([...png.chunks].map(([range, { type }]) => [type, range.start, range.end]).slice(0, 2)).toEqual([
      ["IHDR", 8, 33],
      ["gAMA", 33, 49],
    ]);
    expect(png.chunks.get(40)?.dataRange).toMatchObject({ start: 41, end: 45 });
    expect(png.chunks.missing([8, bytes.length])).toEqual([]);
    expect(await png.allChunks()).toBe(png.chunks);
    expect(() => png.chunks.clear()).toThrow();
  });

  it("give their data, checked, as bytes of the caller's", async () => {
    await using png = await openPng(bytes);
    const gamma = await png.chunk("gAMA");
    const data = await gamma?.bytes();
    expect(data).toEqual(uint32Of(45_455));
    data?.fill(0);
    expect(await gamma?.bytes()).toEqual(uint32Of(45_455));
    expect(await png.chunk("zTXt")).toBeUndefined();
    await using damaged = await openPng(small([{ type: "gAMA", data: uint32Of(1), crc: 5 }]));
    expect(await codeOf(damaged.gamma())).toBe("CHECKSUM");
    expect(await codeOf((await damaged.chunk("gAMA"))?.bytes() as Promise<unknown>)).toBe("CHECKSUM");
    await using large = await openPng(bytes, { maxChunkBytes: 3 });
    expect(await codeOf(large.gamma())).toBe("LIMIT");
  });

  it("beyond the head are walked from head to head, and no data of theirs is read", async () => {
    const large = { type: "teST", data: new Uint8Array(100_000) };
    const source = recordedSource(
      small([large, large], [{ type: "tIME", data: Uint8Array.of(7, 232, 2, 29, 12, 30, 60) }]),
    );
    await using png = await openPng(source, { policy: "lean" });
    expect(source.asked).toEqual(["[0, 32768)"]);
    expect(png.chunks.size).toBe(2);
    expect(await png.time()).toEqual(new Date("2024-02-29T12:31:00Z"));
    expect(png.chunks.size).toBe(6);
    expect(png.source.receipt.bytesReceived).toBeLessThan(40_000);
  });
});

describe("what chunks say", () => {
  const open = (before: ChunkSpec[], more: Partial<ImageSpec> = {}): Promise<PngFile> =>
    openPng(small(before, [], more));

  it("is undefined where there are none", async () => {
    await using png = await open([]);
    const all = [
      png.gamma(),
      png.chromaticities(),
      png.renderingIntent(),
      png.iccProfile(),
      png.significantBits(),
    ];
    const more = [png.background(), png.physical(), png.time(), png.exif(), png.palette()];
    expect(await Promise.all([...all, ...more])).toEqual(Array.from({ length: 10 }));
    expect(await png.text()).toEqual(Object.create(null));
  });

  it("is given in their units", async () => {
    const numbers = [31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6000];
    await using png = await open(
      [
        { type: "gAMA", data: uint32Of(45_455) },
        { type: "cHRM", data: uint32Of(...numbers) },
        { type: "sRGB", data: Uint8Array.of(1) },
        { type: "sBIT", data: Uint8Array.of(5, 6, 5) },
        { type: "iCCP", data: join([latin1("odd profile\0\0"), zlibSync(latin1("icc"))]) },
        { type: "bKGD", data: Uint8Array.of(0, 1, 0, 2, 0, 3) },
        { type: "pHYs", data: join([uint32Of(2835, 2836), Uint8Array.of(1)]) },
        { type: "eXIf", data: latin1("II*\0") },
      ],
      { colorType: 2 },
    );
    expect(await png.gamma()).toBe(0.45455);
    expect(await png.chromaticities()).toEqual({
      white: [0.3127, 0.329],
      red: [0.64, 0.33],
      green: [0.3, 0.6],
      blue: [0.15, 0.06],
    });
    expect(await png.renderingIntent()).toBe("relative");
    expect(await png.significantBits()).toEqual([5, 6, 5]);
    expect(await png.iccProfile()).toEqual({ name: "odd profile", profile: latin1("icc") });
    expect(await png.background()).toEqual({ red: 1, green: 2, blue: 3 });
    expect(await png.physical()).toEqual({ x: 2835, y: 2836, unit: "metre" });
    expect(await png.exif()).toEqual(latin1("II*\0"));
  });

  it("fits the color type", async () => {
    await using grey = await open([{ type: "bKGD", data: Uint8Array.of(1, 2) }]);
    expect(await grey.background()).toEqual({ grey: 0x102 });
    const entries = [
      palette(2),
      { type: "bKGD", data: Uint8Array.of(1) },
      { type: "sBIT", data: Uint8Array.of(1, 2, 8) },
    ];
    await using indexed = await open(entries, { colorType: 3, bitDepth: 1, sample: () => [1] });
    expect(await indexed.background()).toEqual({ paletteIndex: 1 });
    expect(await indexed.significantBits()).toEqual([1, 2, 8]);
    expect(await indexed.palette()).toEqual(new Uint8Array(6).fill(9));
  });

  it.each<[string, ChunkSpec, (png: PngFile) => Promise<unknown>]>([
    ["a gamma of 0", { type: "gAMA", data: uint32Of(0) }, (png) => png.gamma()],
    ["a gamma of 3 bytes", { type: "gAMA", data: new Uint8Array(3) }, (png) => png.gamma()],
    ["chromaticities cut short", { type: "cHRM", data: new Uint8Array(31) }, (png) => png.chromaticities()],
    ["an unknown intent", { type: "sRGB", data: Uint8Array.of(4) }, (png) => png.renderingIntent()],
    ["more bits than there are", { type: "sBIT", data: Uint8Array.of(9) }, (png) => png.significantBits()],
    ["a background of a color in grey", { type: "bKGD", data: new Uint8Array(6) }, (png) => png.background()],
    [
      "an unknown unit",
      { type: "pHYs", data: Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 1, 2) },
      (png) => png.physical(),
    ],
    [
      "a 30th of February",
      { type: "tIME", data: Uint8Array.of(7, 232, 2, 30, 0, 0, 0) },
      (png) => png.time(),
    ],
    ["an hour 24", { type: "tIME", data: Uint8Array.of(7, 232, 2, 1, 24, 0, 0) }, (png) => png.time()],
    [
      "a profile that is no zlib stream",
      { type: "iCCP", data: latin1("p\0\0nothing") },
      (png) => png.iccProfile(),
    ],
    ["a profile without a name", { type: "iCCP", data: latin1("\0\0nothing") }, (png) => png.iccProfile()],
    ["a text without the end of its keyword", { type: "tEXt", data: latin1("Title") }, (png) => png.text()],
    ["a keyword of 80 bytes", { type: "tEXt", data: latin1(`${"k".repeat(80)}\0x`) }, (png) => png.text()],
    ["an unknown compression", { type: "zTXt", data: latin1("k\0\x01x") }, (png) => png.text()],
    ["a text that is no UTF-8", { type: "iTXt", data: latin1("k\0\0\0\0\0\xff") }, (png) => png.text()],
    ["a text without its language", { type: "iTXt", data: latin1("k\0\0\0de") }, (png) => png.text()],
    ["a compression flag of 2", { type: "iTXt", data: latin1("k\0\x02\0\0\0x") }, (png) => png.text()],
  ])("%s is FORMAT, and costs nobody the pixels", async (_what, chunk, ask) => {
    await using png = await open([chunk]);
    expect(await codeOf(ask(png))).toBe("FORMAT");
    expect((await png.pixels()).data.length).toBe(48);
  });

  it("is AMBIGUOUS where it is said twice, and what comes too late is not heard", async () => {
    const gamma = { type: "gAMA", data: uint32Of(1) };
    await using png = await open([gamma, gamma]);
    expect(await codeOf(png.gamma())).toBe("AMBIGUOUS");
    await using late = await openPng(small([gamma], [gamma]));
    expect(await late.gamma()).toBe(0.00001);
  });
});

describe("texts", () => {
  const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
  const chunks: ChunkSpec[] = [
    { type: "tEXt", data: latin1("Title\0Gr\xfc\xdfe \x80") },
    { type: "zTXt", data: join([latin1("Comment\0\0"), zlibSync(latin1("caf\xe9"))]) },
    { type: "iTXt", data: join([latin1("Author\0\0\0de\0"), utf8("Urheber\0日本")]) },
    { type: "iTXt", data: join([latin1("__proto__\0\x01\0\0\0"), zlibSync(utf8("\ufeff😀"))]) },
    { type: "tEXt", data: latin1("Title\0again") },
    { type: "tEXt", data: latin1("Empty\0") },
  ];

  it("are read from all three chunks, before and after the image data", async () => {
    await using png = await openPng(small(chunks.slice(0, 3), chunks.slice(3)));
    const text = await png.text();
    expect(Object.getPrototypeOf(text)).toBeNull();
    expect(Object.entries(text)).toEqual([
      ["Title", "Grüße \u0080\nagain"],
      ["Comment", "café"],
      ["Author", "日本"],
      ["__proto__", "\ufeff😀"],
      ["Empty", ""],
    ]);
    expect((await png.texts())[2]).toEqual({
      keyword: "Author",
      text: "日本",
      language: "de",
      translatedKeyword: "Urheber",
    });
  });

  it("are LIMIT beyond 8 MiB together, inflated or not", async () => {
    const zip = (text: string, length: number): ChunkSpec => ({
      type: "zTXt",
      data: join([latin1(`${text}\0\0`), zlibSync(new Uint8Array(length).fill(65))]),
    });
    const most = 8 * 1024 * 1024;
    await using right = await openPng(small([zip("a", most - 1000), zip("b", 1000)]));
    expect((await right.text())["b"]?.length).toBe(1000);
    await using bomb = await openPng(small([zip("a", most - 1000), zip("b", 1001)]));
    expect(await codeOf(bomb.text())).toBe("LIMIT");
    await using plain = await openPng(small([{ type: "tEXt", data: latin1("k\0abcdef") }]), {
      maxTextBytes: 7,
    });
    expect(await codeOf(plain.text())).toBe("LIMIT");
    await using profile = await openPng(
      small([{ type: "iCCP", data: join([latin1("p\0\0"), zlibSync(new Uint8Array(most + 1))]) }]),
    );
    expect(await codeOf(profile.iccProfile())).toBe("LIMIT");
  });
});

describe("what is no right PNG", () => {
  const honest = buildPng(SMALL);
  const header = headerChunk(SMALL);
  const data = { type: "IDAT", data: zlibSync(imageData(SMALL)) };
  const end = { type: "IEND" };
  const mangled = (from: string, to: string): Uint8Array =>
    latin1(
      Array.from(honest, (byte) => String.fromCharCode(byte))
        .join("")
        .replaceAll(from, to),
    );
  const withHeader = (more: Partial<ImageSpec>): Uint8Array =>
    writeFile([headerChunk({ ...SMALL, ...more }), data, end]);
  const odd = (at: number, value: number): Uint8Array => {
    const bytes = Uint8Array.from(header.data ?? []);
    bytes[at] = value;
    return writeFile([{ type: "IHDR", data: bytes }, data, end]);
  };
  const indexed = { ...SMALL, colorType: 3, bitDepth: 2, sample: () => [3] };
  const raw = (bytes: Uint8Array): Uint8Array => writeFile([header, { type: "IDAT", data: bytes }, end]);
  const rows = imageData(SMALL);
  const stream = zlibSync(rows);

  it.each<[string, string, Uint8Array]>([
    ["an empty file", "FORMAT", new Uint8Array(0)],
    ["a signature alone", "FORMAT", honest.subarray(0, 8)],
    ["a header cut short", "FORMAT", honest.subarray(0, 30)],
    ["another first letter", "FORMAT", mangled("\x89PNG", "\x09PNG")],
    ["carriage returns added", "FORMAT", mangled("\n", "\r\n")],
    ["carriage returns removed", "FORMAT", mangled("\r\n", "\n")],
    ["no header", "FORMAT", writeFile([data, end])],
    ["a header of 12 bytes", "FORMAT", writeFile([{ type: "IHDR", data: new Uint8Array(12) }, data, end])],
    ["a header with another CRC", "CHECKSUM", writeFile([{ ...header, crc: 1 }, data, end])],
    ["a width of 0", "FORMAT", withHeader({ width: 0 })],
    ["a height beyond 2^31 - 1", "FORMAT", withHeader({ height: 2 ** 31 })],
    ["color type 1", "FORMAT", withHeader({ colorType: 1 })],
    ["color type 9", "FORMAT", withHeader({ colorType: 9 })],
    ["depth 0", "FORMAT", withHeader({ bitDepth: 0 })],
    ["depth 3", "FORMAT", withHeader({ bitDepth: 3 })],
    ["depth 99", "FORMAT", withHeader({ bitDepth: 99 })],
    ["an RGB of 4 bits", "FORMAT", withHeader({ colorType: 2, bitDepth: 4 })],
    ["an unknown compression", "FORMAT", odd(10, 1)],
    ["unknown filters", "FORMAT", odd(11, 1)],
    ["an unknown interlacing", "FORMAT", odd(12, 2)],
    [
      "Apple's variant",
      "UNSUPPORTED",
      writeFile([{ type: "CgBI", data: new Uint8Array(4) }, header, data, end]),
    ],
    ["no image data", "FORMAT", writeFile([header, end])],
    ["no end", "FORMAT", writeFile([header, data])],
    ["an end with data", "FORMAT", writeFile([header, data, { type: "IEND", data: new Uint8Array(1) }])],
    ["an end with another CRC", "CHECKSUM", writeFile([header, data, { type: "IEND", crc: 7 }])],
    ["a second header", "AMBIGUOUS", writeFile([header, header, data, end])],
    ["image data in two places", "FORMAT", writeFile([header, data, { type: "teXt" }, data, end])],
    ["a type that is none", "FORMAT", writeFile([header, { type: "ID4T" }, data, end])],
    [
      "a length beyond 2^31 - 1",
      "FORMAT",
      writeFile([header, { type: "teXt", length: 0xffffffff }, data, end]),
    ],
    ["a length beyond the file", "FORMAT", writeFile([header, { type: "teXt", length: 100_000 }, data, end])],
    ["image data with another CRC", "CHECKSUM", writeFile([header, { ...data, crc: 1 }, end])],
    ["a critical chunk nobody knows", "UNSUPPORTED", writeFile([header, { type: "ABcD" }, data, end])],
    ["no palette", "FORMAT", buildPng(indexed)],
    ["an index beyond the palette", "FORMAT", buildPng({ ...indexed, before: [palette(3)] })],
    ["a palette of too many entries", "FORMAT", buildPng({ ...indexed, before: [palette(5)] })],
    [
      "a palette of a third of an entry",
      "FORMAT",
      buildPng({ ...indexed, before: [{ type: "PLTE", data: new Uint8Array(7) }] }),
    ],
    ["an empty palette", "FORMAT", buildPng({ ...indexed, before: [palette(0)] })],
    ["two palettes", "AMBIGUOUS", buildPng({ ...indexed, before: [palette(4), palette(4)] })],
    ["a palette of greys", "FORMAT", small([palette(4)])],
    ["a palette too late", "FORMAT", small([], [palette(4)], { colorType: 2 })],
    [
      "transparency before the palette",
      "FORMAT",
      buildPng({ ...indexed, before: [{ type: "tRNS", data: new Uint8Array(1) }, palette(4)] }),
    ],
    [
      "transparency before a suggested palette",
      "FORMAT",
      small([{ type: "tRNS", data: new Uint8Array(6) }, palette(4)], [], { colorType: 2 }),
    ],
    [
      "transparency of too many entries",
      "FORMAT",
      buildPng({ ...indexed, before: [palette(4), { type: "tRNS", data: new Uint8Array(5) }] }),
    ],
    [
      "transparency of no entries",
      "FORMAT",
      buildPng({ ...indexed, before: [palette(4), { type: "tRNS" }] }),
    ],
    ["transparency of a wrong length", "FORMAT", small([{ type: "tRNS", data: new Uint8Array(1) }])],
    [
      "transparency beside alpha",
      "FORMAT",
      small([{ type: "tRNS", data: new Uint8Array(2) }], [], { colorType: 4 }),
    ],
    ["transparency too late", "FORMAT", small([], [{ type: "tRNS", data: new Uint8Array(2) }])],
    [
      "transparency twice",
      "AMBIGUOUS",
      small([
        { type: "tRNS", data: new Uint8Array(2) },
        { type: "tRNS", data: new Uint8Array(2) },
      ]),
    ],
    ["a filter that there is not", "FORMAT", buildPng({ ...SMALL, filter: () => 5 })],
    ["no zlib stream", "FORMAT", raw(latin1("nothing of the kind"))],
    ["image data of 3 bytes", "FORMAT", raw(stream.subarray(0, 3))],
    [
      "a zlib stream with a dictionary",
      "UNSUPPORTED",
      raw(join([Uint8Array.of(0x78, 0x20), stream.subarray(2)])),
    ],
    ["a zlib stream cut short", "FORMAT", raw(stream.subarray(0, -6))],
    ["bytes after the zlib stream", "FORMAT", raw(join([stream, new Uint8Array(9)]))],
    [
      "a zlib stream with another checksum",
      "CHECKSUM",
      raw(join([stream.subarray(0, -1), Uint8Array.of(stream.at(-1) === 0 ? 1 : 0)])),
    ],
    ["a row too few", "FORMAT", raw(zlibSync(rows.subarray(0, -5)))],
    ["a byte too few", "FORMAT", raw(zlibSync(rows.subarray(0, -1)))],
    ["a byte too many", "FORMAT", raw(zlibSync(join([rows, new Uint8Array(1)])))],
  ])("%s is %s", async (_what, code, bytes) => {
    expect(await decodeCode(bytes)).toBe(code);
  });

  it("is refused wherever it is cut, and whichever byte before its end is another", async () => {
    for (let length = 0; length < honest.length; length++) {
      expect(await decodeCode(honest.subarray(0, length)), `cut at ${length}`).toBe("FORMAT");
    }
    for (let at = 0; at < honest.length; at++) {
      const bytes = Uint8Array.from(honest);
      bytes[at] = (bytes[at] as number) ^ 0x04;
      expect(await decodeCode(bytes), `byte ${at}`).not.toBe("no error");
    }
  });
});

describe("opening", () => {
  it("leaves a source that was handed in open, and closes its own", async () => {
    const source = recordedSource(buildPng(SMALL), "x.png");
    const png = await openPng(source);
    await png.close();
    await png.close();
    expect(source.isClosed).toBe(false);
    for (const work of [png.pixels(), png.text(), png.allChunks(), png.hasAlpha()])
      expect(await codeOf(work)).toBe("CLOSED");
    expect(await codeOf(png.chunks.get(8)?.bytes() as Promise<unknown>)).toBe("CLOSED");
  });

  it("and reading reject with the reason of a signal", async () => {
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    await expect(openPng(buildPng(SMALL), { signal })).rejects.toBe(reason);
    await using png = await openPng(buildPng(SMALL));
    await expect(png.pixels({ signal })).rejects.toBe(reason);
    expect((await png.pixels()).data.length).toBe(48);
  });

  it("refuses limits that are none", async () => {
    expect(await decodeCode(buildPng(SMALL), { maxPixels: Number.NaN })).toBe("INVALID_ARGUMENT");
    expect(await decodeCode(buildPng(SMALL), { maxPixels: 11 })).toBe("LIMIT");
    expect(await decodeCode(buildPng(SMALL), { maxPixels: 12 })).toBe("no error");
  });
});

import { zlibSync } from "fflate";
import { describe, expect, it } from "vitest";
import {
  buildPng,
  type ChunkSpec,
  type ImageSpec,
  join,
  latin1,
  uint32Of,
} from "../../../test/png/build-png.ts";
import { codeOf, decodeCode, palette, SMALL, small } from "../../../test/png/small-png.ts";
import { recordedSource } from "../../../test/zip/recorded-source.ts";
import { openPng, type PngFile } from "../../png.ts";

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
    const bright = [png.codePoints(), png.masteringDisplay(), png.contentLight()];
    const rare = [png.histogram(), png.animation()];
    expect(await Promise.all([...all, ...more, ...bright, ...rare])).toEqual(Array.from({ length: 15 }));
    expect(await png.suggestedPalettes()).toEqual([]);
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
        { type: "cICP", data: Uint8Array.of(9, 16, 0, 1) },
        { type: "acTL", data: uint32Of(2, 0) },
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
    expect(await png.codePoints()).toEqual({ primaries: 9, transfer: 16, fullRange: true });
    expect(await png.animation()).toEqual({ frames: 2, plays: 0 });
    expect(await png.background()).toEqual({ red: 1, green: 2, blue: 3 });
    expect(await png.physical()).toEqual({ x: 2835, y: 2836, unit: "metre" });
    expect(await png.exif()).toEqual(latin1("II*\0"));
  });

  it("tells the light of high dynamic range in candelas a square metre", async () => {
    // BT.2020 in steps of 1/50,000, up to 1,000 candelas.
    const primaries = [35_400, 14_600, 8500, 39_850, 6550, 2300, 15_635, 16_450];
    const shorts = Uint8Array.from(primaries.flatMap((value) => [value >> 8, value & 255]));
    await using png = await open([
      { type: "mDCV", data: join([shorts, uint32Of(10_000_000, 50)]) },
      { type: "cLLI", data: uint32Of(9_000_000, 4_000_000) },
    ]);
    expect(await png.masteringDisplay()).toEqual({
      red: [0.708, 0.292],
      green: [0.17, 0.797],
      blue: [0.131, 0.046],
      white: [0.3127, 0.329],
      maxLuminance: 1000,
      minLuminance: 0.005,
    });
    expect(await png.contentLight()).toEqual({ max: 900, maxFrameAverage: 400 });
  });

  it("gives each suggested palette before the image data, of either depth", async () => {
    const eight = join([latin1("few\0\x08"), Uint8Array.of(1, 2, 3, 255, 1, 0, 4, 5, 6, 0, 0, 7)]);
    const sixteen = join([latin1("fine\0\x10"), Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 0, 9)]);
    const late = { type: "sPLT", data: latin1("late\0\x08") };
    await using png = await openPng(
      small(
        [
          { type: "sPLT", data: eight },
          { type: "sPLT", data: sixteen },
          { type: "sPLT", data: latin1("none\0\x08") },
        ],
        [late],
      ),
    );
    const empty = new Uint16Array(0);
    expect(await png.suggestedPalettes()).toEqual([
      {
        name: "few",
        bitDepth: 8,
        colors: Uint16Array.of(1, 2, 3, 255, 4, 5, 6, 0),
        frequencies: Uint16Array.of(256, 7),
      },
      {
        name: "fine",
        bitDepth: 16,
        colors: Uint16Array.of(0x102, 0x304, 0x506, 0x708),
        frequencies: Uint16Array.of(9),
      },
      { name: "none", bitDepth: 8, colors: empty, frequencies: empty },
    ]);
    const most = { maxTextBytes: eight.length - 1 };
    await using bounded = await openPng(small([{ type: "sPLT", data: eight }]), most);
    expect(await codeOf(bounded.suggestedPalettes())).toBe("LIMIT");
  });

  it("fits the color type", async () => {
    await using grey = await open([{ type: "bKGD", data: Uint8Array.of(1, 2) }]);
    // The bits above the depth do not count.
    expect(await grey.background()).toEqual({ grey: 2 });
    const deep = { type: "bKGD", data: Uint8Array.of(0xff, 0xff, 1, 2, 0, 3) };
    await using color = await open([deep], { colorType: 2 });
    expect(await color.background()).toEqual({ red: 255, green: 2, blue: 3 });
    await using fine = await open([deep], { colorType: 6, bitDepth: 16 });
    expect(await fine.background()).toEqual({ red: 0xffff, green: 0x102, blue: 3 });
    const entries = [
      palette(2),
      { type: "bKGD", data: Uint8Array.of(1) },
      { type: "sBIT", data: Uint8Array.of(1, 2, 8) },
      { type: "hIST", data: Uint8Array.of(1, 0, 0, 7) },
    ];
    await using indexed = await open(entries, { colorType: 3, bitDepth: 1, sample: () => [1] });
    expect(await indexed.background()).toEqual({ paletteIndex: 1 });
    expect(await indexed.significantBits()).toEqual([1, 2, 8]);
    expect(await indexed.histogram()).toEqual([256, 7]);
    expect(await indexed.palette()).toEqual(new Uint8Array(6).fill(9));
  });

  it.each<[string, ChunkSpec, (png: PngFile) => Promise<unknown>]>([
    ["a gamma of 0", { type: "gAMA", data: uint32Of(0) }, (png) => png.gamma()],
    ["a gamma of 3 bytes", { type: "gAMA", data: new Uint8Array(3) }, (png) => png.gamma()],
    ["chromaticities cut short", { type: "cHRM", data: new Uint8Array(31) }, (png) => png.chromaticities()],
    ["an unknown intent", { type: "sRGB", data: Uint8Array.of(4) }, (png) => png.renderingIntent()],
    ["a matrix of YCbCr", { type: "cICP", data: Uint8Array.of(1, 13, 1, 1) }, (png) => png.codePoints()],
    ["a range that is none", { type: "cICP", data: Uint8Array.of(1, 13, 0, 2) }, (png) => png.codePoints()],
    ["code points cut short", { type: "cICP", data: Uint8Array.of(1, 13, 0) }, (png) => png.codePoints()],
    ["a histogram of no palette", { type: "hIST", data: new Uint8Array(2) }, (png) => png.histogram()],
    ["an animation of no frames", { type: "acTL", data: uint32Of(0, 1) }, (png) => png.animation()],
    ["an animation cut short", { type: "acTL", data: uint32Of(1) }, (png) => png.animation()],
    ["a display cut short", { type: "mDCV", data: new Uint8Array(23) }, (png) => png.masteringDisplay()],
    ["light cut short", { type: "cLLI", data: new Uint8Array(7) }, (png) => png.contentLight()],
    ["a palette without a depth", { type: "sPLT", data: latin1("p\0") }, (png) => png.suggestedPalettes()],
    ["a palette of 4 bits", { type: "sPLT", data: latin1("p\0\x04") }, (png) => png.suggestedPalettes()],
    ["half a color", { type: "sPLT", data: latin1("p\0\x08abc") }, (png) => png.suggestedPalettes()],
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
    await expect(bomb.text()).rejects.toMatchObject({
      code: "LIMIT",
      message: expect.stringContaining(`more than ${most} bytes`) as string,
    });
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

import { describe, expect, it } from "vitest";
import { fullBox, isoBox, pmtilesHeader, u16, u32 } from "../../../test/heads/build-heads.ts";
import { bytes, factsOf } from "../../../test/heads/facts-of.ts";

// Forms that a format has beside the usual one, and that files out there are in.

describe("zstd behind frames that are skipped", () => {
  const FRAME = bytes("\x28\xb5\x2f\xfd", [0x20, 5]);
  const skipped = (length: number, kind = 0): Uint8Array =>
    bytes([0x50 + kind, 0x2a, 0x4d, 0x18, length & 255, length >> 8, 0, 0], new Uint8Array(length));
  const details = { contentBytes: 5, windowBytes: 5, checksum: false };

  it("is told by the first frame that is none of them", () => {
    expect(factsOf(bytes(skipped(10), FRAME))).toEqual(["zstd", { details }]);
    expect(factsOf(bytes(skipped(0), skipped(600, 15), FRAME))).toEqual(["zstd", { details }]);
  });

  it("is not told where that frame is of another kind, or not in the head: LZ4 skips the same frames", () => {
    expect(factsOf(bytes(skipped(10), "\x04\x22\x4d\x18"))).toEqual([undefined, {}]);
    expect(factsOf(bytes(skipped(40_000), FRAME))).toEqual([undefined, {}]);
    expect(factsOf(bytes([0x50, 0x2a, 0x4d, 0x18, 255, 255, 255, 255], FRAME))).toEqual([undefined, {}]);
    expect(factsOf(skipped(10).subarray(0, 7))).toEqual([undefined, {}]);
  });

  it("is cut short where its own header is", () => {
    const note = "damaged: its header reaches beyond its end";
    expect(factsOf(bytes(skipped(10), FRAME.subarray(0, 4)))).toEqual(["zstd", { note }]);
  });
});

describe("gzip", () => {
  const NAMED = bytes("\x1f\x8b\x08\x0c\0\0\0\0\0\x03");

  it("whose name lies beyond the head is not damaged", () => {
    const file = bytes(NAMED, u16(0xffff), new Uint8Array(0xffff), "name\0", new Uint8Array(40));
    expect(factsOf(file)).toEqual([
      "gzip",
      { note: "its header goes on beyond the first 32768 bytes, which are all that was read" },
    ]);
    // The name begins in the head, and may end behind it.
    const begun = bytes("\x1f\x8b\x08\x08\0\0\0\0\0\x03", "n".repeat(400));
    expect(factsOf(begun, 420)[1].note).toMatch(/^its header goes on/);
    expect(factsOf(begun, 410)[1].note).toMatch(/^damaged/);
  });
});

describe("WebP", () => {
  it("of a single pixel may be smaller than the header of the other kinds", () => {
    const smallest = bytes("RIFF", [18, 0, 0, 0], "WEBPVP8L", [6, 0, 0, 0, 0x2f, 0, 0, 0, 0, 0]);
    expect(factsOf(smallest)).toEqual(["webp", { width: 1, height: 1, details: { variant: "lossless" } }]);
    const note = "damaged: its header reaches beyond its end";
    expect(factsOf(smallest.subarray(0, 24))).toEqual(["webp", { note }]);
    expect(factsOf(smallest.subarray(0, 15))).toEqual(["webp", { note }]);
  });
});

describe("JPEG", () => {
  const frame = (marker: number): Uint8Array =>
    bytes([0xff, 0xd8, 0xff, marker, 0, 11, 8, 0, 2, 1, 0x2c, 1, 1, 0x11, 0]);
  const facts = (progressive: boolean) => ({
    width: 300,
    height: 2,
    details: { bitsPerSample: 8, progressive },
  });

  it.each([
    ["baseline", 0xc0, false],
    ["progressive", 0xc2, true],
    ["lossless", 0xc3, false],
    ["differential progressive", 0xc6, true],
    ["arithmetic", 0xc9, false],
    ["arithmetic progressive", 0xca, true],
    ["JPEG-LS", 0xf7, false],
  ])("of a frame that is %s", (_what, marker, progressive) => {
    expect(factsOf(frame(marker))).toEqual(["jpeg", facts(progressive)]);
  });
});

describe("PNG in the variant of Apple", () => {
  it("has its header behind a chunk of theirs", () => {
    const header = bytes(u32(13), "IHDR", u32(300, 2), [8, 6, 0, 0, 0], u32(0));
    const file = bytes("\x89PNG\r\n\x1a\n", u32(4), "CgBI", u32(0, 0), header);
    const details = { bitDepth: 8, colorType: 6, interlaced: false, variant: "apple" };
    expect(factsOf(file)).toEqual(["png", { width: 300, height: 2, details }]);
    const note = "damaged: its header reaches beyond its end";
    expect(factsOf(file.subarray(0, 40))).toEqual(["png", { note }]);
  });
});

describe("PMTiles", () => {
  it("that do not know their number of tiles tell none", () => {
    const header = pmtilesHeader();
    header.fill(0, 72, 80);
    expect(factsOf(header)[1].details).not.toHaveProperty("tiles");
    expect(factsOf(header)[1].details).toMatchObject({ version: 3, clustered: true });
  });

  it.each([1, 2])("of version %d is told by its mark of two letters", (version) => {
    const file = bytes("PM", [version, 0], u32(0x0c000000), [1, 0], '{"name":"x"}');
    const note = "only the header of version 3 is known here";
    expect(factsOf(file)).toEqual(["pmtiles", { details: { version }, note }]);
    expect(factsOf(bytes("PM", [version, 0], "some text"))[0]).toBeUndefined();
  });
});

describe("PDF", () => {
  const HEADER = "%PDF-1.7\n%\xe2\xe3\n";

  it.each([
    ["the mark of UTF-8", "\xef\xbb\xbf"],
    ["the headers of an answer", "Content-Type: application/pdf\r\n\r\n"],
    ["the header of a wrapping", "\0".repeat(128)],
    ["as much as readers skip", `${"x".repeat(1015)}\n`],
  ])("may have %s before its header", (_what, before) => {
    expect(factsOf(bytes(before, HEADER))).toEqual([
      "pdf",
      { details: { version: "1.7", linearized: false } },
    ]);
  });

  it.each([
    ["in the middle of a line", "a text about %PDF-1.4\n"],
    ["behind what readers skip", `${"x".repeat(1016)}\n${HEADER}`],
    ["of no version", "\n%PDF-x.y\n"],
  ])("is not told by a header %s", (_what, text) => {
    expect(factsOf(bytes(text))).toEqual([undefined, {}]);
  });

  it("is linearized where it says so, in any spacing, and has the length that it says", () => {
    const linearized = (text: string, more = 0): unknown =>
      factsOf(bytes(HEADER, text), HEADER.length + text.length + more)[1].details?.["linearized"];
    expect(linearized("<</Linearized\n1.0/L 41/O 3>>")).toBe(true);
    expect(linearized("<</L 41/Linearized   1/O 3>>")).toBe(true);
    expect(linearized("<</Linearized 1/O 3>>")).toBe(true);
    expect(linearized("<</Linearized 1/L 33/O 3>>", 900)).toBe(false);
    expect(linearized("<</Linearized 1/L 33/O 3>>", Number.POSITIVE_INFINITY)).toBe(true);
    expect(linearized("<</Linearized 0/L 33/O 3>>")).toBe(false);
  });
});

describe("boxes", () => {
  const MOVIE = isoBox("moov", fullBox("mvhd", u32(0, 0, 600, 7530)));

  it.each(["hevm", "hevs", "mif2", "avci"])("of the brand %s are an image", (brand) => {
    const properties = isoBox(
      "iprp",
      isoBox("ipco", fullBox("ispe", u32(40, 30))),
      fullBox("ipma", u32(1), u16(1), [1, 1]),
    );
    const meta = fullBox("meta", fullBox("pitm", u16(1)), properties);
    expect(factsOf(bytes(isoBox("ftyp", brand, u32(0)), meta))).toEqual([
      "heif",
      { width: 40, height: 30, details: { brands: [brand] } },
    ]);
  });

  it("without brands are a movie of QuickTime, as it wrote them at first", () => {
    const details = { moovFirst: true, durationSeconds: 12.55 };
    expect(factsOf(bytes(MOVIE, isoBox("mdat")))).toEqual(["quicktime", { details }]);
    const late = bytes(isoBox("wide"), isoBox("mdat", "data"), MOVIE);
    expect(factsOf(late)).toEqual(["quicktime", { details: { ...details, moovFirst: false } }]);
    expect(factsOf(bytes(isoBox("mdat", "data"), MOVIE))[0]).toBe("quicktime");
    expect(factsOf(bytes("The moov atom is a box"))[0]).toBeUndefined();
  });
});

describe("a movie whose header comes after its data", () => {
  const data = (length: number): Uint8Array => isoBox("mdat", new Uint8Array(length));
  const FTYP = isoBox("ftyp", "isom", u32(0));
  const MOVIE = isoBox("moov", fullBox("mvhd", u32(0, 0, 600, 7530)));
  const brands = ["isom"];

  it("is told where the head holds it all the same", () => {
    const details = { brands, moovFirst: false, durationSeconds: 12.55 };
    expect(factsOf(bytes(FTYP, data(100), MOVIE))).toEqual(["mp4", { details }]);
    expect(factsOf(bytes(FTYP, data(40_000), MOVIE))[1]).toEqual({
      details: { brands, moovFirst: false },
      note: "its movie header comes after the data, not in the first 32768 bytes",
    });
  });

  it("has none where the head is all of the file", () => {
    const segment = bytes(FTYP, isoBox("moof", u32(0)), data(10));
    expect(factsOf(segment)[1]).toEqual({
      details: { brands, moovFirst: false },
      note: "it has no movie header",
    });
  });
});

describe("bzip2", () => {
  it("is told by its first block, not by three letters", () => {
    expect(factsOf(bytes("BZhang is a name."))).toEqual([undefined, {}]);
    const details = { blockBytes: 900_000 };
    expect(factsOf(bytes("BZh9\x17rE8P\x90", u32(0)))).toEqual(["bzip2", { details }]);
  });
});

import { describe, expect, it } from "vitest";
import {
  fullBox,
  isoBox,
  pmtilesHeader,
  sqliteHeader,
  tiffFile,
  u16,
  u32,
  u64,
} from "../../../test/heads/build-heads.ts";
import { bytes, factsOf } from "../../../test/heads/facts-of.ts";
import { buildPng } from "../../../test/png/build-png.ts";
import { buildTar, pax } from "../../../test/tar/build-tar.ts";
import { compressedTar } from "../../../test/tar/compressed-tars.ts";
import type { FileFacts } from "./facts.ts";

const START = [0xff, 0xd8];
const FRAME = [0xff, 0xc2, 0, 11, 8, 1, 2, 3, 4, 1, 1, 0x11, 0];
const segment = (marker: number, ...content: (string | number[] | Uint8Array)[]): Uint8Array => {
  const data = bytes(...content);
  return bytes([0xff, marker], u16(data.length + 2), data);
};
const exif = (tiff: Uint8Array): Uint8Array => segment(0xe1, "Exif\0\0", tiff);
const SIDE = { width: 300, height: 2 };

describe("fileFacts of images", () => {
  it.each<[string, Uint8Array, FileFacts]>([
    [
      "png",
      buildPng({ ...SIDE, colorType: 2, interlaced: true }),
      { ...SIDE, details: { bitDepth: 8, colorType: 2, interlaced: true } },
    ],
    ["gif", bytes("GIF89a", [0x2c, 1, 2, 0]), { ...SIDE, details: { version: "89a" } }],
    [
      "webp",
      bytes("RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a", [0x2c, 0x41, 2, 0x80]),
      { ...SIDE, details: { variant: "lossy" } },
    ],
    [
      "webp",
      bytes("RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f", [0x2b, 0x41, 0, 0], "\0\0\0\0\0"),
      { ...SIDE, details: { variant: "lossless" } },
    ],
    [
      "webp",
      bytes("RIFF\0\0\0\0WEBPVP8X\0\0\0\0\x02\0\0\0", [0x2b, 1, 0, 1, 0, 0]),
      { ...SIDE, details: { variant: "extended", animated: true } },
    ],
    [
      "bmp",
      bytes("BM\0\0\0\0\0\0\0\0\0\0\0\0\x28\0\0\0", [0x2c, 1, 0, 0, 0xfe, 0xff, 0xff, 0xff, 1, 0, 24, 0]),
      { ...SIDE, details: { bitsPerPixel: 24 } },
    ],
    [
      "bmp",
      bytes("BM\0\0\0\0\0\0\0\0\0\0\0\0\x0c\0\0\0", [0x2c, 1, 2, 0, 1, 0, 8, 0], "\0\0\0\0"),
      { ...SIDE, details: { bitsPerPixel: 8 } },
    ],
    [
      "jpeg",
      bytes(
        START,
        exif(tiffFile([{ width: 9, orientation: 6 }])),
        segment(0xc4, [1, 2]),
        [0xff, 0xff],
        FRAME,
      ),
      { width: 0x304, height: 0x102, details: { orientation: 6, bitsPerSample: 8, progressive: true } },
    ],
    [
      "tiff",
      tiffFile([{ ...SIDE, orientation: 3 }, {}]),
      { ...SIDE, details: { orientation: 3, directories: 2 } },
    ],
    ["tiff", tiffFile([SIDE], { little: false }), { ...SIDE, details: { directories: 1 } }],
    ["bigtiff", tiffFile([SIDE], { big: true }), { ...SIDE, details: { directories: 1 } }],
    ["bigtiff", tiffFile([SIDE], { big: true, little: false }), { ...SIDE, details: { directories: 1 } }],
  ])("tells of a %s its dimensions", (type, file, facts) => {
    expect(factsOf(file)).toEqual([type, facts]);
  });

  it("tells of an AVIF those of its primary item, not of its thumbnail", () => {
    const properties = isoBox(
      "ipco",
      fullBox("ispe", u32(40, 30)),
      fullBox("ispe", u32(4000, 3000)),
      isoBox("irot", [1]),
    );
    const meta = (links: Uint8Array): Uint8Array =>
      bytes(
        isoBox("ftyp", "avif", u32(0), "mif1avif"),
        fullBox("meta", fullBox("pitm", u16(7)), isoBox("iprp", properties, links)),
      );
    const links = fullBox("ipma", u32(2), u16(3), [1, 1], u16(7), [2, 0x82, 3]);
    const details = { brands: ["avif", "mif1"], rotationDegrees: 270 };
    expect(factsOf(meta(links))).toEqual(["avif", { width: 4000, height: 3000, details }]);
    // A count of items that are not there, and of properties.
    const lies = fullBox("ipma", u32(0xffffffff), u16(3), [1, 1], u16(7), [255, 0x82, 3]);
    expect(factsOf(meta(lies))[1]).toEqual({
      details: { brands: ["avif", "mif1"] },
      note: "it tells no dimensions",
    });
  });
});

describe("fileFacts of a movie", () => {
  const FTYP = isoBox("ftyp", "isom", u32(512), "isommp41");
  const track = (handler: string, turn: number[]): Uint8Array =>
    isoBox(
      "trak",
      fullBox(
        "tkhd",
        new Uint8Array(36),
        u32(...turn),
        new Uint8Array(20),
        u32(1920 * 65_536, 1080 * 65_536),
      ),
      isoBox(
        "mdia",
        fullBox("hdlr", u32(0), handler),
        isoBox("minf", isoBox("stbl", fullBox("stsd", u32(1, 8), "avc1"))),
      ),
    );
  const TURNED = [0, 0x10000, 0, -0x10000];
  const moov = (mvhd: Uint8Array): Uint8Array =>
    isoBox("moov", mvhd, track("soun", [0, 0, 0, 0]), track("vide", TURNED));
  const details = { brands: ["isom", "mp41"], moovFirst: true, videoCodec: "avc1", rotationDegrees: 90 };

  it("tells brands, duration and the first video track, where its header comes first", () => {
    const short = fullBox("mvhd", u32(0, 0, 600, 7530));
    expect(factsOf(bytes(FTYP, moov(short), isoBox("mdat")))).toEqual([
      "mp4",
      { width: 1920, height: 1080, details: { ...details, durationSeconds: 12.55 } },
    ]);
    const long = bytes(u32(0x6c), "mvhd", [1, 0, 0, 0], u64(0, 0), u32(600), u64(7530), new Uint8Array(68));
    expect(factsOf(bytes(FTYP, moov(long)))[1].details).toEqual({ ...details, durationSeconds: 12.55 });
  });

  it.each<[string, number[]]>([
    ["an unknown duration", [0, 0, 600, 0xffffffff]],
    ["no duration", [0, 0, 600, 0]],
    ["no unit of time", [0, 0, 0, 7530]],
  ])("tells none of %s", (_what, numbers) => {
    expect(factsOf(bytes(FTYP, moov(fullBox("mvhd", u32(...numbers)))))[1].details).toEqual(details);
  });

  it("says where its header is not", () => {
    const late = bytes(FTYP, u32(1), "mdat", u64(1_000_000));
    expect(factsOf(late, 2_000_000)).toEqual([
      "mp4",
      {
        details: { brands: ["isom", "mp41"], moovFirst: false },
        note: `its movie header comes after the data, not in the first ${late.length} bytes`,
      },
    ]);
    const endless = bytes(FTYP, u32(40_000), "free");
    expect(factsOf(endless, 2_000_000)[1].note).toMatch(/^its header goes on beyond the first \d+ bytes/);
    for (const size of [u32(3), u32(0x7fffffff)]) {
      expect(factsOf(bytes(FTYP, size, "moov", u64(0)))[1].note).toBe(
        "damaged: a box is of an impossible length",
      );
    }
    expect(factsOf(bytes("\0\0\0\x18ftypqt  "))[0]).toBe("quicktime");
  });
});

describe("fileFacts of compressed files", () => {
  it.each<[string, Uint8Array, FileFacts["details"]]>([
    ["gzip", compressedTar("tar.gz"), {}],
    ["zstd", compressedTar("tar.zst"), { contentBytes: 10_240, windowBytes: 10_240, checksum: true }],
    ["bzip2", compressedTar("tar.bz2"), { blockBytes: 900_000 }],
    ["xz", compressedTar("tar.xz"), { check: "crc64" }],
    [
      "gzip",
      bytes("\x1f\x8b\x08\x0c", [0, 0xe1, 0xf5, 0x05, 0, 3], u16(0x600), "BC\x02\0\x1b\0", "a.txt\0"),
      { fileName: "a.txt", modified: "1973-03-03T09:46:40.000Z", variant: "bgzf" },
    ],
    [
      "zstd",
      bytes("\x28\xb5\x2f\xfd", [0x41, 0x59, 9, 1, 0]),
      { contentBytes: 257, windowBytes: 2_359_296, checksum: false },
    ],
    ["zstd", bytes("\x28\xb5\x2f\xfd", [0xe0], Array<number>(8).fill(255)), { checksum: false }],
    [
      "7z",
      bytes(
        "7z\xbc\xaf\x27\x1c",
        [0, 4],
        "CRC!",
        [8, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0],
        "CRC!",
        "0123456789ab",
      ),
      { version: "0.4", headerStart: 40, headerBytes: 4 },
    ],
  ])("of a %s", (type, file, details) => {
    const facts = factsOf(file);
    expect(facts).toEqual([type, details && Object.keys(details).length === 0 ? {} : { details }]);
  });
});

describe("fileFacts of data", () => {
  it.each<[string, Uint8Array, FileFacts]>([
    ["parquet", bytes("PAR1", Array<number>(40).fill(1)), { details: { encryptedFooter: false } }],
    ["parquet", bytes("PARE"), { details: { encryptedFooter: true } }],
    [
      "pdf",
      bytes("%PDF-1.7\n%\xe2\xe3\n1 0 obj <</Linearized 1/L 43>>"),
      { details: { version: "1.7", linearized: true } },
    ],
    [
      "pmtiles",
      pmtilesHeader(),
      {
        details: {
          version: 3,
          tileType: "mvt",
          tileCompression: "gzip",
          minZoom: 0,
          maxZoom: 14,
          bounds: ["-10.5", "-85", "179.9999999", "85"],
          tiles: 321,
          clustered: true,
        },
      },
    ],
    [
      "sqlite",
      sqliteHeader(),
      { details: { pageBytes: 65_536, pages: 1, encoding: "UTF-8", writeAheadLog: true } },
    ],
    ["tar", buildTar([{}]), { details: { variant: "ustar" } }],
    ["tar", buildTar([pax({ path: "x" }), {}]), { details: { variant: "pax" } }],
    ["tar", buildTar([{ magic: "ustar  \0" }]), { details: { variant: "gnu" } }],
    ["tar", buildTar([{ magic: "" }]), { details: { variant: "v7" } }],
    ["wasm", bytes("\0asm\x01\0\0\0"), {}],
  ])("of a %s", (type, file, facts) => {
    expect(factsOf(file)).toEqual([type, facts]);
  });
});

describe("fileFacts of a head that is damaged or cut short", () => {
  const beyond = /^its header goes on beyond the first \d+ bytes, which are all that was read$/;
  const cut = "damaged: its header reaches beyond its end";
  const none = "it tells no dimensions";
  it.each<[string, Uint8Array, string | RegExp, number?]>([
    ["JPEG whose frame lies beyond", bytes(START, segment(0xe2, new Uint8Array(40_000)), FRAME), beyond],
    ["JPEG cut short", bytes(START, segment(0xe2, new Uint8Array(2000))).subarray(0, 900), cut],
    ["JPEG cut short in its frame", bytes(START, FRAME).subarray(0, 9), cut],
    [
      "JPEG whose scan comes first",
      bytes(START, [0xff, 0xda, 0, 2], FRAME),
      "damaged: no frame comes before its data",
    ],
    [
      "JPEG with a segment of no length",
      bytes(START, [0xff, 0xe0, 0, 0], FRAME),
      "damaged: a segment has no length",
    ],
    ["JPEG of garbage", bytes(START, [0xff, 0xe0, 0, 2], "garbage"), "damaged: a segment has no mark"],
    ["JPEG of filling bytes", bytes(START, Array<number>(50_000).fill(0xff)), beyond],
    ["JPEG of no height", bytes(START, FRAME.slice(0, 5), [0, 0], FRAME.slice(7)), none],
    [
      "PNG without its header",
      buildPng({ ...SIDE, without: ["IHDR"] }),
      "damaged: its first chunk is no header",
    ],
    ["PNG cut short", buildPng(SIDE).subarray(0, 20), cut],
    ["GIF cut short", bytes("GIF89a", [1]), cut],
    ["GIF of no width", bytes("GIF89a", [0, 0, 2, 0]), none],
    [
      "WebP of an unknown kind",
      bytes("RIFF\0\0\0\0WEBPABCD", Array<number>(20).fill(1)),
      "its first chunk is of a kind not known here",
    ],
    [
      "WebP without a frame",
      bytes("RIFF\0\0\0\0WEBPVP8 ", Array<number>(20).fill(1)),
      "damaged: its first frame is no key frame",
    ],
    [
      "WebP without a mark",
      bytes("RIFF\0\0\0\0WEBPVP8L", Array<number>(20).fill(1)),
      "damaged: its image data has no mark",
    ],
    ["BMP cut short", bytes("BM\0\0\0\0\0\0\0\0\0\0\0\0\x28\0\0\0"), cut],
    ["TIFF whose directory comes last", bytes("II*\0", [0, 0, 1, 0], new Uint8Array(40_000)), beyond, 70_000],
    ["TIFF whose directory is outside", bytes("MM\0*", [0xff, 0xff, 0xff, 0xff]), cut],
    ["TIFF of a directory too long", bytes("II*\0", [8, 0, 0, 0, 0xff, 0xff]), cut],
    [
      "BigTIFF of a directory too long",
      bytes("II+\0", [8, 0, 0, 0], u64(0).reverse(), Array<number>(8).fill(255)),
      cut,
    ],
    ["BigTIFF of other offsets", bytes("II+\0", [4, 0, 0, 0, 0, 0, 0, 0]), "damaged: no head of a TIFF"],
    ["gzip whose name does not end", bytes("\x1f\x8b\x08\x08\0\0\0\0\0\0", Array<number>(40).fill(65)), cut],
    [
      "gzip of a reserved bit",
      bytes("\x1f\x8b\x08\x28\0\0\0\0\0\0name\0"),
      "damaged: a bit of its header is set that has no meaning",
    ],
    ["gzip cut short in its extra field", bytes("\x1f\x8b\x08\x04\0\0\0\0\0\0"), cut],
    [
      "zstd of a reserved bit",
      bytes("\x28\xb5\x2f\xfd\x08"),
      "damaged: a bit of its header is set that has no meaning",
    ],
    ["zstd cut short", bytes("\x28\xb5\x2f\xfd\xe0"), cut],
    ["bzip2 of no level", bytes("BZh0", "1AY&SY"), "damaged: its blocks have no possible size"],
    ["xz of other flags", bytes("\xfd7zXZ\0\x01\0\0\0\0\0"), "damaged: its flags have no meaning"],
    [
      "7z whose directory is outside",
      bytes("7z\xbc\xaf\x27\x1c\0\x04CRC!", Array<number>(20).fill(255)),
      "damaged: its directory reaches beyond its end",
    ],
    [
      "PMTiles whose parts are outside",
      pmtilesHeader().subarray(0, 130),
      "damaged: its parts reach beyond its end",
    ],
    [
      "PMTiles of version 2",
      bytes("PMTiles\x02", new Uint8Array(120)),
      "only the header of version 3 is known here",
    ],
    [
      "SQLite of no size of pages",
      bytes("SQLite format 3\0\0\x07", new Uint8Array(90)),
      "damaged: its pages have no possible size",
    ],
    ["SQLite cut short", sqliteHeader().subarray(0, 1000), "damaged: its pages reach beyond its end"],
    ["PDF of no version", bytes("%PDF-x"), "damaged: it names no version"],
  ])("tells why there is no more of a %s", (_what, file, note, fileSize) => {
    const [type, facts] = factsOf(file, fileSize);
    expect(type).toBeTypeOf("string");
    expect(facts.note).toEqual(typeof note === "string" ? note : expect.stringMatching(note));
    expect([facts.width, facts.height]).toEqual([undefined, undefined]);
  });

  it("tells nothing of a type that is not known, or has nothing to tell", () => {
    expect(factsOf(bytes("some text"))).toEqual([undefined, {}]);
    expect(factsOf(bytes("PK\x03\x04", Array<number>(40).fill(1)))).toEqual(["zip", {}]);
  });
});

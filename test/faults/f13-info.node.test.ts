import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../src/cli/run.ts";
import { type RangeServer, startRangeServer } from "../../src/testing.ts";
import { isoBox, latin1, pmtilesHeader, tiffFile, u16, u32 } from "../heads/build-heads.ts";
import { buildPng, join } from "../png/build-png.ts";
import { buildZip } from "../zip/build-zip.ts";

const MIB = 2 ** 20;

/** A JPEG whose Exif segment holds this TIFF, and whose frame follows. */
function jpegWith(tiff: Uint8Array): Uint8Array<ArrayBuffer> {
  const exif = join([latin1("Exif\0\0"), tiff]);
  const frame = Uint8Array.of(0xff, 0xc0, 0, 11, 8, 0, 200, 1, 44, 1, 1, 0x11, 0);
  return join([Uint8Array.of(0xff, 0xd8, 0xff, 0xe1), u16(exif.length + 2), exif, frame]);
}

/** Something that begins with these bytes and is 1 MiB long. */
function padded(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(MIB);
  file.set(join(parts));
  return file;
}

function changed(bytes: Uint8Array<ArrayBuffer>, at: number, value: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  copy.set(value, at);
  return copy;
}

const FIRST = { width: 7, height: 5, orientation: 6 };
const ALL_ONES = new Uint8Array(8).fill(255);

/** Directories that overlap: each claims all that follows, and names the next, two bytes on. */
function overlappingDirectories(): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(32_768);
  file.set(latin1("MM\0*\0\0\0\x08"));
  const view = new DataView(file.buffer);
  for (let at = 8; at + 18 < file.length; at += 12) {
    view.setUint16(at, 1);
    view.setUint32(at + 14, at + 12);
  }
  return file;
}

const FILES: Record<string, Uint8Array> = {
  "loop.tif": padded(tiffFile([FIRST, { next: 8 }])),
  "itself.tif": padded(tiffFile([{ ...FIRST, next: 8 }])),
  "outside.tif": padded(tiffFile([{ ...FIRST, next: 0xfffffff0 }])),
  "nowhere.tif": tiffFile([{}]).fill(255, 4, 8),
  "many.tif": padded(changed(tiffFile([FIRST]), 8, u16(0xffff).reverse())),
  "big.tif": padded(changed(tiffFile([FIRST], { big: true }), 16, ALL_ONES)),
  "overlapping.tif": padded(overlappingDirectories()),
  "loop.jpg": padded(jpegWith(tiffFile([{ ...FIRST, next: 8 }]))),
  "outside.jpg": padded(jpegWith(tiffFile([FIRST]).fill(255, 4, 8))),
  "many.jpg": padded(jpegWith(changed(tiffFile([FIRST]), 8, ALL_ONES.subarray(0, 2)))),
  "far.jpg": padded(
    latin1("\xff\xd8"),
    ...Array.from({ length: 9 }, () => latin1(`\xff\xe2\x10\0${"x".repeat(4094)}`)),
  ),
  "footer.parquet": changed(padded(latin1("PAR1")), MIB - 8, latin1("\xff\xff\xff\x7fPAR1")),
  "varints.parquet": changed(padded(latin1("PAR1")), MIB - 100, latin1(`${"\xff".repeat(92)}\x5c\0\0\0PAR1`)),
  "root.pmtiles": padded(changed(pmtilesHeader(), 8, ALL_ONES)),
  // Its root directory is in its leaf directories, and both are bytes that never end a number.
  "cycle.pmtiles": padded(changed(pmtilesHeader(), 40, pmtilesHeader().subarray(8, 24)).fill(255, 127, 400)),
  "boxes.mp4": padded(
    isoBox("ftyp", "isom", u32(0)),
    u32(0xffffffff),
    latin1("moov"),
    u32(1),
    latin1("trak"),
    ALL_ONES,
  ),
  "fast.mp4": padded(isoBox("ftyp", "isom", u32(0)), u32(0), latin1("mdat")),
  "really-a.png": padded(jpegWith(tiffFile([FIRST]))),
  "really-a.jpg": padded(buildPng({ width: 3, height: 2 })),
  "really-a.txt": padded(buildZip([])),
  "really-a.zip": padded(latin1("<!doctype html><title>Log in</title>")),
};

let server: RangeServer;
beforeAll(async () => {
  server = await startRangeServer({ files: FILES });
});
afterAll(() => server.close());

/** What `info` says, for one request of the first 32 KiB and not a byte more. */
async function infoOf(name: string): Promise<Record<string, unknown>> {
  server.requests.length = 0;
  let text = "";
  const output = {
    write: async (data: string | Uint8Array) => void (text += String(data)),
    note: () => undefined,
  };
  const code = await run(["info", `${server.url}/${name}`, "--json"], "9.9.9", {
    output,
    signal: new AbortController().signal,
  });
  expect(code).toBe(0);
  const length = (FILES[name] as Uint8Array).length;
  expect(server.requests.map(({ bytesSent }) => bytesSent)).toEqual([Math.min(length, 32_768)]);
  return JSON.parse(text) as Record<string, unknown>;
}

const DAMAGED = /^damaged: /;
const NOT_READ = /^its header goes on beyond the first 32768 bytes, which are all that was read$/;

describe("F13: info of a file whose head leads elsewhere", () => {
  it.each<[string, object, RegExp]>([
    ["loop.tif", { width: 7, height: 5 }, /^damaged: its directories form a loop$/],
    ["itself.tif", { width: 7, height: 5 }, /^damaged: its directories form a loop$/],
    ["outside.tif", { width: 7, height: 5 }, DAMAGED],
    ["nowhere.tif", {}, DAMAGED],
    ["many.tif", {}, NOT_READ],
    ["big.tif", {}, DAMAGED],
    ["overlapping.tif", {}, /^it tells no dimensions$/],
  ])(
    "209. takes each directory of %s once, and follows none outside of what was read",
    async (name, size, note) => {
      const { type, note: said, ...rest } = await infoOf(name);
      expect([type, said]).toEqual([name === "big.tif" ? "bigtiff" : "tiff", expect.stringMatching(note)]);
      expect(rest).toMatchObject(size);
      if (!("width" in size)) expect(rest).not.toHaveProperty("width");
    },
  );

  it("209. takes no orientation from Exif that loops or lies outside of its segment, and the dimensions all the same", async () => {
    const size = { type: "jpeg", width: 300, height: 200 };
    expect(await infoOf("loop.jpg")).toMatchObject({ ...size, details: { orientation: 6 } });
    for (const name of ["outside.jpg", "many.jpg"]) {
      const told = await infoOf(name);
      expect(told).toMatchObject(size);
      expect(told["details"]).not.toHaveProperty("orientation");
    }
  });

  it("209. says that a frame lies beyond what was read, and asks for no more", async () => {
    const told = await infoOf("far.jpg");
    expect(told).toMatchObject({ type: "jpeg", note: expect.stringMatching(NOT_READ) });
    expect(told).not.toHaveProperty("width");
  });

  it.each(["footer.parquet", "varints.parquet"])("210. does not follow the footer of %s", async (name) => {
    const told = await infoOf(name);
    expect(told).toMatchObject({ type: "parquet", details: { encryptedFooter: false } });
    expect(told).not.toHaveProperty("note");
  });

  it("210. does not follow the directories of a PMTiles, and tells of one that lies outside", async () => {
    expect(await infoOf("root.pmtiles")).toMatchObject({
      type: "pmtiles",
      note: expect.stringMatching(DAMAGED),
    });
    expect(await infoOf("cycle.pmtiles")).toMatchObject({
      type: "pmtiles",
      details: { maxZoom: 14, tiles: 321 },
    });
  });

  it("210. does not follow a movie header that is not there", async () => {
    expect(await infoOf("boxes.mp4")).toMatchObject({ type: "mp4", note: expect.stringMatching(DAMAGED) });
    expect(await infoOf("fast.mp4")).toMatchObject({ type: "mp4", details: { moovFirst: false } });
  });
});

describe("F13: info of a file whose name promises another type", () => {
  it.each([
    [
      "really-a.png",
      "jpeg",
      { width: 300, height: 200 },
      "the name ends in .png, but its bytes are those of type jpeg",
    ],
    [
      "really-a.jpg",
      "png",
      { width: 3, height: 2 },
      "the name ends in .jpg, but its bytes are those of type png",
    ],
    ["really-a.txt", "zip", {}, "the name ends in .txt, but its bytes are those of type zip"],
    ["really-a.zip", null, {}, "the name ends in .zip, but its first bytes bear no mark of that type"],
  ])("212. goes by the bytes of %s, and says so", async (name, type, size, mismatch) => {
    expect(await infoOf(name)).toMatchObject({ type, ...size, mismatch });
  });

  it("212. says nothing where they agree", async () => {
    expect(await infoOf("loop.tif")).not.toHaveProperty("mismatch");
  });
});

import {
  fullBox,
  isoBox,
  latin1,
  pmtilesHeader,
  sqliteHeader,
  tiffFile,
  u16,
  u32,
} from "../heads/build-heads.ts";
import { buildPng, join } from "../png/build-png.ts";
import { buildTar } from "../tar/build-tar.ts";
import { compressedTar, type SampleFormat } from "../tar/compressed-tars.ts";
import type { Sample } from "./mutate.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** All of such a head is structure. */
const STRUCTURE_BYTES = 300;

function headSample(name: string, bytes: Bytes): Sample {
  const places = Array.from({ length: Math.min(bytes.length, STRUCTURE_BYTES) }, (_, index) => index);
  return { name, bytes, places };
}

const TRACK = isoBox(
  "trak",
  fullBox(
    "tkhd",
    new Uint8Array(36),
    u32(0, 0x10000, 0),
    new Uint8Array(24),
    u32(1920 * 65_536, 1080 * 65_536),
  ),
  isoBox(
    "mdia",
    fullBox("hdlr", u32(0), "vide"),
    isoBox("minf", isoBox("stbl", fullBox("stsd", u32(1, 8), "avc1"))),
  ),
);
const MOVIE = isoBox("moov", fullBox("mvhd", u32(0, 0, 600, 7530)), TRACK, TRACK);
const IMAGE = fullBox(
  "meta",
  fullBox("pitm", u16(7)),
  isoBox(
    "iprp",
    isoBox("ipco", fullBox("ispe", u32(40, 30)), fullBox("ispe", u32(400, 300)), isoBox("irot", [1])),
    fullBox("ipma", u32(2), u16(3), [1, 1], u16(7), [2, 0x82, 3]),
  ),
);

/** Exif, a segment of filling, the frame. */
function jpeg(): Bytes {
  const exif = join([latin1("Exif\0\0"), tiffFile([{ orientation: 6 }, {}])]);
  const rest = "\xff\xe2\0\x06fill\xff\xc0\0\x0b\x08\x01\x02\x03\x04\x01\x01\x11\0";
  return join([latin1("\xff\xd8\xff\xe1"), u16(exif.length + 2), exif, latin1(rest)]);
}

/** One of every format of which `info` tells something. */
export function headSamples(): readonly Sample[] {
  const compressed = (["tar.gz", "tar.zst", "tar.bz2", "tar.xz"] satisfies SampleFormat[]).map((format) =>
    headSample(format, compressedTar(format).slice(0, 100)),
  );
  const texts: readonly [name: string, text: string][] = [
    ["gif", `GIF89a\x2c\x01\x02\0${"\0".repeat(20)}`],
    ["webp lossy", `RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x2c\x41\x02\x80`],
    ["webp lossless", `RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x2b\x41\0\0\0\0\0\0\0`],
    ["webp extended", `RIFF\0\0\0\0WEBPVP8X\0\0\0\0\x02\0\0\0\x2b\x01\0\x01\0\0`],
    ["bmp", `BM\0\0\0\0\0\0\0\0\0\0\0\0\x28\0\0\0\x2c\x01\0\0\x02\0\0\0\x01\0\x18\0`],
    ["gzip", "\x1f\x8b\x08\x0c\0\0\0\0\0\x03\x06\0BC\x02\0\x1b\0a.txt\0"],
    ["7z", `7z\xbc\xaf\x27\x1c\0\x04CRC!\x08\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0CRC!0123456789ab`],
    ["pdf", "%PDF-1.7\n1 0 obj <</Linearized 1/L 90>>"],
    ["parquet", "PAR1data"],
    ["zip", "PK\x03\x04"],
  ];
  return [
    headSample("jpeg", jpeg()),
    headSample("tiff", tiffFile([{ width: 7, height: 5, orientation: 6 }, {}, {}])),
    headSample("bigtiff", tiffFile([{ width: 7, height: 5 }, {}], { big: true, little: false })),
    headSample("png", buildPng({ width: 3, height: 2 })),
    headSample("mp4", join([isoBox("ftyp", "isom", u32(0), "mp41"), MOVIE])),
    headSample("avif", join([isoBox("ftyp", "avif", u32(0), "mif1"), IMAGE])),
    headSample("pmtiles", pmtilesHeader()),
    headSample("sqlite", sqliteHeader().slice(0, 200)),
    headSample("tar", buildTar([{}])),
    ...compressed,
    ...texts.map(([name, text]) => headSample(name, join([latin1(text)]))),
  ];
}

import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { buildTar } from "../tar/build-tar.ts";
import { buildZip, crc32Of, extraField, type MemberSpec, pack, text } from "../zip/build-zip.ts";
import {
  compressedSample,
  SAMPLE_METHODS,
  SAMPLE_TEXTS,
  type SampleMethod,
} from "../zip/compressed-samples.ts";
import type { Sample } from "./mutate.ts";
import { insist } from "./settle.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A record begins with these two letters; its fields lie in the 56 bytes that follow at most. */
const RECORD_BYTES = 56;

function zipSample(name: string, bytes: Bytes): Sample {
  const places: number[] = [];
  for (let at = 0; at + 4 <= bytes.length; at++) {
    if (bytes[at] !== 0x50 || bytes[at + 1] !== 0x4b) continue;
    for (let index = 0; index < RECORD_BYTES; index += 2) places.push(at + index);
  }
  return { name, bytes, places };
}

const LINES = text(Array.from({ length: 40 }, (_, index) => `line ${index}\n`).join(""));

const PLAIN: readonly MemberSpec[] = [
  { name: "readme.txt", data: text("Tides of one day.\n") },
  { name: "lines.txt", data: LINES, method: 8 },
  { name: "folder/", externalAttributes: 0o40755 * 65_536 },
  { name: "folder/link", data: text("../readme.txt"), externalAttributes: 0o120777 * 65_536 },
  { name: "pattern.bin", data: patternBytes(700, 3), comment: text("a comment") },
  { name: "empty" },
];

const UNICODE_PATH = pack([1, 1], [4, crc32Of(text("caf?"))], text("café"));

function compressedMembers(): MemberSpec[] {
  return (Object.keys(SAMPLE_METHODS) as SampleMethod[]).map((method) => ({
    name: `${method}.txt`,
    data: SAMPLE_TEXTS.small,
    method: SAMPLE_METHODS[method],
    stored: compressedSample(method, "small"),
    // LZMA's end mark is announced.
    flags: method === "lzma" ? 0x802 : 0x800,
  }));
}

/** Stored and deflated, other methods, descriptors, dates and names in extra fields, a program in front, an archive within. */
export function zipSamples(): readonly Sample[] {
  const inner = buildZip([...PLAIN]);
  return [
    zipSample("plain", inner),
    zipSample("methods", buildZip(compressedMembers())),
    zipSample(
      "descriptors",
      buildZip(
        PLAIN.map((member) => ({ ...member, descriptor: true })),
        { comment: text("of the archive") },
      ),
    ),
    zipSample(
      "surrounded",
      buildZip([{ name: "inner.zip", data: inner }, { name: "twice" }, { name: "twice" }], {
        prefix: patternBytes(300, 1),
        trailer: new Uint8Array(8),
      }),
    ),
    zipSample(
      "extras",
      buildZip([
        { name: text("caf?"), flags: 0, extra: extraField(0x7075, UNICODE_PATH) },
        { name: "dates", extra: extraField(0x5455, pack([1, 3], [4, 1_700_000_000], [4, 1_700_000_000])) },
        { name: "secret", data: text("secret"), flags: 0x801 },
        { name: "gap", data: text("behind it is a gap"), gap: 40 },
      ]),
    ),
  ];
}

export function zip64Samples(): readonly Sample[] {
  const wide = PLAIN.map((member) => ({ ...member, zip64: true }));
  return [
    zipSample("zip64", buildZip(wide, { zip64: true })),
    zipSample("zip64 members", buildZip(wide)),
    zipSample("zip64 end", buildZip([...PLAIN], { zip64: true, comment: text("of the archive") })),
  ];
}

/** A zstd frame of raw blocks, without a checksum: RFC 8878 section 3.1.1. */
function storedZstd(bytes: Uint8Array): Bytes {
  insist(bytes.length < 2 ** 17, "more than one block");
  const last = bytes.length * 8 + 1;
  return pack([4, 0xfd2fb528], [1, 0xa0], [4, bytes.length], [2, last % 65_536], [1, last >> 16], bytes);
}

/** A package of conda, by its members: a zip of two compressed tars. */
export function condaSamples(): readonly Sample[] {
  const index = { name: "tides", version: "1.0", build: "0", depends: [] };
  const info = storedZstd(buildTar([{ name: "info/index.json", data: JSON.stringify(index) }]));
  const pkg = storedZstd(buildTar([{ name: "lib/tides.txt", data: "Tides of one day.\n" }]));
  return [
    zipSample(
      "conda",
      buildZip([
        { name: "metadata.json", data: text('{"conda_pkg_format_version": 2}') },
        { name: "pkg-tides-1.0-0.tar.zst", data: pkg },
        { name: "info-tides-1.0-0.tar.zst", data: info },
      ]),
    ),
  ];
}

export function wheelSamples(): readonly Sample[] {
  const folder = "tides-1.0.dist-info";
  return [
    zipSample(
      "wheel",
      buildZip([
        { name: "tides.py", data: text("print(1)\n"), method: 8 },
        {
          name: `${folder}/METADATA`,
          data: text("Metadata-Version: 2.1\nName: tides\nVersion: 1.0\nRequires-Dist: a\n\nTides.\n"),
          method: 8,
        },
        { name: `${folder}/WHEEL`, data: text("Wheel-Version: 1.0\n") },
        { name: `${folder}/RECORD`, data: text(`tides.py,sha256=abc,9\n${folder}/RECORD,,\n`) },
      ]),
    ),
  ];
}

import { Gzip } from "fflate";
import { concatBytes } from "../../src/bytes/collect-bytes.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { type BlockSpec, base256, buildTar, gnuLong, pax, tarBlock } from "../tar/build-tar.ts";
import { compressedTar, type SampleFormat } from "../tar/compressed-tars.ts";
import type { Sample } from "./mutate.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const BLOCK = 512;
/** Of the fields of a header, and some bytes within the longer ones. */
const FIELDS = [
  0, 100, 108, 116, 124, 125, 134, 136, 148, 156, 156, 157, 257, 263, 265, 297, 329, 345, 386, 482, 483, 504,
];

function tarSample(name: string, bytes: Bytes): Sample {
  const headers: number[] = [];
  for (let at = 0; at < bytes.length; at += BLOCK)
    if (isHeader(bytes.subarray(at, at + BLOCK))) headers.push(at);
  const records = headers.filter((at) => "xgLK".includes(String.fromCharCode(bytes[at + 156] ?? 0)));
  const places = headers.flatMap((at) => FIELDS.map((field) => at + field));
  // What an extended header says is in the block behind it.
  places.push(...records.flatMap((at) => Array.from({ length: 40 }, (_, index) => at + BLOCK + index)));
  return { name, bytes, places, repair: repairTar };
}

function checksumOf(block: Uint8Array): number {
  return block.reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 0x20 : byte), 0);
}

function isHeader(block: Uint8Array): boolean {
  const written = Number.parseInt(String.fromCharCode(...block.subarray(148, 154)), 8);
  return written === checksumOf(block);
}

/** Makes the checksum right of every block that bears a mark of a tar, or looks like a header otherwise. */
function repairTar(bytes: Bytes): void {
  for (let at = 0; at + BLOCK <= bytes.length; at += BLOCK) {
    const block = bytes.subarray(at, at + BLOCK);
    const looksLikeOne =
      block[0] !== 0 && /^[0-7]{6}\0 $/.test(String.fromCharCode(...block.subarray(148, 156)));
    if (String.fromCharCode(...block.subarray(257, 262)) !== "ustar" && !looksLikeOne) continue;
    const sum = checksumOf(block).toString(8).padStart(6, "0");
    block.set(
      Uint8Array.from(`${sum}\0 `, (character) => character.charCodeAt(0)),
      148,
    );
  }
}

const LONG = `${"long/".repeat(30)}name.txt`;

/** An old GNU sparse file of 4 KiB: one piece of 512 bytes at byte 1,024, and a last one without bytes that gives the size. */
function gnuSparse(): Bytes {
  const octal = (value: number): string => `${value.toString(8).padStart(11, "0")}\0`;
  const map = [1024, 512, 4096, 0].map(octal).join("");
  const patch = { 386: new TextEncoder().encode(map), 483: new TextEncoder().encode(octal(4096)) };
  return tarBlock({ name: "sparse", type: "S", data: "x".repeat(512), magic: "ustar  \0", patch });
}

/** A sparse file as pax 1.0 has it: its map stands in front of the data. */
function paxSparse(): Bytes {
  const records = {
    "GNU.sparse.major": "1",
    "GNU.sparse.minor": "0",
    "GNU.sparse.name": "sparse1",
    "GNU.sparse.realsize": "4096",
  };
  const map = "1\n1024\n512\n".padEnd(BLOCK, "\0");
  return concatBytes([
    tarBlock(pax(records)),
    tarBlock({ name: "GNUSparseFile.0/sparse1", data: map + "x".repeat(512) }),
  ]);
}

const FILES: readonly BlockSpec[] = [
  { name: "folder/", type: "5", mode: 0o755 },
  { name: "folder/readme.txt", data: "Tides of one day.\n" },
  { name: "folder/link", type: "2", linkName: "readme.txt" },
  { name: "folder/same", type: "1", linkName: "folder/readme.txt" },
  { name: "lines.txt", data: "line\n".repeat(200), userName: "keeper" },
  { name: "empty" },
];

export function tarSamples(): readonly Sample[] {
  return [
    tarSample("ustar", buildTar([...FILES, { name: "name.txt", prefix: "prefix/of/it", data: "p" }])),
    tarSample(
      "pax",
      buildTar([
        pax({ comment: "global" }, "g"),
        pax({ path: LONG, mtime: "1700000000.5", "SCHILY.xattr.user.a": "b" }),
        { data: "long\n" },
        pax({ size: "1000", linkpath: "x" }),
        { name: "large.txt", data: "1234567890".repeat(100), size: 0 },
      ]),
    ),
    tarSample(
      "gnu",
      buildTar([
        gnuLong(LONG),
        { magic: "ustar  \0", data: "long\n" },
        gnuLong("target/".repeat(20), "K"),
        { name: "link", type: "2", magic: "ustar  \0" },
        {
          name: "binary",
          magic: "ustar  \0",
          size: base256(5n),
          data: "12345",
          mtime: base256(-5n),
          uid: base256(2n ** 31n, 8),
        },
      ]),
    ),
    tarSample("sparse", buildTar([gnuSparse(), paxSparse(), { name: "last", data: "last" }])),
    tarSample(
      "old",
      buildTar([
        { magic: "", name: "old.txt", data: "old\n" },
        { magic: "", name: "older/" },
      ]),
    ),
  ];
}

/** What tools made of one tar. */
export function compressedTarSamples(format: SampleFormat): readonly Sample[] {
  const bytes = compressedTar(format);
  const heads = Array.from({ length: 24 }, (_, index) => index);
  return [{ name: format, bytes, places: [...heads, ...heads.map((index) => bytes.length - 1 - index)] }];
}

/** Tar bytes between checkpoints of {@link seekableSamples}. */
export const CHECKPOINT_BYTES = 2048;

/** A tar.gz of several blocks, so that there is where to begin again. */
export function seekableSamples(): readonly Sample[] {
  const members = Array.from({ length: 6 }, (_, index) => ({
    name: `${index}.bin`,
    data: patternBytes(1500 + index, index),
  }));
  const tar = buildTar(members);
  const chunks: Bytes[] = [];
  const gzip = new Gzip({ level: 6 }, (chunk) => chunks.push(new Uint8Array(chunk)));
  for (let at = 0; at < tar.length; at += 1000) {
    gzip.push(tar.subarray(at, at + 1000), at + 1000 >= tar.length);
    if (at + 1000 < tar.length) gzip.flush();
  }
  return [{ name: "seekable", bytes: concatBytes(chunks), places: [] }];
}

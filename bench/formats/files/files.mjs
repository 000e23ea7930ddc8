import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { deflateRawSync } from "node:zlib";
import { noise, prose, randomNumbers } from "../../workloads/files/random.mjs";
import { pngFile } from "./png-file.mjs";
import { tarOf } from "./tar-file.mjs";
import { damagedZip, zipFile } from "./zip-file.mjs";

const BIG = 50_000_000;
const SMALLER = 16_000_000;
const METHODS = { store: 0, zstd: 93, xz: 95, bzip2: 12 };
/** Commands that compress. The frame of zstd tells its size, which one of the peers needs. */
const COMMANDS = {
  zstd: ["zstd", "-q", "-c", "-3", `--stream-size=${BIG}`],
  xz: ["xz", "-c", "-1"],
  bzip2: ["bzip2", "-c"],
};

/** A digest of named pieces of bytes, in order. */
export function digestOf(pieces) {
  const hash = createHash("sha1");
  for (const [name, bytes] of pieces) hash.update(`${name}\0`).update(bytes ?? "");
  return hash.digest("hex");
}

const text = (length) => repeated(prose(), length);
/** Six random bits a byte: deflate finds no matches in it, and has all the work with its codes. */
const codes = (length) => {
  const bits = Buffer.from(noise().map((byte) => byte & 0x3f));
  return repeated(bits, length);
};

function repeated(bytes, length) {
  return Buffer.alloc(length, bytes);
}

/** Members of `least` bytes and up to `spread` more, cut out of `content` at random. */
function membersOf(count, { content, least, spread, nameOf }) {
  const next = randomNumbers(count);
  return Array.from({ length: count }, (_, index) => {
    const size = least + Math.floor(next() * spread);
    const from = Math.floor(next() * (content.length - size));
    return {
      name: nameOf(index, String(index).padStart(6, "0")),
      bytes: content.subarray(from, from + size),
    };
  });
}

const manyMembers = (count) =>
  membersOf(count, {
    content: prose(),
    least: 200,
    spread: 4000,
    nameOf: (index, number) => `site/section-${index % 97}/document-${number}.html`,
  });

/** They hardly compress, as pictures do. */
const largeMembers = (count) =>
  membersOf(count, {
    content: noise(),
    least: 20_000,
    spread: 40_000,
    nameOf: (index, number) => `site/pictures-${index % 97}/picture-${number}.jpg`,
  });

const listOf = (members) => members.map(({ name, bytes }) => [`${name} ${bytes.length}`]);
const contentOf = (members) => members.map(({ name, bytes }) => [name, bytes]);

function manyZip({ count, wanted, membersOf = manyMembers }) {
  const members = membersOf(count);
  const step = count / (wanted ?? count);
  const chosen = wanted === undefined ? members : members.filter((_, index) => index % step === 0);
  return {
    bytes: zipFile(members),
    damaged: damagedZip(members),
    names: chosen.map(({ name }) => name),
    list: listOf(members),
    content: contentOf(chosen),
  };
}

function bigZip(content, method) {
  const members = [{ name: "big.bin", bytes: content, ...(method === undefined ? {} : { method }) }];
  const damaged = damagedZip(members);
  return { bytes: zipFile(members), damaged, names: ["big.bin"], content: contentOf(members) };
}

function manyTar(count) {
  const members = manyMembers(count);
  return { bytes: tarOf(members), list: listOf(members), content: contentOf(members) };
}

/** Raw deflate, and the zip around it that ours reads it from. */
function deflated(content) {
  const packed = deflateRawSync(content, { level: 6 });
  return { bytes: packed, zip: zipFile([{ name: "big.bin", bytes: content, packed }]), ...plain(content) };
}

/** A stream as the command of that name writes it, and the zip around it that ours reads it from. */
function byCommand(name, content) {
  const [command, ...words] = COMMANDS[name];
  const packed = execFileSync(command, words, { input: content, maxBuffer: 2 * content.length });
  const members = [{ name: "big.bin", bytes: content, packed, method: METHODS[name] }];
  const broken = Buffer.from(packed);
  broken[packed.length >> 1] ^= 4;
  return {
    bytes: packed,
    zip: zipFile(members),
    damaged: broken,
    damagedZip: zipFile([{ ...members[0], packed: broken }]),
    ...plain(content),
  };
}

const plain = (content) => ({ size: content.length, content: [["big.bin", content]] });

function png(options) {
  const { bytes, damaged, pixels } = pngFile({ width: 2400, height: 1700, ...options });
  return { bytes, damaged, content: [[`2400 1700 ${options.bitDepth ?? 8}`, pixels]] };
}

/** What each file is made by: its bytes, a damaged copy where it has checksums, and what is in it. */
export const makers = {
  "many.zip": () => manyZip({ count: 10_000 }),
  "thousand-10.zip": () => manyZip({ count: 1000, wanted: 10 }),
  "large-10.zip": () => manyZip({ count: 1000, wanted: 10, membersOf: largeMembers }),
  "thousand.zip": () => manyZip({ count: 1000 }),
  "deflated.zip": () => bigZip(text(BIG)),
  "stored.zip": () => bigZip(repeated(noise(), BIG), METHODS.store),
  "many.tar": () => manyTar(10_000),
  "thousand.tar": () => manyTar(1000),
  "text.deflate": () => deflated(text(BIG)),
  "codes.deflate": () => deflated(codes(BIG)),
  "text.zst": () => byCommand("zstd", text(BIG)),
  "text.xz": () => byCommand("xz", text(SMALLER)),
  "text.bz2": () => byCommand("bzip2", text(SMALLER)),
  "rgba.png": () => png({ colorType: 6 }),
  "rgb.png": () => png({ colorType: 2 }),
  "palette.png": () => png({ colorType: 3 }),
  "wide.png": () => png({ colorType: 6, bitDepth: 16 }),
  "interlaced.png": () => png({ colorType: 6, interlaced: true }),
};

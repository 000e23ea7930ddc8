import { constants, crc32, deflateRawSync } from "node:zlib";
import { noise, prose, randomNumbers } from "./random.mjs";
import { SegmentFile } from "./segment-file.mjs";

const STORE = 0;
const DEFLATE = 8;
const BIG = 200 * 1024 * 1024;

/** Ten members of one to two kilobytes. */
export function smallZip() {
  return zipOf(
    proseMembers({ count: 10, smallest: 1000, largest: 3500, seed: 10, name: (i) => `notes/page-${i}.txt` }),
  );
}

/** 10,000 members of half a kilobyte to six; a directory of 0.86 MB. */
export function manyZip() {
  const name = (index) =>
    `site/section-${String(index % 97).padStart(3, "0")}/document-${String(index).padStart(6, "0")}.html`;
  return zipOf(proseMembers({ count: 10_000, smallest: 500, largest: 6000, seed: 11, name }));
}

/** 66,000 stored members, which takes zip64; a directory of 4.75 MB. */
export function zip64() {
  const next = randomNumbers(66);
  const members = Array.from({ length: 66_000 }, (_, index) => {
    const size = 100 + Math.floor(next() * 200);
    const from = Math.floor(next() * (noise().length - size));
    return stored(`tiles/06/${String(index).padStart(12, "0")}.tile`, noise().subarray(from, from + size));
  });
  return zipOf(members);
}

/** One stored member of 200 MiB between two small ones. */
export function storedZip() {
  const content = { bytes: noise(), length: BIG };
  const big = {
    name: "weights.bin",
    method: STORE,
    size: BIG,
    crc: crcOf(content),
    stored: content,
    content,
  };
  return zipOf([
    stored("readme.txt", prose().subarray(0, 900)),
    big,
    stored("license.txt", prose().subarray(0, 5000)),
  ]);
}

/**
 * One deflated member of 200 MiB. Each period was deflated by itself (a full flush ends it at a byte and forgets the window), so
 * that the deflated bytes repeat as the plain ones do.
 */
export function deflatedZip() {
  const periods = Math.round(BIG / prose().length);
  const block = deflateRawSync(prose(), { level: 6, finishFlush: constants.Z_FULL_FLUSH });
  const content = { bytes: prose(), length: periods * prose().length };
  const end = Buffer.from([3, 0]);
  const big = {
    name: "table.csv",
    method: DEFLATE,
    size: content.length,
    crc: crcOf(content),
    stored: { bytes: block, length: periods * block.length },
    end,
    content,
  };
  return zipOf([
    stored("readme.txt", prose().subarray(0, 900)),
    big,
    stored("license.txt", prose().subarray(0, 5000)),
  ]);
}

function stored(name, bytes) {
  const content = { bytes, length: bytes.length };
  return { name, method: STORE, size: bytes.length, crc: crc32(bytes), stored: content, content };
}

function proseMembers({ count, smallest, largest, seed, name }) {
  const next = randomNumbers(seed);
  return Array.from({ length: count }, (_, index) => {
    const size = smallest + Math.floor(next() * (largest - smallest));
    const from = Math.floor(next() * (prose().length - size));
    const bytes = prose().subarray(from, from + size);
    const deflated = deflateRawSync(bytes, { level: 6 });
    return {
      name: name(index),
      method: DEFLATE,
      size,
      crc: crc32(bytes),
      stored: { bytes: deflated, length: deflated.length },
      content: { bytes, length: size },
    };
  });
}

function crcOf({ bytes, length }) {
  let crc = 0;
  for (let left = length; left > 0; left -= bytes.length) crc = crc32(bytes.subarray(0, left), crc);
  return crc;
}

/** Lays out a zip; `members` say where each lies and what it holds, `directory` where the central directory does. */
export function zipOf(members) {
  const parts = [];
  let at = 0;
  const add = (bytes, length = bytes.length) => {
    parts.push({ bytes, length });
    at += length;
  };
  for (const member of members) {
    member.start = at;
    member.storedSize = member.stored.length + (member.end?.length ?? 0);
    add(headerOf(member, { central: false }));
    member.dataStart = at;
    add(member.stored.bytes, member.stored.length);
    if (member.end !== undefined) add(member.end);
    member.stop = at;
  }
  const directory = Buffer.concat(members.map((member) => headerOf(member, { central: true })));
  const start = at;
  add(directory);
  add(endRecords(members.length, directory.length, start));
  const file = new SegmentFile(joinLiterals(parts));
  return Object.assign(file, { members, directory: [start, start + directory.length] });
}

/** Neighbouring segments that do not repeat become one buffer. */
function joinLiterals(parts) {
  const joined = [];
  let literals = [];
  const flush = () => {
    if (literals.length > 0) joined.push({ bytes: Buffer.concat(literals) });
    literals = [];
  };
  for (const part of parts) {
    if (part.bytes.length === part.length) {
      literals.push(part.bytes);
    } else {
      flush();
      joined.push(part);
    }
  }
  flush();
  return joined;
}

function headerOf(member, { central }) {
  const name = Buffer.from(member.name);
  const shift = central ? 2 : 0;
  const fixed = Buffer.alloc(central ? 46 : 30);
  fixed.writeUInt32LE(central ? 0x02014b50 : 0x04034b50, 0);
  if (central) fixed.writeUInt16LE(0x031e, 4);
  fixed.writeUInt16LE(20, 4 + shift);
  fixed.writeUInt16LE(0x0800, 6 + shift);
  fixed.writeUInt16LE(member.method, 8 + shift);
  fixed.writeUInt16LE(0x6000, 10 + shift);
  fixed.writeUInt16LE(0x5821, 12 + shift);
  fixed.writeUInt32LE(member.crc, 14 + shift);
  fixed.writeUInt32LE(member.storedSize, 18 + shift);
  fixed.writeUInt32LE(member.size, 22 + shift);
  fixed.writeUInt16LE(name.length, 26 + shift);
  if (central) {
    fixed.writeUInt32LE((0o100644 << 16) >>> 0, 38);
    fixed.writeUInt32LE(member.start, 42);
  }
  return Buffer.concat([fixed, name]);
}

function endRecords(count, directoryBytes, directoryStart) {
  const isZip64 = count > 0xffff;
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(isZip64 ? 0xffff : count, 8);
  end.writeUInt16LE(isZip64 ? 0xffff : count, 10);
  end.writeUInt32LE(isZip64 ? 0xffff_ffff : directoryBytes, 12);
  end.writeUInt32LE(isZip64 ? 0xffff_ffff : directoryStart, 16);
  if (!isZip64) return end;
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeUInt16LE(45, 12);
  record.writeUInt16LE(45, 14);
  record.writeBigUInt64LE(BigInt(count), 24);
  record.writeBigUInt64LE(BigInt(count), 32);
  record.writeBigUInt64LE(BigInt(directoryBytes), 40);
  record.writeBigUInt64LE(BigInt(directoryStart), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(directoryStart + directoryBytes), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([record, locator, end]);
}

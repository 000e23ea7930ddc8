import { createHash } from "node:crypto";
import { createCrc32 } from "#crc32";
import type { Bytes } from "../source/source.ts";

// A block file holds a stretch of SLOTS numbered keys (`prefix/0` … `prefix/255`), or one key without a number. It is sparse:
//
//       0  header: magic, layout, the SHA-256 of what the file is of, CRC-32 of these
//      64  index: SLOTS entries, each of the hash of its key, length and CRC-32 of the value, CRC-32 of these; zeros: nothing there
//    8192  SLOTS slots of SLOT_BYTES, each with the value of its entry at its start
//
// Stretches instead of one file a representation, so that the part of a huge file that was used last outlives the rest of it, and
// so that file systems without holes waste no more than one stretch. A value too long for its slot lies in a file of its own.

/** Keys of one stretch. */
const SLOTS = 256;
/** A block of 64 KiB, what its record adds to it, and a round number of pages. */
export const SLOT_BYTES = 68 * 1024;
/** Where the slots begin: header and index lie before. */
export const HEAD_BYTES = 8192;
const HEADER_BYTES = 64;
const ENTRY_BYTES = 20;
const MAGIC = "RSblock1";

/** Names of files that are ours; whatever else lies in the directory is never touched. */
export const OWN_NAME = /^[0-9a-f]{40}\.(?:blocks|value|[0-9a-f]{16}\.tmp)$/;

/** Where the value of a key lies. */
export interface KeyPlace {
  /** Name of the block file. */
  readonly fileName: string;
  /** What its header must be. */
  readonly header: Bytes;
  /** Name of the file for a value too long for a slot. */
  readonly longName: string;
  readonly keyHash: Uint8Array;
  readonly entryOffset: number;
  readonly slotOffset: number;
}

/** What the index says of a value. */
export interface IndexEntry {
  readonly length: number;
  readonly crc: number;
}

/** The place of any key. */
export function placeKey(key: string): KeyPlace {
  const [, prefix = "", digits] = /^(.*)\/(0|[1-9]\d{0,14})$/s.exec(key) ?? [];
  const number = Number(digits ?? 0);
  const slot = number % SLOTS;
  // As JSON, in which even half a surrogate pair stands for itself alone.
  const file = hash(digits === undefined ? ["key", key] : ["stretch", prefix, Math.floor(number / SLOTS)]);
  const keyHash = hash(["value", key]);
  return {
    fileName: `${hex(file)}.blocks`,
    header: encodeHeader(file),
    longName: `${hex(keyHash)}.value`,
    keyHash,
    entryOffset: HEADER_BYTES + slot * ENTRY_BYTES,
    slotOffset: HEAD_BYTES + slot * SLOT_BYTES,
  };
}

/** Whether the head of a file begins with the header that belongs there. */
export function hasHeader(head: Uint8Array, { header }: KeyPlace): boolean {
  return head.byteLength >= HEADER_BYTES && header.every((byte, index) => byte === head[index]);
}

/** Whether a file is too short for a header: just made, or its making was cut off. */
export function isUnbegun(head: Uint8Array): boolean {
  return head.byteLength < HEADER_BYTES;
}

/** The entry of a key in the head of its file; undefined where there is none, or none that is whole. */
export function decodeEntry(head: Uint8Array, place: KeyPlace): IndexEntry | undefined {
  const entry = head.subarray(place.entryOffset, place.entryOffset + ENTRY_BYTES);
  if (entry.byteLength < ENTRY_BYTES) return undefined;
  const view = new DataView(entry.buffer, entry.byteOffset, ENTRY_BYTES);
  if (view.getUint32(16, true) !== checksum(entry.subarray(0, 16))) return undefined;
  if (!entry.subarray(0, 8).every((byte, index) => byte === place.keyHash[index])) return undefined;
  return { length: view.getUint32(8, true), crc: view.getUint32(12, true) };
}

export function encodeEntry(place: KeyPlace, value: Uint8Array): Bytes {
  const entry = new Uint8Array(ENTRY_BYTES);
  const view = new DataView(entry.buffer);
  entry.set(place.keyHash.subarray(0, 8));
  view.setUint32(8, value.byteLength, true);
  view.setUint32(12, checksum(value), true);
  view.setUint32(16, checksum(entry.subarray(0, 16)), true);
  return entry;
}

/** An entry that says that nothing is there. */
export const NO_ENTRY: Readonly<Bytes> = new Uint8Array(ENTRY_BYTES);

/** CRC-32. */
export function checksum(bytes: Uint8Array): number {
  const crc = createCrc32();
  crc.update(bytes);
  return crc.digest();
}

function encodeHeader(file: Uint8Array): Bytes {
  const header = new Uint8Array(HEADER_BYTES);
  header.set(new TextEncoder().encode(MAGIC));
  const view = new DataView(header.buffer);
  view.setUint32(8, SLOTS, true);
  view.setUint32(12, SLOT_BYTES, true);
  header.set(file, 16);
  view.setUint32(HEADER_BYTES - 4, checksum(header.subarray(0, HEADER_BYTES - 4)), true);
  return header;
}

function hash(what: readonly (string | number)[]): Uint8Array {
  return createHash("sha256")
    .update(JSON.stringify([MAGIC, ...what]))
    .digest();
}

function hex(digest: Uint8Array): string {
  return Buffer.from(digest).toString("hex").slice(0, 40);
}

import { createCrc32 } from "#crc32";
import { Range } from "../ranges/range.ts";
import type { Bytes } from "../source/source.ts";
import type { StoredPart } from "./stored-parts.ts";

/** Which block of which representation a record is of. */
export interface BlockPlace {
  /** {@link DIGEST_BYTES} bytes that stand for URL, validators and size. */
  readonly digest: Uint8Array;
  readonly block: number;
  /** Where the block lies in the file. */
  readonly range: Range;
}

// A record, little-endian. Its bytes are those of the valid parts alone, one after the other.
//
//   0  u32       magic: "RSB" and the version of this layout
//   4  16 bytes  digest of URL, validators and size
//  20  u64       number of the block
//  28  u32       count of valid parts, 1 to MAX_PARTS
//  32  u32, u32  of each part: start and end within the block; ascending, with gaps between them
//   …  bytes     of the parts
//   …  u32       CRC-32 of all that precedes
const MAGIC = 0x01_42_53_52;
const HEAD_BYTES = 32;
const CRC_BYTES = 4;

/** Bytes of {@link BlockPlace.digest}. */
export const DIGEST_BYTES = 16;
/** Valid parts of one record at most; of a block in more pieces the longest are kept. 512 bytes of places; *unmeasured*. */
const MAX_PARTS = 64;

/** The record of what is known of one block: at least one byte, all within the block, ascending. */
export function encodeRecord(place: BlockPlace, parts: Iterable<StoredPart>): Bytes {
  const runs = longestRuns(parts);
  const length = runs.reduce((sum, run) => sum + 8 + run.byteLength, HEAD_BYTES + CRC_BYTES);
  const record = new Uint8Array(length);
  const view = new DataView(record.buffer);
  view.setUint32(0, MAGIC, true);
  record.set(place.digest, 4);
  view.setBigUint64(20, BigInt(place.block), true);
  view.setUint32(28, runs.length, true);
  let offset = HEAD_BYTES + runs.length * 8;
  runs.forEach((run, index) => {
    const start = run.start - place.range.start;
    view.setUint32(HEAD_BYTES + index * 8, start, true);
    view.setUint32(HEAD_BYTES + index * 8 + 4, start + run.byteLength, true);
    for (const { bytes } of run.parts) {
      record.set(bytes, offset);
      offset += bytes.byteLength;
    }
  });
  view.setUint32(offset, crc32(record.subarray(0, offset)), true);
  return record;
}

/**
 * What a record holds, in a buffer that nobody else has; undefined for anything that is not wholly and exactly a record of this
 * block of this representation.
 */
export function decodeRecord(place: BlockPlace, value: unknown): StoredPart[] | undefined {
  if (!(value instanceof Uint8Array) || value.byteLength < HEAD_BYTES + CRC_BYTES) return undefined;
  if (value.byteLength > HEAD_BYTES + MAX_PARTS * 8 + place.range.length + CRC_BYTES) return undefined;
  // Copied before it is checked: what lies in a store, or in shared memory, may change under our hands.
  const record = new Uint8Array(value);
  const view = new DataView(record.buffer);
  const end = record.byteLength - CRC_BYTES;
  if (view.getUint32(0, true) !== MAGIC || view.getUint32(end, true) !== crc32(record.subarray(0, end)))
    return undefined;
  if (!place.digest.every((byte, index) => byte === record[4 + index])) return undefined;
  if (view.getBigUint64(20, true) !== BigInt(place.block)) return undefined;
  return takeParts(place, record, view);
}

function takeParts(place: BlockPlace, record: Bytes, view: DataView): StoredPart[] | undefined {
  const count = view.getUint32(28, true);
  let offset = HEAD_BYTES + count * 8;
  const end = record.byteLength - CRC_BYTES;
  if (count === 0 || count > MAX_PARTS || offset > end) return undefined;
  const parts: StoredPart[] = [];
  let free = 0;
  for (let index = 0; index < count; index++) {
    const from = view.getUint32(HEAD_BYTES + index * 8, true);
    const to = view.getUint32(HEAD_BYTES + index * 8 + 4, true);
    if (from < free || to <= from || to > place.range.length || offset + to - from > end) return undefined;
    const range = new Range(place.range.start + from, place.range.start + to);
    parts.push({ range, bytes: record.subarray(offset, offset + range.length) });
    offset += range.length;
    // Parts that touch are written as one.
    free = to + 1;
  }
  return offset === end ? parts : undefined;
}

/** Parts that follow each other without a gap. */
interface Run {
  readonly start: number;
  byteLength: number;
  readonly parts: StoredPart[];
}

function longestRuns(parts: Iterable<StoredPart>): Run[] {
  const runs: Run[] = [];
  for (const part of parts) {
    const last = runs.at(-1);
    if (last !== undefined && last.start + last.byteLength === part.range.start) {
      last.parts.push(part);
      last.byteLength += part.range.length;
    } else {
      runs.push({ start: part.range.start, byteLength: part.range.length, parts: [part] });
    }
  }
  if (runs.length <= MAX_PARTS) return runs;
  const longest = runs.toSorted((a, b) => b.byteLength - a.byteLength).slice(0, MAX_PARTS);
  return longest.sort((a, b) => a.start - b.start);
}

function crc32(bytes: Uint8Array): number {
  const crc = createCrc32();
  crc.update(bytes);
  return crc.digest();
}

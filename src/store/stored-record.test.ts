import { expect, it } from "vitest";
import { Range } from "../ranges/range.ts";
import { patternSlice } from "../testing/pattern-bytes.ts";
import type { StoredPart } from "./stored-parts.ts";
import { type BlockPlace, DIGEST_BYTES, decodeRecord, encodeRecord } from "./stored-record.ts";

const place: BlockPlace = {
  digest: Uint8Array.from({ length: DIGEST_BYTES }, (_, index) => index + 1),
  block: 5_000_000_000,
  range: new Range(1000, 2000),
};

function part(start: number, end: number): StoredPart {
  return { range: new Range(start, end), bytes: patternSlice(start, end) };
}

const extents = (parts: readonly StoredPart[] | undefined) =>
  parts?.map(({ range }) => [range.start, range.end]);

it("gives back what was put in, touching parts as one", () => {
  const record = encodeRecord(place, [
    part(1000, 1010),
    part(1010, 1020),
    part(1500, 1600),
    part(1999, 2000),
  ]);
  const parts = decodeRecord(place, record);
  expect(extents(parts)).toEqual([
    [1000, 1020],
    [1500, 1600],
    [1999, 2000],
  ]);
  for (const { range, bytes } of parts ?? []) expect(bytes).toEqual(patternSlice(range.start, range.end));
});

it("takes a record from the middle of a buffer, and keeps no part of that buffer", () => {
  const record = encodeRecord(place, [part(1200, 1300)]);
  const larger = new Uint8Array(record.byteLength + 7);
  larger.set(record, 3);
  const parts = decodeRecord(place, larger.subarray(3, 3 + record.byteLength));
  larger.fill(0);
  expect(parts?.[0]?.bytes).toEqual(patternSlice(1200, 1300));
});

it("224. ignores a record in which any one bit is wrong", () => {
  const record = encodeRecord(place, [part(1100, 1110), part(1900, 1915)]);
  for (let bit = 0; bit < record.byteLength * 8; bit++) {
    const torn = record.slice();
    torn[bit >> 3] = (torn[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(decodeRecord(place, torn)).toBeUndefined();
  }
});

it("ignores a record that is cut, continued, or in part another one", () => {
  const record = encodeRecord(place, [part(1000, 1400)]);
  const other = encodeRecord(place, [part(1400, 1800)]);
  for (let length = 0; length < record.byteLength; length++) {
    expect(decodeRecord(place, record.subarray(0, length))).toBeUndefined();
    if (length <= 32) continue;
    const mixed = record.slice();
    mixed.set(other.subarray(0, length));
    expect(decodeRecord(place, mixed)).toBeUndefined();
  }
  expect(decodeRecord(place, Uint8Array.of(...record, 0))).toBeUndefined();
});

it("ignores what is whole, but of another block or representation", () => {
  const record = encodeRecord(place, [part(1000, 1400)]);
  expect(decodeRecord({ ...place, block: place.block + 1 }, record)).toBeUndefined();
  expect(decodeRecord({ ...place, digest: place.digest.toReversed() }, record)).toBeUndefined();
  expect(decodeRecord({ ...place, range: new Range(1000, 1399) }, record)).toBeUndefined();
});

it.each([
  ["text", "RSB1"],
  ["nothing", undefined],
  ["null", null],
  ["an ArrayBuffer", new ArrayBuffer(100)],
  ["no bytes", new Uint8Array()],
  ["zeros", new Uint8Array(100)],
  ["far too much", new Uint8Array(100_000_000)],
])("ignores %s", (_, value) => {
  expect(decodeRecord(place, value)).toBeUndefined();
});

it("keeps the longest parts of a block that is in too many pieces", () => {
  const many = Array.from({ length: 100 }, (_, index) =>
    part(1000 + index * 10, 1001 + index * 10 + (index % 4)),
  );
  const parts = decodeRecord(place, encodeRecord(place, many));
  expect(parts).toHaveLength(64);
  expect(parts?.filter(({ range }) => range.length > 1)).toHaveLength(64);
  for (const { range, bytes } of parts ?? []) expect(bytes).toEqual(patternSlice(range.start, range.end));
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectSameBytes } from "../../test/same-bytes.ts";
import { patternBytes } from "../testing/pattern-bytes.ts";
import { type SlabPiece, Slabs } from "./slabs.ts";

const KiB = 1024;
const file = patternBytes(256 * KiB, 9);

interface Placed extends SlabPiece {
  readonly start: number;
}

function put(slabs: Slabs, byteLength: number, start = 0): Placed {
  const piece: Placed = { start, byteLength, bytes: file, offset: start, slab: undefined };
  slabs.put(piece);
  return piece;
}

const contentOf = ({ bytes, offset, byteLength }: SlabPiece): Uint8Array =>
  bytes.slice(offset, offset + byteLength);

const expectWhole = (piece: Placed): void =>
  expectSameBytes(contentOf(piece), file.subarray(piece.start, piece.start + piece.byteLength));

describe("Slabs", () => {
  it("copies what it is given", () => {
    const slabs = new Slabs();
    const bytes = file.slice(0, 100);
    const pieces = [1, 2, 3].map(() => {
      const piece: SlabPiece = { byteLength: 50, bytes, offset: 20, slab: undefined };
      slabs.put(piece);
      return piece;
    });
    bytes.fill(0);
    for (const piece of pieces) expect(contentOf(piece)).toEqual(file.slice(20, 70));
  });

  it("keeps few pieces in buffers of their own size", () => {
    const slabs = new Slabs();
    expect(put(slabs, 4 * KiB).bytes.byteLength).toBe(4 * KiB);
    expect(put(slabs, 8 * KiB).bytes.byteLength).toBe(8 * KiB);
  });

  it("keeps many in few buffers", () => {
    const slabs = new Slabs();
    const pieces = Array.from({ length: 1000 }, (_, index) => put(slabs, 4 * KiB, index * 100));
    for (const piece of pieces) expectWhole(piece);
    expect(new Set(pieces.map(({ bytes }) => bytes.buffer)).size).toBeLessThan(80);
  });

  it("uses the memory of what was freed again, where as much goes as comes", () => {
    const slabs = new Slabs();
    const buffers = new Set<ArrayBufferLike>();
    const held: Placed[] = [];
    for (let index = 0; index < 5000; index++) {
      const piece = put(slabs, 4 * KiB, index);
      buffers.add(piece.bytes.buffer);
      held.push(piece);
      if (held.length > 128) slabs.free(held.shift() as Placed);
    }
    expect(buffers.size).toBeLessThan(20);
  });

  it("empties slabs in which little is still wanted", () => {
    const slabs = new Slabs();
    const pieces = Array.from({ length: 1600 }, (_, index) => put(slabs, 4 * KiB, index));
    const kept = pieces.filter((piece, index) => {
      if (index % 16 !== 0) slabs.free(piece);
      return index % 16 === 0;
    });
    for (const piece of kept) expectWhole(piece);
    expect(slabs.allocatedBytes).toBeLessThanOrEqual(2 * kept.length * 4 * KiB + 64 * KiB);
    for (const piece of kept) slabs.free(piece);
    expect(slabs.allocatedBytes).toBeLessThanOrEqual(64 * KiB);
  });

  it("has every piece whole and bounds its memory, whatever comes and goes", () => {
    const step = fc.record({ byteLength: fc.integer({ min: 1, max: 8 * KiB }), free: fc.option(fc.nat()) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const slabs = new Slabs();
        const held: Placed[] = [];
        let live = 0;
        for (const [index, { byteLength, free }] of steps.entries()) {
          held.push(put(slabs, byteLength, index * 100));
          live += byteLength;
          if (free !== null)
            for (const piece of held.splice(free % held.length, 3)) {
              slabs.free(piece);
              live -= piece.byteLength;
            }
          expect(slabs.allocatedBytes).toBeLessThanOrEqual(2 * live + 128 * KiB);
        }
        for (const piece of held) expectWhole(piece);
      }),
      { numRuns: 60 },
    );
  });
});

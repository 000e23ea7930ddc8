import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Range } from "../ranges/range.ts";
import { patternBytes } from "../testing/pattern-bytes.ts";
import { MultiRangeBuffer } from "./multi-range-buffer.ts";

const file = patternBytes(100, 5);
const place = (buffer: MultiRangeBuffer, start: number, end: number): boolean =>
  buffer.place(start, file.slice(start, end));

describe("MultiRangeBuffer", () => {
  it("misses everything until what was placed is held", () => {
    const buffer = new MultiRangeBuffer([new Range(20, 30), new Range(40, 50)]);
    expect(place(buffer, 15, 45)).toBe(true);
    expect(buffer.missing().map(String)).toEqual(["[20, 30)", "[40, 50)"]);
    expect(buffer.hold(new Range(15, 45)).map(String)).toEqual(["[20, 30)", "[40, 45)"]);
    expect(buffer.hold(new Range(0, 100)).map(String)).toEqual(["[45, 50)"]);
  });

  it("lets what is not held be written over, and notices a contradiction of what is", () => {
    const buffer = new MultiRangeBuffer([new Range(20, 30)]);
    expect(buffer.place(20, new Uint8Array(10))).toBe(true);
    expect(place(buffer, 20, 25)).toBe(true);
    buffer.hold(new Range(20, 25));
    expect(place(buffer, 10, 30)).toBe(true);
    expect(buffer.place(24, new Uint8Array(6))).toBe(false);
    expect(buffer.place(25, file.slice(25, 30))).toBe(true);
    buffer.hold(new Range(25, 30));
    expect(buffer.take(new Range(20, 30))).toEqual(file.slice(20, 30));
  });

  it("gives every taker bytes of its own", () => {
    const buffer = new MultiRangeBuffer([new Range(0, 10), new Range(0, 10), new Range(5, 20)]);
    place(buffer, 0, 20);
    buffer.hold(new Range(0, 20));
    const taken = [new Range(0, 20), new Range(0, 20), new Range(5, 8)].map((range) => buffer.take(range));
    expect(taken).toEqual([file.slice(0, 20), file.slice(0, 20), file.slice(5, 8)]);
    expect(new Set(taken.map(({ buffer: beneath }) => beneath)).size).toBe(3);
    expect(taken[2]?.buffer.byteLength).toBe(3);
    expect(buffer.take(new Range(3, 3))).toEqual(new Uint8Array(0));
  });

  it("puts any pieces together, in any order", () => {
    const pair = fc.tuple(fc.nat({ max: 100 }), fc.nat({ max: 100 }));
    const range = pair.map(([one, other]) => new Range(Math.min(one, other), Math.max(one, other)));
    const property = fc.property(fc.array(range), fc.array(range), (wanted, pieces) => {
      const buffer = new MultiRangeBuffer(wanted);
      for (const piece of [...pieces, new Range(0, 100)]) {
        expect(place(buffer, piece.start, piece.end)).toBe(true);
        buffer.hold(piece);
      }
      expect(buffer.missing()).toEqual([]);
      for (const one of wanted) expect(buffer.take(one)).toEqual(file.slice(one.start, one.end));
    });
    fc.assert(property);
  });
});

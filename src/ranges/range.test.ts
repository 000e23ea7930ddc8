import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Range } from "./range.ts";

const code = (is: string): unknown => expect.objectContaining({ code: is });
const span: fc.Arbitrary<Range> = fc
  .tuple(fc.nat(12), fc.nat(12))
  .map(([start, end]) => new Range(Math.min(start, end), Math.max(start, end)));
const positions = (...ranges: (Range | undefined)[]): number[] => {
  const held: number[] = [];
  for (const range of ranges) for (let at = range?.start ?? 0; at < (range?.end ?? 0); at++) held.push(at);
  return held;
};

describe("new Range", () => {
  it("is half-open, frozen, and tells its length", () => {
    const range = new Range(2, 5);
    expect([range.start, range.end, range.length, range.isEmpty()]).toEqual([2, 5, 3, false]);
    expect(Object.isFrozen(range)).toBe(true);
    expect(new Range(4, 4).isEmpty()).toBe(true);
    expect(new Range(0, Number.MAX_SAFE_INTEGER).length).toBe(Number.MAX_SAFE_INTEGER);
  });

  it.each<[unknown, unknown]>([
    [3, 0],
    [-1, 3],
    [-3, -1],
    [0, 2.5],
    [0.5, 2],
    [Number.NaN, 3],
    [0, Number.POSITIVE_INFINITY],
    [0, 2 ** 53],
    [false, true],
    ["0", "3"],
    [0n, 3n],
    [0, undefined],
    [Object.create(null), 3],
  ])("refuses (%s, %s) as INVALID_RANGE", (start, end) => {
    expect(() => new Range(start as number, end as number)).toThrow(code("INVALID_RANGE"));
  });

  it("knows no negative zero", () => {
    expect(new Range(-0, -0)).toEqual(new Range(0, 0));
    expect(Object.is(new Range(-0, 3).start, 0)).toBe(true);
    expect(Object.is(Range.from([-0, 3]).start, 0)).toBe(true);
    expect(Object.is(Range.from([-0, -1], 3).start, 0)).toBe(true);
    expect(Object.is(Range.from({ suffix: -0 }, 0).start, 0)).toBe(true);
  });
});

describe("Range.parse", () => {
  it.each([
    ["[0, 3)", 0, 3],
    ["[0,3)", 0, 3],
    ["[0,2]", 0, 3],
    ["(0,3)", 1, 3],
    ["(0,2]", 1, 3],
    ["[ 0 ,  3 )", 0, 3],
    ["[4,4)", 4, 4],
    ["(4,5)", 5, 5],
    ["[4,4]", 4, 5],
    ["0..3", 0, 3],
    ["0 .. 3", 0, 3],
    ["4..4", 4, 4],
    ["5..", 5, 11],
    ["0..", 0, 11],
    ["-3..", 8, 11],
    ["-3..-1", 8, 10],
    ["5..-2", 5, 9],
    ["-3..0", 8, 11],
  ])("reads %j of 11 bytes as [%i, %i)", (text, start, end) => {
    expect(Range.parse(text, 11)).toEqual(new Range(start, end));
    expect(Range.from(text, 11)).toEqual(new Range(start, end));
  });

  it.each([
    "",
    " ",
    "3",
    "0,3",
    "0-3",
    "..",
    "..3",
    "...",
    "0...3",
    "0..3..5",
    "[",
    "[]",
    "[,]",
    "[0,)",
    "[,3)",
    "[0 3)",
    "[0,3",
    "0,3)",
    "[0..3)",
    "[0,3,5)",
    "[[0,3))",
    "{0,3}",
    "]0,3[",
    "[0,3) junk",
    "junk [0,3)",
    " [0,3)",
    "[0,3) ",
    "[0,3)\n",
    " 0..3",
    "0..3 ",
    "[0,\n3)",
    "[0,\u00a03)",
    "[3,0)",
    "[3,2]",
    "(3,3)",
    "3..0",
    "-5..3",
    "-3..-5",
    "-0..",
    "[-3,0)",
    "[-3,-1]",
    "[0,-1)",
    "[-0,3)",
    "[+0,3)",
    "+1..3",
    "--3..",
    "- 3..",
    "1 0..20",
    "0x0..0x3",
    "1e1..20",
    "0.5..3",
    "0.0..3.0",
    "Infinity..",
    "NaN..",
    "0..Infinity",
    "१..३",
    "[0,9007199254740991]",
    "[0,9007199254740993)",
    "(9007199254740991,9007199254740991]",
    "0..9007199254740992",
    "0..99999999999999999999",
  ])("refuses %j as INVALID_RANGE", (text) => {
    expect(() => Range.parse(text)).toThrow(code("INVALID_RANGE"));
    expect(() => Range.parse(text, 11)).toThrow(code("INVALID_RANGE"));
  });

  it("reads the last safe integers exactly", () => {
    expect(Range.parse("[9007199254740989,9007199254740990]").end).toBe(Number.MAX_SAFE_INTEGER);
    expect(Range.parse("9007199254740990..9007199254740991").start).toBe(9007199254740990);
  });

  it("needs a size for open and negative forms, and keeps within it", () => {
    for (const text of ["5..", "-3..", "5..-2"])
      expect(() => Range.parse(text)).toThrow(code("UNKNOWN_SIZE"));
    expect(() => Range.parse("[0,11]", 11)).toThrow(code("OUT_OF_BOUNDS"));
    expect(() => Range.parse("-12..", 11)).toThrow(code("OUT_OF_BOUNDS"));
  });

  it("refuses what is no string", () => {
    for (const input of [[0, 3], new Range(0, 3), 5, undefined, null, Object.create(null)]) {
      expect(() => Range.parse(input as unknown as string)).toThrow(code("INVALID_RANGE"));
    }
  });

  it("reads back what toString writes", () => {
    fc.assert(
      fc.property(span, (range) => {
        expect(Range.parse(String(range))).toEqual(range);
      }),
    );
  });

  it("never throws anything but its own errors, and takes linear time", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from("[](),.-+ 0123456789")) }), (text) => {
        try {
          Range.parse(text, 100);
        } catch (error) {
          expect(["INVALID_RANGE", "OUT_OF_BOUNDS"]).toContain((error as { code: string }).code);
        }
      }),
      { numRuns: 1000 },
    );
    const hostile = [
      "0".repeat(1e6),
      " ".repeat(1e6),
      "[".repeat(1e6),
      `[0,${" ".repeat(1e6)}`,
      `${"-".repeat(1e6)}..`,
      `[${" ".repeat(1e6)}x,3)`,
      `[0${" ".repeat(1e6)}x,3)`,
      `[${"0".repeat(1e6)}x,3)`,
      `[${"1".repeat(1e6)}${" ".repeat(1e6)}x,3)`,
    ];
    const began = performance.now();
    for (const text of hostile) expect(() => Range.parse(text)).toThrow(code("INVALID_RANGE"));
    expect(performance.now() - began).toBeLessThan(1000);
  });
});

describe("Range compared with another", () => {
  const range = new Range(3, 7);

  it("contains positions from its start up to its end", () => {
    expect([2, 3, 6, 7].map((at) => range.contains(at))).toEqual([false, true, true, false]);
    expect([3.5, Number.NaN, Number.POSITIVE_INFINITY].map((at) => range.contains(at))).toEqual([
      false,
      false,
      false,
    ]);
    expect(new Range(3, 3).contains(3)).toBe(false);
  });

  it("contains a range that lies wholly inside, and an empty one whose place is inside or at an end", () => {
    expect(range.contains(new Range(3, 7))).toBe(true);
    expect(range.contains(new Range(4, 6))).toBe(true);
    expect(range.contains(new Range(2, 5))).toBe(false);
    expect(range.contains(new Range(5, 8))).toBe(false);
    expect([2, 3, 5, 7, 8].map((at) => range.contains(new Range(at, at)))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
  });

  it("never overlaps an empty range", () => {
    for (let at = 0; at < 10; at++) expect(range.overlaps(new Range(at, at))).toBe(false);
    expect(new Range(5, 5).overlaps(new Range(5, 5))).toBe(false);
  });

  it("touches what begins at its end or ends at its start, unless they overlap", () => {
    expect(range.touches(new Range(7, 9))).toBe(true);
    expect(range.touches(new Range(0, 3))).toBe(true);
    expect(range.touches(new Range(6, 9))).toBe(false);
    expect(range.touches(new Range(8, 9))).toBe(false);
    expect(range.touches(range)).toBe(false);
    expect(range.touches(new Range(7, 7))).toBe(true);
    expect(range.touches(new Range(5, 5))).toBe(false);
  });

  it("unites what overlaps or touches, and nothing across a gap", () => {
    expect(range.union(new Range(7, 9))).toEqual(new Range(3, 9));
    expect(range.union(new Range(0, 4))).toEqual(new Range(0, 7));
    expect(range.union(new Range(4, 5))).toEqual(range);
    expect(range.union(new Range(5, 5))).toEqual(range);
    expect(range.union(new Range(8, 9))).toBeUndefined();
    expect(range.union(new Range(8, 8))).toBeUndefined();
  });

  it("equals by its bounds", () => {
    expect(range.equals(new Range(3, 7))).toBe(true);
    expect(range.equals(new Range(3, 8))).toBe(false);
    expect(new Range(3, 3).equals(new Range(4, 4))).toBe(false);
  });

  it("agrees with sets of positions", () => {
    fc.assert(
      fc.property(span, span, (one, other) => {
        const shared = positions(one).filter((at) => other.contains(at));
        expect(one.overlaps(other)).toBe(shared.length > 0);
        expect(positions(one.intersection(other))).toEqual(shared);
        expect(one.intersection(other)?.isEmpty() ?? false).toBe(false);
        expect(positions(...one.difference(other))).toEqual(
          positions(one).filter((at) => !other.contains(at)),
        );
        expect(one.difference(other).some((part) => part.isEmpty())).toBe(false);
        const all = [...new Set([...positions(one), ...positions(other)])].sort((a, b) => a - b);
        const united = one.union(other);
        if (united === undefined) expect(one.overlaps(other) || one.touches(other)).toBe(false);
        else expect(positions(united)).toEqual(all);
        expect(one.touches(other)).toBe(other.touches(one));
      }),
    );
  });
});

describe("Range as text", () => {
  it("is written half-open", () => {
    expect(String(new Range(0, 3))).toBe("[0, 3)");
    expect(`${new Range(5, 5)}`).toBe("[5, 5)");
  });

  it("keeps its bounds in JSON", () => {
    expect(JSON.parse(JSON.stringify(new Range(0, 3)))).toEqual({ start: 0, end: 3 });
  });
});

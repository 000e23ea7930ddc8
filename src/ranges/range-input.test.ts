import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Range } from "./range.ts";
import { type RangeInput, rangeForm, resolveRange } from "./range-input.ts";

const code = (is: string): unknown => expect.objectContaining({ code: is });
const refused = (input: unknown, size?: number): (() => Range) => {
  return () => resolveRange(input as RangeInput, size);
};

describe("resolveRange on an 11-byte file", () => {
  it.each<[RangeInput, number, number]>([
    [[-3], 8, 11],
    [[-3, 0], 8, 11],
    [{ suffix: 3 }, 8, 11],
    [[-3, -1], 8, 10],
    [[5, -2], 5, 9],
    [[0, 3], 0, 3],
    [[0], 0, 11],
    [[5], 5, 11],
    [[5, undefined], 5, 11],
    [[11], 11, 11],
    [[11, 11], 11, 11],
    [[4, 4], 4, 4],
    [[0, -11], 0, 0],
    [[-11], 0, 11],
    [[-11, -11], 0, 0],
    [{ suffix: 0 }, 11, 11],
    [{ suffix: 11 }, 0, 11],
    [{ start: 2 }, 2, 11],
    [{ start: 2, end: 4 }, 2, 4],
    [{ start: -3 }, 8, 11],
    [{ start: -3, end: 0 }, 8, 11],
    [{ start: 5, end: -2 }, 5, 9],
    [new Range(0, 11), 0, 11],
    ["[0, 3)", 0, 3],
    ["5..", 5, 11],
    ["-3..", 8, 11],
  ])("reads %j as [%i, %i)", (input, start, end) => {
    expect(resolveRange(input, 11)).toEqual(new Range(start, end));
  });

  it("agrees with Array.prototype.slice wherever it does not refuse", () => {
    const bound = fc.integer({ min: -14, max: 14 });
    fc.assert(
      fc.property(fc.nat(12), bound, fc.option(bound, { nil: undefined }), (size, start, end) => {
        const file = Array.from({ length: size }, (_, index) => index);
        let range: Range;
        try {
          range = resolveRange([start, end], size);
        } catch (error) {
          expect(["INVALID_RANGE", "OUT_OF_BOUNDS"]).toContain((error as { code: string }).code);
          return;
        }
        const pythonic = start < 0 && end === 0 ? undefined : end;
        expect(file.slice(range.start, range.end)).toEqual(file.slice(start, pythonic));
        expect(range.end).toBeLessThanOrEqual(size);
      }),
    );
  });

  it("refuses nothing that slice would read without clamping", () => {
    fc.assert(
      fc.property(fc.nat(12), fc.nat(12), fc.nat(12), (size, first, second) => {
        const [start, end] = [Math.min(first, second, size), Math.min(Math.max(first, second), size)];
        const expected = new Range(start, end);
        expect(resolveRange([start, end], size)).toEqual(expected);
        if (start < size)
          expect(resolveRange([start - size, end === size ? 0 : end - size], size)).toEqual(expected);
        if (end < size) expect(resolveRange([start, end - size], size)).toEqual(expected);
        expect(resolveRange({ suffix: size - start }, size)).toEqual(new Range(start, size));
      }),
    );
  });

  it.each<[RangeInput, { start: number; end: number }]>([
    [[0, 12], { start: 0, end: 12 }],
    [[12, 12], { start: 12, end: 12 }],
    [[20, 30], { start: 20, end: 30 }],
    [new Range(5, 15), { start: 5, end: 15 }],
    ["[0,11]", { start: 0, end: 12 }],
    [[12], { start: 12, end: 12 }],
    [[-12], { start: -12, end: 11 }],
    [[-12, -2], { start: -12, end: -2 }],
    [[5, -12], { start: 5, end: -12 }],
    [[12, -2], { start: 12, end: -2 }],
    [{ suffix: 12 }, { start: -12, end: 11 }],
    [{ start: -12 }, { start: -12, end: 11 }],
    [
      { start: 5, end: 12 },
      { start: 5, end: 12 },
    ],
  ])("finds %j OUT_OF_BOUNDS, with the range and the size, and never clamps it", (input, range) => {
    expect(refused(input, 11)).toThrow(expect.objectContaining({ code: "OUT_OF_BOUNDS", range, size: 11 }));
  });

  it("finds only empty ranges in an empty file", () => {
    expect(resolveRange([0], 0)).toEqual(new Range(0, 0));
    expect(resolveRange({ suffix: 0 }, 0)).toEqual(new Range(0, 0));
    expect(refused([0, 1], 0)).toThrow(code("OUT_OF_BOUNDS"));
    expect(refused([-1], 0)).toThrow(code("OUT_OF_BOUNDS"));
  });

  it("finds a range INVALID_RANGE whose end comes to lie before its start", () => {
    expect(refused([8, -5], 11)).toThrow(code("INVALID_RANGE"));
  });
});

describe("resolveRange on what is no range", () => {
  it.each<[string, unknown]>([
    ["a fraction", [0.5, 3]],
    ["a fractional end", [0, 2.5]],
    ["NaN", [Number.NaN, 3]],
    ["Infinity", [0, Number.POSITIVE_INFINITY]],
    ["-Infinity", [Number.NEGATIVE_INFINITY]],
    ["booleans", [false, true]],
    ["unsafe integers", [0, 2 ** 53]],
    ["numbers as text", ["0", "3"]],
    ["bigints", [0n, 3n]],
    ["null", [0, null]],
    ["a triple", [0, 1, 2]],
    ["an empty tuple", []],
    ["a tuple without a start", [undefined, 3]],
    ["a reversed pair", [3, 0]],
    ["a reversed negative pair", [-3, -5]],
    ["a negative start with a positive end", [-5, 3]],
    ["an object with a negative start and a positive end", { start: -5, end: 3 }],
    ["a reversed object", { start: 3, end: 0 }],
    ["an object with a fraction", { start: 0.5 }],
    ["an empty object", {}],
    ["an object with only an end", { end: 3 }],
    ["a negative suffix", { suffix: -1 }],
    ["a fractional suffix", { suffix: 1.5 }],
    ["a suffix and a start", { suffix: 3, start: 0 }],
    ["a suffix and an end", { suffix: 3, end: 5 }],
    ["a number", 5],
    ["nothing", undefined],
    ["null itself", null],
    ["true", true],
    ["a symbol", Symbol("range")],
    ["a function", () => [0, 3]],
    ["an object that cannot become text", [Object.create(null)]],
  ])("refuses %s as INVALID_RANGE, whether or not the size is known", (_, input) => {
    expect(refused(input)).toThrow(code("INVALID_RANGE"));
    expect(refused(input, 11)).toThrow(code("INVALID_RANGE"));
  });

  it("names what it was given, at a length that can be read", () => {
    expect(refused([-5, 3])).toThrow("[-5, 3]");
    expect(refused({ suffix: -1 })).toThrow("{ suffix: -1 }");
    expect(refused({ start: 3, end: 0 })).toThrow("{ start: 3, end: 0 }");
    expect(refused("x".repeat(100_000))).toThrow(/^.{1,250}$/);
    expect(refused([Array.from("x".repeat(100_000))])).toThrow(/^.{1,250}$/);
  });
});

describe("resolveRange without a size", () => {
  it.each<RangeInput>([
    [-3],
    [-3, 0],
    [-3, -1],
    [5, -2],
    [5],
    [0],
    { suffix: 3 },
    { suffix: 0 },
    { start: 5 },
    "5..",
    "-3..",
  ])("finds %j UNKNOWN_SIZE", (input) => {
    expect(refused(input)).toThrow(code("UNKNOWN_SIZE"));
    expect(refused(input, Number.POSITIVE_INFINITY)).toThrow(code("UNKNOWN_SIZE"));
  });

  it("takes bounded forms at any place", () => {
    const far = Number.MAX_SAFE_INTEGER;
    for (const size of [undefined, Number.POSITIVE_INFINITY]) {
      expect(resolveRange([0, 3], size)).toEqual(new Range(0, 3));
      expect(resolveRange({ start: 5, end: 5 }, size)).toEqual(new Range(5, 5));
      expect(resolveRange("[0,2]", size)).toEqual(new Range(0, 3));
      expect(resolveRange([far, far], size)).toEqual(new Range(far, far));
    }
  });

  it("takes a range of another copy of the package by its shape", () => {
    const foreign = Object.freeze({ start: 2, end: 5, length: 3, toString: () => "[2, 5)" });
    expect(resolveRange(foreign)).toEqual(new Range(2, 5));
  });
});

describe("the size given to resolveRange", () => {
  it.each([Number.NaN, -1, 1.5, 2 ** 53, null, "11", Number.NEGATIVE_INFINITY])(
    "is INVALID_ARGUMENT where it is %s",
    (size) => {
      for (const input of [[0, 1], [0], { suffix: 0 }, new Range(0, 1)]) {
        expect(refused(input, size as number)).toThrow(code("INVALID_ARGUMENT"));
      }
    },
  );
});

describe("rangeForm", () => {
  it.each<[RangeInput, unknown]>([
    [[0, 3], { kind: "span", range: new Range(0, 3) }],
    [new Range(7, 9), { kind: "span", range: new Range(7, 9) }],
    [[5], { kind: "from", start: 5 }],
    ["5..", { kind: "from", start: 5 }],
    [[-3], { kind: "suffix", length: 3 }],
    [[-3, 0], { kind: "suffix", length: 3 }],
    [{ suffix: 0 }, { kind: "suffix", length: 0 }],
    ["-3..", { kind: "suffix", length: 3 }],
    [[5, -2], { kind: "relative" }],
    [[-3, -1], { kind: "relative" }],
  ])("tells what %j asks of a server", (input, form) => {
    expect(rangeForm(input)).toEqual(form);
  });

  it("refuses what is no range", () => {
    expect(() => rangeForm([-5, 3])).toThrow(code("INVALID_RANGE"));
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Range } from "./range.ts";
import type { RangeInput } from "./range-input.ts";
import { RangeSet } from "./range-set.ts";

const code = (is: string): unknown => expect.objectContaining({ code: is });
const pairs = (ranges: Iterable<Range>): number[][] => [...ranges].map(({ start, end }) => [start, end]);

describe("RangeSet", () => {
  it("keeps ranges sorted, and merges what overlaps or touches", () => {
    const set = new RangeSet([[7, 9], "[0,2]", { start: 9, end: 12 }, new Range(3, 4)]);
    expect(pairs(set)).toEqual([
      [0, 4],
      [7, 12],
    ]);
    expect([set.size, set.byteLength]).toEqual([2, 9]);
    expect(pairs(set.add([4, 7]))).toEqual([[0, 12]]);
  });

  it("deletes positions, trimming and splitting", () => {
    const set = new RangeSet([
      [0, 10],
      [12, 15],
    ]);
    expect(pairs(set.delete([3, 5]).delete([9, 13]))).toEqual([
      [0, 3],
      [5, 9],
      [13, 15],
    ]);
    expect(set.byteLength).toBe(9);
    expect(pairs(set.delete([20, 30]))).toHaveLength(3);
  });

  it("is unchanged by empty ranges, which it always covers and which overlap nothing", () => {
    const set = new RangeSet([[0, 3]]).add([1, 1]).add([7, 7]).delete([1, 1]);
    expect(pairs(set)).toEqual([[0, 3]]);
    expect(set.covers([7, 7])).toBe(true);
    expect(set.overlapping([1, 1])).toEqual([]);
    expect(set.missing([7, 7])).toEqual([]);
  });

  it("has whole positions only", () => {
    const set = new RangeSet([[2, 4]]);
    expect([1, 2, 3, 4, 2.5, -1, Number.NaN].map((at) => set.has(at))).toEqual([
      false,
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  it("covers a range that holds no gap", () => {
    const set = new RangeSet([
      [0, 3],
      [7, 9],
    ]);
    expect(set.covers([0, 3])).toBe(true);
    expect(set.covers([1, 2])).toBe(true);
    expect(set.covers([1, 8])).toBe(false);
    expect(set.covers([8, 10])).toBe(false);
  });

  it("gives what overlaps whole, and the gaps within a range", () => {
    const set = new RangeSet([
      [0, 3],
      [7, 9],
      [12, 20],
    ]);
    expect(pairs(set.overlapping([2, 8]))).toEqual([
      [0, 3],
      [7, 9],
    ]);
    expect(set.overlapping([3, 7])).toEqual([]);
    expect(pairs(set.missing([1, 14]))).toEqual([
      [3, 7],
      [9, 12],
    ]);
    expect(pairs(set.missing([20, 25]))).toEqual([[20, 25]]);
    expect(set.missing([13, 19])).toEqual([]);
  });

  it("spans from its lowest position to its highest", () => {
    expect(
      new RangeSet([
        [7, 9],
        [2, 3],
      ]).span(),
    ).toEqual(new Range(2, 9));
    expect(new RangeSet().span()).toBeUndefined();
  });

  it("combines into new sets and leaves both as they were", () => {
    const one = new RangeSet([
      [0, 5],
      [10, 15],
    ]);
    const other = new RangeSet([[3, 12]]);
    expect(pairs(one.union(other))).toEqual([[0, 15]]);
    expect(pairs(one.intersection(other))).toEqual([
      [3, 5],
      [10, 12],
    ]);
    expect(pairs(one.difference(other))).toEqual([
      [0, 3],
      [12, 15],
    ]);
    expect(pairs(one.difference(one))).toEqual([]);
    expect([String(one), String(other)]).toEqual([
      "RangeSet{Range[0, 5), Range[10, 15)}",
      "RangeSet{Range[3, 12)}",
    ]);
  });

  it("forgets all on clear", () => {
    const set = new RangeSet([[0, 5]]);
    set.clear();
    expect([set.size, set.byteLength, pairs(set)]).toEqual([0, 0, []]);
  });

  it("is written with its ranges", () => {
    expect(
      String(
        new RangeSet([
          [0, 3],
          [7, 9],
        ]),
      ),
    ).toBe("RangeSet{Range[0, 3), Range[7, 9)}");
    expect(String(new RangeSet())).toBe("RangeSet{}");
  });

  it("takes only forms that need no size, and refuses the others before it changes", () => {
    const set = new RangeSet([[0, 5]]);
    const calls = [
      (input: RangeInput) => set.add(input),
      (input: RangeInput) => set.delete(input),
      (input: RangeInput) => set.covers(input),
      (input: RangeInput) => set.overlapping(input),
      (input: RangeInput) => set.missing(input),
      (input: RangeInput) => new RangeSet([input]),
    ];
    for (const call of calls) {
      for (const input of [[-3], [5], { suffix: 3 }, "5..", [5, -2]] as const) {
        expect(() => call(input)).toThrow(code("UNKNOWN_SIZE"));
      }
      expect(() => call([3, 0])).toThrow(code("INVALID_RANGE"));
    }
    expect(pairs(set)).toEqual([[0, 5]]);
  });

  it("goes on past what it has given when it changes during an iteration", () => {
    const set = new RangeSet([
      [0, 3],
      [5, 8],
      [10, 12],
    ]);
    const seen: number[][] = [];
    for (const { start, end } of set) {
      seen.push([start, end]);
      if (start === 0) set.add([3, 4]).delete([5, 6]).add([20, 21]);
    }
    expect(seen).toEqual([
      [0, 3],
      [0, 4],
      [6, 8],
      [10, 12],
      [20, 21],
    ]);
    for (const range of set) set.delete(range);
    expect(set.size).toBe(0);
  });
});

// The model: a plain set of positions.
const WIDTH = 40;
const span: fc.Arbitrary<Range> = fc
  .tuple(fc.nat(WIDTH), fc.nat(WIDTH))
  .map(([a, b]) => new Range(Math.min(a, b), Math.max(a, b)));
const step = fc.record({ does: fc.constantFrom("add" as const, "delete" as const), range: span });

function runs(has: (at: number) => boolean, within = new Range(0, WIDTH)): Range[] {
  const found: Range[] = [];
  let from: number | undefined;
  for (let at = within.start; at <= within.end; at++) {
    const held = at < within.end && has(at);
    if (held) from ??= at;
    else if (from !== undefined) {
      found.push(new Range(from, at));
      from = undefined;
    }
  }
  return found;
}

/** The same steps applied to a set and to its model. */
function built(steps: readonly { does: "add" | "delete"; range: Range }[]): {
  set: RangeSet;
  model: Set<number>;
} {
  const set = new RangeSet();
  const model = new Set<number>();
  for (const { does, range } of steps) {
    set[does](range);
    for (let at = range.start; at < range.end; at++) model[does](at);
  }
  return { set, model };
}

describe("RangeSet against a set of positions", () => {
  it("is the same after any sequence of changes: sorted, disjoint, touching nowhere", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), span, (steps, asked) => {
        const { set, model } = built(steps);
        // `runs` are maximal: equality says that ranges are sorted, disjoint, not empty, and touch nowhere.
        expect(pairs(set)).toEqual(pairs(runs((at) => model.has(at))));
        expect(set.size).toBe([...set].length);
        expect(set.byteLength).toBe(model.size);
        for (let at = 0; at < WIDTH; at++) expect(set.has(at)).toBe(model.has(at));
        const gaps = runs((at) => !model.has(at), asked);
        expect(set.missing(asked)).toEqual(gaps);
        expect(set.covers(asked)).toBe(gaps.length === 0);
        expect(set.overlapping(asked)).toEqual([...set].filter((held) => held.overlaps(asked)));
      }),
      { numRuns: 300 },
    );
  });

  it("unites, intersects and subtracts as sets of positions do", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 15 }), fc.array(step, { maxLength: 15 }), (first, second) => {
        const one = built(first);
        const other = built(second);
        const either = (at: number): boolean => one.model.has(at) || other.model.has(at);
        const both = (at: number): boolean => one.model.has(at) && other.model.has(at);
        const rest = (at: number): boolean => one.model.has(at) && !other.model.has(at);
        expect([...one.set.union(other.set)]).toEqual(runs(either));
        expect([...one.set.intersection(other.set)]).toEqual(runs(both));
        expect([...one.set.difference(other.set)]).toEqual(runs(rest));
        expect(one.set.byteLength).toBe(one.model.size);
      }),
      { numRuns: 200 },
    );
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Range } from "./range.ts";
import { RangeDict } from "./range-dict.ts";
import type { RangeInput } from "./range-input.ts";

const code = (is: string): unknown => expect.objectContaining({ code: is });

function dictOf<V>(...entries: [start: number, end: number, value: V][]): RangeDict<V> {
  const dict = new RangeDict<V>();
  for (const [start, end, value] of entries) dict.set([start, end], value);
  return dict;
}

function flat<V>(entries: Iterable<[Range, V]>): [number, number, V][] {
  return [...entries].map(([{ start, end }, value]) => [start, end, value]);
}

describe("RangeDict", () => {
  it("overwrites, trimming and splitting what lay there", () => {
    const dict = dictOf([0, 10, "a"], [10, 20, "b"]);
    expect(flat(dict.set([4, 6], "c").set([8, 12], "d"))).toEqual([
      [0, 4, "a"],
      [4, 6, "c"],
      [6, 8, "a"],
      [8, 12, "d"],
      [12, 20, "b"],
    ]);
    expect(flat(dict.set([2, 15], "e"))).toEqual([
      [0, 2, "a"],
      [2, 15, "e"],
      [15, 20, "b"],
    ]);
  });

  it("never merges touching entries, even with one value", () => {
    const dict = dictOf([0, 3, "a"], [3, 6, "a"]);
    expect(flat(dict)).toEqual([
      [0, 3, "a"],
      [3, 6, "a"],
    ]);
    expect(dict.size).toBe(2);
    expect(dict.get([2, 4])).toBeUndefined();
  });

  it("finds a position, and a range only wholly inside one entry", () => {
    const dict = dictOf([0, 3, "a"], [7, 9, "b"]);
    expect([0, 2, 3, 7, 9, -1, 1.5, Number.NaN].map((at) => dict.get(at))).toEqual([
      "a",
      "a",
      undefined,
      "b",
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(dict.get([0, 3])).toBe("a");
    expect(dict.get("[7,8]")).toBe("b");
    expect(dict.get([2, 8])).toBeUndefined();
    expect(dict.get([1, 1])).toBeUndefined();
    expect(dict.rangeAt(8)).toEqual(new Range(7, 9));
    expect([3, 7.5].map((at) => dict.rangeAt(at))).toEqual([undefined, undefined]);
  });

  it("holds undefined and null as values like any others", () => {
    const dict = dictOf<null | undefined>([0, 3, undefined], [3, 6, null]);
    expect([dict.rangeAt(0), dict.get(4), dict.size]).toEqual([new Range(0, 3), null, 2]);
    expect([...dict.rangesOf(undefined)]).toEqual([new Range(0, 3)]);
  });

  it("deletes positions and tells whether there were any", () => {
    const dict = dictOf([0, 10, "a"]);
    expect(dict.delete([3, 5])).toBe(true);
    expect(dict.delete([3, 5])).toBe(false);
    expect(dict.delete([9, 20])).toBe(true);
    expect(flat(dict)).toEqual([
      [0, 3, "a"],
      [5, 9, "a"],
    ]);
  });

  it("is unchanged by empty ranges", () => {
    const dict = dictOf([0, 10, "a"]);
    expect(flat(dict.set([5, 5], "b").set([20, 20], "b"))).toEqual([[0, 10, "a"]]);
    expect(dict.delete([5, 5])).toBe(false);
    expect(dict.overlapping([5, 5])).toEqual([]);
    expect(dict.missing([20, 20])).toEqual([]);
  });

  it("gives the entries that overlap whole, and the gaps within a range", () => {
    const dict = dictOf([0, 3, "a"], [3, 5, "b"], [7, 9, "c"]);
    expect(flat(dict.overlapping([2, 8]))).toEqual([
      [0, 3, "a"],
      [3, 5, "b"],
      [7, 9, "c"],
    ]);
    expect(flat(dict.overlapping([5, 7]))).toEqual([]);
    expect(dict.missing([1, 12])).toEqual([new Range(5, 7), new Range(9, 12)]);
  });

  it("finds the ranges of a value by identity, touching ones as one", () => {
    const [one, twin] = [{ n: 1 }, { n: 1 }];
    const dict = dictOf<unknown>([0, 3, one], [3, 6, one], [6, 9, twin], [10, 12, one], [20, 21, Number.NaN]);
    expect(String(dict.rangesOf(one))).toBe("RangeSet{Range[0, 6), Range[10, 12)}");
    expect(String(dict.rangesOf(Number.NaN))).toBe("RangeSet{Range[20, 21)}");
    expect(dict.rangesOf({ n: 1 }).size).toBe(0);
  });

  it("lists keys, values and entries in ascending order, each iterable again from itself", () => {
    const dict = dictOf([7, 9, "b"], [0, 3, "a"]);
    expect([...dict.keys()]).toEqual([new Range(0, 3), new Range(7, 9)]);
    expect([...dict.values()]).toEqual(["a", "b"]);
    expect([...dict.entries()]).toEqual([...dict]);
    const keys = dict.keys();
    keys.next();
    expect([...keys]).toEqual([new Range(7, 9)]);
  });

  it("spans from its lowest position to its highest", () => {
    expect(dictOf([7, 9, "b"], [2, 3, "a"]).span()).toEqual(new Range(2, 9));
    expect(new RangeDict().span()).toBeUndefined();
  });

  it("goes on past what it has given when it changes during an iteration", () => {
    const dict = dictOf([0, 8, "a"], [10, 12, "b"], [14, 16, "c"]);
    const seen: unknown[] = [];
    for (const [{ start, end }, value] of dict) {
      seen.push([start, end, value]);
      if (value === "a") {
        dict.delete([10, 12]);
        dict.set([5, 9], "d");
        dict.set([20, 30], "e");
      }
    }
    expect(seen).toEqual([
      [0, 8, "a"],
      [5, 9, "d"],
      [14, 16, "c"],
      [20, 30, "e"],
    ]);
    for (const range of dict.keys()) dict.delete(range);
    expect(dict.size).toBe(0);
    const cleared = dictOf([0, 1, "a"], [2, 3, "b"]);
    for (const value of cleared.values()) {
      expect(value).toBe("a");
      cleared.clear();
    }
  });

  it("takes only forms that need no size, and refuses the others before it changes", () => {
    const dict = dictOf([0, 5, "a"]);
    const calls = [
      (input: RangeInput) => dict.set(input, "b"),
      (input: RangeInput) => dict.delete(input),
      (input: RangeInput) => dict.get(input),
      (input: RangeInput) => dict.overlapping(input),
      (input: RangeInput) => dict.missing(input),
    ];
    for (const call of calls) {
      for (const input of [[-3], [5], { suffix: 3 }, "5..", [5, -2]] as const) {
        expect(() => call(input)).toThrow(code("UNKNOWN_SIZE"));
      }
      expect(() => call([3, 0])).toThrow(code("INVALID_RANGE"));
    }
    expect(flat(dict)).toEqual([[0, 5, "a"]]);
  });
});

describe("a read-only view of a RangeDict", () => {
  it("shows every later change and refuses to make one", () => {
    const dict = dictOf([0, 3, "a"]);
    const view = dict.asReadonly();
    dict.set([7, 9], "b");
    expect(view).toBeInstanceOf(RangeDict);
    expect(flat(view)).toEqual([
      [0, 3, "a"],
      [7, 9, "b"],
    ]);
    for (const locked of [view, view.asReadonly()]) {
      expect(() => locked.set([0, 1], "c")).toThrow(code("INVALID_ARGUMENT"));
      expect(() => locked.set([1, 1], "c")).toThrow(code("INVALID_ARGUMENT"));
      expect(() => locked.delete([0, 1])).toThrow(code("INVALID_ARGUMENT"));
      expect(() => locked.clear()).toThrow(code("INVALID_ARGUMENT"));
    }
    expect(dict.size).toBe(2);
    dict.clear();
    expect([view.size, view.get(0), view.span()]).toEqual([0, undefined, undefined]);
  });
});

describe("RangeDict as text", () => {
  class Response {
    readonly #range: string;
    constructor(range: string) {
      this.#range = range;
    }
    toString(): string {
      return `RangeResponse ⠶ ${this.#range} @ 'example_text_file.txt' from github.com`;
    }
  }

  it("prints what the original prints", () => {
    const dict = new RangeDict<Response>()
      .set([7, 9], new Response("[7, 9)"))
      .set([0, 3], new Response("[0, 3)"));
    expect(String(dict)).toBe(
      [
        "RangeDict{",
        "  RangeSet{Range[0, 3)}: RangeResponse ⠶ [0, 3) @ 'example_text_file.txt' from github.com,",
        "  RangeSet{Range[7, 9)}: RangeResponse ⠶ [7, 9) @ 'example_text_file.txt' from github.com",
        "}",
      ].join("\n"),
    );
  });

  it("prints an empty one on one line", () => {
    expect(String(new RangeDict())).toBe("RangeDict{}");
  });

  class Chunk {
    readonly type = "IHDR";
    readonly start = 8;
  }

  it.each<[string, unknown]>([
    ["'held'", "held"],
    [`"it's"`, "it's"],
    [`'say "so"'`, 'say "so"'],
    ["'two\\nlines'", "two\nlines"],
    ["'back\\\\slash'", "back\\slash"],
    ["5", 5],
    ["undefined", undefined],
    ["null", null],
    ["7", 7n],
    ["Symbol(s)", Symbol("s")],
    ["[0, 3)", new Range(0, 3)],
    ["RangeDict{}", dictOf()],
    ["1,2", [1, 2]],
    ["Uint8Array(65536 bytes)", new Uint8Array(65_536)],
    ["DataView(2 bytes)", new DataView(new ArrayBuffer(2))],
    ["{ type: 'IHDR', start: 8, more: [Object] }", { type: "IHDR", start: 8, more: { deep: 1 } }],
    ["Chunk { type: 'IHDR', start: 8 }", new Chunk()],
    ["{}", {}],
    ["{ a: 1 }", Object.assign(Object.create(null), { a: 1 })],
    ["[object Map]", new Map()],
  ])("prints a value as %s", (text, value) => {
    expect(String(dictOf<unknown>([0, 1, value]))).toBe(`RangeDict{\n  RangeSet{Range[0, 1)}: ${text}\n}`);
  });
});

// The model: a value for every position, and marks where entries begin; entries never merge.
const WIDTH = 40;
interface Owner {
  readonly value: string;
}
const span: fc.Arbitrary<Range> = fc
  .tuple(fc.nat(WIDTH), fc.nat(WIDTH))
  .map(([a, b]) => new Range(Math.min(a, b), Math.max(a, b)));
const step = fc.record({
  does: fc.constantFrom("set" as const, "set" as const, "delete" as const),
  range: span,
  value: fc.constantFrom("a", "b", "c"),
});

/** Every stretch of positions that one call of `set` owns without a break is an entry. */
function entriesOf(model: readonly (Owner | undefined)[]): [number, number, string][] {
  const entries: [number, number, string][] = [];
  for (let from = 0, at = 0; at <= model.length; at++) {
    if (at < model.length && model[at] === model[from]) continue;
    const owner = model[from];
    if (owner !== undefined) entries.push([from, at, owner.value]);
    from = at;
  }
  return entries;
}

describe("RangeDict against an array of positions", () => {
  it("is the same after any sequence of changes: sorted, disjoint, never merged", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), span, (steps, asked) => {
        const dict = new RangeDict<string>();
        const model = Array.from<Owner | undefined>({ length: WIDTH });
        for (const { does, range, value } of steps) {
          const held = model.slice(range.start, range.end).some((owner) => owner !== undefined);
          if (does === "set") dict.set(range, value);
          else expect(dict.delete(range)).toBe(held);
          model.fill(does === "set" ? { value } : undefined, range.start, range.end);
        }
        const expected = entriesOf(model);
        expect(flat(dict)).toEqual(expected);
        expect(dict.size).toBe(expected.length);
        for (let at = 0; at < WIDTH; at++) expect(dict.get(at)).toBe(model[at]?.value);
        const inside = expected.find(([start, end]) => new Range(start, end).contains(asked));
        expect(dict.get(asked)).toBe(asked.isEmpty() ? undefined : inside?.[2]);
        const shared = expected.filter(([start, end]) => new Range(start, end).overlaps(asked));
        expect(flat(dict.overlapping(asked))).toEqual(shared);
        const gaps = dict.missing(asked).flatMap(({ start, end }) => model.slice(start, end));
        expect(gaps.every((owner) => owner === undefined)).toBe(true);
        expect(gaps).toHaveLength(
          model.slice(asked.start, asked.end).filter((owner) => owner === undefined).length,
        );
        const ofA = [...dict.rangesOf("a")].flatMap(({ start, end }) => model.slice(start, end));
        expect(ofA.every((owner) => owner?.value === "a")).toBe(true);
        expect(ofA).toHaveLength(model.filter((owner) => owner?.value === "a").length);
      }),
      { numRuns: 300 },
    );
  });
});

describe("RangeDict with many entries", () => {
  const numbers = (seed: number): (() => number) => {
    let state = seed;
    return () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
  };

  it("agrees with a plain array of 100,000 entries, set in random order and then cut at random", () => {
    const count = 100_000;
    const next = numbers(7);
    const model = Array.from({ length: count }, (_, index): [number, number, number] => [
      index * 10,
      index * 10 + 5,
      index,
    ]);
    const order = [...model];
    for (let at = order.length - 1; at > 0; at--) {
      const other = Math.floor(next() * (at + 1));
      [order[at], order[other]] = [
        order[other] as [number, number, number],
        order[at] as [number, number, number],
      ];
    }
    const dict = dictOf(...order.splice(0, 1));
    for (const [start, end, value] of order) dict.set([start, end], value);
    expect(dict.size).toBe(count);
    expect(JSON.stringify(flat(dict)) === JSON.stringify(model)).toBe(true);

    // Half of them go, every other one, then a stretch over many blocks, and one entry covers what is left of another.
    let deleted = 0;
    for (let at = 0; at < count; at += 2) if (dict.delete([at * 10, at * 10 + 5])) deleted++;
    expect(deleted).toBe(count / 2);
    dict.delete([200_003, 800_013]);
    dict.set([900_003, 950_013], -1);
    const left = model.flatMap(([start, end, value]): [number, number, number][] => {
      if (value % 2 === 0) return [];
      const kept: [number, number, number][] = [];
      for (const part of new Range(start, end).difference(new Range(200_003, 800_013))) {
        for (const { start: from, end: to } of part.difference(new Range(900_003, 950_013)))
          kept.push([from, to, value]);
      }
      return kept;
    });
    const expected = [...left, [900_003, 950_013, -1] as [number, number, number]].sort(
      (a, b) => a[0] - b[0],
    );
    expect(JSON.stringify(flat(dict)) === JSON.stringify(expected)).toBe(true);
    expect(dict.size).toBe(expected.length);
    for (const [start, end, value] of expected) {
      if (dict.get([start, end]) !== value || dict.rangeAt(start)?.end !== end) expect.fail(`at ${start}`);
    }
  });

  it("agrees with an array of positions through 20,000 random changes that split, swallow and empty blocks", () => {
    const next = numbers(11);
    const width = 200_000;
    const dict = new RangeDict<number>();
    // Every set has a value of its own, so that equal neighbours are one entry.
    const model = new Int32Array(width);
    let most = 0;
    for (let turn = 1; turn <= 20_000; turn++) {
      const start = Math.floor(next() * width);
      const range = new Range(
        start,
        Math.min(width, start + 1 + Math.floor(next() * (next() < 0.003 ? 20_000 : 8))),
      );
      const value = next() < 0.8 ? turn : 0;
      if (value > 0) dict.set(range, value);
      else dict.delete(range);
      model.fill(value, range.start, range.end);
      most = Math.max(most, dict.size);
      if (turn % 2000 > 0) continue;
      const expected: [number, number, number][] = [];
      for (let from = 0, at = 0; at <= width; at++) {
        if (at < width && model[at] === model[from]) continue;
        if (from < width && model[from] !== 0) expected.push([from, at, model[from] as number]);
        from = at;
      }
      expect(flat(dict)).toEqual(expected);
      expect(dict.size).toBe(expected.length);
    }
    expect(most).toBeGreaterThan(1000);
  });
});

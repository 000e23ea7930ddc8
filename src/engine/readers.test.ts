import { describe, expect, it } from "vitest";
import { Range } from "../ranges/range.ts";
import { Readers } from "./readers.ts";

type Span = readonly [start: number, end: number];

/** Plays reads; whatever is nobody's begins a reader. Gives which reader each was of, numbered as they began. */
function play(spans: readonly Span[], hopBytes = 100): string {
  const readers = new Readers();
  const known: unknown[] = [];
  const owners = spans.map(([start, end]) => {
    const range = new Range(start, end);
    const followed = readers.follow(range, hopBytes);
    const reader = followed ?? readers.begin(range);
    if (!known.includes(reader)) known.push(reader);
    return known.indexOf(reader);
  });
  return owners.join("");
}

describe("whose read it is", () => {
  const sequence: Span[] = [
    [0, 10],
    [10, 20],
    [20, 25],
    [25, 40],
  ];
  it.each<[string, Span[], string]>([
    ["a sequence", sequence, "0000"],
    [
      "a hop as far as a round trip is worth",
      [
        [0, 10],
        [110, 120],
        [121, 130],
      ],
      "000",
    ],
    [
      "a hop that is farther",
      [
        [0, 10],
        [111, 120],
      ],
      "01",
    ],
    [
      "a step back",
      [
        [100, 110],
        [90, 100],
        [0, 10],
      ],
      "012",
    ],
    [
      "a jump, and its sequence",
      [
        [0, 10],
        [10, 20],
        [5000, 5010],
        [5010, 5020],
      ],
      "0011",
    ],
    [
      "a reader that comes back to where it was",
      [
        [0, 10],
        [5000, 5010],
        [10, 20],
        [5010, 5020],
      ],
      "0101",
    ],
    [
      "two readers in lockstep",
      [
        [0, 10],
        [0, 10],
        [10, 20],
        [10, 20],
        [20, 30],
        [20, 30],
      ],
      "000000",
    ],
    [
      "two readers at a distance",
      [
        [0, 10],
        [900, 910],
        [10, 20],
        [910, 920],
        [20, 30],
        [920, 930],
      ],
      "010101",
    ],
    [
      "reading the same again and again",
      [
        [0, 10],
        [0, 10],
        [0, 10],
      ],
      "000",
    ],
    [
      "a hop beyond a reader that was not read last",
      [
        [0, 10],
        [900, 910],
        [15, 20],
      ],
      "012",
    ],
  ])("is told for %s", (_, spans, owners) => {
    expect(play(spans)).toBe(owners);
  });

  it("is told for as many readers side by side as there is room for, and for the latest of more", () => {
    const lanes = (count: number): Span[] => {
      const starts = Array.from({ length: count }, (__, lane) => lane * 10_000);
      return [
        ...starts.map((at) => [at, at + 10] as const),
        ...starts.map((at) => [at + 10, at + 20] as const),
      ];
    };
    expect(play(lanes(9))).toBe("012345678012345678");
    const readers = new Readers();
    for (const [start, end] of lanes(17).slice(0, 17)) readers.begin(new Range(start, end));
    expect(readers.follow(new Range(10, 20), 0)).toBeUndefined();
    expect(readers.follow(new Range(10_010, 10_020), 0)).toBeDefined();
  });
});

describe("what is known of a reader", () => {
  it("counts how its reads followed each other, and their bytes", () => {
    const readers = new Readers();
    const reader = readers.begin(new Range(1000, 1010));
    for (const [start, end] of [
      [1010, 1020],
      [1050, 1060],
      [1060, 1070],
    ] as const)
      expect(readers.follow(new Range(start, end), 100)).toBe(reader);
    expect(reader).toMatchObject({ origin: 1000, lastStart: 1060, lastEnd: 1070 });
    expect(reader).toMatchObject({ sequential: 2, hops: 1, readBytes: 40, gapBytes: 30 });
  });

  it("is not moved by a second reader that does the same", () => {
    const readers = new Readers();
    const reader = readers.begin(new Range(0, 10));
    readers.follow(new Range(10, 20), 0);
    const before = { ...reader };
    expect(readers.follow(new Range(10, 20), 0)).toBe(reader);
    expect(reader).toEqual(before);
  });

  it("leaves the others in the order of use", () => {
    const readers = new Readers();
    const [first, second, third] = [0, 1000, 2000].map((at) => readers.begin(new Range(at, at + 10)));
    readers.follow(new Range(10, 20), 0);
    expect(readers.others(third as never)).toEqual([first, second]);
    expect(readers.others(first as never)).toEqual([third, second]);
  });
});

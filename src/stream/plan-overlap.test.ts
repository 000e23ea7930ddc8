import { describe, expect, it } from "vitest";
import { Range } from "../ranges/range.ts";
import { overlapCase, planOverlap } from "./plan-overlap.ts";

const range = (start: number, end: number): Range => new Range(start, end);
const shown = (
  ranges: readonly (readonly [number, number])[],
  added: [number, number],
  policy: "replant" | "burn",
) =>
  planOverlap(
    ranges.map(([start, end]) => range(start, end)),
    range(added[0], added[1]),
    policy,
  ).map(({ unread, kept, replanted }) => `${unread}: ${kept ?? "gone"} / ${replanted ?? "none"}`);

describe("overlapCase", () => {
  it.each([
    ["tail", [3, 7], [5, 9]],
    ["tail", [3, 7], [5, 7]],
    ["head", [3, 7], [2, 5]],
    ["head", [3, 7], [3, 5]],
    ["body", [3, 7], [4, 6]],
    ["span", [3, 7], [2, 9]],
    ["span", [3, 7], [3, 7]],
    ["span", [3, 7], [3, 9]],
    ["span", [3, 7], [1, 7]],
  ] as const)("is %s for %j under %j", (name, unread, added) => {
    expect(overlapCase(range(unread[0], unread[1]), range(added[0], added[1]))).toBe(name);
  });
});

describe("planOverlap", () => {
  it("replants: tail keeps, head hands over, body does both, span deletes", () => {
    expect(shown([[3, 7]], [5, 9], "replant")).toEqual(["[3, 7): [3, 5) / none"]);
    expect(shown([[3, 7]], [2, 5], "replant")).toEqual(["[3, 7): gone / [5, 7)"]);
    expect(shown([[3, 7]], [4, 6], "replant")).toEqual(["[3, 7): [3, 4) / [6, 7)"]);
    expect(shown([[3, 7]], [2, 9], "replant")).toEqual(["[3, 7): gone / none"]);
  });

  it("treats every overlapped range, not only the first", () => {
    const ranges: [number, number][] = [
      [0, 3],
      [4, 6],
      [7, 10],
    ];
    expect(shown(ranges, [2, 8], "replant")).toEqual([
      "[0, 3): [0, 2) / none",
      "[4, 6): gone / none",
      "[7, 10): gone / [8, 10)",
    ]);
    expect(shown(ranges, [2, 8], "burn")).toEqual([
      "[0, 3): gone / none",
      "[4, 6): gone / none",
      "[7, 10): gone / none",
    ]);
  });

  it("refuses any overlap under strict, a span too, and lets disjoint ranges be", () => {
    for (const added of [range(5, 9), range(2, 5), range(4, 6), range(2, 9)]) {
      expect(() => planOverlap([range(3, 7)], added, "strict")).toThrow(
        expect.objectContaining({ code: "OVERLAP" }),
      );
    }
    expect(planOverlap([], range(7, 9), "strict")).toEqual([]);
  });
});

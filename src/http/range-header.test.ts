import { expect, it } from "vitest";
import { Range } from "../ranges/range.ts";
import { describeAsk, formatRangeHeader } from "./range-header.ts";

it("writes both ends inclusive, as HTTP has them", () => {
  expect(formatRangeHeader({ kind: "span", range: new Range(0, 3) })).toBe("bytes=0-2");
  expect(formatRangeHeader({ kind: "span", range: new Range(5, 6) })).toBe("bytes=5-5");
  expect(formatRangeHeader({ kind: "from", start: 7 })).toBe("bytes=7-");
  expect(formatRangeHeader({ kind: "suffix", length: 3 })).toBe("bytes=-3");
});

it("refuses what HTTP cannot express", () => {
  expect(() => formatRangeHeader({ kind: "span", range: new Range(4, 4) })).toThrow(
    expect.objectContaining({ code: "INVALID_RANGE" }),
  );
  expect(() => formatRangeHeader({ kind: "suffix", length: 0 })).toThrow(
    expect.objectContaining({ code: "INVALID_RANGE" }),
  );
});

it("writes a list in the order given, and refuses an empty one", () => {
  const ranges = [new Range(0, 3), new Range(7, 9), new Range(20, 21)];
  expect(formatRangeHeader({ kind: "list", ranges })).toBe("bytes=0-2,7-8,20-20");
  for (const refused of [[], [new Range(0, 3), new Range(4, 4)]]) {
    expect(() => formatRangeHeader({ kind: "list", ranges: refused })).toThrow(
      expect.objectContaining({ code: "INVALID_RANGE" }),
    );
  }
});

it("only counts the ranges of a long list in a message", () => {
  const ranges = Array.from({ length: 40 }, (_, index) => new Range(index * 10, index * 10 + 1));
  expect(describeAsk({ kind: "list", ranges })).toBe("bytes=0-0,10-10,20-20 and 37 more");
  expect(describeAsk({ kind: "list", ranges: ranges.slice(0, 3) })).toBe("bytes=0-0,10-10,20-20");
});

import { expect, it } from "vitest";
import { Range } from "../ranges/range.ts";
import { formatRangeHeader } from "./range-header.ts";

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

import { expect, it } from "vitest";
import { Range } from "../ranges/range.ts";
import { describeAsk, formatRangeHeader, parseRangeHeader } from "./range-header.ts";

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

it("reads back every form of one range that it writes", () => {
  for (const text of ["bytes=0-2", "bytes=5-5", "bytes=7-", "bytes=-3", "bytes=0-9007199254740990"]) {
    const ask = parseRangeHeader(text);
    expect(ask === undefined ? undefined : formatRangeHeader(ask)).toBe(text);
  }
  expect(parseRangeHeader("Bytes=00-02")).toEqual({ kind: "span", range: new Range(0, 3) });
});

it("takes nothing for one range that is none, or several", () => {
  const texts = [
    "",
    "bytes",
    "bytes=",
    "bytes=-",
    "bytes=-0",
    "bytes=a-b",
    "bytes=0",
    "bytes=2-1",
    "items=0-1",
  ];
  texts.push(
    "bytes=0-1,3-4",
    "bytes= 0-1",
    "bytes=0-1 ",
    "bytes=0 - 1",
    "bytes=--1",
    "bytes=+0-1",
    "bytes=0x0-1",
  );
  texts.push(
    "bytes=0-9007199254740991",
    "bytes=9007199254740992-",
    "bytes=0-1-2",
    "bytes=1e3-",
    "bytes 0-1/2",
  );
  expect(texts.filter((text) => parseRangeHeader(text) !== undefined)).toEqual([]);
});

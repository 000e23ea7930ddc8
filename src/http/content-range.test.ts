import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Range } from "../ranges/range.ts";
import { formatContentRange, parseContentRange } from "./content-range.ts";

describe("parseContentRange", () => {
  it.each([
    ["bytes 0-2/11", 0, 3, 11],
    ["bytes 0-10/11", 0, 11, 11],
    ["BYTES 5-5/*", 5, 6, undefined],
    ["  bytes 05-09/020 ", 5, 10, 20],
    [
      "bytes 9007199254740989-9007199254740990/9007199254740991",
      9007199254740989,
      9007199254740991,
      9007199254740991,
    ],
  ])("reads %j as a half-open range", (text, start, end, total) => {
    const parsed = parseContentRange(text);
    expect(parsed?.range).toMatchObject({ start, end });
    expect(parsed?.total).toBe(total);
  });

  it("reads the total of a 416", () => {
    expect(parseContentRange("bytes */11")).toEqual({ range: undefined, total: 11 });
  });

  it.each([
    "",
    "bytes",
    "bytes ",
    "bytes */*",
    "bytes 0-2",
    "bytes 2-0/11",
    "bytes 0-11/11",
    "bytes 0-1023/512",
    "bytes=0-9/10",
    "bytes:0-9/10",
    "0-9/10",
    "items 0-9/10",
    "bytes 0-9/10, bytes 0-4/10",
    "bytes 5-9/20, bytes 0-4/20",
    "bytes 0-9/10 junk",
    "bytes  0-9/10",
    "bytes +0-9/10",
    "bytes 0--9/10",
    "bytes 0-(null)/(null)",
    "bytes NaN-9/10",
    "bytes 0x0-9/10",
    "bytes ٠-٩/10",
    "bytes 0-9007199254740991/9007199254740992",
    "bytes 0-9/99999999999999999999",
  ])("refuses %j", (text) => {
    expect(parseContentRange(text)).toBeUndefined();
  });

  it("reads back what it writes", () => {
    fc.assert(
      fc.property(
        fc.nat(1e9),
        fc.integer({ min: 1, max: 1e6 }),
        fc.option(fc.nat(1e6)),
        (start, length, beyond) => {
          const range = new Range(start, start + length);
          const total = beyond === null ? undefined : range.end + beyond;
          const parsed = parseContentRange(formatContentRange(range, total));
          expect(parsed?.range?.equals(range)).toBe(true);
          expect(parsed?.total).toBe(total);
        },
      ),
    );
  });

  it("takes linear time over a megabyte of digits", () => {
    const text = `bytes ${"1".repeat(500_000)}-${"2".repeat(500_000)}/*`;
    expect(parseContentRange(text)).toBeUndefined();
  });
});

import { describe, expect, it } from "vitest";
import { parseBoundary } from "./multipart-boundary.ts";

describe("parseBoundary", () => {
  it.each([
    ["multipart/byteranges; boundary=abc", "abc"],
    ["multipart/byteranges;boundary=abc", "abc"],
    ["Multipart/ByteRanges ; Boundary=AbC ", "AbC"],
    ["multipart/x-byteranges; boundary=00000000000000000012", "00000000000000000012"],
    ['multipart/byteranges; boundary="a b (c)"', "a b (c)"],
    ['multipart/byteranges; boundary="a;b=c, d"; charset=x', "a;b=c, d"],
    ['multipart/byteranges; boundary="a\\"b\\\\c"', 'a"b\\c'],
    ['multipart/byteranges; charset="x;boundary=no"; boundary=yes;', "yes"],
    ["multipart/byteranges; ; boundary=.*+?^$|[x]{2}()", ".*+?^$|[x]{2}()"],
    ["multipart/byteranges; boundary=----=_Part_1:2/3?", "----=_Part_1:2/3?"],
    [`multipart/byteranges; boundary=${"x".repeat(200)}`, "x".repeat(200)],
  ])("takes the one of %s", (text, boundary) => {
    expect(parseBoundary(text)).toBe(boundary);
  });

  it.each([
    "",
    "multipart/byteranges",
    "multipart/byteranges;",
    "multipart/byteranges; boundary",
    "multipart/byteranges; boundary=",
    'multipart/byteranges; boundary=""',
    'multipart/byteranges; boundary="abc',
    'multipart/byteranges; boundary="abc\\',
    'multipart/byteranges; boundary="abc"d',
    'multipart/byteranges; boundary="abc "',
    'multipart/byteranges; boundary="a\nb"',
    "multipart/byteranges; boundary=a b",
    "multipart/byteranges; boundary = abc",
    "multipart/byteranges; boundary=abc, text/plain",
    "multipart/byteranges; boundary=abc; boundary=abc",
    "multipart/byteranges boundary=abc",
    "multipart/byteranges; boundary=ab\u00e9",
    "multipart/form-data; boundary=abc",
    "application/octet-stream; boundary=abc",
    `multipart/byteranges; boundary=${"x".repeat(2000)}`,
  ])("is undefined for %j", (text) => {
    expect(parseBoundary(text)).toBeUndefined();
  });

  it("is linear in the text", () => {
    const began = performance.now();
    for (const filling of [";", '"', "\\", " ", "=", ";a=b", '"a";']) {
      parseBoundary(`multipart/byteranges;${filling.repeat(200_000 / filling.length)}`);
      parseBoundary(`multipart/byteranges; boundary="${filling.repeat(200_000 / filling.length)}`);
    }
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

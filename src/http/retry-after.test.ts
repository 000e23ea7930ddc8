import { expect, it } from "vitest";
import { parseRetryAfter } from "./retry-after.ts";

const now = Date.parse("Wed, 25 Nov 2026 10:00:00 GMT");

it.each([
  ["0", 0],
  ["2", 2000],
  [" 120 ", 120_000],
  ["Wed, 25 Nov 2026 10:00:05 GMT", 5000],
  ["Wed, 25 Nov 2026 09:00:00 GMT", 0],
  ["Wednesday, 25-Nov-26 10:00:01 GMT", 1000],
])("reads %j", (text, ms) => {
  expect(parseRetryAfter(text, now)).toBe(ms);
});

it.each([null, "", "soon", "-1", "1.5", "25 Nov 2026", "Wed, ".repeat(9)])(
  "takes %j for nonsense",
  (text) => {
    expect(parseRetryAfter(text, now)).toBeUndefined();
  },
);

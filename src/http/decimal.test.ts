import { expect, it } from "vitest";
import { parseDecimal } from "./decimal.ts";

it.each([
  ["0", 0],
  ["007", 7],
  ["9007199254740991", Number.MAX_SAFE_INTEGER],
])("reads %j", (text, value) => {
  expect(parseDecimal(text)).toBe(value);
});

it.each(["", " 1", "1 ", "+1", "-1", "1.0", "1e3", "0x1", "9007199254740992", "1".repeat(400), "٣"])(
  "refuses %j",
  (text) => {
    expect(parseDecimal(text)).toBeUndefined();
  },
);

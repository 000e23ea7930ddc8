import { expect, it } from "vitest";
import { fromBase64, toBase64 } from "./base64.ts";

it("bytes come back from base64, also many of them, and of a view with an offset", () => {
  for (const length of [0, 1, 2, 3, 24_575, 24_576, 24_577, 100_000]) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 37) & 0xff);
    expect(fromBase64(toBase64(bytes))).toEqual(bytes);
  }
  expect(toBase64(new TextEncoder().encode("xxany carnal pleas").subarray(2))).toBe(
    "YW55IGNhcm5hbCBwbGVhcw==",
  );
});

it.each(["%", "a", "YW55=YW5", 7, undefined, null])("%s is no base64", (text) => {
  expect(fromBase64(text)).toBe(undefined);
});

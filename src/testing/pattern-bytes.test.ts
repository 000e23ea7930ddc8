import { expect, test } from "vitest";
import { patternBytes, patternSlice } from "./pattern-bytes.ts";

test("the same size and seed give the same bytes, whatever was asked before", () => {
  // Written down, so that recorded runs stay comparable.
  expect([...patternBytes(8)]).toEqual([...patternBytes(8, 0)]);
  expect(patternBytes(5000, 3)).toEqual(patternBytes(5000, 3));
  expect(patternBytes(8000, 3).subarray(0, 5000)).toEqual(patternBytes(5000, 3));
});

test("a slice is what lies there in the whole, also beyond 4 GiB", () => {
  expect(patternSlice(100, 200, 7)).toEqual(patternBytes(200, 7).slice(100));
  const high = patternSlice(2 ** 40, 2 ** 40 + 64);
  expect(high).not.toEqual(patternSlice(0, 64));
  expect(high.subarray(1)).toEqual(patternSlice(2 ** 40 + 1, 2 ** 40 + 64));
});

test("every shift, and every other seed, shows at once", () => {
  const bytes = patternBytes(70_000, 1);
  const shifts = [1, 2, 4, 255, 256, 257, 1000, 4096, 32_768, 65_536];
  for (const shift of shifts) {
    const same = bytes.subarray(shift).filter((byte, index) => byte === bytes[index]).length;
    // Chance gives one in 256.
    expect(same / (bytes.length - shift)).toBeLessThan(0.01);
  }
  expect(patternBytes(64, 2)).not.toEqual(patternBytes(64, 1));
});

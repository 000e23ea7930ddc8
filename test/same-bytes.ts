import { expect } from "vitest";

/** Compares bytes at native speed; a deep comparison of large arrays takes seconds. */
export function expectSameBytes(got: Uint8Array, wanted: Uint8Array): void {
  expect(got.byteLength).toBe(wanted.byteLength);
  const differs = got.findIndex((byte, index) => byte !== wanted[index]);
  expect(differs, "the first position that differs").toBe(-1);
}

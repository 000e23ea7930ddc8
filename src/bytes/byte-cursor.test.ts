import { describe, expect, it } from "vitest";
import { ByteCursor } from "./byte-cursor.ts";

const BYTES = Uint8Array.of(
  0xee,
  0x01,
  0x02,
  0x03,
  0x04,
  0xff,
  0xff,
  0xff,
  0xff,
  0x05,
  0,
  0,
  0,
  1,
  0,
  0,
  0,
  0xee,
);

/** The bytes from 1 to before the last: a view whose byteOffset is not 0. */
function cursor(origin?: number): ByteCursor {
  return new ByteCursor(BYTES.subarray(1, -1), { what: "a record", origin });
}

describe("ByteCursor", () => {
  it("reads little-endian numbers of each width from a view with an offset", () => {
    const at = cursor();
    expect([at.u8(), at.u8(), at.u16(), at.i32(), at.u64()]).toEqual([1, 2, 0x0403, -1, 0x1_0000_0005]);
    expect(at.remaining).toBe(0);
  });

  it("reads unsigned 32-bit numbers as unsigned", () => {
    const at = cursor();
    at.skip(4);
    expect(at.u32()).toBe(0xffffffff);
  });

  it("counts positions in the file, not in the view", () => {
    const at = cursor(5_000_000_000);
    at.skip(3);
    expect(at.offset).toBe(5_000_000_003);
    expect(at.remaining).toBe(13);
  });

  it("takes bytes as a view and moves on", () => {
    const at = cursor();
    expect([...at.take(3)]).toEqual([1, 2, 3]);
    expect(at.u8()).toBe(4);
  });

  it.each([
    ["u8", (at: ByteCursor) => at.u8(), 16],
    ["u16", (at: ByteCursor) => at.u16(), 15],
    ["u32", (at: ByteCursor) => at.u32(), 13],
    ["i32", (at: ByteCursor) => at.i32(), 13],
    ["u64", (at: ByteCursor) => at.u64(), 9],
    ["take", (at: ByteCursor) => at.take(4), 13],
    ["skip", (at: ByteCursor) => at.skip(4), 13],
  ])("refuses %s past the end as FORMAT, though the buffer goes on", (_name, read, skipped) => {
    const at = cursor();
    at.skip(skipped);
    expect(() => read(at)).toThrow(expect.objectContaining({ code: "FORMAT" }));
    expect(at.remaining).toBe(16 - skipped);
  });

  it("says what it read, where, and how much was there", () => {
    const at = cursor(100);
    at.skip(14);
    expect(() => at.u32()).toThrow("Read a record at byte 114: got only 2 of 4 bytes");
  });

  it("refuses a 64-bit number that a double cannot hold", () => {
    const largest = Uint8Array.of(255, 255, 255, 255, 255, 255, 0x1f, 0);
    expect(new ByteCursor(largest, { what: "x" }).u64()).toBe(Number.MAX_SAFE_INTEGER);
    const larger = Uint8Array.of(0, 0, 0, 0, 0, 0, 0x20, 0);
    expect(() => new ByteCursor(larger, { what: "x" }).u64()).toThrow(
      expect.objectContaining({ code: "FORMAT" }),
    );
  });
});

import { describe, expect, it } from "vitest";
import { createCrc32 } from "#crc32";
import { createCrc32 as createPortableCrc32 } from "./crc32.ts";

const encoder = new TextEncoder();

describe.each([
  ["the platform's choice", createCrc32],
  ["the portable one", createPortableCrc32],
])("createCrc32, %s", (_name, create) => {
  it("gives the published check value of CRC-32 for 123456789", () => {
    const crc = create();
    crc.update(encoder.encode("123456789"));
    expect(crc.digest()).toBe(0xcbf43926);
  });

  it("gives 0 for no bytes", () => {
    expect(create().digest()).toBe(0);
  });

  it("gives the same however the bytes are cut, and lets a digest be taken on the way", () => {
    const bytes = Uint8Array.from({ length: 1000 }, (_, index) => (index * 31) & 0xff);
    const whole = create();
    whole.update(bytes);
    const parts = create();
    for (let start = 0; start < bytes.length; start += 7) {
      parts.update(bytes.subarray(start, start + 7));
      parts.digest();
    }
    expect(parts.digest()).toBe(whole.digest());
    expect(whole.digest()).toBeGreaterThan(0);
  });

  it("is not changed by no bytes, whatever array they are none of", () => {
    const crc = create();
    crc.update(encoder.encode("123456789"));
    for (const none of [new Uint8Array(0), new Uint8Array(0).subarray(0, 0), new Uint8Array(4).subarray(4)])
      crc.update(none);
    expect(crc.digest()).toBe(0xcbf43926);
  });

  it("reads a view from its own offset", () => {
    const padded = encoder.encode("xxxx123456789yy");
    const crc = create();
    crc.update(padded.subarray(4, 13));
    expect(crc.digest()).toBe(0xcbf43926);
  });
});

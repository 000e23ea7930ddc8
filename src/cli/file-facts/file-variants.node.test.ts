import { describe, expect, it } from "vitest";
import { bytes, factsOf } from "../../../test/heads/facts-of.ts";

// Forms that a format has beside the usual one, and that files out there are in.

describe("JPEG", () => {
  const frame = (marker: number): Uint8Array =>
    bytes([0xff, 0xd8, 0xff, marker, 0, 11, 8, 0, 2, 1, 0x2c, 1, 1, 0x11, 0]);
  const facts = (progressive: boolean) => ({
    width: 300,
    height: 2,
    details: { bitsPerSample: 8, progressive },
  });

  it.each([
    ["baseline", 0xc0, false],
    ["progressive", 0xc2, true],
    ["lossless", 0xc3, false],
    ["differential progressive", 0xc6, true],
    ["arithmetic", 0xc9, false],
    ["arithmetic progressive", 0xca, true],
    ["JPEG-LS", 0xf7, false],
  ])("of a frame that is %s", (_what, marker, progressive) => {
    expect(factsOf(frame(marker))).toEqual(["jpeg", facts(progressive)]);
  });
});

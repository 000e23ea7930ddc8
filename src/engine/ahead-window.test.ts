import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CLOUD, type LinkProfile, SLOW, WAN } from "../../test/engine/imitated-wire.ts";
import type { LinkEstimate } from "../source/link-estimate.ts";
import { AheadWindow } from "./ahead-window.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
const estimate = (profile: LinkProfile): LinkEstimate => ({ ...profile, idle: 2, measured: true });

describe("a window ahead of a reader", () => {
  it("is asked for once, in order, never beyond its cap nor its end, and without a hole", () => {
    const links = fc.constantFrom(CLOUD, WAN, SLOW);
    const bytes = fc.integer({ min: 256 * KiB, max: 16 * MiB });
    const strides = fc.array(fc.integer({ min: 1, max: 512 * KiB }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(
        links,
        bytes,
        bytes,
        fc.integer({ min: 0, max: 40 * MiB }),
        strides,
        (link, first, cap, end, steps) => {
          const start = 1000;
          const window = new AheadWindow(start, Math.min(first, cap));
          let position = start;
          let asked = start;
          for (const step of steps) {
            for (const piece of window.fill(position, { link: estimate(link), cap, end: start + end })) {
              expect(piece.start).toBe(asked);
              asked = piece.end;
            }
            expect(asked - position).toBeLessThanOrEqual(cap);
            expect(asked).toBeLessThanOrEqual(Math.max(start + end, position));
            expect(window.size).toBeLessThanOrEqual(cap);
            // A reader goes no further than what it has.
            position = Math.min(asked, position + step);
          }
          if (end > 0) expect(asked).toBeGreaterThan(start);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("doubles each time half of it was read, up to the cap", () => {
    const window = new AheadWindow(0, MiB);
    const bounds = { link: estimate(CLOUD), cap: 6 * MiB, end: 1000 * MiB };
    const sizes: number[] = [];
    let position = 0;
    for (let step = 0; step < 40; step++) {
      window.fill(position, bounds);
      if (sizes.at(-1) !== window.size / MiB) sizes.push(window.size / MiB);
      position += 256 * KiB;
    }
    expect(sizes).toEqual([1, 2, 4, 6]);
  });

  it("moves on with a reader that went beyond it", () => {
    const window = new AheadWindow(0, MiB);
    const bounds = { link: estimate(CLOUD), cap: 6 * MiB, end: 1000 * MiB };
    window.fill(0, bounds);
    expect(window.fill(50 * MiB, bounds)[0]?.start).toBe(50 * MiB);
  });

  it("asks for pieces of two lengths, with room to spare, where all connections share one limit", () => {
    const lengthsOn = (link: LinkEstimate): number[] => {
      const window = new AheadWindow(0, 8 * MiB);
      const bounds = { link, cap: 8 * MiB, end: 1000 * MiB };
      window.fill(0, bounds);
      const lengths: number[] = [];
      for (let position = 0; lengths.length < 60; position += 64 * KiB)
        lengths.push(...window.fill(position, bounds).map(({ length }) => length));
      return lengths.slice(-6);
    };
    const tight = lengthsOn(estimate(CLOUD));
    const [one, other] = [...new Set(tight)].sort((a, b) => a - b) as [number, number];
    expect(new Set(tight).size).toBe(2);
    expect(other / one).toBeCloseTo(1.4 / 0.6, 2);
    // Ten connections for such a link, and no more than three quarters of the window on them.
    expect(((one + other) / 2) * 10).toBeLessThanOrEqual(6 * MiB + 10);
    const free = lengthsOn({ ...estimate(CLOUD), totalBytesPerSecond: 800e6 });
    expect(free).toEqual(Array.from({ length: 6 }, () => (8 * MiB) / 16));
  });
});

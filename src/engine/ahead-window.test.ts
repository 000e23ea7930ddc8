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

  it("takes in the end of the file with the rest, where that is less than half of it", () => {
    const bounds = (end: number, cap = 4 * MiB) => ({ link: estimate(CLOUD), cap, end });
    expect(new AheadWindow(0, 2 * MiB).fill(0, bounds(3 * MiB)).at(-1)?.end).toBe(3 * MiB);
    expect(new AheadWindow(0, 2 * MiB).fill(0, bounds(4 * MiB)).at(-1)?.end).toBeLessThan(2.5 * MiB);
    expect(new AheadWindow(0, 2 * MiB).fill(0, bounds(3 * MiB, 2 * MiB)).at(-1)?.end).toBeLessThan(2.5 * MiB);
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

  it("is divided into twelve pieces, and into more where the link is not full yet", () => {
    const lengthsOn = (link: LinkEstimate): Set<number> => {
      const window = new AheadWindow(0, 6 * MiB);
      const bounds = { link, cap: 6 * MiB, end: 1000 * MiB };
      window.fill(0, bounds);
      return new Set(
        window
          .fill(3 * MiB, bounds)
          .map(({ length }) => length)
          .slice(-3),
      );
    };
    expect(lengthsOn(estimate(CLOUD))).toEqual(new Set([(6 * MiB) / 12]));
    const free = { ...estimate(CLOUD), totalBytesPerSecond: 800e6 };
    expect(lengthsOn(free)).toEqual(new Set([(6 * MiB) / 16]));
  });

  it("has two large pieces on a link that answers at once, and sixteen where its reader wants so many", () => {
    const lengthsOn = (latencyMs: number, least?: number): Set<number> => {
      const window = new AheadWindow(0, 8 * MiB, { leastPieces: least });
      const bounds = { link: { ...estimate(CLOUD), latencyMs }, cap: 8 * MiB, end: 1000 * MiB };
      window.fill(0, bounds);
      return new Set(
        window
          .fill(4 * MiB, bounds)
          .map(({ length }) => length)
          .slice(-1),
      );
    };
    expect(lengthsOn(0.5)).toEqual(new Set([4 * MiB]));
    expect(lengthsOn(0.5, 16)).toEqual(new Set([4 * MiB]));
    expect(lengthsOn(20, 16)).toEqual(new Set([(8 * MiB) / 16]));
  });

  it("starts with shorter pieces while its connections are still to be opened, and grows after an eighth", () => {
    const lengths = (idle: number, shape = {}): number[] => {
      const window = new AheadWindow(0, 2 * MiB, shape);
      const bounds = { link: { ...estimate(CLOUD), idle }, cap: 8 * MiB, end: 1000 * MiB };
      const first = window.fill(0, bounds).map(({ length }) => length);
      expect(window.fill(256 * KiB - 1, bounds).length).toBeLessThanOrEqual(1);
      const next = window.fill(256 * KiB, bounds);
      expect(next.length > 2).toBe(!("quickStart" in shape));
      return first;
    };
    expect(lengths(1).length).toBeGreaterThanOrEqual(12);
    expect(Math.min(...lengths(1))).toBe(128 * KiB);
    expect(Math.min(...lengths(12))).toBe(256 * KiB);
    expect(Math.min(...lengths(1, { quickStart: false }))).toBe(256 * KiB);
  });

  it.each([
    [1 / 3, undefined],
    [1 / 2, { excess: 1 / 2 }],
  ] as const)("may be exceeded by what came in before its turn, by %d of it at most", (part, shape) => {
    const size = 4 * MiB + 1;
    const most = Math.floor(size * part);
    const window = new AheadWindow(0, size, shape);
    const bounds = { link: estimate(CLOUD), cap: size, end: 1000 * MiB };
    const asked = window.fill(0, bounds).map((range) => ({ range, position: range.start }));
    expect(window.extraFor(0, asked)).toBe(0);
    const [next, second, ...behind] = asked;
    const rest = next === undefined ? [] : [next];
    expect(window.extraFor(0, [...rest, ...behind])).toBe(second?.range.length);
    const extra = window.extraFor(0, rest);
    expect(extra).toBe(most);
    expect(window.fill(0, bounds)).toEqual([]);
    expect(window.isDue(0, extra)).toBe(true);
    const more = window.fill(0, { ...bounds, extra });
    expect(more.at(-1)?.end).toBeGreaterThan(size + most - 0.5 * MiB);
    expect(more.at(-1)?.end).toBeLessThanOrEqual(size + most);
  });
});

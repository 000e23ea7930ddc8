import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CLOUD as CLOUD_PROFILE,
  type LinkProfile,
  WAN as WAN_PROFILE,
} from "../../test/engine/imitated-wire.ts";
import { Range } from "../ranges/range.ts";
import { RangeSet } from "../ranges/range-set.ts";
import type { LinkEstimate } from "../source/link-estimate.ts";
import type { PlanOptions } from "./plan-limits.ts";
import { planLists } from "./plan-lists.ts";
import { planReads } from "./plan-reads.ts";

const KiB = 1024;
const seen = (link: LinkProfile): LinkEstimate => ({ ...link, idle: 1, measured: true });
const CLOUD = seen(CLOUD_PROFILE);
const WAN = seen(WAN_PROFILE);
const LEAN: PlanOptions = { policy: "lean", overReadBytes: 4096 };

const apart = (count: number, byteLength: number, gap = 600 * KiB): Range[] =>
  Array.from({ length: count }, (_, index) => {
    const start = index * (byteLength + gap);
    return new Range(start, start + byteLength);
  });
const total = (ranges: readonly Range[]): number => ranges.reduce((sum, { length }) => sum + length, 0);

const links = fc.record({
  latencyMs: fc.double({ min: 0.1, max: 300, noNaN: true }),
  connectMs: fc.double({ min: 0, max: 600, noNaN: true }),
  bytesPerSecond: fc.integer({ min: 10_000, max: 1e9 }),
  connections: fc.integer({ min: 1, max: 48 }),
  idle: fc.integer({ min: 0, max: 8 }),
});
const spending = fc.tuple(
  fc.constantFrom("fast" as const, "balanced" as const, "lean" as const),
  fc.integer({ min: 0, max: 1 << 20 }),
);
const readings = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 200 * KiB }), fc.integer({ min: 1, max: 1 << 20 })), {
    minLength: 1,
    maxLength: 150,
  })
  .map((steps) => {
    let at = 0;
    return steps.map(([gap, length]) => {
      const start = at + gap;
      at = start + (length % 3 === 0 ? length : (length % 9000) + 1);
      return new Range(start, at);
    });
  });

describe("a plan for a server that answers lists", () => {
  it("asks for 100 pages by two requests over one connection or two, and for no byte between them", () => {
    for (const link of [CLOUD, WAN]) {
      const missing = apart(100, 4 * KiB);
      const plan = planLists(missing, link, LEAN);
      expect(plan.lists.map((list) => list.length)).toEqual([50, 50]);
      expect(plan.lists.flat()).toEqual(missing);
      expect(plan).toMatchObject({ requests: [], bytesRequested: 400 * KiB, bytesWanted: 400 * KiB });
      expect(plan.connections).toBeLessThanOrEqual(2);
      expect(plan.predictedMs).toBeLessThan(planReads(missing, link, LEAN).predictedMs / 1.5);
    }
  });

  it("reads over a gap that costs less than a part, as far as bytes may be spent", () => {
    const missing = [...apart(2, 1000, 100), new Range(100_000, 101_000), new Range(300_000, 300_500)];
    expect(
      planLists(missing, CLOUD, { ...LEAN, overReadBytes: 100 })
        .lists.flat()
        .map(String),
    ).toEqual(["[0, 2100)", "[100000, 101000)", "[300000, 300500)"]);
    expect(planLists(missing, CLOUD, { ...LEAN, overReadBytes: 99 }).lists.flat()).toEqual(missing);
  });

  it("leaves long ranges to requests of their own", () => {
    const long = new Range(900_000, 900_000 + 65 * KiB);
    const { requests, lists } = planLists([...apart(3, 500, 200_000), long], CLOUD, LEAN);
    expect(lists).toHaveLength(1);
    expect(requests.map(String)).toEqual([String(long)]);
  });

  it("is that of single ranges where there is one, or where lists save nothing", () => {
    expect(planLists(apart(1, 500), CLOUD, LEAN)).toMatchObject({ lists: [], requests: apart(1, 500) });
    const all = apart(3, 70 * KiB);
    expect(planLists(all, CLOUD, LEAN)).toEqual({ ...planReads(all, CLOUD, LEAN), lists: [] });
    expect(planLists([], CLOUD, LEAN)).toMatchObject({ lists: [], requests: [] });
  });

  it("covers what is missing once, keeps its limits, and is never much later by its own model nor more requests", () => {
    fc.assert(
      fc.property(readings, links, spending, (missing, some, [policy, overReadBytes]) => {
        const link = { ...some, totalBytesPerSecond: some.bytesPerSecond * 4, measured: true };
        const options = { policy, overReadBytes };
        const plan = planLists(missing, link, options);
        const plain = planReads(missing, link, options);
        const asked = [...plan.requests, ...plan.lists.flat()];
        const distinct = new RangeSet(asked);
        expect(distinct.byteLength).toBe(total(asked));
        expect(plan.bytesRequested).toBe(total(asked));
        expect(new RangeSet(missing).difference(distinct).byteLength).toBe(0);
        expect(total(asked) - total(missing)).toBeLessThanOrEqual(overReadBytes);
        for (const list of plan.lists) {
          expect(list.length).toBeGreaterThan(1);
          expect(list.length).toBeLessThanOrEqual(50);
          expect(total(list)).toBeLessThanOrEqual(600 * KiB);
        }
        expect(plan.predictedMs).toBeLessThanOrEqual(plain.predictedMs * (policy === "fast" ? 1 : 1.1));
        const count = plan.requests.length + plan.lists.length;
        expect(count).toBeLessThanOrEqual(plain.requests.length);
      }),
      { numRuns: 300 },
    );
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LinkEstimate } from "../source/link-estimate.ts";
import { boundMakespan, loadOf, MAX_FOLLOWED, predictMakespan } from "./predict-makespan.ts";

const makeLink = (parts: Partial<LinkEstimate>): LinkEstimate => ({
  latencyMs: 20,
  connectMs: 0,
  bytesPerSecond: 50e6,
  totalBytesPerSecond: 125e6,
  connections: 16,
  idle: 16,
  measured: true,
  ...parts,
});

/** The same model told plainly: every body is looked at in every step. */
function followPlainly(sizes: readonly number[], connections: number, link: LinkEstimate): number {
  const waiting = sizes.map((size, index) => ({ size, index }));
  const onWay: { firstAt: number; left: number }[] = [];
  let now = 0;
  const send = (connectMs: number): void => {
    const next = waiting.shift();
    if (next !== undefined) onWay.push({ firstAt: now + connectMs + link.latencyMs, left: next.size });
  };
  for (let index = 0; index < connections; index++) send(index < link.idle ? 0 : link.connectMs);
  while (onWay.length > 0) {
    const moving = onWay.filter((body) => body.firstAt <= now + 1e-9);
    const rate = Math.min(link.bytesPerSecond, link.totalBytesPerSecond / moving.length) / 1000;
    const begins = onWay.filter((body) => !moving.includes(body)).map((body) => body.firstAt - now);
    const step = Math.min(...begins, ...moving.map((body) => body.left / rate));
    now += step;
    for (const body of moving) body.left -= step * rate;
    for (const body of moving.filter(({ left }) => left <= 1e-6)) {
      onWay.splice(onWay.indexOf(body), 1);
      send(0);
    }
  }
  return now;
}

const anyLink = fc
  .record({
    latencyMs: fc.double({ min: 0, max: 300, noNaN: true }),
    connectMs: fc.double({ min: 0, max: 300, noNaN: true }),
    bytesPerSecond: fc.double({ min: 1e5, max: 1e8, noNaN: true }),
    width: fc.double({ min: 1, max: 20, noNaN: true }),
    idle: fc.nat(20),
  })
  .map(({ width, ...link }) => makeLink({ ...link, totalBytesPerSecond: link.bytesPerSecond * width }));
const anySizes = fc.array(fc.integer({ min: 1, max: 5_000_000 }), { minLength: 1, maxLength: 40 });
const anyCount = fc.integer({ min: 1, max: 20 });

describe("the time that requests take", () => {
  it("is latency and size of a single one, and connecting where no connection is open", () => {
    const one = Float64Array.of(5_000_000);
    expect(predictMakespan(one, 4, makeLink({}))).toBeCloseTo(120);
    expect(predictMakespan(one, 4, makeLink({ idle: 0, connectMs: 30 }))).toBeCloseTo(150);
  });

  it("goes in rounds over the connections, and uses the open ones first", () => {
    const sizes = new Float64Array(17).fill(1);
    expect(predictMakespan(sizes, 16, makeLink({}))).toBeCloseTo(40, 3);
    expect(predictMakespan(sizes, 16, makeLink({ idle: 1, connectMs: 20 }))).toBeCloseTo(40, 3);
    expect(predictMakespan(sizes, 17, makeLink({ idle: 1, connectMs: 90 }))).toBeCloseTo(110, 3);
  });

  it("is bounded by what the link gives in all", () => {
    const sizes = new Float64Array(10).fill(1_250_000);
    expect(predictMakespan(sizes, 10, makeLink({}))).toBeCloseTo(20 + 100);
  });

  it("is that of following every body", () => {
    fc.assert(
      fc.property(anySizes, anyCount, anyLink, (sizes, connections, link) => {
        const expected = followPlainly(sizes, connections, link);
        expect(predictMakespan(Float64Array.from(sizes), connections, link) / expected).toBeCloseTo(1, 5);
      }),
    );
  });

  it("is never below its bound", () => {
    fc.assert(
      fc.property(anySizes, anyCount, anyLink, (list, connections, link) => {
        const sizes = Float64Array.from(list);
        const bound = boundMakespan(loadOf(sizes), connections, link);
        expect(bound).toBeLessThanOrEqual(predictMakespan(sizes, connections, link) * (1 + 1e-9));
      }),
    );
  });

  it("is hardly above its bound where there are too many to follow", () => {
    const link = makeLink({ connectMs: 20, idle: 1 });
    for (const connections of [1, 6, 16]) {
      const followed = predictMakespan(new Float64Array(MAX_FOLLOWED).fill(4096), connections, link);
      const bounded = predictMakespan(new Float64Array(MAX_FOLLOWED + 1).fill(4096), connections, link);
      expect(followed / bounded).toBeGreaterThan(0.99);
      expect(followed / bounded).toBeLessThan(1.03);
    }
  });
});

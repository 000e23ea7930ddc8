import { describe, expect, it } from "vitest";
import { Random } from "../../test/chaos/random.ts";
import { expectWireBytes, openImitated } from "../../test/engine/imitated-engine.ts";
import { CLOUD, type LinkProfile, SLOW, WAN } from "../../test/engine/imitated-wire.ts";
import { RangeSet } from "../ranges/range-set.ts";
import type { Engine } from "./engine.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
const SIZE = 96 * MiB;

type Span = readonly [start: number, end: number];

/** Does one thing at random, and notes what it wanted. */
async function act(engine: Engine, random: Random, wanted: RangeSet): Promise<void> {
  const spans = randomSpans(random);
  for (const span of spans) wanted.add(span);
  switch (random.pick(["one by one", "many", "together", "try", "stream", "given up"])) {
    case "many": {
      const all = await engine.readMany(spans);
      for (const [index, [start, end]] of spans.entries()) expectWireBytes(all[index], start, end);
      return;
    }
    case "together":
      await Promise.all(
        spans.map(async ([start, end]) => expectWireBytes(await engine.read([start, end]), start, end)),
      );
      return;
    case "try":
      for (const span of spans) expectWireBytes(engine.tryRead(span) ?? (await engine.read(span)), ...span);
      return;
    case "stream":
      for (const [start, end] of spans.slice(0, 2)) {
        let position = start;
        for await (const chunk of engine.stream([start, end])) position += chunk.length;
        expect(position).toBe(end);
      }
      return;
    case "given up": {
      const controller = new AbortController();
      const read = engine.readMany(spans, { signal: controller.signal });
      controller.abort("enough");
      await read.catch(() => undefined);
      return;
    }
    default:
      for (const [start, end] of spans) expectWireBytes(await engine.read([start, end]), start, end);
  }
}

/** A sequence, a walk of hops, pages at random, or a few large ranges. */
function randomSpans(random: Random): Span[] {
  const count = random.whole(1, 12);
  const length = random.pick([16, 4 * KiB, 64 * KiB, 300_000]);
  const hop = random.pick([0, 0, 200, 5000, 100_000]);
  let at = random.whole(0, SIZE / 2);
  return Array.from({ length: count }, () => {
    const start = hop === 200 ? random.whole(0, SIZE - length) : at;
    at = start + length + hop;
    return [start, start + length] as const;
  });
}

describe("bytes that nobody asked for", () => {
  it.each<[string, LinkProfile]>([
    ["cloud", CLOUD],
    ["wan", WAN],
    ["slow", SLOW],
  ])("stay under those asked for plus 4 MiB, whatever a program does: %s", async (_, link) => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = new Random(seed);
      const { wire, engine } = openImitated({ size: SIZE, link, cacheBytes: 256 * MiB });
      const wanted = new RangeSet();
      for (let step = 0; step < 12; step++) {
        await act(engine, random, wanted);
        const unasked = wire.meter.ranges.difference(wanted).byteLength;
        expect(unasked, `seed ${seed}, step ${step}`).toBeLessThan(wanted.byteLength + 4 * MiB);
      }
      await wire.clock.sleep(10_000);
      expect(wire.meter.ranges.difference(wanted).byteLength, `seed ${seed}`).toBeLessThan(
        wanted.byteLength + 4 * MiB,
      );
      await engine.close();
    }
  });

  it("are none under lean but gaps smaller than a request", async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = new Random(seed);
      const { wire, engine } = openImitated({ size: SIZE, link: WAN, policy: "lean", cacheBytes: 256 * MiB });
      const wanted = new RangeSet();
      for (let step = 0; step < 10; step++) await act(engine, random, wanted);
      for (const gap of wire.meter.ranges.difference(wanted)) expect(gap.length).toBeLessThanOrEqual(KiB);
      await engine.close();
    }
  });
});

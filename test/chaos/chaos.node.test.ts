import { env } from "node:process";
import { describe, expect, it } from "vitest";
import { originsInUse } from "../../src/source/origin.ts";
import { playProgram, type Tally } from "./play-program.node.ts";

/** Programs played, and the seed of the first; `npm run chaos -- --runs N --seed S` sets them. */
const runs = Number(env["CHAOS_RUNS"] ?? 2000);
const firstSeed = Number(env["CHAOS_SEED"] ?? 1);
const BATCH = 20;

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;

describe("random programs over random faults", () => {
  it(`give bytes of one version or a typed error, and leave nothing behind (${runs} from seed ${firstSeed})`, async () => {
    const total: Tally = { answered: 0, refused: 0, aborted: 0 };
    const before = timers();
    const heapBefore = process.memoryUsage().heapUsed;
    for (let seed = firstSeed; seed < firstSeed + runs; seed += BATCH) {
      const count = Math.min(BATCH, firstSeed + runs - seed);
      const tallies = await Promise.all(
        Array.from({ length: count }, (_, index) => playProgram(seed + index)),
      );
      for (const { answered, refused, aborted } of tallies) {
        total.answered += answered;
        total.refused += refused;
        total.aborted += aborted;
      }
      expect(originsInUse()).toBe(0);
    }
    // The timers of aborts that came too late go by themselves.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(timers()).toBeLessThanOrEqual(before + 1);
    expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(256 * 1024 * 1024);
    // A chaos that refuses everything, or nothing, would prove little.
    expect(total.answered).toBeGreaterThan(runs);
    if (runs >= 100)
      for (const count of [total.refused, total.aborted]) expect(count).toBeGreaterThan(runs / 20);
  }, 600_000);
});

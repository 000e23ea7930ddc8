import { env } from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FORMATS } from "./formats.ts";
import { brokenBy, playRound } from "./fuzz-round.ts";
import { cpuMsOf, settledMemory, startWatchdog, type Watchdog } from "./gauge.node.ts";

/** Rounds a format, the seed of the first, and which formats; `npm run fuzz -- --runs N --seed S --format F` sets them. */
const runs = Number(env["FUZZ_RUNS"] ?? 500);
const firstSeed = Number(env["FUZZ_SEED"] ?? 1);
const formats = env["FUZZ_FORMATS"]?.split(",") ?? [...FORMATS.keys()];
/** Above some rounds a format it is the command, which also tells and measures. */
const isCommand = env["FUZZ_RUNS"] !== undefined;

const MAX_CPU_MS = 1000;
/** By the clock, on a machine that others use as well. */
const MAX_WALL_MS = 60_000;
/** Resident, of a process that needs a quarter of it. */
const MAX_BYTES = 2 ** 30;
/** Rounds in which code is compiled and tables are made. */
const WARM_UP = 300;
const COLLECT_EVERY = 200;
const MAX_GROWTH = 64 * 2 ** 20;

let watchdog: Watchdog;
beforeAll(() => {
  watchdog = startWatchdog(MAX_WALL_MS, MAX_BYTES);
});
afterAll(() => watchdog.stop());

async function play(format: string, seed: number): Promise<string> {
  let code = "";
  watchdog.begin(brokenBy(format, seed));
  const round = async (): Promise<void> => {
    code = await playRound(format, seed);
  };
  // Once more, where it was slow: what the engine compiles or collects meanwhile is not the file's doing.
  const slow = (await cpuMsOf(round)) > MAX_CPU_MS && (await cpuMsOf(round)) > MAX_CPU_MS;
  if (slow) throw new Error(`${brokenBy(format, seed)}: it took more than ${MAX_CPU_MS} ms of the processor`);
  return code;
}

describe(`damaged files (${runs} a format, from seed ${firstSeed})`, () => {
  it.each(formats)(
    "of %s give right bytes or a typed error, in little time and memory",
    { timeout: 3_600_000 },
    async (format) => {
      const counts = new Map<string, number>();
      const count = async (seeds: readonly [from: number, to: number]): Promise<void> => {
        for (let seed = seeds[0]; seed < seeds[1]; seed++) {
          const code = await play(format, seed);
          counts.set(code, (counts.get(code) ?? 0) + 1);
          // The engine lets its heap grow while nobody presses it, which looks like a leak from outside.
          if (isCommand && seed % COLLECT_EVERY === 0) await settledMemory();
        }
      };
      const warm = firstSeed + Math.min(WARM_UP, Math.ceil(runs / 2));
      await count([firstSeed, warm]);
      const before = await settledMemory();
      await count([warm, firstSeed + runs]);
      const after = await settledMemory();
      const growth = { rss: after.rss - before.rss, live: after.live - before.live };
      expect(growth.live).toBeLessThan(MAX_GROWTH / 4);
      if (isCommand) {
        console.log(
          `${format}: ${summary(counts)}; resident memory grew by ${(growth.rss / 2 ** 20).toFixed(1)} MiB`,
        );
        expect(growth.rss).toBeLessThan(MAX_GROWTH);
      }
      // Damage that always shows, or never, would prove little.
      if (runs >= 100) {
        expect(counts.get("opened") ?? 0).toBeGreaterThan(runs / 200);
        expect(runs - (counts.get("opened") ?? 0)).toBeGreaterThan(runs / 200);
      }
    },
  );
});

function summary(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort(([, one], [, other]) => other - one)
    .map(([code, times]) => `${times} ${code}`)
    .join(", ");
}

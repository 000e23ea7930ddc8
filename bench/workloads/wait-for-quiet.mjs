import { cpus } from "node:os";
import { setTimeout as delay } from "node:timers/promises";

const SAMPLE_MS = 150;
const BUSY = 0.15;

/** Waits at most so long for a moment in which nothing else uses the processors; tells which part of them was busy last. */
export async function waitForQuiet(patienceMs) {
  const until = performance.now() + patienceMs;
  for (;;) {
    const busy = await busyPart();
    if (busy <= BUSY || performance.now() >= until) return busy;
    await delay(SAMPLE_MS);
  }
}

async function busyPart() {
  const before = ticks();
  await delay(SAMPLE_MS);
  const after = ticks();
  return 1 - (after.idle - before.idle) / Math.max(1, after.all - before.all);
}

function ticks() {
  let idle = 0;
  let all = 0;
  for (const { times } of cpus()) {
    idle += times.idle;
    all += Object.values(times).reduce((sum, part) => sum + part, 0);
  }
  return { idle, all };
}

import { cpuUsage, memoryUsage, pid } from "node:process";
import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";

/** Milliseconds of the processor that a call took, those of garbage collection and of threads beneath included: other processes are not in it. */
export async function cpuMsOf(work: () => Promise<void>): Promise<number> {
  const before = cpuUsage();
  await work();
  const { user, system } = cpuUsage(before);
  return (user + system) / 1000;
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** What a thread beneath frees after a collection may come a little later. */
const COLLECTIONS = 5;
const PAUSE_MS = 20;

/** Bytes, once garbage is gone: of the process, and of what is alive in it. */
export async function settledMemory(): Promise<{ readonly rss: number; readonly live: number }> {
  let least = { rss: Number.POSITIVE_INFINITY, live: Number.POSITIVE_INFINITY };
  for (let turn = 0; turn < COLLECTIONS; turn++) {
    collectGarbage();
    await setTimeout(PAUSE_MS);
    const { rss, heapUsed, external } = memoryUsage();
    least = { rss: Math.min(least.rss, rss), live: Math.min(least.live, heapUsed + external) };
  }
  return least;
}

/** Runs beside the rounds, since nothing else runs while one hangs: names it and ends the process. */
const WATCH = `
const { workerData: { shared, limitMs, limitBytes, pid } } = require("node:worker_threads");
const { writeSync } = require("node:fs");
const now = new Int32Array(shared, 0, 1);
const text = new Uint8Array(shared, 4);
let seen = -1;
let since = Date.now();
setInterval(() => {
  if (now[0] !== seen) [seen, since] = [now[0], Date.now()];
  const isSlow = Date.now() - since > limitMs;
  if (!isSlow && process.memoryUsage.rss() < limitBytes) return;
  const name = Buffer.from(text).toString().replace(/\\0+$/, "");
  writeSync(2, "\\n" + name + ": it " + (isSlow ? "hangs" : "takes all memory") + "\\n");
  process.kill(pid, "SIGKILL");
}, 500);
`;

/** Ends the process, and names the round, when one takes too long by the clock on the wall, or too much memory. */
export interface Watchdog {
  /** Another round begins. */
  begin(name: string): void;
  stop(): Promise<void>;
}

export function startWatchdog(limitMs: number, limitBytes: number): Watchdog {
  const shared = new SharedArrayBuffer(4 + 256);
  const now = new Int32Array(shared, 0, 1);
  const text = new Uint8Array(shared, 4);
  const worker = new Worker(WATCH, { eval: true, workerData: { shared, limitMs, limitBytes, pid } });
  worker.unref();
  return {
    begin: (name) => {
      text.fill(0).set(new TextEncoder().encode(name).subarray(0, text.length));
      Atomics.add(now, 0, 1);
    },
    stop: async () => {
      await worker.terminate();
    },
  };
}

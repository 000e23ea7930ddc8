import { execFileSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { runContender, startOrigin } from "./run-contender.mjs";
import { wantedBytes } from "./traces/workloads.mjs";
import { waitForQuiet } from "./wait-for-quiet.mjs";

/** A run that took longer is not repeated, unless it is ours or what ours is compared with. */
const REPEATED_UP_TO_MS = 2500;

/**
 * All contenders on one workload, in turns, so that what disturbs the machine disturbs all. Returns what a results file keeps.
 */
export async function runSession({ workload, profile, contenders, runs, ...settings }) {
  const origin = await startOrigin(profile);
  const made = new Map(contenders.map((contender) => [contender, []]));
  try {
    for (let round = 0; round < runs; round++) {
      const order = [
        ...contenders.slice(round % contenders.length),
        ...contenders.slice(0, round % contenders.length),
      ];
      for (const contender of order) {
        const mine = made.get(contender);
        if (mine.length > 0 && !isRepeated(contender, mine[0])) continue;
        const busyBefore = await waitForQuiet(settings.patienceMs);
        const run = await runContender({ contender, workload, profile, origin, ...settings });
        mine.push({ busyBefore, ...run });
      }
    }
  } finally {
    origin.close();
  }
  const results = [...made].map(([{ name, kind }, list]) => ({ contender: name, kind, runs: list }));
  const about = { date: new Date().toISOString(), commit: commit(), machine: machine() };
  return { workload, profile, ...about, wantedBytes: wantedBytes(workload, profile), results };
}

function isRepeated({ kind }, { error, isCut, wallMs }) {
  return (
    error === undefined &&
    isCut !== true &&
    (wallMs < REPEATED_UP_TO_MS || ["ours", "oracle", "get"].includes(kind))
  );
}

function commit() {
  const git = (...words) =>
    execFileSync("git", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    return (
      git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "src") === "" ? "" : " and changes")
    );
  } catch {
    return "unknown";
  }
}

function machine() {
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryBytes: totalmem(),
  };
}

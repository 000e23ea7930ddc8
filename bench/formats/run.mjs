// The bench of formats; README.md above the folder says what it measures.
//   npm run bench:formats -- [--workload png] [--profile memory,cloud] [--contender range,pngjs] [--rounds 7] [--save] | --goals | --table
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { copyBuild } from "../workloads/copy-build.mjs";
import { waitForQuiet } from "../workloads/wait-for-quiet.mjs";
import { judge } from "./judge.mjs";
import { formatSession, printGoals, writeReadmeTable } from "./report.mjs";
import { describeSession, installPeers, saveResults } from "./results.mjs";
import { makeFile, runSession } from "./session.mjs";
import { contenders, workloads } from "./workloads.mjs";

const PATIENCE_MS = 3000;
const { values } = parseArgs({
  options: {
    workload: { type: "string", default: "" },
    profile: { type: "string", default: "memory" },
    contender: { type: "string", default: "" },
    rounds: { type: "string", default: "7" },
    package: { type: "string" },
    save: { type: "boolean", default: false },
    goals: { type: "boolean", default: false },
    table: { type: "boolean", default: false },
  },
});

/** The names that begin with one of those asked for, all if none is. */
function chosen(names, asked, what) {
  const found = names.filter((name) => asked.split(",").some((start) => name.startsWith(start)));
  if (found.length === 0) throw new Error(`No ${what} ${asked}; there are ${names.join(", ")}`);
  return found;
}

async function startOrigin(profile, folder) {
  const child = fork(new URL("../workloads/origin/origin.mjs", import.meta.url), [profile, "0", folder]);
  const [{ url }] = await once(child, "message");
  return { url, close: () => child.disconnect() };
}

async function measure(workload, profile, { built, folder }) {
  const made = makeFile(folder, workload);
  if (made === undefined)
    return console.log(`${workload}: the command that compresses its file is not here\n`);
  const names = chosen(Object.keys(contenders), values.contender, "contender");
  await waitForQuiet(PATIENCE_MS);
  const origin = profile === "memory" ? undefined : await startOrigin(profile, folder);
  try {
    const rounds = Number(values.rounds);
    const results = await runSession(workload, made, { names, rounds, origin: origin?.url, built });
    const session = describeSession(results);
    console.log(formatSession(workload, profile, session));
    const { kept, text } = judge(workload, session);
    console.log(`${kept ? "kept  " : "BROKEN"} ${workload}: ${text}\n`);
    if (values.save) saveResults(profile, workload, session);
  } finally {
    origin?.close();
  }
}

async function measureAll() {
  installPeers();
  const built = copyBuild(values.package);
  const folder = mkdtempSync(join(tmpdir(), "bench-formats-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  for (const profile of values.profile.split(",")) {
    for (const workload of chosen(Object.keys(workloads), values.workload, "workload")) {
      const { wire } = workloads[workload];
      if (profile === "memory" ? wire !== "only" : wire !== undefined)
        await measure(workload, profile, { built, folder: join(folder, workload) });
    }
  }
}

if (values.table) writeReadmeTable();
else if (values.goals)
  process.exitCode =
    values.profile.split(",").reduce((broken, profile) => broken + printGoals(profile), 0) > 0 ? 1 : 0;
else await measureAll();

// The bench of workloads; README.md beside the folder says what it measures.
//   npm run bench -- --workload sqlite --profile cloud [--contender ours] [--runs 3] [--save] | --table | --goals
import { parseArgs } from "node:util";
import { contenders } from "./contender-list.mjs";
import { copyBuild } from "./copy-build.mjs";
import { printGoals } from "./goals.mjs";
import { installPeers } from "./install-peers.mjs";
import { profiles } from "./profiles.mjs";
import { formatWorkload, writeReadmeTable } from "./report.mjs";
import { saveResults } from "./results.mjs";
import { runSession } from "./session.mjs";
import { kindOf, suits, workloadNames } from "./traces/workloads.mjs";

const { values } = parseArgs({
  options: {
    workload: { type: "string", multiple: true, default: ["all"] },
    profile: { type: "string", default: "cloud" },
    contender: { type: "string", multiple: true, default: [] },
    runs: { type: "string", default: "3" },
    limit: { type: "string", default: "60" },
    patience: { type: "string", default: "3" },
    package: { type: "string" },
    save: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    table: { type: "boolean", default: false },
    goals: { type: "boolean", default: false },
  },
});
const split = (lists) => lists.flatMap((list) => list.split(","));

/** The names that begin with one of `asked`. */
function chosen(names, asked, what) {
  const found = names.filter((name) => asked.some((start) => name.startsWith(start)));
  if (found.length === 0) throw new Error(`No ${what} ${asked}; there are ${names.join(", ")}`);
  return found;
}

async function measure() {
  const { profile } = values;
  if (!Object.hasOwn(profiles, profile))
    throw new Error(`No profile ${profile}; there are ${Object.keys(profiles).join(", ")}`);
  const asked = split(values.workload);
  const suited = workloadNames.filter((name) => suits(name, profile));
  const workloads = asked.includes("all") ? suited : chosen(suited, asked, "workload");
  const names = contenders.map(({ name }) => name);
  const taking = values.contender.length === 0 ? names : chosen(names, split(values.contender), "contender");
  if (contenders.some(({ name, kind }) => kind === "peer" && taking.includes(name))) installPeers();
  const built = copyBuild(values.package);
  for (const workload of workloads) {
    const players = contenders.filter(
      ({ name, does, only }) =>
        taking.includes(name) &&
        does.includes(kindOf(workload)) &&
        (only === undefined || only.includes(workload)),
    );
    const session = await runSession({
      workload,
      profile,
      contenders: players,
      runs: Number(values.runs),
      patienceMs: Number(values.patience) * 1000,
      ourLimitMs: Number(values.limit) * 1000,
      built,
    });
    console.log(values.json ? JSON.stringify(session) : formatWorkload(session));
    if (values.save) saveResults(session);
  }
}

if (values.table) writeReadmeTable();
else if (values.goals) printGoals(values.profile);
else await measure();

// The first listing of a zip of 10,000 members in a page, beside the same in Node; README.md above the folder says what it measures.
//   npm run bench:browser -- [--profile cloud] [--rounds 9] [--package FOLDER] [--save] [--json]
import { fork } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { copyBuild } from "../workloads/copy-build.mjs";
import { profiles } from "../workloads/profiles.mjs";
import { startOrigin } from "../workloads/run-contender.mjs";
import { waitForQuiet } from "../workloads/wait-for-quiet.mjs";
import { startPages } from "./page.mjs";
import { describe, format, save } from "./report.mjs";

const FILE = "many.zip";
const LAST = /document-009999\.html$/;
/** Listings of one process or page: the first meets code that never ran, the last what runs every day. */
const TURNS = 4;

const { values } = parseArgs({
  options: {
    profile: { type: "string", default: "cloud" },
    rounds: { type: "string", default: "9" },
    patience: { type: "string", default: "3" },
    package: { type: "string" },
    save: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
if (!Object.hasOwn(profiles, values.profile))
  throw new Error(`No profile ${values.profile}; there are ${Object.keys(profiles).join(", ")}`);

/** A process of Node's that lists. */
async function openProcess(built) {
  const child = fork(new URL("node-listing.mjs", import.meta.url), [built]);
  await once(child, "message");
  return {
    async list(url) {
      child.send(url);
      return (await once(child, "message"))[0];
    },
    close: () => child.disconnect(),
  };
}

let asked = 0;

/** The times of one process or page, and what the first listing asked of the origin. */
async function play(contender, origin) {
  const times = [];
  let counts;
  try {
    for (let turn = 0; turn < TURNS; turn++) {
      await origin.reset();
      const { ms, names, last } = await contender.list(`${origin.url}/${FILE}?${asked++}`);
      if (names !== 10_000 || !LAST.test(last))
        throw new Error(`Listed ${names} members, the last of them ${last}`);
      times.push(ms);
      counts ??= await origin.counts();
    }
  } finally {
    await contender.close();
  }
  return { times, counts };
}

const built = copyBuild(values.package);
const origin = await startOrigin(values.profile);
const pages = await startPages(built);
try {
  await origin.prepare(FILE);
  const kinds = { node: () => openProcess(built), browser: () => pages.open() };
  const rounds = [];
  // The first round warms files and caches of the machine.
  for (let round = 0; round <= Number(values.rounds); round++) {
    const played = {};
    const names = Object.keys(kinds);
    for (const name of round % 2 === 0 ? names : names.reverse()) {
      const contender = await kinds[name]();
      await waitForQuiet(Number(values.patience) * 1000);
      played[name] = await play(contender, origin);
    }
    if (round > 0) rounds.push(played);
  }
  const session = describe({ profile: values.profile, chromium: pages.version, rounds });
  console.log(values.json ? JSON.stringify(session) : format(session));
  if (values.save) save(session);
} finally {
  await pages.close();
  origin.close();
}

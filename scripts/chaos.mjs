// Plays random programs against a failing server: npm run chaos -- --runs 10000 --seed 1
// A seed that breaks the promise is named; play it alone with --runs 1 --seed N.
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { runs: { type: "string", default: "2000" }, seed: { type: "string", default: "1" } },
});
const env = { ...process.env, CHAOS_RUNS: values.runs, CHAOS_SEED: values.seed };
const vitest = new URL("../node_modules/vitest/vitest.mjs", import.meta.url).pathname;
const args = [vitest, "run", "--project", "node", "test/chaos"];
const { status } = spawnSync(process.execPath, args, { env, stdio: "inherit" });
process.exitCode = status ?? 1;

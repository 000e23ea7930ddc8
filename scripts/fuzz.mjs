// Damages files of every format and reads them: npm run fuzz -- --runs 10000 --seed 1 --format zip,tar
// A seed that breaks the promise is named; play it alone with --format F --runs 1 --seed N.
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    format: { type: "string" },
  },
});
const env = { ...process.env, FUZZ_RUNS: values.runs, FUZZ_SEED: values.seed };
if (values.format !== undefined) env.FUZZ_FORMATS = values.format;
const vitest = new URL("../node_modules/vitest/vitest.mjs", import.meta.url).pathname;
const args = [vitest, "run", "--project", "node", "test/fuzz/fuzz.node.test.ts"];
const { status } = spawnSync(process.execPath, args, { env, stdio: "inherit" });
process.exitCode = status ?? 1;

// Takes the explorer's pictures of docs/pictures anew, by the very test that looks at them: npm run explorer:pictures
import { spawnSync } from "node:child_process";

const root = new URL("../", import.meta.url).pathname;
const env = { ...process.env, EXPLORER_PICTURES: `${root}docs/pictures/` };
const args = [
  `${root}node_modules/vitest/vitest.mjs`,
  "run",
  "--project",
  "node",
  "test/explorer/explorer.node.test.ts",
];
const { status } = spawnSync(process.execPath, [...args, "-t", "pictures of the explorer"], {
  cwd: root,
  env,
  stdio: "inherit",
});
process.exitCode = status ?? 1;

// Builds `dist/`, the explorer's page included: the old output is removed first, so that a renamed file leaves no ghost in the
// package, and commands are made executable, which tsc does not do. The compiler's words go to stderr: `npm run demo -- --json`
// owns stdout.
import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";

const root = new URL("../", import.meta.url);
rmSync(new URL("dist", root), { recursive: true, force: true });
const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: ["ignore", 2, 2],
});
if (status !== 0) process.exit(status ?? 1);
await import("./build-explorer.mjs");
const { bin } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
for (const path of Object.values(bin)) chmodSync(new URL(path, root), 0o755);

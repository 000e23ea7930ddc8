import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";

const folder = new URL("./", import.meta.url);
const fileOf = (profile) => new URL(`results/${profile}.json`, folder);

/** Installs the peers as their lock file says, where one is missing. */
export function installPeers() {
  if (Object.keys(versions()).every((name) => existsSync(new URL(`node_modules/${name}`, folder)))) return;
  execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: folder, stdio: ["ignore", 2, 2] });
}

function versions() {
  return JSON.parse(readFileSync(new URL("package.json", folder), "utf8")).dependencies;
}

/** What was kept of a profile: `{ profile, workloads }`, each workload as one session measured it. */
export function loadResults(profile) {
  if (!existsSync(fileOf(profile))) throw new Error(`No results of ${profile}; measure with --save`);
  return JSON.parse(readFileSync(fileOf(profile), "utf8"));
}

/** Keeps a session in place of an older one of the same workload. */
export function saveResults(profile, workload, session) {
  const workloads = existsSync(fileOf(profile)) ? loadResults(profile).workloads : {};
  workloads[workload] = session;
  mkdirSync(new URL(".", fileOf(profile)), { recursive: true });
  const text = JSON.stringify({ profile, workloads }, null, 1);
  // A pair of numbers is one run: one line.
  // The rest of the form is for `npm run format`.
  writeFileSync(fileOf(profile), `${text.replace(/\[\s+([\d.]+),\s+([\d.]+)\s+\]/g, "[$1, $2]")}\n`);
}

/** A session with where and of what it was measured. */
export function describeSession(results) {
  const cpu = cpus()[0]?.model ?? "unknown";
  const platform = `${process.platform} ${process.arch}`;
  const machine = { node: process.version, platform, cpu, cores: cpus().length, memoryBytes: totalmem() };
  return { date: new Date().toISOString(), commit: commit(), machine, versions: versions(), results };
}

function commit() {
  const git = (...words) =>
    execFileSync("git", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    const changed = git("status", "--porcelain", "src") === "" ? "" : " and changes";
    return git("rev-parse", "--short", "HEAD") + changed;
  } catch {
    return "unknown";
  }
}

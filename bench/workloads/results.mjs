import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { peerVersions } from "./install-peers.mjs";

const fileOf = (profile) => new URL(`results/${profile}.json`, import.meta.url);

/** What was kept of a profile: `{ profile, versions, workloads }`, each workload as one session measured it. */
export function loadResults(profile) {
  if (!existsSync(fileOf(profile)))
    throw new Error(`No results of ${profile}; measure with --profile ${profile} --save`);
  return JSON.parse(readFileSync(fileOf(profile), "utf8"));
}

/** Keeps a session in place of an older one of the same workload. */
export function saveResults({ workload, profile, results, ...about }) {
  const workloads = existsSync(fileOf(profile)) ? loadResults(profile).workloads : {};
  workloads[workload] = { ...about, versions: peerVersions(), results };
  mkdirSync(new URL(".", fileOf(profile)), { recursive: true });
  writeFileSync(fileOf(profile), `${JSON.stringify({ profile, workloads }, null, 1)}\n`);
}

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

const folder = new URL("../peers/", import.meta.url);
const read = (path) => JSON.parse(readFileSync(new URL(path, folder), "utf8"));

/** Installs the packages that peers are made of, as their lock file says, where they are missing. */
export function installPeers() {
  const { dependencies } = read("package.json");
  if (Object.keys(dependencies).every((name) => existsSync(new URL(`node_modules/${name}`, folder)))) return;
  execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: folder, stdio: ["ignore", 2, 2] });
}

/** The versions peers are measured at. */
export function peerVersions() {
  return read("package.json").dependencies;
}

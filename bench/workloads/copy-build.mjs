import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * Copies the build to within the package's folder, where its dependencies are found, so that a build that is made anew during a
 * session changes nothing; removed when this process ends. `from` may be another folder with `package.json` and `dist/`. Returns
 * the URL of the copy.
 */
export function copyBuild(from) {
  const root = new URL("../../", import.meta.url);
  const source = from === undefined ? root : pathToFileURL(`${resolve(from)}/`);
  const folder = pathToFileURL(`${mkdtempSync(new URL("node_modules/.bench-build-", root).pathname)}/`);
  for (const name of ["dist", "package.json"])
    cpSync(new URL(name, source), new URL(name, folder), { recursive: true });
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
  return folder.href;
}

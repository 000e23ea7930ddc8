import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./root.node.ts";

/** What of package.json the house tests look at. */
export interface Manifest {
  name: string;
  version: string;
  type: string;
  sideEffects: boolean;
  engines: Record<string, string>;
  bin: Record<string, string>;
  man: string;
  files: string[];
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  exports: Record<string, string | Record<string, string>>;
  imports: Record<string, { source: Record<string, string>; node: string; default: string }>;
}

export function readManifest(): Manifest {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
}

/** The doors: as a user imports them, and the source file behind each. */
export function readDoors(): { specifier: string; source: string }[] {
  const { name, exports } = readManifest();
  return Object.entries(exports).flatMap(([path, target]) =>
    typeof target === "string" ? [] : [{ specifier: name + path.slice(1), source: target["source"] ?? "" }],
  );
}

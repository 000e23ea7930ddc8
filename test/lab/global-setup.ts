import type { TestProject } from "vitest/node";
import { startControlServer } from "./control-server.node.ts";
import { beginScratch } from "./scratch.node.ts";

/** Vitest's global setup: a folder for temporary files, and one control server for a run; tests reach it through `startLab`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const scratch = beginScratch();
  process.env["TMPDIR"] = scratch.folder;
  const control = await startControlServer();
  project.provide("labUrl", control.url);
  return async () => {
    await control.close();
    scratch.remove();
  };
}

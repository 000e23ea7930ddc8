import type { TestProject } from "vitest/node";
import { startControlServer } from "./control-server.node.ts";

/** Vitest's global setup: one control server for a run; tests reach it through `startLab`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const control = await startControlServer();
  project.provide("labUrl", control.url);
  return () => control.close();
}

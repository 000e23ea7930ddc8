#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { processContext } from "./process-context.ts";
import { run } from "./run.ts";

const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};
const context = processContext();
process.exitCode = await run(process.argv.slice(2), manifest.version, context);
context.release();

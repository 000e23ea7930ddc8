import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { beginScratch } from "./scratch.node.ts";

function madeFolder(): string {
  const outer = mkdtempSync(join(tmpdir(), "scratch-"));
  onTestFinished(() => rmSync(outer, { recursive: true, force: true }));
  return outer;
}

it("is the folder for temporary files of tests and of the processes that they start", () => {
  expect(tmpdir()).toMatch(/range-streams-test-run-\d+$/);
  const { stdout } = spawnSync(process.execPath, ["-p", "os.tmpdir()"], { encoding: "utf8" });
  expect(stdout.trim()).toBe(tmpdir());
});

it("goes with all that is left in it", () => {
  const outer = madeFolder();
  const scratch = beginScratch(outer);
  writeFileSync(join(scratch.folder, "left behind"), "");
  scratch.remove();
  expect(readdirSync(outer)).toEqual([]);
});

it("takes away what a killed run left, and nothing else", () => {
  const outer = madeFolder();
  const ended = spawnSync(process.execPath, ["-e", ""]).pid;
  for (const name of [ended, process.ppid])
    mkdirSync(join(outer, `range-streams-test-run-${name}`, "left"), { recursive: true });
  mkdirSync(join(outer, "range-streams-test-run-x"));
  mkdirSync(join(outer, "example-abc"));
  const scratch = beginScratch(outer);
  expect(existsSync(scratch.folder)).toBe(true);
  expect(readdirSync(outer).sort()).toEqual(
    ["example-abc", ...[process.pid, process.ppid, "x"].map((end) => `range-streams-test-run-${end}`)].sort(),
  );
});

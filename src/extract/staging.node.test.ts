import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Staging } from "./staging.node.ts";

const ARCHIVE = { size: 5, identity: { strength: "strong", etag: '"1"' } } as const;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "range-streams-staging-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Leaves a part as this process names them, its fields replaced. */
async function leavePart(fields: Readonly<Record<number, number | string>>): Promise<string> {
  const staging = new Staging(folder, ARCHIVE);
  const path = await staging.newPart();
  await staging.end(false);
  await mkdir(staging.path, { recursive: true });
  const named = basename(path).split("-");
  for (const [index, value] of Object.entries(fields)) named[Number(index)] = String(value);
  await writeFile(join(path, "..", named.join("-")), "x");
  return named.join("-");
}

async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await once(child, "exit");
  return child.pid ?? 0;
}

/** What is left when a run without anything to write has ended. */
async function leftAfterEnd(): Promise<string[]> {
  const staging = new Staging(folder, ARCHIVE);
  await staging.end(true);
  return readdir(staging.path).catch(() => []);
}

describe("parts in the private folder", () => {
  it("of a process that runs no more go at once, and the folder with them", async () => {
    await leavePart({ 1: await endedPid() });
    // The number of this process, but it was another one.
    await leavePart({ 2: 1_700_000_000_000 });
    expect(await leftAfterEnd()).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });

  it("of one that runs stay, of this one too, and young ones of another computer", async () => {
    const kept = [
      await leavePart({ 1: process.ppid }),
      await leavePart({}),
      await leavePart({ 0: "00000000" }),
    ];
    await leavePart({ 1: await endedPid() });
    expect((await leftAfterEnd()).sort()).toEqual(kept.sort());
  });
});

describe("two runs in one private folder", () => {
  it("do not take it from each other, nor the notes", async () => {
    const [one, other] = [new Staging(folder, ARCHIVE), new Staging(folder, ARCHIVE)];
    const part = await other.newPart();
    await other.noteFile("a", { size: 1, crc32: 2 });
    await one.noteFile("b", { size: 3, crc32: 4 });
    await one.end(true);
    await writeFile(part, "x");
    await rm(part);
    expect([...(await other.readNotes()).files.keys()]).toEqual(["a", "b"]);
    await other.end(true);
    expect(await readdir(folder)).toEqual([]);
  });
});

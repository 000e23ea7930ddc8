import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockPart } from "./part-lock.ts";

/** Beyond what any system gives to a process. */
const DEAD = 2 ** 30;

let folder: string;
let part: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "range-streams-lock-"));
  part = join(folder, "r.part");
});
afterEach(() => rm(folder, { recursive: true }));

/** Those of so many tries at once that got the lock. */
async function lockAtOnce(tries: number): Promise<AsyncDisposable[]> {
  const ended = await Promise.allSettled(Array.from({ length: tries }, () => lockPart(part)));
  for (const each of ended)
    if (each.status === "rejected") expect(each.reason).toMatchObject({ code: "EXISTS" });
  return ended.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
}

describe("the lock of a download", () => {
  it.each([
    ["a process that runs no more", `${DEAD}\n`],
    ["one that was killed before it wrote its number", ""],
    ["somebody else's words", "hello\n"],
  ])("that is left by %s is taken over by exactly one", async (_who, content) => {
    for (let round = 0; round < 200; round++) {
      await writeFile(`${part}.lock`, content);
      const held = await lockAtOnce(4);
      expect([round, held.length]).toEqual([round, 1]);
      expect(Number.parseInt(await readFile(`${part}.lock`, "utf8"), 10)).toBe(process.pid);
      await held[0]?.[Symbol.asyncDispose]();
      expect(await readdir(folder)).toEqual([]);
    }
  });

  it("that nobody has is taken by exactly one", async () => {
    for (let round = 0; round < 100; round++) {
      const held = await lockAtOnce(4);
      expect([round, held.length]).toEqual([round, 1]);
      await held[0]?.[Symbol.asyncDispose]();
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it("of a living process is left alone", async () => {
    await writeFile(`${part}.lock`, `${process.ppid}\n`);
    await expect(lockPart(part)).rejects.toMatchObject({
      code: "EXISTS",
      message: expect.stringContaining(String(process.ppid)),
    });
    expect(await readFile(`${part}.lock`, "utf8")).toBe(`${process.ppid}\n`);
    expect(await readdir(folder)).toEqual(["r.part.lock"]);
  });
});

import { mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { makeFolders } from "./make-folders.node.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "range-streams-folders-"));
});
afterEach(() => rm(folder, { recursive: true }));

const codeFor = (path: string): Promise<unknown> =>
  makeFolders(path).catch(({ code }: { code: string }) => code);

it("makes what is missing, several at once and all of it private where told so, and takes what is there", async () => {
  await Promise.all([makeFolders(join(folder, "a/b/c"), 0o700), makeFolders(join(folder, "a/b/d"), 0o700)]);
  expect((await stat(join(folder, "a/b"))).mode & 0o777).toBe(0o700);
  await symlink("a", join(folder, "link"));
  expect(await codeFor(`${join(folder, "link")}/b/../e/`)).toBeUndefined();
  expect((await stat(join(folder, "a/e"))).isDirectory()).toBe(true);
  expect(await codeFor("/")).toBeUndefined();
});

it("ends with what the file system says where it cannot", async () => {
  await writeFile(join(folder, "file"), "");
  await symlink("nowhere", join(folder, "dangling"));
  expect(await codeFor(join(folder, "file"))).toBe("EEXIST");
  expect(await codeFor(join(folder, "file/a"))).toBe("ENOTDIR");
  expect(await codeFor(join(folder, "dangling/a"))).toBe("EEXIST");
  if (process.platform === "linux") expect(await codeFor("/proc/a/b")).toBe("ENOENT");
});

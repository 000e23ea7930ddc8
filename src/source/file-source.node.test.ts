import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { openFileSource } from "./file-source.node.ts";

const directory = mkdtempSync(join(tmpdir(), "range-streams-"));
const path = join(directory, "file");
writeFileSync(path, "hello");
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

/** Has every read of an open file fail as the system would say it. */
async function failReads(code: string): Promise<void> {
  const handle = await open(path, "r");
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  vi.spyOn(prototype, "read").mockRejectedValue(Object.assign(new Error(`${code}: made up`), { code }));
}

describe("what the file system refuses", () => {
  it.runIf(process.platform !== "win32")("a pipe is no regular file, and is not waited for", async () => {
    const pipe = join(directory, "pipe");
    execFileSync("mkfifo", [pipe]);
    await expect(openFileSource(pipe)).rejects.toMatchObject({ code: "UNSUPPORTED" });
  });

  it("links in a circle and names that are too long are UNSUPPORTED, with what the system said", async () => {
    const circle = join(directory, "circle");
    symlinkSync(circle, circle);
    for (const [asked, said] of [
      [circle, "ELOOP"],
      [join(directory, "x".repeat(5000)), "ENAMETOOLONG"],
    ] as const)
      await expect(openFileSource(asked)).rejects.toMatchObject({
        code: "UNSUPPORTED",
        message: expect.stringContaining(said),
        cause: { code: said },
      });
  });

  it.each(["file://host.example/x", "file:///a%2Fb", "https://user:pw@host.example/x"])(
    "%s is no URL of a file here: INVALID_ARGUMENT",
    async (url) => {
      await expect(openFileSource(new URL(url))).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        message: expect.not.stringContaining("pw"),
      });
    },
  );

  it("a path through a file is NOT_FOUND", async () => {
    await expect(openFileSource(join(path, "beyond"))).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it.each([
    ["EIO", "UNSUPPORTED"],
    ["EACCES", "AUTH"],
    ["EMFILE", "LIMIT"],
  ])("%s while it is read is %s, not a bare error of the system", async (said, code) => {
    await using source = await openFileSource(path);
    await failReads(said);
    await expect(source.read([0, 5])).rejects.toMatchObject({ code, cause: { code: said } });
  });
});

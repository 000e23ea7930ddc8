import { mkdtempSync, rmSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { buildTar } from "../../test/tar/build-tar.ts";
import { openTar } from "../codecs/tar/open-tar.ts";
import { placeFile } from "./place-file.node.ts";
import { Staging } from "./staging.node.ts";

const directory = mkdtempSync(join(tmpdir(), "range-streams-"));
afterAll(() => rmSync(directory, { recursive: true }));

it("a file gets its name when what it holds was told, so that no run that is killed leaves one that nobody knows", async () => {
  const tar = await openTar(buildTar([{ name: "a.txt", data: "hello" }]));
  const staging = new Staging(directory, tar.source);
  const path = join(directory, "a.txt");
  const seen: unknown[] = [];
  await placeFile(
    {
      path,
      entry: tar.get("a.txt"),
      chunks: [new TextEncoder().encode("hello")],
      onBytes: () => undefined,
      onWritten: async (crc32) => void seen.push(crc32, (await readdir(directory)).includes("a.txt")),
    },
    { staging, overwrite: false, sync: false },
  );
  await staging.end(true);
  expect(seen).toEqual([0x3610a686, false]);
  expect([await readFile(path, "utf8"), await readdir(directory)]).toEqual(["hello", ["a.txt"]]);
});

import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildZip, text } from "../../test/zip/build-zip.ts";
import { patternBytes, type RangeServer, startRangeServer } from "../testing.ts";
import { runDemo } from "./commands/demo.ts";
import { EarlyEnd } from "./early-end.ts";
import { run } from "./run.ts";

const LARGE = buildZip([
  { name: "first", data: patternBytes(200_000) },
  { name: "rest", data: patternBytes(100_000) },
]);
const ARCHIVE = buildZip([
  { name: "logs/one.txt", data: text("one\n"), method: 8 },
  { name: "logs/sub/", data: text("") },
  { name: "logs/two.txt", data: text("two\n") },
  { name: "[x]", data: text("bracket\n") },
  { name: "twice.txt" },
  { name: "twice.txt" },
]);

let server: RangeServer;
let folder: string;
beforeAll(async () => {
  server = await startRangeServer({
    files: { "x.zip": ARCHIVE, "big.bin": patternBytes(200_000), "large.zip": LARGE },
  });
  folder = await mkdtemp(join(tmpdir(), "range-streams-options-"));
  await writeFile(join(folder, "x.zip"), ARCHIVE);
});
afterAll(() => Promise.all([server.close(), rm(folder, { recursive: true })]));

interface Ran {
  readonly code: number;
  readonly text: string;
  readonly notes: string[];
  readonly shown: string[];
}

async function runArgs(...args: string[]): Promise<Ran> {
  const chunks: string[] = [];
  const notes: string[] = [];
  const shown: string[] = [];
  const output = {
    write: async (data: string | Uint8Array) => void chunks.push(Buffer.from(data).toString()),
    note: (line: string) => void notes.push(line),
    progress: (line: string) => void shown.push(line),
  };
  const code = await run(args, "9.9.9", { output, signal: new AbortController().signal });
  return { code, text: chunks.join(""), notes, shown };
}

/** Every verb that reads, on the archive, and written to the folder where it writes. */
const READERS: [verb: string, ...rest: string[]][] = [
  ["info"],
  ["ls"],
  ["cat", "logs/two.txt"],
  ["get", "-o", "FOLDER/got", "--overwrite"],
  ["extract", "logs", "-d", "FOLDER/out"],
  ["index"],
  ["plan", "logs/two.txt"],
  ["map"],
];

function argsFor([verb, ...rest]: readonly string[], input: string): string[] {
  return [verb ?? "", input, ...rest.map((arg) => arg.replace("FOLDER", folder))];
}

describe("options of every verb that reads", () => {
  it.each(READERS)("%s: sends headers, and shows none of them", async (...reader) => {
    server.requests.length = 0;
    const headers = ["--header", "Authorization: Bearer sesame", "--header=X-Two: b"];
    const ran = await runArgs(...argsFor(reader, `${server.url}/x.zip`), ...headers, "--receipt");
    expect(ran.code).toBe(0);
    expect(server.requests.length).toBeGreaterThan(0);
    for (const { headers: sent } of server.requests) {
      expect([sent["authorization"], sent["x-two"]]).toEqual(["Bearer sesame", "b"]);
    }
    expect(ran.text + ran.notes.join("")).not.toContain("sesame");
    expect(ran.notes.at(-1)).toMatch(/^receipt: \d+ requests?, /);
    const bad = await runArgs(...argsFor(reader, `${server.url}/x.zip`), "--header", "sesame");
    expect([bad.code, bad.notes.join("").includes("sesame")]).toEqual([2, false]);
  });

  it.each(READERS)("%s: reads a local file, by its path and as a file: URL", async (...reader) => {
    const path = join(folder, "x.zip");
    for (const input of [path, pathToFileURL(path).href]) {
      const ran = await runArgs(...argsFor(reader, input));
      expect([ran.code, ran.notes]).toEqual([0, []]);
    }
  });

  it.each(READERS)("%s: is quiet when told so, and says what went wrong all the same", async (...reader) => {
    const ran = await runArgs(...argsFor(reader, `${server.url}/x.zip`), "--quiet");
    expect([ran.code, ran.notes, ran.shown]).toEqual([0, [], []]);
    const missing = await runArgs(...argsFor(reader, `${server.url}/none.zip`), "--quiet");
    expect([missing.code, missing.notes.length]).toEqual([3, 1]);
  });

  it("--quiet leaves out warnings, progress and what was done", async () => {
    const warned = ["cat", `${server.url}/large.zip`, "first", "--cache", "/dev/null/no"];
    expect((await runArgs(...warned)).notes).toEqual([expect.stringContaining("warning: ")]);
    expect((await runArgs(...warned, "--quiet")).notes).toEqual([]);
    for (const reader of [
      ["get", "-o", "FOLDER/big", "--overwrite"],
      ["extract", "-d", "FOLDER/all", "logs"],
    ]) {
      const name = reader[0] === "get" ? "big.bin" : "x.zip";
      const args = argsFor(reader, `${server.url}/${name}`);
      const told = await runArgs(...args);
      expect([told.text !== "", told.shown.length > 0]).toEqual([true, true]);
      const quiet = await runArgs(...args, "--overwrite", "--quiet");
      expect([quiet.code, quiet.text, quiet.shown]).toEqual([0, "", []]);
    }
  });

  it.each(READERS)("%s: stops at a limit of bytes", async (...reader) => {
    const ran = await runArgs(...argsFor(reader, `${server.url}/x.zip`), "--max-bytes", "10");
    expect([reader[0], ran.code]).toEqual([reader[0], reader[0] === "info" ? 0 : 10]);
  });
});

describe("range-streams cat with patterns", () => {
  it("writes all that they mean, in the order of the archive, folders left out", async () => {
    expect((await runArgs("cat", `${server.url}/x.zip`, "logs/*")).text).toBe("one\ntwo\n");
    expect((await runArgs("cat", `${server.url}/x.zip`, "**/t*.txt", "logs/one.txt")).code).toBe(9);
    expect((await runArgs("cat", `${server.url}/x.zip`, "logs/t*", "[x]")).text).toBe("two\nbracket\n");
  });

  it("takes a name for a name, tells what means nothing, and cuts one member alone", async () => {
    expect((await runArgs("cat", `${server.url}/x.zip`, "[x]", "--head", "3")).text).toBe("bra");
    expect((await runArgs("cat", `${server.url}/x.zip`, "no*")).code).toBe(3);
    const both = await runArgs("cat", `${server.url}/x.zip`, "logs/*", "--head", "3");
    expect([both.code, both.text]).toEqual([2, ""]);
    expect((await runArgs("cat", `${server.url}/x.zip`, "logs/t*", "--head", "2")).text).toBe("tw");
  });
});

describe("range-streams demo", () => {
  it("names the explorer, and opens its zip there when told so, until it is interrupted", async () => {
    await writeFile(join(folder, "index.html"), "the page");
    const ending = new AbortController();
    const written: string[] = [];
    const write = async (data: string | Uint8Array): Promise<void> => {
      written.push(String(data));
      if (written.length < 2) return;
      const address = new URL(String(data).trim());
      expect(await (await fetch(address)).text()).toBe("the page");
      ending.abort(new EarlyEnd(130));
    };
    const context = { output: { write, note: () => undefined }, signal: ending.signal };
    const before = await demoFolders();
    await runDemo({ explore: true, open: false, page: pathToFileURL(`${folder}/`) }, context);
    expect(written[0]).toContain("range-streams explore [URL|FILE]");
    expect(await demoFolders()).toEqual(before);
  });
});

async function demoFolders(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith("range-streams-demo-"));
}

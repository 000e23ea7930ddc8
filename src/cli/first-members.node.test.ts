import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { buildTar } from "../../test/tar/build-tar.ts";
import { buildZip, text } from "../../test/zip/build-zip.ts";
import { patternBytes, type RangeServer, startRangeServer } from "../testing.ts";
import { run } from "./run.ts";

const MEMBERS = [
  { name: "a.txt", data: text("first a\n") },
  { name: "dir/b.txt", data: text("b\n") },
  { name: "a.txt", data: text("second a\n") },
];
const TAR = buildTar([...MEMBERS, { name: "filler.bin", data: patternBytes(20_000_000, 3) }]);
const TAR_GZ = new Uint8Array(gzipSync(TAR, { level: 1 }));
const ALL = ["x.zip", "x.tar", "x.tar.gz"];

let server: RangeServer;
let folder: string;
let to: string;
beforeAll(async () => {
  server = await startRangeServer({
    files: { "x.zip": buildZip(MEMBERS), "x.tar": TAR, "x.tar.gz": TAR_GZ },
    linkBytesPerSecond: 20_000_000,
  });
});
afterAll(() => server.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "range-streams-first-"));
  to = join(folder, "to");
  server.requests.length = 0;
});
afterEach(() => rm(folder, { recursive: true }));

async function runArgs(
  ...args: string[]
): Promise<{ readonly code: number; readonly text: string; readonly notes: string[] }> {
  const chunks: Buffer[] = [];
  const notes: string[] = [];
  const output = {
    write: async (data: string | Uint8Array) => void chunks.push(Buffer.from(data)),
    note: (line: string) => void notes.push(line),
  };
  const code = await run(args, "9.9.9", { output, signal: new AbortController().signal });
  return { code, text: Buffer.concat(chunks).toString(), notes };
}

const tree = async (): Promise<string[]> => (await readdir(to, { recursive: true })).sort();

describe.each(ALL)("--first, of %s", (name) => {
  it("takes the first of several members of one name, which is AMBIGUOUS without it", async () => {
    const url = `${server.url}/${name}`;
    expect((await runArgs("cat", url, "a.txt")).code).toBe(9);
    expect(await runArgs("cat", url, "a.txt", "--first")).toEqual({ code: 0, text: "first a\n", notes: [] });
    expect((await runArgs("cat", url, "a.txt", "--first", "--range", "0-4")).text).toBe("first");
    expect((await runArgs("cat", url, "dir/b.txt", "a.txt", "--first")).text).toBe("first a\nb\n");
    const ran = await runArgs("extract", url, "a.txt", "dir/b.txt", "--first", "-d", to);
    expect([ran.code, ran.text]).toEqual([0, `2 files (10 B), 1 folder in ${to}\n`]);
    expect([await tree(), await readFile(join(to, "a.txt"), "utf8")]).toEqual([
      ["a.txt", "dir", "dir/b.txt"],
      "first a\n",
    ]);
  });

  it("is NOT_FOUND for a name that is none, patterns included", async () => {
    for (const verb of [["cat"], ["extract", "-d", to]]) {
      const [first = "", ...rest] = verb;
      const ran = await runArgs(first, `${server.url}/${name}`, "*.txt", "--first", ...rest);
      expect([ran.code, ran.notes[0]]).toEqual([
        3,
        expect.stringContaining("NOT_FOUND: Asked for the first *.txt"),
      ]);
    }
    expect(await readdir(folder)).toEqual([]);
  });
});

describe("--first, of a compressed tar", () => {
  it("goes on where a run ended between two members, and leaves nothing of its own", async () => {
    const extracting = ["extract", `${server.url}/x.tar.gz`, "a.txt", "dir/b.txt", "--first", "-d", to];
    await mkdir(to);
    await writeFile(join(to, "dir"), "in the way");
    expect((await runArgs(...extracting)).code).toBe(12);
    await rm(join(to, "dir"));
    const again = await runArgs(...extracting);
    expect([again.code, again.text]).toEqual([0, `1 file (2 B), 1 folder, 1 there already in ${to}\n`]);
    expect(await tree()).toEqual(["a.txt", "dir", "dir/b.txt"]);
  });

  it.each([["cat"], ["extract", "-d", "TO"]])(
    "%s: closes the wire as soon as the member is there",
    async (...verb) => {
      await using far = await startRangeServer({ files: { "x.tar.gz": TAR_GZ }, latencyMs: 500 });
      const [first = "", ...rest] = verb.map((arg) => arg.replace("TO", to));
      const ran = await runArgs(
        first,
        `${far.url}/x.tar.gz`,
        "a.txt",
        "--first",
        ...rest,
        "--json",
        "--receipt",
      );
      expect(ran.code).toBe(0);
      const { receipt } = JSON.parse(ran.notes[0] ?? ran.text);
      // The first request brings the member. What a stream asks for ahead has not come yet, and never does.
      expect(receipt.bytesReceived).toBe(32_768);
      const sent = far.requests.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
      expect(sent).toBe(32_768);
    },
  );

  it.each([["cat"], ["extract", "-d", "TO"]])(
    "%s: makes no sense without a member, and sends nothing",
    async (...verb) => {
      const [first = "", ...rest] = verb.map((arg) => arg.replace("TO", to));
      expect((await runArgs(first, `${server.url}/x.tar.gz`, "--first", ...rest)).code).toBe(2);
      expect(server.requests.length).toBe(0);
    },
  );
});

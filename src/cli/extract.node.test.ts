import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { expectSameBytes } from "../../test/same-bytes.ts";
import { buildTar } from "../../test/tar/build-tar.ts";
import { buildZip, text } from "../../test/zip/build-zip.ts";
import { patternBytes, type RangeServer, startRangeServer } from "../testing.ts";
import { EXIT_BY_CODE } from "./exit-codes.ts";
import { run } from "./run.ts";

const PHOTO = patternBytes(300_000, 1);
const ZIP = buildZip([
  { name: "photos/a.jpg", data: PHOTO },
  { name: "photos/b.png", data: text("b"), externalAttributes: 0o100640 * 65536 },
  { name: "notes.txt", data: text("notes\n"), method: 8 },
  { name: "latest", data: text("notes.txt"), externalAttributes: 0xa1ff0000 },
]);
const TAR = buildTar([
  { name: "./", type: "5" },
  { name: "./photos/a.jpg", data: PHOTO },
  { name: "./photos/b.png", data: "b" },
  { name: "./notes.txt", data: "notes\n" },
  { name: "./latest", type: "2", linkName: "notes.txt" },
]);
const UNSAFE = buildZip([{ name: "a", data: text("a") }, { name: "../\u001b[31mevil" }]);

let server: RangeServer;
let url: string;
let folder: string;
let to: string;
beforeAll(async () => {
  const files = {
    "x.zip": ZIP,
    "x.tar": TAR,
    "x.tar.gz": new Uint8Array(gzipSync(TAR)),
    "unsafe.zip": UNSAFE,
    "x.bin": ZIP,
  };
  server = await startRangeServer({ files });
  ({ url } = server);
});
afterAll(() => server.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "range-streams-cli-extract-"));
  to = join(folder, "to");
  server.requests.length = 0;
});
afterEach(() => rm(folder, { recursive: true }));

interface Ran {
  readonly code: number;
  readonly text: string;
  readonly notes: readonly string[];
  readonly shown: readonly string[];
}

async function runArgs(...args: string[]): Promise<Ran> {
  const chunks: Buffer[] = [];
  const [notes, shown]: [string[], string[]] = [[], []];
  const output = {
    write: async (data: string | Uint8Array) => void chunks.push(Buffer.from(data)),
    note: (line: string) => void notes.push(line),
    progress: (line: string) => void shown.push(line),
  };
  const code = await run(args, "9.9.9", { output, signal: new AbortController().signal });
  return { code, text: Buffer.concat(chunks).toString(), notes, shown };
}

const tree = async (): Promise<string[]> => (await readdir(to, { recursive: true })).sort();

describe.each(["x.zip", "x.tar", "x.tar.gz", "x.bin"])("range-streams extract of %s", (name) => {
  it("writes all members, and says what it did and what it left out", async () => {
    const ran = await runArgs("extract", `${url}/${name}`, "-d", to, "--receipt");
    expect(ran.code).toBe(0);
    expect(ran.text).toBe(`3 files (300.0 kB), 1 folder in ${to}\n`);
    expect(ran.notes[0]).toMatch(/^left out: (\.\/)?latest: a symlink/);
    expect(ran.notes[1]).toMatch(/^receipt: /);
    expect(await tree()).toEqual(["notes.txt", "photos", "photos/a.jpg", "photos/b.png"]);
    expectSameBytes(await readFile(join(to, "photos/a.jpg")), PHOTO);
  });

  it("writes what names, folders and patterns mean", async () => {
    const ran = await runArgs("extract", `${url}/${name}`, "**/*.png", "notes.txt", "-d", to);
    expect([ran.code, await tree()]).toEqual([0, ["notes.txt", "photos", "photos/b.png"]]);
    await rm(to, { recursive: true });
    await runArgs("extract", `${url}/${name}`, "photos", "-d", to);
    expect(await tree()).toEqual(["photos", "photos/a.jpg", "photos/b.png"]);
    const none = await runArgs("extract", `${url}/${name}`, "*.none", "-d", to);
    expect([none.code, none.notes[0]]).toEqual([3, expect.stringContaining("NOT_FOUND: Asked for *.none")]);
  });

  it("opens from an index: no request for that, and then as ls, cat and plan do", async () => {
    const file = join(folder, "x.json");
    const made = await runArgs("index", `${url}/${name}`, "-o", file);
    expect([made.code, made.text]).toEqual([0, ""]);
    const printed = await runArgs("index", `${url}/${name}`);
    expect(printed.text).toBe(await readFile(file, "utf8"));
    const { entries, identity } = JSON.parse(printed.text);
    expect(entries.at(1)).toMatchObject({
      name: expect.any(String),
      range: [expect.any(Number), expect.any(Number)],
    });
    expect(identity.etag).toMatch(/^"/);
    server.requests.length = 0;
    const listed = await runArgs("ls", `${url}/${name}`, "--index", file, "--receipt");
    expect(listed.text).toContain("notes.txt\n");
    expect([listed.notes, server.requests.length]).toEqual([[expect.stringContaining("0 requests")], 0]);
    const notes = JSON.parse(
      listed.text === "" ? "[]" : `["${name.includes("tar") ? "./" : ""}notes.txt"]`,
    )[0];
    await runArgs("plan", `${url}/${name}`, notes, "--index", file);
    expect(server.requests.length).toBe(0);
    const ran = await runArgs("cat", `${url}/${name}`, notes, "--index", file);
    expect(ran.text).toBe("notes\n");
    // Of a compressed tar, what is gone through comes as a stream, behind the first 64 KiB.
    expect(server.requests.length).toBe(name === "x.tar.gz" ? 2 : 1);
    const extracted = await runArgs("extract", `${url}/${name}`, "-d", to, "--index", file);
    expect([extracted.code, (await tree()).length]).toEqual([0, 4]);
  });
});

describe("range-streams extract", () => {
  it("makes links where it is told to, and prints all of it as JSON", async () => {
    const ran = await runArgs("extract", `${url}/x.zip`, "-d", to, "--links", "--json", "--receipt");
    const { receipt, ...report } = JSON.parse(ran.text);
    expect(report).toEqual({
      url: `${url}/x.zip`,
      format: "zip",
      directory: to,
      files: 3,
      directories: 1,
      links: 1,
      kept: 0,
      bytes: 300_007,
      skipped: [],
    });
    expect(receipt.requests).toBe(server.requests.length);
    expect(await readlink(join(to, "latest"))).toBe("notes.txt");
  });

  it("refuses an unsafe name, escaped, writes nothing then, and leaves it out where it is told to", async () => {
    const refused = await runArgs("extract", `${url}/unsafe.zip`, "-d", to);
    expect(refused.code).toBe(EXIT_BY_CODE.UNSAFE_PATH);
    expect(refused.notes).toEqual([expect.stringContaining("UNSAFE_PATH: ")]);
    expect(refused.notes[0]).not.toContain("\u001b");
    expect(await readdir(folder)).toEqual([]);
    const ran = await runArgs("extract", `${url}/unsafe.zip`, "-d", to, "--skip-unsafe");
    expect([ran.code, await tree(), ran.notes]).toEqual([
      0,
      ["a"],
      [expect.stringContaining("left out: ../\\u001b[31mevil: ")],
    ]);
  });

  it("has an exit code of its own for what is there already, and goes on where a run ended", async () => {
    await mkdir(to);
    await writeFile(join(to, "notes.txt"), "mine");
    const refused = await runArgs("extract", `${url}/x.zip`, "-d", to);
    expect([refused.code, refused.notes[0]]).toEqual([
      12,
      expect.stringContaining("EXISTS: Asked to extract into"),
    ]);
    expect((await runArgs("extract", `${url}/x.zip`, "-d", to, "--overwrite")).code).toBe(0);
    server.requests.length = 0;
    const again = await runArgs("extract", `${url}/x.zip`, "-d", to);
    expect([again.text, server.requests.length]).toEqual([`0 files (0 B), 3 there already in ${to}\n`, 1]);
  });

  it("says how far it is on a terminal, and nothing at all where it is to be quiet", async () => {
    const ran = await runArgs("extract", `${url}/x.zip`, "-d", to);
    expect(ran.shown.at(0)).toMatch(/^\d+ % {2}.+ of 300\.0 kB {2}\d of 3 {2}photos\/a\.jpg$/);
    expect(ran.shown.at(-1)).toBe("");
    await rm(to, { recursive: true });
    const quiet = await runArgs("extract", `${url}/x.zip`, "-d", to, "--quiet");
    expect([quiet.text, quiet.notes, quiet.shown]).toEqual(["", [], []]);
    expect((await tree()).length).toBe(4);
  });

  it("says by which command to have the file of a server without ranges", async () => {
    await using ignoring = await startRangeServer({ files: { "x.zip": ZIP }, misbehave: "ignores-range" });
    const { code, notes } = await runArgs("extract", `${ignoring.url}/x.zip`, "-d", to);
    expect(code).toBe(EXIT_BY_CODE.RANGE_IGNORED);
    expect(notes.at(-1)).toMatch(/`range-streams get` takes the whole file/);
  });

  it("needs to be told where to", async () => {
    const ran = await runArgs("extract", `${url}/x.zip`);
    expect([ran.code, ran.notes[0]]).toEqual([2, expect.stringContaining("--directory")]);
  });
});

describe("range-streams ls --long", () => {
  it("shows kinds, modes, sizes, methods, checksums, dates and targets", async () => {
    const lines = (await runArgs("ls", `${url}/x.zip`, "-l")).text.split("\n");
    expect(lines[1]).toBe("-rw-r-----       1       1  store    71beeff9  2024-01-01 00:00  photos/b.png");
    expect(lines[2]).toMatch(/^---------- {7}6 {7}8 {2}deflate /);
    expect((await runArgs("ls", `${url}/x.tar`, "-l")).text).toMatch(
      /^lrw-r--r-- .* \.\/latest -> notes\.txt$/m,
    );
    const { entries } = JSON.parse((await runArgs("ls", `${url}/x.tar`, "--long", "--json")).text);
    expect(entries[2]).toMatchObject({ mode: "0644", crc32: null, linkTarget: null });
  });
});

describe("range-streams index", () => {
  it("goes to standard output by the name - as well, as get and map do", async () => {
    const ran = await runArgs("index", `${url}/x.zip`, "-o", "-");
    expect([ran.code, ran.text]).toEqual([0, (await runArgs("index", `${url}/x.zip`)).text]);
    expect(JSON.parse(ran.text)).toMatchObject({ version: 1, format: "zip" });
  });

  it("never replaces what is there unless it is told to, and never what a link points to", async () => {
    const file = join(folder, "x.json");
    await writeFile(file, "mine");
    const refused = await runArgs("index", `${url}/x.zip`, "-o", file);
    expect([refused.code, refused.notes[0]]).toEqual([12, expect.stringContaining("EXISTS")]);
    expect(await readFile(file, "utf8")).toBe("mine");
    const link = join(folder, "link");
    await symlink(file, link);
    expect((await runArgs("index", `${url}/x.zip`, "-o", link)).code).toBe(12);
    expect((await runArgs("index", `${url}/x.zip`, "-o", link, "--overwrite")).code).toBe(0);
    expect(await readFile(file, "utf8")).toBe("mine");
    await mkdir(join(folder, "d"));
    expect((await runArgs("index", `${url}/x.zip`, "-o", join(folder, "d"), "--overwrite")).code).toBe(12);
    expect((await runArgs("index", `${url}/x.zip`, "-o", join(folder, "none/x.json"))).code).toBe(3);
    expect((await readdir(folder)).sort()).toEqual(["d", "link", "x.json"]);
  });

  it.each([
    ["NOT_FOUND", undefined],
    ["FORMAT", "{"],
    ["FORMAT", "null"],
    ["FORMAT", '{"version":1,"format":"zip"}'],
  ] as const)("is %s where it is no index: %s", async (code, content) => {
    const file = join(folder, "x.json");
    if (content !== undefined) await writeFile(file, content);
    const ran = await runArgs("ls", `${url}/x.zip`, "--index", file);
    expect([ran.code, ran.notes[0]]).toEqual([EXIT_BY_CODE[code], expect.stringContaining(code)]);
    expect(server.requests.length).toBe(0);
  });

  it("is CHANGED where the archive is no longer the one that was indexed", async () => {
    const file = join(folder, "x.json");
    await runArgs("index", `${url}/x.zip`, "-o", file);
    const ran = await runArgs("cat", `${url}/unsafe.zip`, "notes.txt", "--index", file);
    expect([ran.code, ran.notes[0]]).toEqual([7, expect.stringContaining("CHANGED")]);
    const extracted = await runArgs("extract", `${url}/unsafe.zip`, "-d", to, "--index", file);
    expect([extracted.code, extracted.notes[0]]).toEqual([7, expect.stringContaining("CHANGED")]);
    expect(await readdir(folder)).toEqual(["x.json"]);
  });

  it.each(["cat", "plan"])("makes no sense to %s without a member", async (verb) => {
    const ran = await runArgs(verb, `${url}/x.zip`, "--index", "x.json");
    expect([ran.code, server.requests.length]).toEqual([2, 0]);
  });
});

import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { openTar, type TarArchive, walkTar } from "../../src/tar.ts";

// Archives as the world makes them, by the tools it makes them with, read by us and held against what Python's tarfile reads.

const has = (tool: string): boolean => spawnSync(tool, ["--version"]).status === 0;
const TOOLS: Readonly<Record<string, boolean>> = Object.fromEntries(
  ["python3", "tar", "bsdtar", "gzip", "zstd", "bzip2", "xz"].map((tool) => [tool, has(tool)]),
);

let folder: string;
const LONG = `${"a directory with a long name/".repeat(5)}and a file ${"x".repeat(120)}`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "range-streams-tar-tools-"));
  const tree = join(folder, "tree");
  mkdirSync(join(tree, LONG, ".."), { recursive: true });
  writeFileSync(join(tree, LONG), "long");
  writeFileSync(join(tree, "grün.txt"), "line\n".repeat(5000));
  writeFileSync(join(tree, "empty"), "");
  writeFileSync(join(tree, "noise"), randomBytes(300_000));
  linkSync(join(tree, "noise"), join(tree, "same noise"));
  symlinkSync("grün.txt", join(tree, "link"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function needTools(context: TestContext, ...tools: string[]): void {
  for (const tool of tools)
    if (!TOOLS[tool]) context.skip(`${tool} is not installed: apt-get install ${tool}`);
}

function runTool(tool: string, args: string[], input?: Uint8Array): Buffer {
  const { status, stdout, stderr } = spawnSync(tool, args, { cwd: folder, input, maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`${tool} ${args.join(" ")}: ${status} ${stderr}`);
  return stdout;
}

const PYTHON_READER = `
import sys, tarfile, json, hashlib
out = []
with tarfile.open(sys.argv[1]) as t:
    for m in t.getmembers():
        f = t.extractfile(m) if m.isreg() or m.islnk() else None
        kind = 'file' if m.isreg() else 'directory' if m.isdir() else 'symlink' if m.issym() else 'other'
        out.append([m.name, kind, hashlib.sha256(f.read() if f else b'').hexdigest(), m.linkname, m.mode & 0o777, int(m.mtime), m.uid, m.uname,
            m.offset_data if m.isreg() else -1])
print(json.dumps(out))
`;

/** Every member as Python's tarfile tells of it: name without the slash of a directory, kind, SHA-256, link, mode, date, owner, place. */
async function describeMembers(tar: TarArchive, plain: boolean): Promise<unknown[]> {
  const { createHash } = await import("node:crypto");
  const together = await tar.readMany(tar.entries);
  const members: unknown[] = [];
  for (const [index, entry] of tar.entries.entries()) {
    const bytes = Buffer.from(await entry.bytes());
    expect(bytes.equals(together[index] ?? new Uint8Array())).toBe(true);
    members.push([
      entry.name.replace(/\/$/, ""),
      entry.kind,
      createHash("sha256").update(bytes).digest("hex"),
      entry.linkTarget ?? "",
      entry.mode,
      Math.floor((entry.modified?.getTime() ?? 0) / 1000),
      entry.uid,
      entry.userName ?? "",
      plain && entry.kind === "file" ? (await entry.range()).start : -1,
    ]);
  }
  return members;
}

function asPythonReads(path: string, plain: boolean): unknown[] {
  const members = JSON.parse(runTool("python3", ["-c", PYTHON_READER, path]).toString()) as unknown[][];
  return plain ? members : members.map((member) => [...member.slice(0, 8), -1]);
}

const PYTHON_WRITER = `
import sys, tarfile
with tarfile.open(sys.argv[2], 'w', format=getattr(tarfile, sys.argv[1] + '_FORMAT')) as t:
    t.add('tree')
`;

const WRITERS: [string, string[], (path: string) => void][] = [
  ...["v7", "oldgnu", "gnu", "ustar", "posix"].map((format): [string, string[], (path: string) => void] => [
    `GNU tar, ${format}`,
    ["tar"],
    (path) => {
      // Of these two, long names are beyond the format.
      const exclude = format === "v7" || format === "ustar" ? ["--exclude=a directory with*"] : [];
      runTool("tar", ["-cf", path, `--format=${format}`, ...exclude, "tree"]);
    },
  ]),
  ...["GNU", "PAX"].map((format): [string, string[], (path: string) => void] => [
    `Python, ${format}`,
    ["python3"],
    (path) => runTool("python3", ["-c", PYTHON_WRITER, format, path]),
  ]),
  ...["gnutar", "pax", "ustar"].map((format): [string, string[], (path: string) => void] => [
    `bsdtar, ${format}`,
    ["bsdtar"],
    (path) => runTool("bsdtar", ["-cf", path, "--format", format, "--exclude", "a directory with*", "tree"]),
  ]),
];

describe("tars", () => {
  it.for(WRITERS)("are read as they were written: %s", async ([name, tools, write], context) => {
    needTools(context, "python3", ...tools);
    const path = join(folder, `${name.replaceAll(/\W+/g, "-")}.tar`);
    write(path);
    await using tar = await openTar(readFileSync(path));
    const members = await describeMembers(tar, true);
    expect(members.length).toBeGreaterThanOrEqual(6);
    expect(members).toEqual(asPythonReads(path, true));
  });

  it("with holes are listed and found their way through, as GNU tar wrote them", async (context) => {
    needTools(context, "tar");
    const file = openSync(join(folder, "holes"), "w");
    for (let position = 0; position < 3_000_000; position += 100_000) writeSync(file, "data", position);
    ftruncateSync(file, 3_000_000);
    closeSync(file);
    writeFileSync(join(folder, "after"), "after");
    for (const args of [
      ["--format=gnu"],
      ["--format=posix", "--sparse-version=1.0"],
      ["--format=posix", "--sparse-version=0.1"],
    ]) {
      runTool("tar", ["-cf", "holes.tar", "-S", ...args, "holes", "after"]);
      const tar = await openTar(readFileSync(join(folder, "holes.tar")));
      const entry = tar.get("holes");
      expect([args, entry.isSparse, entry.size]).toEqual([args, true, 3_000_000]);
      await expect(entry.bytes()).rejects.toMatchObject({ code: "UNSUPPORTED" });
      expect(await tar.get("after").text()).toBe("after");
    }
  });
});

describe("compressed tars", () => {
  const COMPRESSORS: [string, string[]][] = [
    ["gzip", ["-c"]],
    ["zstd", ["-c", "-q"]],
    ["bzip2", ["-c"]],
    ["xz", ["-c"]],
  ];

  it.for(COMPRESSORS)("are read as they were written: %s", async ([tool, args], context) => {
    needTools(context, "tar", "python3", tool);
    const path = join(folder, `plain-${tool}.tar`);
    runTool("tar", ["-cf", path, "--format=posix", "tree"]);
    const compressed = runTool(tool, args, readFileSync(path));
    await using tar = await openTar(new Uint8Array(compressed));
    const members = await describeMembers(tar, false);
    expect(members).toEqual(asPythonReads(path, false));
    const walked: string[] = [];
    for await (const { name } of walkTar(new Uint8Array(compressed))) walked.push(name.replace(/\/$/, ""));
    expect(walked).toEqual(members.map((member) => (member as unknown[])[0]));
  });

  it("in several members of gzip, as cat joins them, are one", async (context) => {
    needTools(context, "tar", "gzip");
    const plain = runTool("tar", ["-c", "--format=gnu", "tree"]);
    const parts = [plain.subarray(0, 100_000), plain.subarray(100_000)].map((part) =>
      runTool("gzip", ["-c"], part),
    );
    const tar = await openTar(new Uint8Array(Buffer.concat(parts)));
    const noise = readFileSync(join(folder, "tree/noise"));
    const entry = tar.entries.find(({ name }) => name.endsWith("noise"));
    expect(Buffer.from((await entry?.bytes()) ?? []).equals(noise)).toBe(true);
  });
});

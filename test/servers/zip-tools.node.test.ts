import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { makeSampleZip } from "../../src/cli/demo/sample-zip.ts";
import { type Archive, openZip } from "../../src/zip.ts";

// Archives as the world makes them, by the tools it makes them with, read by us; and ours against what those tools read.

const has = (tool: string, flag: string): boolean => spawnSync(tool, [flag]).status === 0;
const TOOLS = {
  python3: has("python3", "--version"),
  zip: has("zip", "-v"),
  unzip: has("unzip", "-v"),
  "7z": has("7z", "i"),
};

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "range-streams-zip-tools-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function needTool(context: TestContext, tool: keyof typeof TOOLS): void {
  if (!TOOLS[tool]) context.skip(`${tool} is not installed: apt-get install ${tool}`);
}

function runTool(tool: string, args: string[], input?: Uint8Array): Buffer {
  const { status, stdout, stderr } = spawnSync(tool, args, { cwd: folder, input, maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`${tool} ${args.join(" ")}: ${status} ${stderr}`);
  return stdout;
}

function lines(count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, (_, index) => `line ${index}\n`).join(""));
}

/** Every member as `[name, bytes]`, read one by one and checked against reading all at once. */
async function contents(archive: Archive): Promise<[name: string, bytes: Buffer][]> {
  const together = await archive.readMany(archive.entries);
  const members: [string, Buffer][] = [];
  for (const [index, entry] of archive.entries.entries()) {
    const bytes = Buffer.from(await entry.bytes());
    expect(bytes.equals(together[index] ?? new Uint8Array())).toBe(true);
    members.push([entry.name, bytes]);
  }
  return members;
}

const PYTHON_WRITER = `
import sys, zipfile
kind, path = sys.argv[1:]
class Unseekable:
    def __init__(self, raw): self.raw = raw
    def write(self, data): return self.raw.write(data)
    def flush(self): self.raw.flush()
raw = open(path, 'wb')
if kind == 'prefixed': raw.write(b'#!/bin/sh\\nexit 0\\n' * 50)
with zipfile.ZipFile(Unseekable(raw) if kind == 'streamed' else raw, 'w') as z:
    z.comment = b'a comment'
    for index in range(30):
        info = zipfile.ZipInfo(f'dir/file {index} \\u00fc.txt', (2024, 2, 1, 12, 30, index))
        info.compress_type = zipfile.ZIP_DEFLATED if index % 2 else zipfile.ZIP_STORED
        with z.open(info, 'w', force_zip64=(kind == 'zip64')) as member:
            member.write(b'x%d\\n' % index * (index * 400))
raw.close()
`;

describe("archives by Python's zipfile", () => {
  it.for(["plain", "streamed", "zip64", "prefixed"])(
    "are read as they were written: %s",
    async (kind, context) => {
      needTool(context, "python3");
      const path = join(folder, `${kind}.zip`);
      runTool("python3", ["-c", PYTHON_WRITER, kind, path]);
      await using archive = await openZip(readFileSync(path));
      const members = await contents(archive);
      expect(members.length).toBe(30);
      for (const [index, [name, bytes]] of members.entries()) {
        expect(name).toBe(`dir/file ${index} ü.txt`);
        expect(bytes.equals(Buffer.from(`x${index}\n`.repeat(index * 400)))).toBe(true);
      }
      const { modified, method } = archive.entries[3] as Archive["entries"][number];
      expect([modified?.toISOString(), method]).toEqual(["2024-02-01T12:30:02.000Z", "deflate"]);
    },
  );
});

describe("archives of other methods", () => {
  it.for(["Deflate64", "BZip2", "LZMA"])("are read as 7-Zip wrote them: %s", async (method, context) => {
    needTool(context, "7z");
    const noise = randomBytes(300_000);
    writeFileSync(join(folder, "noise"), noise);
    writeFileSync(join(folder, "many lines"), lines(200_000));
    writeFileSync(join(folder, "nothing"), "");
    const path = join(folder, `${method}.zip`);
    runTool("7z", ["a", "-tzip", "-mx=5", `-mm=${method}`, path, "noise", "many lines", "nothing"]);
    await using archive = await openZip(readFileSync(path));
    const members = new Map(await contents(archive));
    expect(archive.get("many lines").method).toBe(method.toLowerCase());
    expect(members.get("noise")?.equals(noise)).toBe(true);
    expect(members.get("many lines")?.equals(lines(200_000))).toBe(true);
    expect(members.get("nothing")?.length).toBe(0);
    expect(archive.get("noise").modified?.getTime()).toBeGreaterThan(Date.now() - 60_000);
  });

  it.for(["BZIP2", "LZMA"])("are read as Python wrote them: %s", async (method, context) => {
    needTool(context, "python3");
    const path = join(folder, `python-${method}.zip`);
    const write = `import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_${method}) as z: z.writestr('lines', sys.stdin.buffer.read())`;
    runTool("python3", ["-c", write, path], lines(100_000));
    await using archive = await openZip(readFileSync(path));
    const [[, bytes] = ["", Buffer.alloc(0)]] = await contents(archive);
    expect(bytes.equals(lines(100_000))).toBe(true);
  });
});

describe("archives by Info-ZIP", () => {
  it("are read as they were written, with links, directories and a comment", async (context) => {
    needTool(context, "zip");
    writeFileSync(join(folder, "lines.txt"), lines(20_000));
    writeFileSync(join(folder, "empty"), "");
    symlinkSync("lines.txt", join(folder, "link"));
    runTool("zip", ["-q", "-y", "-z", "tree.zip", "lines.txt", "empty", "link"], Buffer.from("a comment\n"));
    await using archive = await openZip(readFileSync(join(folder, "tree.zip")));
    const members = new Map(await contents(archive));
    expect(members.get("lines.txt")?.equals(lines(20_000))).toBe(true);
    expect(members.get("empty")?.length).toBe(0);
    const link = archive.get("link");
    expect([link.kind, link.linkTarget]).toEqual(["symlink", "lines.txt"]);
  });

  it("are read where they were streamed, sizes behind the data", async (context) => {
    needTool(context, "zip");
    const zipped = runTool("zip", ["-q", "-", "-"], lines(50_000));
    await using archive = await openZip(new Uint8Array(zipped));
    const [[name, bytes] = ["", Buffer.alloc(0)]] = await contents(archive);
    expect(name).toBe("-");
    expect(bytes.equals(lines(50_000))).toBe(true);
  });

  it("are read behind a program, whether its offsets were adjusted or not", async (context) => {
    needTool(context, "zip");
    writeFileSync(join(folder, "inner.txt"), lines(3000));
    runTool("zip", ["-q", "inner.zip", "inner.txt"]);
    const program = Buffer.alloc(5000, "#!/bin/sh\n");
    writeFileSync(join(folder, "sfx.zip"), Buffer.concat([program, readFileSync(join(folder, "inner.zip"))]));
    const read = async (): Promise<boolean> => {
      await using archive = await openZip(readFileSync(join(folder, "sfx.zip")));
      return Buffer.from(await archive.get("inner.txt").bytes()).equals(lines(3000));
    };
    expect(await read()).toBe(true);
    runTool("zip", ["-q", "-A", "sfx.zip"]);
    expect(await read()).toBe(true);
  });

  it("are listed, and UNSUPPORTED to read, where they are encrypted; those of bzip2 are read", async (context) => {
    needTool(context, "zip");
    writeFileSync(join(folder, "s.txt"), lines(1000));
    runTool("zip", ["-q", "-P", "secret", "secret.zip", "s.txt"]);
    await using secret = await openZip(readFileSync(join(folder, "secret.zip")));
    expect(secret.get("s.txt").size).toBe(lines(1000).length);
    await expect(secret.get("s.txt").bytes()).rejects.toMatchObject({ code: "UNSUPPORTED" });
    runTool("zip", ["-q", "-Z", "bzip2", "bz.zip", "s.txt"]);
    await using bzip2 = await openZip(readFileSync(join(folder, "bz.zip")));
    expect(bzip2.get("s.txt").method).toBe("bzip2");
    expect(Buffer.from(await bzip2.get("s.txt").bytes()).equals(lines(1000))).toBe(true);
  });

  it("are listed as unzip lists them", async (context) => {
    needTool(context, "zip");
    needTool(context, "unzip");
    writeFileSync(join(folder, "one"), "1");
    writeFileSync(join(folder, "two"), "2");
    runTool("zip", ["-q", "pair.zip", "two", "one"]);
    await using archive = await openZip(readFileSync(join(folder, "pair.zip")));
    const names = runTool("unzip", ["-Z1", "pair.zip"]).toString().trimEnd().split("\n");
    expect(archive.entries.map(({ name }) => name)).toEqual(names);
  });
});

describe("the sample of the command's demo", () => {
  it("holds up to unzip's test of every member", async (context) => {
    needTool(context, "unzip");
    writeFileSync(join(folder, "sample.zip"), makeSampleZip());
    expect(runTool("unzip", ["-t", "sample.zip"]).toString()).toContain("No errors detected");
  });
});

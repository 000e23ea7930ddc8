import { spawn, spawnSync } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { escapeText } from "../../src/cli/escape-text.ts";
import { compilePattern } from "../../src/cli/match-members.ts";
import { fileSystemError } from "../../src/extract/file-system-error.node.ts";
import { patternBytes, type RangeServer, startRangeServer } from "../../src/testing.ts";
import { type BuiltCli, buildCli, runCli } from "../cli/build-cli.ts";
import { buildTar } from "../tar/build-tar.ts";
import { buildZip, text } from "../zip/build-zip.ts";

const BIG = patternBytes(3_000_000, 7);
const NASTY = "\u001b]0;owned\u0007</script>=1+1\u202e";
const FILES = {
  "big.zip": buildZip([
    { name: "first", data: text("1") },
    { name: "big", data: BIG },
  ]),
  "big.tar": buildTar([
    { name: "first", data: "1" },
    { name: "big", data: BIG },
  ]),
  "nasty.zip": buildZip([{ name: NASTY, data: text("x") }]),
};

let cli: BuiltCli;
let server: RangeServer;
let folder: string;
let to: string;
beforeAll(async () => {
  [cli, server] = await Promise.all([buildCli(), startRangeServer({ files: FILES })]);
}, 60_000);
afterAll(() => Promise.all([cli.remove(), server.close()]));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "range-streams-f14-"));
  to = join(folder, "to");
});
afterEach(() => rm(folder, { recursive: true }));

/** All that is there, but for what extraction keeps for itself. */
async function tree(): Promise<string[]> {
  const found = await readdir(to, { recursive: true }).catch(() => []);
  expect(found.filter((path) => path.endsWith(".part"))).toEqual([]);
  return found.filter((path) => !path.startsWith(".range-streams-")).sort();
}

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
}

/** Runs a program to its end; `onStart` may meddle meanwhile. */
function runProgram(
  command: readonly string[],
  options: {
    readonly uid?: number;
    readonly onStart?: (kill: (signal: NodeJS.Signals) => void) => void;
  } = {},
): Promise<Ended> {
  const { onStart, ...spawning } = options;
  const [program = "", ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"], cwd: "/", ...spawning });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (data: string) => {
      stderr += data;
    });
    child.on("error", reject).on("close", (code) => resolve({ code, stderr }));
    onStart?.((signal) => child.kill(signal));
  });
}

/** Waits until the first file is there and the next is being made. */
async function untilSecond(): Promise<void> {
  for (let waits = 0; waits < 4000; waits++) {
    const found: string[] = await readdir(to, { recursive: true }).catch(() => []);
    if (found.includes("first") && found.some((path) => path.endsWith(".part"))) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Mounts are the superuser's, and only in a namespace of a process's own do they hurt nobody. */
function canMountReadOnly(): boolean {
  const mount = ["-m", "mount", "-t", "tmpfs", "-o", "ro", "tmpfs", "/mnt"];
  return process.platform === "linux" && spawnSync("unshare", mount).status === 0;
}

describe("F14: the command", () => {
  it("217. names are escaped for a terminal by ls and extract, as text and as JSON", async () => {
    for (const args of [
      ["ls"],
      ["ls", "-l"],
      ["ls", "--json"],
      ["index"],
      ["extract", "-d", to, "--skip-unsafe"],
    ]) {
      const [verb = "", ...rest] = args;
      const { stdout, stderr } = await runCli(cli, [verb, `${server.url}/nasty.zip`, ...rest]);
      const shown = stdout.toString() + stderr;
      expect(escapeText(shown.replaceAll("\n", ""))).toBe(shown.replaceAll("\n", ""));
      expect(shown).toContain("\\u001b]0;owned\\u0007");
    }
    const { stdout } = await runCli(cli, ["ls", `${server.url}/nasty.zip`, "--json"]);
    expect(JSON.parse(stdout.toString()).entries[0].name).toBe(NASTY);
  });

  // A matcher that tries again what has failed would not end with these.
  it("218. a pattern takes time in proportion to its length, whatever it holds", () => {
    const path = "a".repeat(4096);
    for (const pattern of [
      "*a".repeat(30),
      "**/".repeat(30),
      "[a]*".repeat(30),
      "**a".repeat(30),
      "[".repeat(90),
    ]) {
      expect(compilePattern(`${pattern}b`)(path)).toBe(false);
    }
    expect(() => compilePattern("*a".repeat(500_000))).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });

  it.each(["big.zip", "big.tar"])(
    "220. %s: Ctrl-C leaves no partial file, says how to go on, and that goes on",
    async (name) => {
      const slow = await startRangeServer({ files: FILES, bytesPerSecond: 500_000 });
      const args = ["extract", `${slow.url}/${name}`, "-d", to];
      try {
        const { code, stderr } = await runProgram([process.execPath, cli.path, ...args], {
          onStart: (kill) => void untilSecond().then(() => kill("SIGINT")),
        });
        expect([code, stderr]).toEqual([
          130,
          "range-streams: 1 of 2 files are there, whole; the same command goes on from here\n",
        ]);
        expect(await tree()).toEqual(["first"]);
      } finally {
        await slow.close();
      }
      const again = await runCli(cli, ["extract", `${server.url}/${name}`, "-d", to]);
      expect([again.code, again.stdout.toString()]).toEqual([
        0,
        `1 file (3.0 MB), 1 there already in ${to}\n`,
      ]);
      expect((await readFile(join(to, "big"))).equals(BIG)).toBe(true);
      expect((await readdir(to)).sort()).toEqual(["big", "first"]);
    },
  );

  it("220. Ctrl-C does not promise to go on where nothing tells what is there from another version", async () => {
    await using slow = await startRangeServer({
      files: FILES,
      bytesPerSecond: 500_000,
      misbehave: "no-validators",
    });
    const args = ["extract", `${slow.url}/big.tar`, "-d", to];
    const { code, stderr } = await runProgram([process.execPath, cli.path, ...args], {
      onStart: (kill) => void untilSecond().then(() => kill("SIGINT")),
    });
    expect([code, stderr]).toEqual([
      130,
      "range-streams: 1 of 2 files are there, whole; nothing tells versions of this archive apart, so that it begins anew, with --overwrite\n",
    ]);
    expect(await tree()).toEqual(["first"]);
  });

  it.each(["big.zip", "big.tar"])("220. %s: what `kill -9` left goes with the next run", async (name) => {
    const slow = await startRangeServer({ files: FILES, bytesPerSecond: 500_000 });
    const args = ["extract", `${slow.url}/${name}`, "-d", to];
    try {
      const { code } = await runProgram([process.execPath, cli.path, ...args], {
        onStart: (kill) => void untilSecond().then(() => kill("SIGKILL")),
      });
      expect(code).toBe(null);
    } finally {
      await slow.close();
    }
    const [own = ""] = (await readdir(to)).filter((path) => path.startsWith(".range-streams-"));
    const left = (await readdir(join(to, own))).filter((path) => path.endsWith(".part"));
    // That of the file in the making, and that of the other one where it had got its second name and not yet lost its first.
    expect([1, 2]).toContain(left.length);
    // All of it is there already: the run that is to clean up has nothing to write.
    if (name === "big.zip") await writeFile(join(to, "big"), BIG);
    const again = await runCli(cli, ["extract", `${server.url}/${name}`, "-d", to]);
    expect([again.code, (await readdir(to)).sort()]).toEqual([0, ["big", "first"]]);
  });

  it.runIf(process.platform !== "win32")(
    "220. a disk that takes no more is LIMIT, and leaves no partial file",
    async () => {
      // The limit of this process stands for a full disk; without the trap the kernel would end it.
      const limited = ["bash", "-c", 'trap "" XFSZ; ulimit -f 1000; exec "$@"', "bash"];
      const args = ["extract", `${server.url}/big.zip`, "-d", to];
      const { code, stderr } = await runProgram([...limited, process.execPath, cli.path, ...args]);
      expect([code, stderr]).toEqual([10, expect.stringContaining("LIMIT: Asked to write")]);
      expect(await tree()).toEqual(["first"]);
      const again = await runCli(cli, args);
      expect([again.code, await tree()]).toEqual([0, ["big", "first"]]);
    },
  );

  it.runIf(process.platform !== "win32")("220. a directory that may not be written is AUTH", async () => {
    await chmod(folder, 0o555);
    // The superuser may write anywhere: another user then, who may read what is run.
    const isRoot = process.getuid?.() === 0;
    await chmod(dirname(dirname(dirname(cli.path))), 0o755);
    const { code, stderr } = await runProgram(
      [process.execPath, cli.path, "extract", `${server.url}/big.zip`, "-d", to],
      isRoot ? { uid: 65_534 } : {},
    );
    await chmod(folder, 0o755);
    expect([code, stderr]).toEqual([4, expect.stringContaining("AUTH: Asked to write")]);
    expect(await readdir(folder)).toEqual([]);
  });

  it.runIf(canMountReadOnly())("220. a file system that may only be read is AUTH", async () => {
    const mount = 'mount -t tmpfs -o ro tmpfs "$0" && exec "$@"';
    for (const below of ["to", "to/be/made"]) {
      const args = [cli.path, "extract", `${server.url}/big.zip`, "-d", join(folder, below)];
      const mounted = ["unshare", "-m", "sh", "-c", mount, folder, process.execPath, ...args];
      const { code, stderr } = await runProgram(mounted);
      expect([code, stderr]).toEqual([4, expect.stringMatching(/AUTH: Asked to write .* got EROFS/)]);
    }
  });

  it.each([
    ["ENOSPC", "LIMIT"],
    ["EDQUOT", "LIMIT"],
    ["EROFS", "AUTH"],
    ["EACCES", "AUTH"],
    ["EEXIST", "EXISTS"],
    ["EISDIR", "EXISTS"],
    ["ELOOP", "UNSAFE_PATH"],
    ["ENAMETOOLONG", "UNSAFE_PATH"],
    ["EIO", "UNSUPPORTED"],
  ])("220. what the file system calls %s is %s", (code, known) => {
    const cause = Object.assign(new Error(code), { code });
    expect(fileSystemError(cause, "x")).toMatchObject({
      code: known,
      cause,
      message: expect.stringContaining(code),
    });
    const foreign = new Error("no code");
    expect(fileSystemError(foreign, "x")).toBe(foreign);
  });

  it("221. an index nobody reads to its end ends quietly", async () => {
    const { code, stderr } = await runCli(cli, ["index", `${server.url}/big.zip`], { readAtMost: 10 });
    expect([code, stderr]).toEqual([0, ""]);
  });
});

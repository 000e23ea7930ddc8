import { spawnSync } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BuiltCli, buildCli, type Finished, runCli } from "../cli/build-cli.ts";
import { expectSameBytes } from "../same-bytes.ts";
import type { ForeignServer } from "./foreign-server.node.ts";
import { nginx } from "./nginx.node.ts";
import { tools } from "./servers.node.ts";

// The built command, a real server, and archives by the tools that the world makes and reads them with.

const complete = [nginx, ...tools].every(({ version }) => version !== undefined);

const ENV = { ...process.env, LC_ALL: "C.UTF-8" };
const NOISE = randomFillSync(new Uint8Array(300_000));
const LINES = Buffer.from(Array.from({ length: 30_000 }, (_, line) => `line ${line}\n`).join(""));
/** What goes into the archives; `.bin` is stored, the rest is deflated. */
const MEMBERS: Readonly<Record<string, Uint8Array>> = {
  "lines.txt": LINES,
  "noise.bin": NOISE,
  empty: new Uint8Array(0),
  "deep/er/über.txt": Buffer.from("in a directory of a directory\n"),
  "deep/日本語 𝄞.txt": LINES.subarray(0, 5000),
};
const ARCHIVES = ["tree.zip", "zip64.zip"] as const;

let folder: string;
let cli: BuiltCli;
let server: ForeignServer;

function runTool(tool: string, args: readonly string[], input = ""): Buffer {
  const { status, stdout, stderr } = spawnSync(tool, args, {
    cwd: folder,
    env: ENV,
    input,
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`${tool} ${args.join(" ")}: ${status} ${stderr}`);
  return stdout;
}

describe.skipIf(!complete)("the built command on nginx, with archives by Info-ZIP", () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "range-streams-command-"));
    await mkdir(join(folder, "deep/er"), { recursive: true });
    for (const [name, bytes] of Object.entries(MEMBERS)) await writeFile(join(folder, name), bytes);
    const names = ["lines.txt", "noise.bin", "empty", "deep"];
    runTool("zip", ["-q", "-r", "-z", "-n", ".bin", "tree.zip", ...names], "the archive's comment\n");
    runTool("zip", ["-q", "-r", "-fz", "-n", ".bin", "zip64.zip", ...names]);
    // Into a file: what zip 3.0 writes into a pipe with -fz lacks the end record of zip64, and not even unzip reads it.
    runTool("sh", ["-c", "zip -q -fz - - < lines.txt > streamed.zip"]);
    const archives = [...ARCHIVES, "streamed.zip"].map(
      async (name) => [name, await readFile(join(folder, name))] as const,
    );
    const files = { ...Object.fromEntries(await Promise.all(archives)), "noise.bin": NOISE };
    [cli, server] = await Promise.all([buildCli(), nginx.start(files)]);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([cli?.remove(), server?.close(), rm(folder, { recursive: true, force: true })]);
  });

  /** Runs a command on a URL with `--receipt --json`, and holds its receipt against what nginx logged. */
  async function runCounted(name: string, [verb, ...args]: readonly [string, ...string[]]): Promise<Counted> {
    const visit = server.visit();
    const finished = await runCli(cli, [verb, visit.url(name), ...args, "--receipt", "--json"]);
    expect([finished.code, verb === "cat" ? "" : finished.stderr]).toEqual([0, ""]);
    const printed = JSON.parse(verb === "cat" ? finished.stderr : finished.stdout.toString());
    const { requests, retries } = printed.receipt;
    const logged = await visit.requests(requests);
    expect([logged.length, retries]).toEqual([requests, 0]);
    return { ...finished, printed, logged };
  }

  describe.each(ARCHIVES)("%s", (archive) => {
    test("is listed as unzip lists it, by one request", async () => {
      const names = runTool("unzip", ["-Z1", archive]).toString().trimEnd().split("\n");
      const { printed, logged } = await runCounted(archive, ["ls"]);
      expect(printed.entries.map(({ name }: { name: string }) => name)).toEqual(names);
      expect(names.toSorted()).toEqual([...Object.keys(MEMBERS), "deep/", "deep/er/"].toSorted());
      expect(logged).toEqual([`206 GET /${archive} bytes=-65536`]);
      const { stdout } = await runCli(cli, ["ls", `${server.url}/${archive}`]);
      expect(stdout.toString().trimEnd().split("\n").length).toBe(names.length);
      for (const name of names) expect(stdout.toString()).toContain(`  ${name}\n`);
    });

    test.each(Object.entries(MEMBERS))("gives the bytes of %s that unzip gives", async (member, bytes) => {
      const { stdout, logged } = await runCounted(archive, ["cat", member]);
      expectSameBytes(stdout, bytes);
      expectSameBytes(stdout, runTool("unzip", ["-p", archive, member]));
      expect(logged[0]).toBe(`206 GET /${archive} bytes=-65536`);
    });

    test("gives parts of a member, from its head and its tail", async () => {
      const middle = await runCounted(archive, ["cat", "noise.bin", "--range", "100000-100099"]);
      expectSameBytes(middle.stdout, NOISE.subarray(100_000, 100_100));
      // Stored bytes are read in their place: of the 300,000 there come a hundred, beside the directory.
      expect(middle.printed.receipt.bytesReceived).toBeLessThan(65_536 + 10_000);
      const head = await runCounted(archive, ["cat", "lines.txt", "--head", "1000"]);
      expectSameBytes(head.stdout, LINES.subarray(0, 1000));
      const tail = await runCounted(archive, ["cat", "lines.txt", "--tail", "1000"]);
      expectSameBytes(tail.stdout, LINES.subarray(-1000));
    });

    test("is told apart by its first bytes, and by the ETag that nginx gives it", async () => {
      const { printed, logged } = await runCounted(archive, ["info"]);
      const { headers } = await fetch(`${server.url}/${archive}`, { method: "HEAD" });
      expect(printed).toMatchObject({
        size: Number(headers.get("content-length")),
        type: "zip",
        ranges: true,
        identity: { strength: "strong", etag: headers.get("etag") },
      });
      expect(logged).toEqual([`206 GET /${archive} bytes=0-32767`]);
    });
  });

  test("reads a member of zip64 that was streamed, its sizes behind its bytes", async () => {
    const { printed } = await runCounted("streamed.zip", ["ls"]);
    expect(printed.entries).toMatchObject([{ name: "-", size: LINES.length, method: "deflate" }]);
    const { stdout } = await runCounted("streamed.zip", ["cat", "-"]);
    expectSameBytes(stdout, LINES);
    expectSameBytes(stdout, runTool("unzip", ["-p", "streamed.zip", "-"]));
  });

  test.each([
    ["--range", "0-0", [0, 1], "bytes=0-0"],
    ["--range", "1000-1999", [1000, 2000], "bytes=1000-1999"],
    ["--range", "299990-", [299_990, 300_000], "bytes=299990-"],
    ["--range", "-10", [299_990, 300_000], "bytes=-10"],
    ["--head", "10", [0, 10], "bytes=0-9"],
    ["--tail", "10", [299_990, 300_000], "bytes=-10"],
  ] as const)(
    "writes the part %s %s of a file, by one request",
    async (option, value, [start, end], asked) => {
      const { stdout, logged, printed } = await runCounted("noise.bin", ["cat", option, value]);
      expectSameBytes(stdout, NOISE.subarray(start, end));
      expect(logged).toEqual([`206 GET /noise.bin ${asked}`]);
      expect(printed.receipt).toMatchObject({ bytesReceived: end - start, size: 300_000 });
    },
  );

  test("writes a file whole", async () => {
    const { stdout } = await runCounted("noise.bin", ["cat"]);
    expectSameBytes(stdout, NOISE);
  });

  test("says in words what it cost, where JSON is not asked for", async () => {
    const { stderr } = await runCli(cli, ["cat", `${server.url}/noise.bin`, "--head", "1000", "--receipt"]);
    expect(stderr).toBe("receipt: 1 request, 1.0 kB moved, 0.3 % of 300.0 kB\n");
  });

  test.each([
    ["a file that is not there", ["cat", "none.bin"], 3, "NOT_FOUND"],
    ["an archive that is not there", ["ls", "none.zip"], 3, "NOT_FOUND"],
    ["a member that is not there", ["cat", "tree.zip", "none.txt"], 3, "NOT_FOUND"],
    ["a range past the end", ["cat", "noise.bin", "--range", "300000-300001"], 8, "OUT_OF_BOUNDS"],
    ["what is no archive", ["ls", "noise.bin"], 9, "FORMAT"],
  ] as const)(
    "fails over %s by its code, and writes nothing",
    async (_, [verb, name, ...args], code, error) => {
      const failed = await runCli(cli, [verb, `${server.url}/${name}`, ...args]);
      expect([failed.code, failed.stdout.length]).toEqual([code, 0]);
      expect(failed.stderr).toMatch(new RegExp(`^range-streams: ${error}: [^\\n]+\\n$`));
    },
  );

  test("fails by the code of wrong servers where nginx has its ranges switched off", async () => {
    await using without = await nginx.start({ "noise.bin": NOISE }, "no-ranges");
    for (const args of [["info"], ["cat", "--head", "10"]] as const) {
      const [verb, ...more] = args;
      const failed = await runCli(cli, [verb, `${without.url}/noise.bin`, ...more]);
      expect([failed.code, failed.stdout.length]).toEqual([6, 0]);
      expect(failed.stderr).toMatch(/^range-streams: RANGE_IGNORED: [^\n]+\n$/);
    }
  });
});

interface Counted extends Finished {
  readonly printed: {
    readonly receipt: { readonly bytesReceived: number };
    readonly entries: readonly { readonly name: string }[];
  };
  /** What nginx logged of it. */
  readonly logged: readonly string[];
}

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { patternBytes, type RangeServer, startRangeServer } from "../../src/testing.ts";
import { type BuiltCli, buildCli, type Finished, runCli } from "./build-cli.ts";

const MIB = 2 ** 20;
/** What a killed process had on its way at most, and what it had not noted yet. */
const LOST_BYTES = 8 * MIB + MIB;
const BIG = patternBytes(24_000_000, 7);
const OTHER = patternBytes(24_000_000, 8);
const SHA256 = createHash("sha256").update(BIG).digest("hex");
const WRONG = "0".repeat(64);

let cli: BuiltCli;
let server: RangeServer;
let folder: string;
let target: string;
beforeAll(async () => {
  cli = await buildCli();
}, 60_000);
afterAll(() => cli.remove());
beforeEach(async () => {
  [server, folder] = await Promise.all([
    startRangeServer({ files: { "big.bin": BIG, empty: new Uint8Array(0) } }),
    mkdtemp(join(tmpdir(), "range-streams-get-")),
  ]);
  target = join(folder, "got.bin");
});
afterEach(() => Promise.all([server.close(), rm(folder, { recursive: true })]));

function get(...args: string[]): Promise<Finished> {
  return runCli(cli, ["get", ...args]);
}

function sentBytes({ requests }: RangeServer): number {
  return requests.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** Runs a command to its end; `onStart` may meddle meanwhile. */
function spawned(
  command: readonly string[],
  options: {
    readonly uid?: number;
    readonly stdin?: "ignore" | "pipe";
    readonly onStart?: (child: ChildProcess) => void;
  } = {},
): Promise<Ended> {
  const { onStart, stdin = "ignore", ...spawning } = options;
  const [program = "", ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: [stdin, "ignore", "pipe"], cwd: "/", ...spawning });
    let stderr = "";
    child.stderr?.setEncoding("utf8").on("data", (data: string) => {
      stderr += data;
    });
    child.on("error", reject).on("close", (code, signal) => resolve({ code, signal, stderr }));
    onStart?.(child);
  });
}

/** Ends a download of the file by a signal once so many bytes are noted. */
async function endedBy(signal: NodeJS.Signals, noted = 4 * MIB): Promise<Ended & { readonly sent: number }> {
  await using slow = await startRangeServer({
    files: { "big.bin": { bytes: BIG, etag: '"one"' } },
    linkBytesPerSecond: 12_000_000,
  });
  const ended = await spawned([process.execPath, cli.path, "get", `${slow.url}/big.bin`, "-o", target], {
    onStart: (child) => void untilNoted(noted).then(() => child.kill(signal)),
  });
  return { ...ended, sent: sentBytes(slow) };
}

async function untilNoted(bytes: number): Promise<void> {
  for (let waits = 0; waits < 4000; waits++) {
    const notes = await readFile(`${target}.part.json`, "utf8").catch(() => "");
    const ends = [...notes.matchAll(/"end":(\d+)/g)].map(([, end]) => Number(end));
    if (Math.max(0, ...ends) >= bytes) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Its port changes between two servers, and the URL with it: what another run left is made to be of this one. */
async function adoptPart(): Promise<void> {
  const notes = await readFile(`${target}.part.json`, "utf8");
  await writeFile(`${target}.part.json`, notes.replace(/http:\/\/127\.0\.0\.1:\d+/, server.url));
  server.replace("big.bin", { bytes: BIG, etag: '"one"' });
  server.requests.length = 0;
}

describe("range-streams get", () => {
  it("downloads a file whole, and leaves nothing else", async () => {
    const { code, stdout, stderr } = await get(`${server.url}/big.bin`, "-o", target, "--sha256", SHA256);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.toString()).toBe(`24.0 MB in ${target}, SHA-256 as given\n`);
    expect((await readFile(target)).equals(BIG)).toBe(true);
    expect(await readdir(folder)).toEqual(["got.bin"]);
    expect(sentBytes(server)).toBe(BIG.length);
  });

  it("writes to standard output, empty files, copies of local ones, and tells as JSON", async () => {
    const out = await get(`${server.url}/big.bin`, "-o", "-", "--sha256", SHA256);
    expect([out.code, out.stdout.equals(BIG), out.stderr]).toEqual([0, true, ""]);
    const empty = await get(`${server.url}/empty`, "-o", target, "--json", "--receipt");
    expect(JSON.parse(empty.stdout.toString())).toMatchObject({ size: 0, path: target, sha256: null });
    expect((await stat(target)).size).toBe(0);
    await writeFile(join(folder, "local.bin"), BIG.subarray(0, 3_000_000));
    const copied = await get(join(folder, "local.bin"), "-o", join(folder, "copy.bin"), "--quiet");
    expect([copied.code, copied.stdout.toString(), copied.stderr]).toEqual([0, "", ""]);
    expect((await readFile(join(folder, "copy.bin"))).equals(BIG.subarray(0, 3_000_000))).toBe(true);
  });

  it("neither shows nor writes what is secret in a query", async () => {
    const url = `${server.url}/big.bin?auth_token=S3CRET&X-Plex-Token=S3CRET&pwd=S3CRET&page=2`;
    const info = await runCli(cli, ["info", url]);
    const stopped = await get(url, "-o", target, "--max-bytes", "4M");
    const notes = await readFile(`${target}.part.json`, "utf8");
    expect([info.code, stopped.code]).toEqual([0, 10]);
    expect(info.stdout + stopped.stderr + notes).not.toContain("S3CRET");
    expect(notes).toContain("/big.bin?page=2");
  });

  it("uses several connections where one is the limit", async () => {
    await using slow = await startRangeServer({ files: { "big.bin": BIG }, bytesPerSecond: 10_000_000 });
    expect((await get(`${slow.url}/big.bin`, "-o", target)).code).toBe(0);
    expect((await readFile(target)).equals(BIG)).toBe(true);
    expect(slow.peakConnections).toBeGreaterThan(1);
  });

  // The program script of util-linux runs another on a terminal of its own.
  it.runIf(spawnSync("script", ["--version"]).status === 0)(
    "shows how far it is, on a terminal alone",
    async () => {
      await using slow = await startRangeServer({
        files: { "big.bin": BIG },
        linkBytesPerSecond: 24_000_000,
      });
      const command = `'${process.execPath}' '${cli.path}' get '${slow.url}/big.bin' -o '${target}'`;
      const onTerminal = async (more: string): Promise<string> => {
        const log = join(folder, "log");
        // It listens until what it is told ends.
        const { code } = await spawned(["script", "-qec", command + more, log], { stdin: "pipe" });
        expect(code).toBe(0);
        return readFile(log, "utf8");
      };
      const shown = await onTerminal("");
      expect(shown).toMatch(
        /\r\u001b\[2K *\d+ % {2}\[█*·*\] {2}\d+\.\d [kM]B of 24\.0 MB {2}.* left {2}\d parts?/,
      );
      expect(shown).toContain(`24.0 MB in ${target}`);
      expect(await onTerminal(" --overwrite --quiet")).not.toContain("%");
    },
  );

  it("takes a file whole from a server that gives no ranges", async () => {
    await using plain = await startRangeServer({ files: { "big.bin": BIG }, maxRanges: 0 });
    const { code } = await get(`${plain.url}/big.bin`, "-o", target);
    expect([code, (await readFile(target)).equals(BIG), sentBytes(plain)]).toEqual([0, true, BIG.length]);
  });

  it("goes on after a kill, and moves the file and little more in all", async () => {
    const killed = await endedBy("SIGKILL");
    expect(killed.signal).toBe("SIGKILL");
    expect((await readdir(folder)).sort()).toEqual([
      "got.bin.part",
      "got.bin.part.json",
      "got.bin.part.lock",
    ]);
    await adoptPart();
    const again = await get(`${server.url}/big.bin`, "-o", target, "--json", "--sha256", SHA256);
    const report = JSON.parse(again.stdout.toString());
    expect([again.code, report.resumedBytes >= 4 * MIB]).toEqual([0, true]);
    expect((await readFile(target)).equals(BIG)).toBe(true);
    expect(await readdir(folder)).toEqual(["got.bin"]);
    expect(sentBytes(server)).toBeLessThan(BIG.length - 4 * MIB + 65_536);
    // Both runs together: the file, and what each connection had on its way.
    expect(killed.sent + sentBytes(server)).toBeLessThan(BIG.length + LOST_BYTES);
  });

  it("89. refuses to go on with another version, and begins anew when told to", async () => {
    await endedBy("SIGKILL");
    await adoptPart();
    server.replace("big.bin", { bytes: OTHER, etag: '"two"' });
    const refused = await get(`${server.url}/big.bin`, "-o", target);
    expect([refused.code, refused.stderr]).toEqual([7, expect.stringContaining("CHANGED: ")]);
    const again = await get(`${server.url}/big.bin`, "-o", target, "--restart");
    expect([again.code, (await readFile(target)).equals(OTHER)]).toEqual([0, true]);
    expect(await readdir(folder)).toEqual(["got.bin"]);
  });

  it("220. says on Ctrl-C how far it came; the same command goes on", async () => {
    const { code, stderr } = await endedBy("SIGINT");
    expect([code, stderr]).toEqual([
      130,
      expect.stringMatching(
        /^range-streams: \d+\.\d MB of 24\.0 MB are in .*got\.bin\.part; the same command goes on from there\n$/,
      ),
    ]);
    expect((await readdir(folder)).sort()).toEqual(["got.bin.part", "got.bin.part.json"]);
    await adoptPart();
    expect((await get(`${server.url}/big.bin`, "-o", target)).code).toBe(0);
    expect((await readFile(target)).equals(BIG)).toBe(true);
  });

  it("220. ends with 143 when it is terminated", async () => {
    expect((await endedBy("SIGTERM")).code).toBe(143);
    expect(await readdir(folder)).not.toContain("got.bin");
  });
});

describe("222. what an earlier run left", () => {
  it.each([
    ["notes that are no JSON", (notes: string) => notes.replace("{", "["), "its notes are damaged"],
    ["no notes at all", () => "", "its notes are damaged"],
    ["a span that is damaged", (notes: string) => notes.replace('"start":0', '"start":-1'), "damaged"],
    [
      "a span past the end",
      (notes: string) => notes.replace(/"end":\d+/, '"end":24000001'),
      "more bytes than the file has",
    ],
    [
      "spans that overlap",
      (notes: string) => notes + (notes.split("\n")[1] ?? "") + "\n",
      "its notes contradict each other",
    ],
    ["another URL", (notes: string) => notes.replace("big.bin", "other.bin"), "it is of another URL"],
  ])("with %s is not believed, and it says why", async (_, damage, reason) => {
    await endedBy("SIGKILL", MIB);
    await adoptPart();
    await writeFile(`${target}.part.json`, damage(await readFile(`${target}.part.json`, "utf8")));
    const { code, stderr } = await get(`${server.url}/big.bin`, "-o", target);
    expect([code, stderr]).toEqual([0, expect.stringContaining(reason)]);
    expect(stderr).toContain("all of it is fetched again");
    expect((await readFile(target)).equals(BIG)).toBe(true);
    expect(sentBytes(server)).toBe(BIG.length);
  });

  it("without its notes, or longer than the file, is not believed either", async () => {
    await endedBy("SIGKILL", MIB);
    await adoptPart();
    await truncate(`${target}.part`, BIG.length + 1);
    const longer = await get(`${server.url}/big.bin`, "-o", target);
    expect([longer.code, longer.stderr]).toEqual([0, expect.stringContaining("it is longer than the file")]);
    expect((await readFile(target)).equals(BIG)).toBe(true);
    await rm(target);
    await writeFile(`${target}.part`, "what is this");
    const without = await get(`${server.url}/big.bin`, "-o", target);
    expect([without.code, without.stderr]).toEqual([0, expect.stringContaining("it has no notes")]);
    expect((await readFile(target)).equals(BIG)).toBe(true);
  });

  it("is gone on with where notes end in the middle of a line", async () => {
    await endedBy("SIGKILL", 2 * MIB);
    await adoptPart();
    const notes = await readFile(`${target}.part.json`, "utf8");
    await writeFile(`${target}.part.json`, `${notes}{"start":2`);
    const { code, stderr } = await get(`${server.url}/big.bin`, "-o", target);
    expect([code, stderr]).toEqual([0, ""]);
    expect(sentBytes(server)).toBeLessThan(BIG.length - MIB);
  });

  it("is fetched again where bytes on the disk are not those that came", async () => {
    await endedBy("SIGKILL", 3 * MIB);
    await adoptPart();
    const part = await readFile(`${target}.part`);
    part[1_500_000] = (part[1_500_000] ?? 0) ^ 1;
    await writeFile(`${target}.part`, part);
    const { code, stderr } = await get(`${server.url}/big.bin`, "-o", target, "--sha256", SHA256);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/: 1 of \d+ parts are damaged/)]);
    expect((await readFile(target)).equals(BIG)).toBe(true);
  });
});

describe("220. where get would write", () => {
  it("a file, a link and a folder are EXISTS, and nothing is sent", async () => {
    await writeFile(target, "mine");
    await symlink(target, join(folder, "link"));
    await mkdir(join(folder, "sub"));
    for (const name of ["got.bin", "link", "sub"]) {
      const { code, stderr } = await get(`${server.url}/big.bin`, "-o", join(folder, name));
      expect([code, stderr]).toEqual([12, expect.stringContaining("EXISTS: ")]);
    }
    const over = await get(`${server.url}/big.bin`, "-o", join(folder, "sub"), "--overwrite");
    expect([over.code, server.requests.length]).toEqual([12, 0]);
    expect(await readFile(target, "utf8")).toBe("mine");
  });

  it("a link is replaced when told so, never what it points to", async () => {
    await writeFile(target, "mine");
    const link = join(folder, "link");
    await symlink(target, link);
    expect((await get(`${server.url}/empty`, "-o", link, "--overwrite")).code).toBe(0);
    expect([await readFile(target, "utf8"), (await lstat(link)).isFile()]).toEqual(["mine", true]);
  });

  it("a .part file that is a link is not followed", async () => {
    await writeFile(join(folder, "mine"), "mine");
    await symlink(join(folder, "mine"), `${target}.part`);
    const { code, stderr } = await get(`${server.url}/big.bin`, "-o", target);
    expect([code, stderr]).toEqual([9, expect.stringContaining("UNSAFE_PATH: ")]);
    expect(await readFile(join(folder, "mine"), "utf8")).toBe("mine");
  });

  it("another download to the same place is EXISTS; a lock that a dead process left is none", async () => {
    await writeFile(`${target}.part.lock`, `${process.pid}\n`);
    const { code, stderr } = await get(`${server.url}/big.bin`, "-o", target);
    expect([code, stderr]).toEqual([12, expect.stringContaining(`got process ${process.pid} doing so`)]);
    await writeFile(`${target}.part.lock`, "");
    expect((await get(`${server.url}/big.bin`, "-o", target)).code).toBe(0);
    expect(await readdir(folder)).toEqual(["got.bin"]);
  });

  it("a lock that a dead process left is taken over by one of several at once", {
    timeout: 60_000,
  }, async () => {
    await using slow = await startRangeServer({ files: { "big.bin": BIG }, linkBytesPerSecond: 40_000_000 });
    for (let round = 0; round < 5; round++) {
      await writeFile(`${target}.part.lock`, `${2 ** 30}\n`);
      const command = [process.execPath, cli.path, "get", `${slow.url}/big.bin`, "-o", target];
      const ended = await Promise.all([spawned(command), spawned(command), spawned(command)]);
      expect([round, ended.map(({ code }) => code).sort()]).toEqual([round, [0, 12, 12]]);
      expect((await readFile(target)).equals(BIG)).toBe(true);
      expect(await readdir(folder)).toEqual(["got.bin"]);
      await rm(target);
    }
  });

  it("a file that changes meanwhile is CHANGED, and what is said to help does", async () => {
    await using slow = await startRangeServer({
      files: { "big.bin": { bytes: BIG, etag: '"one"' } },
      linkBytesPerSecond: 12_000_000,
    });
    const command = [process.execPath, cli.path, "get", `${slow.url}/big.bin`, "-o", target];
    const changed = await spawned(command, {
      onStart: () =>
        void untilNoted(4 * MIB).then(() => slow.replace("big.bin", { bytes: OTHER, etag: '"two"' })),
    });
    expect([changed.code, changed.stderr]).toEqual([7, expect.stringContaining("CHANGED: ")]);
    expect(changed.stderr).toMatch(
      / MB of 24\.0 MB are in .*: --restart fetches the one of now from its start\n/,
    );
    expect(changed.stderr).not.toContain("goes on from there");
    expect((await spawned(command)).code).toBe(7);
    expect((await spawned([...command, "--restart"])).code).toBe(0);
    expect((await readFile(target)).equals(OTHER)).toBe(true);
  });

  it("a folder that is missing is NOT_FOUND, and a file without a name INVALID_ARGUMENT", async () => {
    const missing = await get(`${server.url}/big.bin`, "-o", join(folder, "no/where"));
    expect([missing.code, missing.stderr]).toEqual([3, expect.stringContaining("NOT_FOUND: ")]);
    for (const path of ["/", "/a%2fb", "/..%5cx", "/a%00b"]) {
      const unfit = await get(`${server.url}${path}`);
      expect([path, unfit.code, unfit.stderr]).toEqual([path, 2, expect.stringContaining("by -o")]);
    }
    expect(server.requests.length).toBe(0);
  });

  it.runIf(process.platform !== "win32")("a full disk is LIMIT, and going on needs only room", async () => {
    // The limit of this process stands for a full disk; without the trap the kernel would end it.
    const limited = ["bash", "-c", 'trap "" XFSZ; ulimit -f 4000; exec "$@"', "bash"];
    const args = ["get", `${server.url}/big.bin`, "-o", target];
    const { code, stderr } = await spawned([...limited, process.execPath, cli.path, ...args]);
    expect([code, stderr]).toEqual([10, expect.stringMatching(/goes on from there\n.*LIMIT: .*EFBIG/)]);
    expect((await readdir(folder)).sort()).toEqual(["got.bin.part", "got.bin.part.json"]);
    server.requests.length = 0;
    expect((await get(...args.slice(1))).code).toBe(0);
    expect((await readFile(target)).equals(BIG)).toBe(true);
    expect(sentBytes(server)).toBeLessThan(BIG.length - 3 * MIB);
  });

  it.runIf(process.platform !== "win32")("a folder that may not be written is AUTH", async () => {
    await chmod(folder, 0o555);
    // The superuser may write anywhere: another user then, who may read what is run.
    const isRoot = process.getuid?.() === 0;
    await chmod(dirname(dirname(dirname(cli.path))), 0o755);
    const { code, stderr } = await spawned(
      [process.execPath, cli.path, "get", `${server.url}/big.bin`, "-o", target],
      isRoot ? { uid: 65_534 } : {},
    );
    await chmod(folder, 0o755);
    expect([code, stderr]).toEqual([4, expect.stringContaining("AUTH: ")]);
    expect([await readdir(folder), server.requests.length]).toEqual([[], 0]);
  });

  it("what has another SHA-256 gets no name, and is there for the right one", async () => {
    const wrong = await get(`${server.url}/big.bin`, "-o", target, "--sha256", WRONG);
    expect([wrong.code, wrong.stderr]).toEqual([9, expect.stringContaining(`CHECKSUM: `)]);
    expect(wrong.stderr).toContain(SHA256);
    expect((await readdir(folder)).sort()).toEqual(["got.bin.part", "got.bin.part.json"]);
    server.requests.length = 0;
    const right = await get(`${server.url}/big.bin`, "-o", target, "--sha256", SHA256.toUpperCase());
    expect([right.code, sentBytes(server)]).toEqual([0, 32_768]);
    expect((await readFile(target)).equals(BIG)).toBe(true);
    const out = await get(`${server.url}/big.bin`, "-o", "-", "--sha256", WRONG);
    expect(out.code).toBe(9);
    expect((await get(`${server.url}/big.bin`, "-o", "x", "--sha256", "abc")).code).toBe(2);
  });

  it("nothing is left where there was nothing to download", async () => {
    expect((await get(`${server.url}/none`, "-o", target)).code).toBe(3);
    expect(await readdir(folder)).toEqual([]);
  });

  it("221. leaves quietly when nobody reads its output any more", async () => {
    const { code, stderr } = await runCli(cli, ["get", `${server.url}/big.bin`, "-o", "-"], {
      readAtMost: 1000,
    });
    expect([code, stderr]).toEqual([0, ""]);
    expect(sentBytes(server)).toBeLessThan(BIG.length);
  });
});

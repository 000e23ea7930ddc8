import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { patternBytes, type RangeServer, startRangeServer } from "../../src/testing.ts";
import { buildZip, text } from "../zip/build-zip.ts";
import { type BuiltCli, buildCli, runCli } from "./build-cli.ts";

const BIG = patternBytes(24_000_000, 7);
const ARCHIVE = buildZip([
  { name: "notes.txt", data: text("kept in a zip\n"), method: 8 },
  { name: "filler", data: patternBytes(200_000, 8) },
]);

let cli: BuiltCli;
let server: RangeServer;
let folder: string;

beforeAll(async () => {
  [cli, server, folder] = await Promise.all([
    buildCli(),
    startRangeServer({ files: { "big.bin": BIG, "x.zip": ARCHIVE } }),
    mkdtemp(join(tmpdir(), "range-streams-files-")),
  ]);
  await writeFile(join(folder, "local.zip"), ARCHIVE);
}, 60_000);

afterAll(async () => {
  await Promise.all([cli.remove(), server.close(), rm(folder, { recursive: true })]);
});

describe("the command range-streams, as a process", () => {
  it("runs its demo, leaves nothing on standard error and ends by itself", async () => {
    const started = performance.now();
    const { code, stdout, stderr } = await runCli(cli, ["demo"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.toString()).toContain("RangeDict{\n  RangeSet{Range[0, 3)}: RangeResponse ⠶ [0, 3) @ ");
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it("writes a large file byte for byte through a pipe", async () => {
    const { code, stdout } = await runCli(cli, ["cat", `${server.url}/big.bin`]);
    expect(code).toBe(0);
    expect(stdout.equals(BIG)).toBe(true);
  });

  it("reads local files by the same verbs", async () => {
    const path = join(folder, "local.zip");
    const listed = await runCli(cli, ["ls", path, "--json"]);
    expect(JSON.parse(listed.stdout.toString()).entries[0].name).toBe("notes.txt");
    const member = await runCli(cli, ["cat", path, "notes.txt"]);
    expect(member.stdout.toString()).toBe("kept in a zip\n");
    const part = await runCli(cli, ["cat", path, "--range", "0-3"]);
    expect(part.stdout.toString("latin1")).toBe("PK\x03\x04");
    const info = await runCli(cli, ["info", path]);
    expect(info.stdout.toString()).toContain("type:     zip\n");
  });

  it("leaves quietly when the reader of its output does, and takes no more of the file", async () => {
    server.requests.length = 0;
    const { code, stdout, stderr } = await runCli(cli, ["cat", `${server.url}/big.bin`], {
      readAtMost: 1000,
    });
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.length).toBeGreaterThanOrEqual(1000);
    const sent = server.requests.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
    expect(sent).toBeLessThan(BIG.length);
  });

  it.runIf(existsSync("/dev/full"))("ends with 10 where standard output takes no more", async () => {
    for (const args of [
      ["info", `${server.url}/big.bin`],
      ["cat", `${server.url}/big.bin`],
      ["get", `${server.url}/big.bin`, "-o", "-"],
    ]) {
      const full = await open("/dev/full", "w");
      const child = spawn(process.execPath, [cli.path, ...args], { stdio: ["ignore", full.fd, "pipe"] });
      const said: Buffer[] = [];
      child.stderr?.on("data", (data: Buffer) => said.push(data));
      const [code] = await once(child, "close");
      await full.close();
      expect([code, Buffer.concat(said).toString()]).toEqual([
        10,
        expect.stringMatching(/^range-streams: LIMIT: standard output: .*ENOSPC.*\n$/),
      ]);
    }
  });

  it("ends with 130 on Ctrl-C, and says nothing", async () => {
    const slow = await startRangeServer({ files: { "big.bin": BIG }, bytesPerSecond: 200_000 });
    try {
      const { code, stderr } = await runCli(cli, ["cat", `${slow.url}/big.bin`], {
        signalAfterOutput: "SIGINT",
      });
      expect([code, stderr]).toEqual([130, ""]);
    } finally {
      await slow.close();
    }
  });

  it("fails with one line and the code of the error's family", async () => {
    const missing = await runCli(cli, ["cat", `${server.url}/none`]);
    expect(missing.code).toBe(3);
    expect(missing.stderr).toMatch(/^range-streams: NOT_FOUND: [^\n]+\n$/);
    expect(missing.stdout.length).toBe(0);
    const wrong = await runCli(cli, ["frobnicate"]);
    expect(wrong.code).toBe(2);
  });

  it("plans members without fetching them", async () => {
    server.requests.length = 0;
    const { code, stdout, stderr } = await runCli(cli, ["plan", `${server.url}/x.zip`, "filler", "--json"]);
    const report = JSON.parse(stdout.toString());
    expect([code, stderr, server.requests.length]).toEqual([0, "", 1]);
    expect(report.opening).toMatchObject({ requests: 1, bytesReceived: 65_536 });
    expect(report.requests.length).toBeGreaterThan(0);
    const local = await runCli(cli, ["plan", join(folder, "local.zip"), "filler", "--policy", "lean"]);
    expect(local.stdout.toString()).toMatch(/^0 [·▒█]{64} \d+\.\d kB$/m);
    expect(local.code).toBe(0);
  });

  it("ends with 10 where a limit of bytes does not suffice", async () => {
    const planned = await runCli(cli, ["plan", `${server.url}/big.bin`, "--max-bytes", "2M"]);
    expect([planned.code, planned.stderr.startsWith("range-streams: LIMIT: ")]).toEqual([10, true]);
    expect(planned.stdout.toString()).toContain("wanted:    24.0 MB\n");
    const written = await runCli(cli, ["cat", `${server.url}/big.bin`, "--max-bytes", "2M"]);
    expect([written.code, written.stderr.startsWith("range-streams: LIMIT: ")]).toEqual([10, true]);
    expect(written.stdout.length).toBeLessThanOrEqual(2 * 2 ** 20);
  });

  it("finds in its directory what an earlier process kept there", async () => {
    const where = ["--range", "1000000-3999999", "--cache", join(folder, "kept")];
    const args = ["cat", `${server.url}/big.bin`, ...where, "--receipt"];
    const first = await runCli(cli, args);
    const second = await runCli(cli, args);
    for (const { stdout } of [first, second]) expect(stdout.equals(BIG.subarray(1e6, 4e6))).toBe(true);
    expect(second.stderr).toBe("receipt: 1 request, 32.8 kB moved, 0.1 % of 24.0 MB\n");
  });

  it("knows its version", async () => {
    const { stdout } = await runCli(cli, ["--version"]);
    expect(stdout.toString()).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

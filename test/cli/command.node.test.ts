import { mkdtemp, rm, writeFile } from "node:fs/promises";
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

  it("knows its version", async () => {
    const { stdout } = await runCli(cli, ["--version"]);
    expect(stdout.toString()).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

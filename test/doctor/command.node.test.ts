import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { patternBytes, type RangeServer, setHeader, startRangeServer } from "../../src/testing.ts";
import { type BuiltCli, buildCli, runCli } from "../cli/build-cli.ts";

const files = { "file.bin": patternBytes(300_000, 5) };

let cli: BuiltCli;
let good: RangeServer;
let bad: RangeServer;
let weak: RangeServer;

beforeAll(async () => {
  [cli, good, bad, weak] = await Promise.all([
    buildCli(),
    startRangeServer({ files }),
    startRangeServer({
      files,
      misbehave: ["ignores-range", (exchange) => setHeader(exchange, "Server", "nginx/1.22 \u009b31m")],
    }),
    startRangeServer({ files, misbehave: "no-validators", cors: "plain" }),
  ]);
}, 60_000);

afterAll(async () => {
  await Promise.all([cli.remove(), good.close(), bad.close(), weak.close()]);
});

describe("range-streams doctor, as a process", () => {
  it("prints facts and no finding of an honest server", async () => {
    const { code, stdout, stderr } = await runCli(cli, ["doctor", `${good.url}/file.bin`]);
    expect([code, stderr]).toEqual([0, ""]);
    const lines = stdout.toString().trimEnd().split("\n");
    expect(lines[0]).toBe(`${good.url}/file.bin`);
    expect(lines[1]).toBe("good: parts of this file can be read well (10 requests)");
    expect(lines).toContain("size:        300.0 kB (300000 bytes)");
    expect(lines).toContain("keep-alive:  yes");
    expect(lines.at(-1)).toBe("keep-alive:  yes");
  });

  it("says what is wrong, what it costs and what mends it, and ends with 6 where nothing works", async () => {
    const { code, stdout, stderr } = await runCli(cli, ["doctor", `${bad.url}/file.bin`]);
    expect([code, stderr]).toEqual([6, ""]);
    const text = stdout.toString();
    expect(text).toContain("unusable: parts of this file cannot be read from here");
    expect(text).toMatch(
      /^problem \(ranges-ignored\): Range is ignored: [^\n]+\n {2}cost: {3}[^\n]+\n {2}remedy: In nginx /m,
    );
    expect(text).toContain("server:      nginx/1.22 \\u009b31m\n");
  });

  it("says what it cost, and is quiet where there is nothing else to say", async () => {
    const args = ["doctor", `${good.url}/file.bin`, "--receipt", "--quiet"];
    const { code, stdout, stderr } = await runCli(cli, args);
    expect([code, stdout.toString().startsWith(`${good.url}/file.bin\ngood: `)]).toEqual([0, true]);
    expect(stderr).toMatch(/^receipt: 10 requests, 16\.7 kB moved, 5\.6 % of 300\.0 kB\n$/);
    const { receipt, bytesReceived } = JSON.parse((await runCli(cli, [...args, "--json"])).stdout.toString());
    expect(receipt).toEqual({
      requests: 10,
      retries: 0,
      bytesReceived: 16_670,
      bytesWanted: 0,
      size: 300_000,
      share: 16_670 / 300_000,
    });
    expect(bytesReceived).toBe(16_670);
  });

  it("prints JSON in which nothing is missing", async () => {
    const args = ["doctor", `${weak.url}/file.bin`, "--json", "--origin", "https://app.example"];
    const { code, stdout } = await runCli(cli, args);
    expect(code).toBe(0);
    const report = JSON.parse(stdout.toString());
    expect(report).toMatchObject({
      url: `${weak.url}/file.bin`,
      verdict: "limited",
      facts: {
        ranges: true,
        ifMatch: null,
        coding: { always: null, onRequest: null },
        cors: { allowed: true },
      },
      requests: 8,
    });
    expect(report.findings.map(({ name }: { name: string }) => name)).toEqual([
      "no-validators",
      "cors-hides-fields",
    ]);
  });

  it("sends headers along, and never shows them", async () => {
    good.requests.length = 0;
    const args = ["doctor", `${good.url}/file.bin`, "--header", "X-A: hunter2", "--header", "X-B: c: d"];
    const { code, stdout } = await runCli(cli, args);
    expect(code).toBe(0);
    expect(good.requests[0]?.headers).toMatchObject({ "x-a": "hunter2", "x-b": "c: d" });
    expect(stdout.toString()).not.toContain("hunter2");
  });

  it.each([
    [3, "NOT_FOUND", ["doctor", "URL/none"]],
    [5, "NETWORK", ["doctor", "http://127.0.0.1:1/x"]],
    [2, "INVALID_ARGUMENT", ["doctor", "some/file"]],
    [2, "INVALID_ARGUMENT", ["doctor", "URL/file.bin", "--origin", "app"]],
    [2, "INVALID_ARGUMENT", ["doctor", "URL/file.bin", "--header", "hunter2"]],
    [2, "INVALID_ARGUMENT", ["doctor"]],
  ])("ends with %d and one line that starts with %s: %j", async (expected, error, args) => {
    const ran = await runCli(
      cli,
      args.map((arg) => arg.replace("URL", good.url)),
    );
    expect(ran.code).toBe(expected);
    expect(ran.stderr).toMatch(new RegExp(`^range-streams: ${error}: [^\\n]+\\n$`));
    expect(ran.stderr).not.toContain("hunter2");
  });
});

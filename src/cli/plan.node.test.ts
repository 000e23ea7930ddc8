import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { buildZip, text } from "../../test/zip/build-zip.ts";
import { openSource, Range } from "../index.ts";
import { patternBytes, type RangeServer, startRangeServer } from "../testing.ts";
import { EXIT_BY_CODE } from "./exit-codes.ts";
import { formatPlan, reportPlan } from "./format-plan.ts";
import { run } from "./run.ts";

const BIG = patternBytes(3_000_000, 3);
const ARCHIVE = buildZip([
  { name: "first", data: patternBytes(200_000, 4) },
  { name: "second", data: patternBytes(100_000, 5) },
  { name: "third", data: text("small\n"), method: 8 },
]);
/** Local headers of 30 bytes and the names, no extra fields. */
const FIRST_END = 30 + 5 + 200_000;

let server: RangeServer;
let folder: string;
beforeAll(async () => {
  server = await startRangeServer({ files: { "big.bin": BIG, "x.zip": ARCHIVE, empty: "" } });
  folder = await mkdtemp(join(tmpdir(), "range-streams-plan-"));
});
afterAll(() => Promise.all([server.close(), rm(folder, { recursive: true })]));
beforeEach(() => {
  server.requests.length = 0;
});

async function runArgs(...args: string[]) {
  const chunks: Buffer[] = [];
  const notes: string[] = [];
  const output = {
    write: async (data: string | Uint8Array) => void chunks.push(Buffer.from(data)),
    note: (line: string) => void notes.push(line),
  };
  const code = await run(args, "9.9.9", { output, signal: new AbortController().signal });
  return { code, out: Buffer.concat(chunks), text: Buffer.concat(chunks).toString(), notes };
}

const planned = async (...args: string[]) => JSON.parse((await runArgs("plan", ...args, "--json")).text);
const bytesSent = (): number => server.requests.reduce((sum, exchange) => sum + exchange.bytesSent, 0);

describe("range-streams plan", () => {
  it("plans ranges of a file, both ends included, and sends the opening alone", async () => {
    const report = await planned(`${server.url}/big.bin`, "--range", "1000000-1000999", "--range=-500,0-9");
    expect(report).toMatchObject({
      url: `${server.url}/big.bin`,
      size: 3_000_000,
      opening: { requests: 1, bytesReceived: 32_768 },
      requests: [
        [1_000_000, 1_001_000],
        [2_999_500, 3_000_000],
      ],
      bytesWanted: 1510,
      bytesRequested: 1500,
      share: 1500 / 3_000_000,
    });
    expect(report.predictedMs).toBeGreaterThan(0);
    expect(report.map).toMatch(/^▒·+▒·+▒$/);
    expect([server.requests.length, bytesSent()]).toEqual([1, 32_768]);
  });

  it("plans what is then sent", async () => {
    const args = [`${server.url}/x.zip`, "second"];
    const { requests, opening } = await planned(...args);
    expect(opening).toMatchObject({ requests: 1, bytesReceived: 65_536 });
    server.requests.length = 0;
    await runArgs("cat", ...args);
    const sent = server.requests.slice(1).map(({ headers }) => headers.range);
    expect(sent).toEqual(requests.map(([start, end]: [number, number]) => `bytes=${start}-${end - 1}`));
  });

  it("plans members from the directory alone, what is held left out", async () => {
    const report = await planned(`${server.url}/x.zip`, "third", "first");
    expect(report.requests.at(0)[0]).toBe(0);
    expect(report.requests.at(-1)[1]).toBe(FIRST_END);
    expect(report.bytesRequested).toBe(FIRST_END);
    expect(report.bytesWanted).toBeGreaterThan(FIRST_END);
    expect(server.requests.length).toBe(1);
  });

  it("plans the whole file where nothing is named, also an empty one", async () => {
    const { bytesWanted, bytesRequested, map } = await planned(`${server.url}/big.bin`);
    expect([bytesWanted, bytesRequested]).toEqual([3_000_000, 3_000_000 - 32_768]);
    expect(map).toBe("█".repeat(64));
    expect(await planned(`${server.url}/empty`)).toMatchObject({ requests: [], bytesWanted: 0, share: null });
  });

  it("prints the same for people, with the file drawn as a line", async () => {
    const { code, text: out } = await runArgs("plan", `${server.url}/big.bin`, "--range", "1500000-1599999");
    expect(code).toBe(0);
    const lines = out.split("\n");
    expect(lines.slice(0, 5)).toEqual([
      `name:      ${server.url}/big.bin`,
      "opening:   1 request, 32.8 kB, sent to plan this",
      "planned:   1 request",
      "wanted:    100.0 kB",
      "requested: 100.0 kB, 3.3 % of 3.0 MB",
    ]);
    expect(lines[5]).toMatch(/^predicted: (< 1|\d+) ms$/);
    expect(lines[7]).toMatch(/^0 ▒·+██▒·+ 3\.0 MB$/);
    expect(lines[9]).toBe("[1500000, 1600000)  100.0 kB");
  });

  it("says so where nothing would be sent", async () => {
    const { text: out, notes } = await runArgs(
      "plan",
      `${server.url}/big.bin`,
      "--range",
      "0-99",
      "--receipt",
    );
    expect(out).toContain("planned:   no request: all of it is here\n");
    expect(out).not.toContain("[0,");
    expect(notes).toEqual(["receipt: 1 request, 32.8 kB moved, 1.1 % of 3.0 MB"]);
  });

  it("spends by the policy: ranges near each other are few requests, or one each for lean", async () => {
    // Many more than there are connections: by one each they take several times the latency, whatever the bandwidth of this machine.
    const starts = Array.from({ length: 100 }, (_, index) => 1_000_000 + index * 2000);
    const ranges = starts.map((start) => `${start}-${start + 99}`).join(",");
    await using far = await startRangeServer({ files: { "big.bin": BIG }, latencyMs: 30 });
    const args = [`${far.url}/big.bin`, "--range", ranges];
    expect((await planned(...args)).requests.length).toBeLessThan(50);
    const lean = await planned(...args, "--policy", "lean");
    expect([lean.requests.length, lean.bytesRequested]).toEqual([100, 10_000]);
    expect((await planned(...args, "--receipt")).receipt).toMatchObject({ requests: 1, retries: 0 });
  });

  it("lists at most twenty requests for people, and all as JSON", async () => {
    await using source = await openSource(BIG);
    const ranges = Array.from({ length: 30 }, (_, index) => new Range(index * 1000, index * 1000 + 1));
    const report = reportPlan(source, ranges);
    expect(report.requests.length).toBe(30);
    const lines = formatPlan(report).trimEnd().split("\n");
    expect(lines.at(-2)).toBe("[19000, 19001)  1 B");
    expect(lines.at(-1)).toBe("… and 10 more, which --json lists");
  });

  it("leaves out what only a size tells, where a server keeps it secret", async () => {
    const bytes = new Uint8Array(0);
    const read = async () => bytes;
    const stream = () => new ReadableStream<Uint8Array<ArrayBuffer>>();
    const close = async () => undefined;
    const endless = { name: "endless", size: Infinity, identity: { strength: "none" } as const, read };
    await using source = await openSource({ ...endless, stream, close, [Symbol.asyncDispose]: close });
    const report = reportPlan(source, [new Range(0, 100)]);
    expect(report).toMatchObject({ size: null, share: null, map: null, requests: [[0, 100]] });
    expect(formatPlan(report)).toContain("requested: 100 B\n");
  });

  it.each([
    ["NOT_FOUND", ["x.zip", "none"]],
    ["FORMAT", ["big.bin", "member"]],
    ["INVALID_ARGUMENT", ["x.zip", "first", "--range", "0-9"]],
    ["INVALID_RANGE", ["big.bin", "--range", "9-3"]],
    ["INVALID_RANGE", ["big.bin", "--range", "0-9,"]],
    ["OUT_OF_BOUNDS", ["big.bin", "--range", "0-3000000"]],
    ["INVALID_ARGUMENT", ["big.bin", "--policy", "greedy"]],
    ["INVALID_ARGUMENT", ["big.bin", "--max-bytes", "1.5M"]],
    ["INVALID_ARGUMENT", ["big.bin", "--max-bytes", "9999999999G"]],
    ["INVALID_ARGUMENT", ["big.bin", "--cache", ""]],
  ] as const)("answers with %s to %j, and prints no plan", async (code, [name, ...args]) => {
    const ran = await runArgs("plan", `${server.url}/${name}`, ...args);
    expect(ran.notes[0]).toMatch(new RegExp(`^range-streams: ${code}: `));
    expect([ran.code, ran.text]).toEqual([EXIT_BY_CODE[code], ""]);
  });

  it("refuses a header that two members claim as FORMAT", async () => {
    const shared = ARCHIVE.slice();
    const view = new DataView(shared.buffer);
    // The offset in the directory's second header, which follows the first one of 46 bytes and its name.
    const directory = view.getUint32(shared.length - 6, true);
    view.setUint32(directory + 46 + 5 + 42, 0, true);
    await using lying = await startRangeServer({ files: { "x.zip": shared } });
    const ran = await runArgs("plan", `${lying.url}/x.zip`, "first");
    expect(ran.notes[0]).toContain("FORMAT: Asked to plan first");
  });
});

describe("the help", () => {
  it.each(["info", "ls", "cat", "plan"])(
    "of %s tells how bytes are spent, bounded and kept",
    async (verb) => {
      const { code, text: help } = await runArgs(verb, "--help");
      expect(code).toBe(0);
      expect(help).toMatch(/--policy <policy> .+\(choices:\s+"fast",\s+"balanced",\s+"lean"\)/s);
      for (const option of ["--max-bytes <n>", "--cache <dir>"]) expect(help).toContain(option);
      expect((await runArgs("--help")).text).toMatch(new RegExp(`^ {2}${verb} .*<url>`, "m"));
    },
  );
});

describe("--max-bytes", () => {
  it("prints a plan beyond it all the same, and ends with LIMIT", async () => {
    const ran = await runArgs("plan", `${server.url}/big.bin`, "--max-bytes", "1M", "--json");
    expect(JSON.parse(ran.text).bytesWanted).toBe(3_000_000);
    expect(ran.code).toBe(EXIT_BY_CODE.LIMIT);
    expect(ran.notes.join()).toMatch(/LIMIT: .+: planned 3000000 bytes, .+ 1048576 are allowed; raise/);
    expect((await runArgs("plan", `${server.url}/big.bin`, "--max-bytes", "3M")).code).toBe(0);
  });

  it.each([
    ["ls", "x.zip", "20k"],
    ["cat", "big.bin", "1M"],
    ["cat", "x.zip", "100K", "first"],
    ["cat", "big.bin", "100K", "--range", "1000000-2000000"],
  ])("ends %s of %s with LIMIT beyond %s, having written no more", async (verb, name, limit, ...args) => {
    const ran = await runArgs(verb, `${server.url}/${name}`, "--max-bytes", limit, ...args);
    expect(ran.code).toBe(10);
    expect(ran.notes.join()).toMatch(/^range-streams: LIMIT: /);
    const allowed = Number.parseInt(limit, 10) * (limit.endsWith("M") ? 2 ** 20 : 2 ** 10);
    expect(ran.out.length).toBeLessThanOrEqual(allowed);
  });

  it("lets through what stays within it", async () => {
    const args = [`${server.url}/x.zip`, "first", "--max-bytes", "300K", "--policy", "fast"];
    const ran = await runArgs("cat", ...args);
    expect([ran.code, ran.out.length]).toEqual([0, 200_000]);
    expect((await runArgs("info", `${server.url}/big.bin`, "--max-bytes", "1K")).code).toBe(0);
  });
});

describe("--cache", () => {
  it("keeps what was read: a second run sends the opening and little else", async () => {
    const cache = ["--cache", join(folder, "kept")];
    for (const args of [
      ["cat", `${server.url}/x.zip`, "first", ...cache],
      ["cat", `${server.url}/big.bin`, "--range", "500000-1999999", ...cache],
    ]) {
      const first = await runArgs(...args);
      server.requests.length = 0;
      const second = await runArgs(...args);
      expect(second.out.equals(first.out)).toBe(true);
      expect([second.code, second.notes, server.requests.length]).toEqual([0, [], 1]);
      expect(bytesSent()).toBeLessThanOrEqual(65_536);
    }
  });

  it("tells in a line of a directory that is of no use, and reads all the same", async () => {
    const ran = await runArgs("cat", `${server.url}/x.zip`, "first", "--cache", "/dev/null/blocks");
    expect([ran.code, ran.out.length]).toEqual([0, 200_000]);
    expect(ran.notes.join("\n")).toMatch(/^range-streams: warning: .+$/);
  });

  it("keeps nothing with 'none'", async () => {
    const ran = await runArgs("cat", `${server.url}/big.bin`, "--range", "5-9", "--cache", "none");
    expect([ran.code, ran.out]).toEqual([0, Buffer.from(BIG.subarray(5, 10))]);
    const listed = await runArgs("ls", `${server.url}/x.zip`, "--cache", "none", "--receipt");
    expect(listed.notes[0]).toContain("receipt: 1 request");
  });
});

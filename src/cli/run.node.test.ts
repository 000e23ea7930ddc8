import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildPng } from "../../test/png/build-png.ts";
import { buildZip, text } from "../../test/zip/build-zip.ts";
import { type RangeServer, startRangeServer } from "../testing.ts";
import { EXIT_BY_CODE, EXIT_MEANINGS } from "./exit-codes.ts";
import { run } from "./run.ts";

interface Ran {
  code: number;
  out: Buffer;
  text: string;
  notes: string[];
}

async function runArgs(...args: string[]): Promise<Ran> {
  const chunks: Buffer[] = [];
  const notes: string[] = [];
  const output = {
    write: async (data: string | Uint8Array) => void chunks.push(Buffer.from(data)),
    note: (line: string) => void notes.push(line),
  };
  const code = await run(args, "9.9.9", { output, signal: new AbortController().signal });
  const out = Buffer.concat(chunks);
  return { code, out, text: out.toString(), notes };
}

const EXAMPLE = Uint8Array.of(0x50, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0x4b);
const RANDOM = Uint8Array.from({ length: 300_000 }, (_, index) => (index * index * 31) >>> 5);
const LINES = text(Array.from({ length: 5000 }, (_, index) => `line ${index}\n`).join(""));
const ARCHIVE = buildZip([
  { name: "plain.bin", data: RANDOM },
  { name: "lines.txt", data: LINES, method: 8 },
  { name: "\u001b[31mred", data: text("x") },
  { name: "secret", data: text("x"), flags: 0x801 },
  { name: "wrong", data: text("right"), stored: text("wrong") },
  { name: "twice" },
  { name: "twice" },
]);
const PICTURE = buildPng({ width: 300, height: 2 });

let server: RangeServer;
let url: string;

beforeAll(async () => {
  server = await startRangeServer({
    files: {
      "a.txt": EXAMPLE,
      "x.zip": ARCHIVE,
      "big.bin": RANDOM,
      empty: new Uint8Array(0),
      "x.png": PICTURE,
    },
  });
  ({ url } = server);
});
afterAll(() => server.close());

describe("range-streams cat", () => {
  it("writes a file byte for byte", async () => {
    expect((await runArgs("cat", `${url}/a.txt`)).out).toEqual(Buffer.from(EXAMPLE));
    expect((await runArgs("cat", `${url}/big.bin`)).out.equals(RANDOM)).toBe(true);
    const empty = await runArgs("cat", `${url}/empty`);
    expect([empty.code, empty.out.length, empty.notes]).toEqual([0, 0, []]);
  });

  it.each([
    [["--range", "7-9"], 7, 10],
    [["--range=-3"], 8, 11],
    [["--range", "-3"], 8, 11],
    [["--range", "9-"], 9, 11],
    [["--head", "4"], 0, 4],
    [["--tail", "4"], 7, 11],
    [["--head", "400"], 0, 11],
    [["--tail", "400"], 0, 11],
    [["--head", "0"], 0, 0],
    [["--tail", "0"], 0, 0],
  ])("writes the part that %j names, from one request", async (args, start, end) => {
    server.requests.length = 0;
    const ran = await runArgs("cat", `${url}/a.txt`, ...args);
    expect(ran.out).toEqual(Buffer.from(EXAMPLE.slice(start, end)));
    expect([ran.code, server.requests.length]).toEqual([0, 1]);
  });

  it("fetches a part in the middle and little else", async () => {
    server.requests.length = 0;
    const ran = await runArgs("cat", `${url}/big.bin`, "--range", "100000-250000", "--receipt");
    expect(ran.out.equals(RANDOM.subarray(100_000, 250_001))).toBe(true);
    expect(ran.notes).toEqual(["receipt: 1 request, 150.0 kB moved, 50.0 % of 300.0 kB"]);
    expect(server.requests.reduce((sum, { bytesSent }) => sum + bytesSent, 0)).toBe(150_001);
  });

  it("writes members, decoded and checked", async () => {
    expect((await runArgs("cat", `${url}/x.zip`, "plain.bin")).out.equals(RANDOM)).toBe(true);
    expect((await runArgs("cat", `${url}/x.zip`, "lines.txt")).out.equals(LINES)).toBe(true);
  });

  it.each(["plain.bin", "lines.txt"])("writes parts of the member %s", async (member) => {
    const data = member === "plain.bin" ? RANDOM : LINES;
    const part = await runArgs("cat", `${url}/x.zip`, member, "--range", "20-4999");
    expect(part.out.equals(data.subarray(20, 5000))).toBe(true);
    const tail = await runArgs("cat", `${url}/x.zip`, member, "--tail", "7");
    expect(tail.out.equals(data.subarray(-7))).toBe(true);
    const head = await runArgs("cat", `${url}/x.zip`, member, "--head", "7");
    expect(head.out.equals(data.subarray(0, 7))).toBe(true);
    const outside = await runArgs("cat", `${url}/x.zip`, member, "--range", "0-999999");
    expect([outside.code, outside.out.length]).toEqual([EXIT_BY_CODE.OUT_OF_BOUNDS, 0]);
  });

  it("reads a part of a stored member in place, without the rest", async () => {
    server.requests.length = 0;
    await runArgs("cat", `${url}/x.zip`, "plain.bin", "--range", "20-29");
    expect(server.requests.reduce((sum, { bytesSent }) => sum + bytesSent, 0)).toBeLessThan(68_000);
  });

  it("keeps the receipt off standard output, as a line or as JSON", async () => {
    const plain = await runArgs("cat", `${url}/a.txt`, "--receipt");
    expect(plain.out.length).toBe(11);
    expect(plain.notes).toEqual(["receipt: 1 request, 11 B moved, 100.0 % of 11 B"]);
    const json = await runArgs("cat", `${url}/a.txt`, "--receipt", "--json");
    expect(json.out.length).toBe(11);
    expect(JSON.parse(json.notes.join(""))).toMatchObject({
      receipt: { requests: 1, bytesReceived: 11, share: 1 },
    });
  });
});

describe("range-streams ls", () => {
  it("lists an archive, names made harmless, from one request", async () => {
    server.requests.length = 0;
    const ran = await runArgs("ls", `${url}/x.zip`, "--receipt");
    const lines = ran.text.trimEnd().split("\n");
    expect(lines[0]).toBe("300000  2024-01-01 00:00  store    plain.bin");
    expect(lines[2]).toMatch(/ \\u001b\[31mred$/);
    expect(lines.length).toBe(7);
    expect(server.requests.length).toBe(1);
    expect(ran.notes[0]).toMatch(/^receipt: 1 request, 65\.5 kB moved, /);
  });

  it("lists as JSON, the receipt within", async () => {
    const ran = await runArgs("ls", `${url}/x.zip`, "--json", "--receipt");
    const report = JSON.parse(ran.text);
    expect(report).toMatchObject({ url: `${url}/x.zip`, format: "zip", receipt: { requests: 1 } });
    expect(report.entries[0]).toEqual({
      name: "plain.bin",
      kind: "file",
      size: 300_000,
      storedSize: 300_000,
      method: "store",
      modified: "2024-01-01T00:00:00.000Z",
    });
    expect(ran.text).not.toContain("\u001b");
    expect(ran.notes).toEqual([]);
  });
});

describe("range-streams info", () => {
  it("tells name, size, identity, ranges and type, from one request", async () => {
    server.requests.length = 0;
    const ran = await runArgs("info", `${url}/x.zip`, "--receipt");
    expect(ran.text).toContain(`name:     ${url}/x.zip\n`);
    expect(ran.text).toContain(` (${ARCHIVE.length} bytes)\n`);
    expect(ran.text).toMatch(/identity: strong \(ETag ".+", Last-Modified .+\)\n/);
    expect(ran.text).toContain("ranges:   yes\ntype:     zip\n");
    expect(ran.notes[0]).toContain("1 request");
    expect(server.requests.length).toBe(1);
  });

  it("tells the dimensions of an image, from the same request", async () => {
    server.requests.length = 0;
    expect((await runArgs("info", `${url}/x.png`)).text).toContain("type:     png\npixels:   300 x 2\n");
    expect(server.requests.length).toBe(1);
    const report = JSON.parse((await runArgs("info", `${url}/x.png`, "--json")).text);
    expect(report).toMatchObject({ type: "png", width: 300, height: 2 });
  });

  it("tells the same as JSON, also of an empty file", async () => {
    const report = JSON.parse((await runArgs("info", `${url}/empty`, "--json")).text);
    expect(report).toMatchObject({ size: 0, type: null, ranges: true, identity: { strength: "strong" } });
  });
});

describe("range-streams demo", () => {
  it("prints the ranges of the original's example, reads a member for less than 2 % of its zip, and ends", async () => {
    const ran = await runArgs("demo");
    expect(ran.code).toBe(0);
    const host = /on loopback: http:\/\/(\S+)/.exec(ran.text)?.[1];
    expect(ran.text).toContain(
      [
        "RangeDict{",
        `  RangeSet{Range[0, 3)}: RangeResponse ⠶ [0, 3) @ 'example_text_file.txt' from ${host},`,
        `  RangeSet{Range[7, 9)}: RangeResponse ⠶ [7, 9) @ 'example_text_file.txt' from ${host}`,
        "}",
        "",
      ].join("\n"),
    );
    expect(ran.text).toMatch(/ {3}0 [·▒█]{64} 8\.\d MB\n/);
  });

  it("gives all of it as JSON", async () => {
    const report = JSON.parse((await runArgs("demo", "--json")).text);
    expect(report.ranges).toMatch(/^RangeDict\{\n/);
    expect(report.read).toEqual([
      { range: "[0, 3)", hex: "50 00 01" },
      { range: "[7, 9)", hex: "06 07" },
    ]);
    expect(report.zip.entries.length).toBe(64);
    expect(report.zip.member).toMatchObject({ name: "notes/day-07.txt", firstLine: "Day 07" });
    expect(report.zip.receipt.size).toBeGreaterThan(8_000_000);
    expect(report.zip.receipt.share).toBeLessThan(0.02);
    expect(report.zip.receipt.requests).toBe(2);
    expect(report.png.type).toBe("png");
  });
});

describe("what goes wrong", () => {
  it.each([
    ["NOT_FOUND", ["info", "URL/none"]],
    ["NOT_FOUND", ["cat", "URL/x.zip", "none"]],
    ["NOT_FOUND", ["cat", "/no/such/file"]],
    ["AMBIGUOUS", ["cat", "URL/x.zip", "twice"]],
    ["UNSUPPORTED", ["cat", "URL/x.zip", "secret"]],
    ["CHECKSUM", ["cat", "URL/x.zip", "wrong"]],
    ["FORMAT", ["ls", "URL/a.txt"]],
    ["FORMAT", ["ls", "URL/empty"]],
    ["OUT_OF_BOUNDS", ["cat", "URL/a.txt", "--range", "5-11"]],
    ["OUT_OF_BOUNDS", ["cat", "URL/a.txt", "--range", "50-60"]],
    ["INVALID_RANGE", ["cat", "URL/a.txt", "--range", "x"]],
    ["INVALID_ARGUMENT", ["cat", "URL/a.txt", "--head", "1", "--tail", "1"]],
    ["INVALID_ARGUMENT", ["cat", "ftp://example.org/x"]],
    ["INVALID_ARGUMENT", ["info", "file://host.example/x"]],
    ["INVALID_ARGUMENT", ["ls", "file://a b/x"]],
    ["INVALID_ARGUMENT", ["explore", "--no-open", "file://host.example/x"]],
    ["INVALID_ARGUMENT", ["explore", "--no-open", "file://a b/x"]],
    ["INVALID_ARGUMENT", ["frobnicate"]],
    ["INVALID_ARGUMENT", ["ls"]],
    ["INVALID_ARGUMENT", ["ls", "--nope", "x"]],
    ["NETWORK", ["info", "http://127.0.0.1:1/x"]],
  ] as const)("is one line that starts with %s, and an exit code of its family: %j", async (code, args) => {
    const ran = await runArgs(...args.map((arg) => arg.replace("URL", url)));
    expect(ran.notes.length).toBe(1);
    expect(ran.notes[0]).toMatch(new RegExp(`^range-streams: ${code}: [^\\n]+$`));
    expect(ran.code).toBe(EXIT_BY_CODE[code]);
  });

  it("never shows a secret of the URL", async () => {
    const { port } = new URL(url);
    const ran = await runArgs("info", `http://user:hunter2@127.0.0.1:${port}/none?token=hunter2`);
    expect(ran.notes[0]).toContain("NOT_FOUND");
    expect(ran.notes[0]).not.toContain("hunter2");
  });

  it("explains every exit code in the help", async () => {
    const { code, text: help } = await runArgs("--help");
    expect(code).toBe(0);
    for (const exitCode of new Set(Object.values(EXIT_BY_CODE))) {
      expect(EXIT_MEANINGS.has(exitCode)).toBe(true);
      expect(help).toMatch(new RegExp(`^ {2}${exitCode} `, "m"));
    }
    expect((await runArgs("--version")).text).toBe("9.9.9\n");
    expect((await runArgs()).text).toBe(help);
  });
});

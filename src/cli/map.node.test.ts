import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildTar } from "../../test/tar/build-tar.ts";
import { buildZip, text } from "../../test/zip/build-zip.ts";
import { patternBytes, type RangeServer, startRangeServer } from "../testing.ts";
import { formatSvg } from "./map/format-svg.ts";
import { run } from "./run.ts";

const NASTY = "</title><script>alert(1)</script>\u202e\u0000&\"'\ufffe";
const ARCHIVE = buildZip([
  { name: "photo.raw", data: patternBytes(300_000, 1), gap: 5000 },
  { name: "notes.txt", data: text("notes\n") },
  { name: NASTY, data: patternBytes(20_000, 2) },
]);

let server: RangeServer;
let folder: string;
beforeAll(async () => {
  const tar = buildTar([{ name: "a.txt", data: "a" }]);
  const files = {
    "x.zip": ARCHIVE,
    "x.tar": tar,
    "plain.bin": patternBytes(200_000),
    empty: new Uint8Array(0),
  };
  server = await startRangeServer({ files });
  folder = await mkdtemp(join(tmpdir(), "range-streams-map-"));
});
afterAll(() => Promise.all([server.close(), rm(folder, { recursive: true })]));

async function map(...args: string[]): Promise<{ code: number; text: string; notes: string[] }> {
  const chunks: string[] = [];
  const notes: string[] = [];
  const output = {
    write: async (data: string | Uint8Array) => void chunks.push(String(data)),
    note: (line: string) => void notes.push(line),
  };
  const signal = new AbortController().signal;
  const [name = "", ...rest] = args;
  const code = await run(["map", `${server.url}/${name}`, ...rest], "9.9.9", { output, signal });
  return { code, text: chunks.join(""), notes };
}

describe("range-streams map", () => {
  it("tells what lies where without holes, and what was fetched", async () => {
    const { code, text: json } = await map("x.zip", "--json", "--receipt");
    const report = JSON.parse(json);
    expect([code, report.format, report.size, report.receipt.requests]).toEqual([
      0,
      "zip",
      ARCHIVE.length,
      1,
    ]);
    expect(report.parts.map(({ kind, name }: Record<string, string>) => [kind, name])).toEqual([
      ["member", "photo.raw"],
      ["member", "notes.txt"],
      ["member", NASTY],
      ["directory", ""],
    ]);
    let position = 0;
    for (const { start, end } of report.parts) {
      expect(start).toBe(position);
      position = end;
    }
    expect(position).toBe(ARCHIVE.length);
    expect(report.fetched).toEqual([[ARCHIVE.length - 65_536, ARCHIVE.length]]);
  });

  it("reads members and parts first, so that they are on it", async () => {
    const read = JSON.parse((await map("x.zip", "photo.*", "--json")).text);
    expect(read.fetched).toEqual([[0, ARCHIVE.length]]);
    // Where a machine is busy answers seem late, and the gap would be read over.
    const ranges = ["--range", "100000-100009,150000-", "--policy", "lean"];
    const part = JSON.parse((await map("plain.bin", ...ranges, "--json")).text);
    expect(part.fetched.at(-1)).toEqual([150_000, 200_000]);
    expect([part.format, part.parts]).toEqual([null, []]);
    expect((await map("x.zip", "none.txt")).code).toBe(3);
  });

  it("draws it as text for people", async () => {
    const { text: drawn } = await map("x.zip");
    expect(drawn).toMatch(/^members {2}0 █+▒* \d/m);
    expect(drawn).toMatch(/^fetched {2}0 ·+▒█+ \d/m);
    expect(drawn).toContain("(directory)");
    expect(drawn).not.toContain("\u202e");
    expect((await map("empty")).text).toContain("fetched  0 ");
    expect((await map("x.tar")).text).toContain("a.txt");
  });

  it("writes a picture, the same for the same run, in which names are text", async () => {
    const path = join(folder, "map.svg");
    const written = await map("x.zip", "notes.txt", "--svg", path);
    expect([written.code, written.text]).toEqual([0, ""]);
    const svg = await readFile(path, "utf8");
    expect((await map("x.zip", "notes.txt", "--svg", "-")).text).toBe(svg);
    expect(svg).toContain('<title id="title">Range map of x.zip</title>');
    expect(svg).toMatch(
      /<desc id="desc">325\.\d kB\. A zip archive with 3 members\. Fetched: \d requests?, /,
    );
    expect(svg).not.toContain(new URL(server.url).port);
    expect(svg).not.toContain("<script");
    expect(svg).not.toMatch(/[\u0000-\u0009\u202e\ufffe]/);
    expect(svg).toContain("&lt;script&gt;");
    expect((await map("x.zip", "--svg", path)).code).toBe(12);
    expect((await map("x.zip", "--svg", path, "--overwrite")).code).toBe(0);
  });

  it("draws 66,000 members as no more than the picture has room for", () => {
    const parts = Array.from({ length: 66_000 }, (_, index) => ({
      kind: "member" as const,
      name: `${index}`,
      start: index * 1000,
      end: (index + 1) * 1000,
    }));
    const size = 66_000_000;
    const receipt = { requests: 1, retries: 0, bytesReceived: 9, bytesWanted: 9, size, share: 9 / size };
    const fetched = parts
      .filter((_, index) => index % 2 === 0)
      .map(({ start, end }) => [start, end] as const);
    const svg = formatSvg({ url: "http://h/x.zip", size, format: "zip", parts, fetched, receipt });
    expect(svg.match(/<rect/g)?.length).toBeLessThan(4000);
    expect(svg).toContain("members [0, ");
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildTar } from "../../test/tar/build-tar.ts";
import { buildZip, text } from "../../test/zip/build-zip.ts";
import { type RangeServer, startRangeServer } from "../testing.ts";
import { run } from "./run.ts";

const INNERMOST = buildZip([{ name: "deep.txt", data: text("deep"), method: 8 }]);
const INNER = buildTar([
  { name: "a.txt", data: "a" },
  { name: "innermost.zip", data: INNERMOST },
]);
const OUTER = buildZip([
  { name: "first.txt", data: text("1") },
  { name: "stored.zip", data: INNERMOST },
  { name: "inner.tar", data: INNER, method: 8 },
  { name: "no.zip", data: text("what is called so only") },
  { name: "last.txt", data: text("2") },
]);
const BROKEN = buildZip([
  { name: "locked.zip", data: INNERMOST, flags: 0x801 },
  { name: "wrong.zip", data: INNERMOST, method: 8, local: { name: text("other.zip") } },
  { name: "last.txt", data: text("2") },
]);

/** A zip in a zip, so many times. */
function nestZips(levels: number): Uint8Array {
  let zip = INNERMOST;
  for (let level = 0; level < levels; level++) zip = buildZip([{ name: `${level}.zip`, data: zip }]);
  return zip;
}

let server: RangeServer;
beforeAll(async () => {
  const files = { "x.zip": OUTER, "broken.zip": BROKEN, "deep.zip": nestZips(20) };
  server = await startRangeServer({ files });
});
afterAll(() => server.close());

async function ls(name: string, ...args: string[]): Promise<{ code: number; text: string; notes: string[] }> {
  const chunks: string[] = [];
  const notes: string[] = [];
  const output = {
    write: async (data: string | Uint8Array) => void chunks.push(String(data)),
    note: (line: string) => void notes.push(line),
  };
  const signal = new AbortController().signal;
  const code = await run(["ls", `${server.url}/${name}`, ...args], "9.9.9", { output, signal });
  return { code, text: chunks.join(""), notes };
}

/** The last column. */
function namesOf(text: string): string[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => line.split(/ +/).at(-1) ?? "");
}

const NAMES = [
  "first.txt",
  "stored.zip",
  "stored.zip!/deep.txt",
  "inner.tar",
  "inner.tar!/a.txt",
  "inner.tar!/innermost.zip",
  "inner.tar!/innermost.zip!/deep.txt",
  "no.zip",
  "last.txt",
];

describe("range-streams ls --recursive", () => {
  it("lists archives in archives, of any format, stored or compressed", async () => {
    const { code, text: listed, notes } = await ls("x.zip", "-R");
    expect([code, notes, namesOf(listed)]).toEqual([0, [], NAMES]);
    expect(namesOf((await ls("x.zip", "-R", "-l")).text)).toEqual(NAMES);
  });

  it("goes as deep as it is told, and without being told nowhere", async () => {
    expect(namesOf((await ls("x.zip", "-R", "--max-depth", "1")).text)).toEqual(
      NAMES.filter((name) => name.split("!/").length < 3),
    );
    const flat = NAMES.filter((name) => !name.includes("!/"));
    expect(namesOf((await ls("x.zip", "-R", "--max-depth", "0")).text)).toEqual(flat);
    expect(namesOf((await ls("x.zip")).text)).toEqual(flat);
    for (const args of [
      ["-R", "--max-depth", "17"],
      ["--max-depth", "1"],
      ["-R", "--max-depth", "x"],
    ]) {
      expect((await ls("x.zip", ...args)).code).toBe(2);
    }
  });

  it("says as JSON where each lies, as one document or a line for each", async () => {
    const document = JSON.parse((await ls("x.zip", "-R", "--json")).text);
    expect(document.entries[6]).toMatchObject({
      name: "deep.txt",
      inside: ["inner.tar", "innermost.zip"],
      error: null,
    });
    const lines = (await ls("x.zip", "-R", "--ndjson")).text.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual(document.entries);
    expect((await ls("x.zip", "--json", "--ndjson")).code).toBe(2);
  });

  it("lists the rest where one cannot be read, tells of it, and ends with its code", async () => {
    const { code, text: listed, notes } = await ls("broken.zip", "-R", "--json");
    expect([code, notes.length]).toEqual([11, 2]);
    expect(notes[0]).toMatch(/^range-streams: UNSUPPORTED: /);
    expect(
      JSON.parse(listed).entries.map(({ name, error }: Record<string, unknown>) => [name, error]),
    ).toEqual([
      ["locked.zip", "UNSUPPORTED"],
      ["wrong.zip", "AMBIGUOUS"],
      ["last.txt", null],
    ]);
  });

  it("ends where archives lie too deep in one another", async () => {
    const { code, text: listed } = await ls("deep.zip", "-R");
    expect([code, namesOf(listed).length]).toEqual([0, 17]);
  });
});

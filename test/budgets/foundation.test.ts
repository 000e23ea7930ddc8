import { describe, expect, it } from "vitest";
import { openSource, RangeStream } from "../../src/index.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { openZip } from "../../src/zip.ts";
import { type Lab, startLab } from "../lab/lab.ts";
import { expectSameBytes } from "../same-bytes.ts";
import { buildZip } from "../zip/build-zip.ts";

/** The Range fields of all GETs so far: preflights of a browser aside. */
const ranges = async (lab: Lab): Promise<(string | undefined)[]> =>
  (await lab.requests()).filter(({ method }) => method !== "OPTIONS").map(({ range }) => range);

const small = { pattern: 11, seed: 1 };
const large = { pattern: 300_000, seed: 2 };

describe("what opening and reading cost", () => {
  it("open alone: 1 request", async () => {
    await using lab = await startLab({ files: { small, large } });
    await (await openSource(`${lab.url}/large`)).close();
    expect(await ranges(lab)).toEqual(["bytes=0-32767"]);
    await (await RangeStream.open(`${lab.url}/small`)).close();
    expect(await ranges(lab)).toEqual(["bytes=0-32767", "bytes=0-32767"]);
  });

  it("a RangeStream opened with a range, and read: 1 request for exactly that", async () => {
    await using lab = await startLab({ files: { small } });
    await using stream = await RangeStream.open(`${lab.url}/small`, { range: [0, 3] });
    await stream.read();
    expect(await ranges(lab)).toEqual(["bytes=0-2"]);
  });

  it.each([
    ["the last bytes", [-3], ["bytes=-3"]],
    ["a suffix", { suffix: 3 }, ["bytes=-3"]],
    ["all from a position on", [5], ["bytes=5-"]],
    ["a range counted from the end", [-3, -1], ["bytes=0-32767"]],
  ] as const)("a first range that is %s", async (_, range, wanted) => {
    await using lab = await startLab({ files: { small } });
    await using stream = await RangeStream.open(`${lab.url}/small`, { range });
    await stream.read();
    expect(await ranges(lab)).toEqual(wanted);
  });

  it("a range counted from the end of a larger file: its size first, then the range", async () => {
    await using lab = await startLab({ files: { large } });
    await using stream = await RangeStream.open(`${lab.url}/large`, { range: [-3, -1] });
    await stream.read();
    expect(await ranges(lab)).toEqual(["bytes=0-32767", "bytes=299997-299998"]);
  });

  it("adding costs nothing, reading exactly the range, reading it again through the cache nothing", async () => {
    await using lab = await startLab({ files: { large } });
    await using stream = await RangeStream.open(`${lab.url}/large`);
    const handle = stream.add([100_000, 100_100]);
    stream.add([200_000, 200_100]);
    expect(await ranges(lab)).toHaveLength(1);
    await handle.read(10);
    await handle.read();
    expect((await ranges(lab)).slice(1)).toEqual(["bytes=100000-100099"]);
    handle.seek(0);
    await handle.read();
    expect(await ranges(lab)).toHaveLength(2);
  });

  it("single mode: 1 request whatever is read", async () => {
    await using lab = await startLab({ files: { large } });
    await using stream = await RangeStream.open(`${lab.url}/large`, { mode: "single" });
    await stream.add([250_000, 250_010]).read();
    await stream.add([10, 20]).read();
    expect(await ranges(lab)).toEqual(["bytes=0-"]);
  });

  it("readMany: one request for each gap, touching and repeated ranges together", async () => {
    await using lab = await startLab({ files: { large } });
    await using source = await openSource(`${lab.url}/large`);
    await source.readMany([
      [100_000, 100_010],
      [100_010, 100_020],
      [100_005, 100_015],
      [10, 20],
      [200_000, 200_001],
    ]);
    expect((await ranges(lab)).slice(1).sort()).toEqual(["bytes=100000-100019", "bytes=200000-200000"]);
  });
});

describe("what a zip costs", () => {
  it("open and list with its directory in the last 64 KiB: 1 request; a member beyond it: 1 more; in it: none", async () => {
    const members = Array.from({ length: 20 }, (_, index) => ({
      name: `member-${index}`,
      data: patternBytes(20_000, index),
    }));
    const archive = buildZip(members);
    await using lab = await startLab({ files: { "a.zip": archive } });
    await using zip = await openZip(`${lab.url}/a.zip`);
    expect(zip.entries.map(({ name }) => name)).toEqual(members.map(({ name }) => name));
    expect(await ranges(lab)).toEqual(["bytes=-65536"]);
    expectSameBytes(await zip.get("member-3").bytes(), patternBytes(20_000, 3));
    expect(await ranges(lab)).toHaveLength(2);
    expectSameBytes(await zip.get("member-19").bytes(), patternBytes(20_000, 19));
    expect(await ranges(lab)).toHaveLength(2);
    expect(zip.source.receipt.bytesReceived).toBeLessThan(65_536 + 20_200);
  });
});

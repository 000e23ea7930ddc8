import { describe, expect, it } from "vitest";
import { openArchive } from "../../src/archive.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { openWheel } from "../../src/wheel.ts";
import { type Lab, startLab } from "../lab/lab.ts";
import { buildWheel, distInfoMembers, METADATA } from "../wheel/build-wheel.ts";

/** The Range fields of all GETs so far: preflights of a browser aside. */
const ranges = async (lab: Lab): Promise<(string | undefined)[]> =>
  (await lab.requests()).filter(({ method }) => method !== "OPTIONS").map(({ range }) => range);

describe("what the metadata of a wheel costs", () => {
  it("a small one: 1 request in all", async () => {
    await using lab = await startLab({ files: { "a.whl": buildWheel() } });
    await using wheel = await openWheel(`${lab.url}/a.whl`);
    expect(await wheel.metadata()).toBe(METADATA);
    expect((await wheel.record()).length).toBe(3);
    expect(await ranges(lab)).toEqual(["bytes=-65536"]);
  });

  it("one of 2 MB in ten modules: 1 request, for its tail", async () => {
    await using lab = await startLab({
      files: { "a.whl": buildWheel({ modules: 10, moduleBytes: 200_000 }) },
    });
    await using wheel = await openWheel(`${lab.url}/a.whl`);
    expect(await wheel.metadata()).toBe(METADATA);
    expect((await wheel.record()).length).toBe(3);
    expect(await ranges(lab)).toEqual(["bytes=-65536"]);
    expect(wheel.source.receipt.bytesReceived).toBe(65_536);
  });

  it("one of 3,000 modules, its directory larger than the tail: 2 requests", async () => {
    const digest = (index: number): string =>
      btoa(String.fromCharCode(...patternBytes(32, index))).slice(0, 43);
    const row = (_: unknown, index: number): string =>
      `buoy/module_${index}.py,sha256=${digest(index).replaceAll("+", "-").replaceAll("/", "_")},300\n`;
    const record = Array.from({ length: 3000 }, row).join("");
    const distInfo = distInfoMembers(undefined, record);
    const bytes = buildWheel({ modules: 3000, moduleBytes: 300, distInfo });
    await using lab = await startLab({ files: { "a.whl": bytes } });
    await using wheel = await openWheel(`${lab.url}/a.whl`, { policy: "lean" });
    expect((await ranges(lab)).length).toBe(2);
    expect(await wheel.metadata()).toBe(METADATA);
    expect((await ranges(lab)).length).toBe(2);
    const directory = [...wheel.ranges.keys()].at(-1)?.end ?? 0;
    const ahead = 32 * 1024 + Math.ceil((bytes.length - 22 - directory) / 2);
    expect(wheel.source.receipt.bytesReceived).toBe(bytes.length - directory + ahead);
  });

  it("its .dist-info at the start, as of one repacked: 2 requests", async () => {
    const bytes = buildWheel({
      modules: 0,
      distInfo: [...distInfoMembers(), { name: "big", data: new Uint8Array(200_000) }],
    });
    await using lab = await startLab({ files: { "a.whl": bytes } });
    await using wheel = await openWheel(`${lab.url}/a.whl`, { policy: "lean" });
    expect(await wheel.metadata()).toBe(METADATA);
    expect((await ranges(lab)).length).toBe(2);
  });

  it("by openArchive: the head, then the tail", async () => {
    const bytes = buildWheel({ modules: 10, moduleBytes: 200_000 });
    await using lab = await startLab({ files: { "a.whl": bytes } });
    await using wheel = await openArchive(`${lab.url}/a.whl`);
    if (wheel.format !== "wheel") throw new Error(`got ${wheel.format}`);
    expect(await wheel.metadata()).toBe(METADATA);
    const { length } = bytes;
    expect(await ranges(lab)).toEqual(["bytes=0-32767", `bytes=${length - 65_536}-${length - 1}`]);
  });

  it("open from an index: none; then 1 for METADATA", async () => {
    const url = "a.whl";
    await using lab = await startLab({ files: { [url]: buildWheel({ modules: 10, moduleBytes: 200_000 }) } });
    await using first = await openWheel(`${lab.url}/${url}`);
    await using wheel = await openWheel(`${lab.url}/${url}?uncached`, { index: first.toIndex() });
    expect(wheel.source.receipt.requests).toBe(0);
    expect(await wheel.metadata()).toBe(METADATA);
    expect(wheel.source.receipt.requests).toBe(1);
  });
});

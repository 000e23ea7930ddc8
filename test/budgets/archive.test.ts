import { gzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { openArchive } from "../../src/archive.ts";
import { openTar } from "../../src/tar.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { type Lab, startLab } from "../lab/lab.ts";
import { expectSameBytes } from "../same-bytes.ts";
import { buildTar } from "../tar/build-tar.ts";
import { buildZip } from "../zip/build-zip.ts";

/** The Range fields of all GETs so far: preflights of a browser aside. */
const ranges = async (lab: Lab): Promise<(string | undefined)[]> =>
  (await lab.requests()).filter(({ method }) => method !== "OPTIONS").map(({ range }) => range);

const HEAD = "bytes=0-32767";
const members = (count: number, byteLength: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `m${index}`, data: patternBytes(byteLength, index) }));

describe("what opening any archive costs", () => {
  it.each([
    ["zip", buildZip(members(10, 2000))],
    ["tar", buildTar(members(10, 2000))],
    ["tar.gz", gzipSync(buildTar(members(10, 2000)))],
  ])("a small %s, a member read: 1 request in all", async (format, bytes) => {
    await using lab = await startLab({ files: { download: bytes } });
    await using archive = await openArchive(`${lab.url}/download`);
    expect(archive.format).toBe(format);
    expectSameBytes(await archive.get("m7").bytes(), patternBytes(2000, 7));
    expect(await ranges(lab)).toEqual([HEAD]);
  });

  it("a large zip: 2, the head and the tail", async () => {
    const bytes = buildZip(members(10, 100_000));
    await using lab = await startLab({ files: { download: bytes } });
    await using archive = await openArchive(`${lab.url}/download`);
    expect(archive.format).toBe("zip");
    expect(await ranges(lab)).toEqual([HEAD, `bytes=${bytes.length - 65_536}-${bytes.length - 1}`]);
  });

  it("a zip up to as large as head and tail together: 2, and no byte twice", async () => {
    const bytes = buildZip(members(30, 3000));
    await using lab = await startLab({ files: { download: bytes } });
    await using archive = await openArchive(`${lab.url}/download`);
    expect((await archive.readMany(archive.entries)).length).toBe(30);
    expect((await ranges(lab)).length).toBe(2);
    expect(archive.source.receipt.bytesReceived).toBe(bytes.length);
  });

  it("a large zip behind a program: 2", async () => {
    const prefix = patternBytes(200_000, 1);
    prefix.set([0x7f, 0x45, 0x4c, 0x46]);
    await using lab = await startLab({ files: { download: buildZip(members(3, 100), { prefix }) } });
    await using archive = await openArchive(`${lab.url}/download`);
    expect(archive.format).toBe("zip");
    expect((await ranges(lab)).length).toBe(2);
  });

  it("a large tar: what openTar costs, and nothing for telling", async () => {
    await using lab = await startLab({ files: { download: buildTar(members(3, 20_000)) } });
    await using archive = await openArchive(`${lab.url}/download`);
    await using tar = await openTar(`${lab.url}/download?uncached`);
    expect(archive.format).toBe("tar");
    const asked = await ranges(lab);
    expect(asked.slice(0, asked.length / 2)).toEqual(asked.slice(asked.length / 2));
    expect(archive.source.receipt.bytesReceived).toBe(tar.source.receipt.bytesReceived);
  });

  it("what is no archive: 2, the head and the tail", async () => {
    await using lab = await startLab({ files: { download: patternBytes(10_000_000, 3) } });
    await expect(openArchive(`${lab.url}/download`)).rejects.toMatchObject({ code: "FORMAT" });
    expect((await ranges(lab)).length).toBe(2);
  });

  it.each([
    ["zip", buildZip(members(10, 20_000))],
    ["tar", buildTar(members(10, 20_000))],
  ])("a %s from an index: none; then 1 a member", async (format, bytes) => {
    await using lab = await startLab({ files: { download: bytes } });
    await using first = await openArchive(`${lab.url}/download`);
    const before = (await ranges(lab)).length;
    await using archive = await openArchive(`${lab.url}/download?uncached`, { index: first.toIndex() });
    expect(archive.format).toBe(format);
    expect((await ranges(lab)).length).toBe(before);
    expectSameBytes(await archive.get("m7").bytes(), patternBytes(20_000, 7));
    expect((await ranges(lab)).length).toBe(before + 1);
  });
});

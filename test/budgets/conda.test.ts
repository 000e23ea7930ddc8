import { describe, expect, it } from "vitest";
import { openArchive } from "../../src/archive.ts";
import { openConda } from "../../src/conda.ts";
import {
  buildConda,
  INDEX,
  infoMembers,
  metadataMember,
  partMember,
  pkgMembers,
} from "../conda/build-conda.ts";
import { largeOldConda, OLD_INDEX } from "../conda/old-conda.ts";
import { type Lab, startLab } from "../lab/lab.ts";

/** The Range fields of all GETs so far: preflights of a browser aside. */
const ranges = async (lab: Lab): Promise<(string | undefined)[]> =>
  (await lab.requests()).filter(({ method }) => method !== "OPTIONS").map(({ range }) => range);

const INFO_BYTES = 200_000;
const [metadata, info, pkg] = [
  metadataMember(),
  partMember("info", infoMembers(INFO_BYTES)),
  partMember("pkg", pkgMembers(3_000_000)),
];
/** As conda-package-handling 1 wrote them, and as its successors do: the info part is last. */
const infoFirst = buildConda({ members: [metadata, info, pkg] });
const infoLast = buildConda({ members: [metadata, pkg, info] });
const infoStart = 30 + "metadata.json".length + (metadata.data?.length ?? 0);
const infoEnd = infoStart + 30 + (info.name.length + (info.data?.length ?? 0));

describe("what reading in a conda package costs", () => {
  it("a small one: 1 request in all", async () => {
    await using lab = await startLab({ files: { "a.conda": buildConda() } });
    await using conda = await openConda(`${lab.url}/a.conda`);
    await conda.metadata();
    await conda.index();
    expect((await (await conda.pkg()).get("lib/tides.py").bytes()).length).toBe(20);
    expect(await ranges(lab)).toEqual(["bytes=-65536"]);
  });

  it("metadata and info of a large one: 3 requests, and of the pkg part not a byte beyond the opening's", async () => {
    await using lab = await startLab({ files: { "a.conda": infoFirst } });
    await using conda = await openConda(`${lab.url}/a.conda`);
    expect(await conda.metadata()).toEqual({ conda_pkg_format_version: 2 });
    expect(await conda.index()).toEqual(INDEX);
    await using members = await conda.info();
    expect((await members.get("info/paths.json").bytes()).length).toBe(INFO_BYTES);
    expect(await ranges(lab)).toEqual([
      "bytes=-65536",
      `bytes=0-${infoStart - 1}`,
      `bytes=${infoStart}-${infoEnd - 1}`,
    ]);
    expect(conda.source.receipt.bytesReceived).toBe(65_536 + infoEnd);
  });

  it("the same of an info part of 3 MB and one of 8, once the link is known", async () => {
    const condaOf = (byteLength: number) =>
      buildConda({ members: [metadata, partMember("info", infoMembers(byteLength)), pkg] });
    // Noise is not compressed: the part is a little larger.
    const files = { "0.conda": condaOf(3_000_000), "1.conda": condaOf(8 * 1024 * 1024 - 10_000) };
    await using lab = await startLab({ files, latencyMs: 20 });
    for (const index of [0, 1, 0, 1]) {
      await using conda = await openConda(`${lab.url}/${index}.conda`);
      expect(await conda.metadata()).toEqual({ conda_pkg_format_version: 2 });
      expect(await conda.index()).toEqual(INDEX);
      expect(conda.source.receipt.requests).toBe(3);
    }
  });

  it("all of them at once, the info part of 3 MB last: 3 requests", async () => {
    const members = [metadata, pkg, partMember("info", infoMembers(3_000_000))];
    await using lab = await startLab({ files: { "a.conda": buildConda({ members }) }, latencyMs: 20 });
    await using conda = await openConda(`${lab.url}/a.conda`);
    const [, index, part] = await Promise.all([conda.metadata(), conda.index(), conda.info()]);
    await part.close();
    expect(index).toEqual(INDEX);
    expect(conda.source.receipt.requests).toBe(3);
  });

  it("the two at once: one round trip after the opening", async () => {
    await using lab = await startLab({ files: { "a.conda": infoFirst } });
    await using conda = await openConda(`${lab.url}/a.conda`);
    await Promise.all([conda.metadata(), conda.index()]);
    expect(await ranges(lab)).toEqual(["bytes=-65536", `bytes=0-${infoEnd - 1}`]);
  });

  it("an info part at the end and in the tail: no request but the opening's", async () => {
    const bytes = buildConda({ members: [metadata, pkg, partMember("info", infoMembers(30_000))] });
    await using lab = await startLab({ files: { "a.conda": bytes } });
    await using conda = await openConda(`${lab.url}/a.conda`);
    expect(await conda.index()).toEqual(INDEX);
    expect(await ranges(lab)).toEqual(["bytes=-65536"]);
  });

  it("an info part at the end and larger than the tail: its missing bytes and no others", async () => {
    await using lab = await startLab({ files: { "a.conda": infoLast } });
    await using conda = await openConda(`${lab.url}/a.conda`);
    await conda.index();
    expect((await ranges(lab)).length).toBe(2);
    const directory = [...conda.ranges.keys()].at(-1)?.end ?? 0;
    const infoBytes = infoEnd - infoStart;
    expect(conda.source.receipt.bytesReceived).toBe(infoBytes + infoLast.length - directory);
  });

  it("one member of a pkg part: that part, once, and nothing of the others", async () => {
    await using lab = await startLab({ files: { "a.conda": infoFirst } });
    await using conda = await openConda(`${lab.url}/a.conda`);
    await using members = await conda.pkg();
    expect((await members.get("lib/tides.py").bytes()).length).toBe(20);
    expect(conda.source.receipt.bytesReceived).toBe(infoFirst.length - infoEnd);
  });

  it.each([{ cache: false } as const, { cache: { maxBytes: 50_000 } }])(
    "with %j, which holds no part: it is not fetched to be held",
    async (options) => {
      await using lab = await startLab({ files: { "a.conda": infoFirst } });
      await using conda = await openConda(`${lab.url}/a.conda`, { ...options, policy: "lean" });
      const before = conda.source.receipt.bytesReceived;
      await using members = await conda.info();
      expect(members.entries.length).toBe(3);
      expect(conda.source.receipt.bytesReceived - before).toBeLessThan(1.1 * (infoEnd - infoStart));
    },
  );

  it("by openArchive: the head, then the tail", async () => {
    await using lab = await startLab({ files: { "a.conda": infoFirst } });
    await using conda = await openArchive(`${lab.url}/a.conda`);
    if (conda.format !== "conda") throw new Error(`got ${conda.format}`);
    const size = infoFirst.length;
    expect(await ranges(lab)).toEqual(["bytes=0-32767", `bytes=${size - 65_536}-${size - 1}`]);
    await conda.metadata();
    await conda.index();
    expect((await ranges(lab)).length).toBe(3);
  });

  it("open from an index: none; then metadata and info in one each", async () => {
    await using lab = await startLab({ files: { "a.conda": infoFirst } });
    const url = `${lab.url}/a.conda`;
    await using first = await openConda(url);
    const index = JSON.parse(JSON.stringify(first.toIndex())) as ReturnType<typeof first.toIndex>;
    await using conda = await openConda(`${url}?uncached`, { index });
    expect(conda.source.receipt.requests).toBe(0);
    expect(await conda.metadata()).toEqual({ conda_pkg_format_version: 2 });
    expect(await conda.index()).toEqual(INDEX);
    expect(conda.source.receipt.requests).toBe(2);
    await lab.replace("a.conda", infoLast);
    await using stale = await openConda(`${url}?uncached2`, { index });
    await expect(stale.metadata()).rejects.toMatchObject({ code: "CHANGED" });
  });

  it("info/index.json of a large .tar.bz2: its end and its head, and no more than that", async () => {
    const bytes = largeOldConda();
    await using lab = await startLab({
      files: { "a.tar.bz2": bytes },
      latencyMs: 60,
      bytesPerSecond: 5_000_000,
    });
    await using conda = await openConda(`${lab.url}/a.tar.bz2`);
    expect(await conda.index()).toEqual(OLD_INDEX);
    expect(conda.source.receipt.bytesReceived).toBeLessThan(bytes.length / 2);
    expect(await ranges(lab)).toEqual(["bytes=-65536", "bytes=0-131071"]);
  });
});

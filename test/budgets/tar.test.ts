import { gzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { openTar, walkTar } from "../../src/tar.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { type Lab, startLab } from "../lab/lab.ts";
import { expectSameBytes } from "../same-bytes.ts";
import { buildTar } from "../tar/build-tar.ts";

/** The Range fields of all GETs so far: preflights of a browser aside. */
const ranges = async (lab: Lab): Promise<(string | undefined)[]> =>
  (await lab.requests()).filter(({ method }) => method !== "OPTIONS").map(({ range }) => range);

/** The cache of a browser splits a range that it holds a part of. */
const UNCACHED = "uncached";

const members = (count: number, byteLength: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `m${index}`, data: patternBytes(byteLength, index) }));

describe("what reading in a tar costs", () => {
  it("open, list and read ten small members: 1 request", async () => {
    await using lab = await startLab({ files: { "ten.tar": buildTar(members(10, 2000)) } });
    await using tar = await openTar(`${lab.url}/ten.tar`);
    const all = await tar.readMany(tar.entries);
    for (const [index, bytes] of all.entries()) expectSameBytes(bytes, patternBytes(2000, index));
    expect(await ranges(lab)).toEqual(["bytes=0-32767"]);
  });

  it("members far apart, under the policy lean: 1 request a header, of its 512 bytes", async () => {
    const bytes = buildTar(members(4, 1_000_000));
    await using lab = await startLab({ files: { "large.tar": bytes } });
    await using tar = await openTar(`${lab.url}/large.tar`, { policy: "lean" });
    expect(tar.entries.length).toBe(4);
    const { requests, bytesReceived } = tar.source.receipt;
    expect(requests).toBeLessThanOrEqual(6);
    expect(bytesReceived).toBeLessThanOrEqual(32_768 + 5 * 512);
    const entry = tar.get("m2");
    expectSameBytes(await entry.bytes(), patternBytes(1_000_000, 2));
    expect(tar.source.receipt.bytesReceived - bytesReceived).toBe(1_000_000);
  });

  it("100 neighbouring members at once: at most 4 requests more", async () => {
    await using lab = await startLab({ files: { "a.tar": buildTar(members(300, 3000)) } });
    await using tar = await openTar(`${lab.url}/a.tar?${UNCACHED}`, { cache: false });
    const before = tar.source.receipt.requests;
    const read = await tar.readMany(tar.entries.slice(150, 250));
    expectSameBytes(read[99] ?? new Uint8Array(0), patternBytes(3000, 249));
    expect(tar.source.receipt.requests - before).toBeLessThanOrEqual(4);
  });

  it("open from an index: none; then one request a member, its header with it", async () => {
    await using lab = await startLab({ files: { "a.tar": buildTar(members(500, 3000)) } });
    const url = `${lab.url}/a.tar`;
    await using first = await openTar(url);
    const index = JSON.parse(JSON.stringify(first.toIndex())) as ReturnType<typeof first.toIndex>;
    await using tar = await openTar(`${url}?${UNCACHED}`, { index });
    expect([tar.entries.length, tar.source.receipt.requests]).toEqual([500, 0]);
    expectSameBytes(await tar.get("m400").bytes(), patternBytes(3000, 400));
    expect([tar.source.receipt.requests, tar.source.receipt.bytesReceived]).toEqual([1, 3512]);
    await lab.replace("a.tar", buildTar(members(500, 3000).reverse()));
    await using stale = await openTar(`${url}?${UNCACHED}2`, { index });
    await expect(stale.get("m400").bytes()).rejects.toMatchObject({ code: "CHANGED" });
  });

  it("leaving a walk through a tar.gz of 12 MB at its first member: a part of it", async () => {
    const bytes = gzipSync(buildTar(members(12, 1_000_000)), { level: 0 });
    await using lab = await startLab({ files: { "a.tar.gz": bytes }, bytesPerSecond: 10_000_000 });
    let name = "";
    for await (const entry of walkTar(`${lab.url}/a.tar.gz`)) {
      name = entry.name;
      expectSameBytes(await entry.bytes(), patternBytes(1_000_000, 0));
      break;
    }
    expect(name).toBe("m0");
    await using tar = await openTar(`${lab.url}/a.tar.gz?${UNCACHED}`, { cache: false });
    const before = tar.source.receipt.bytesReceived;
    expectSameBytes(await tar.get("m1").bytes(), patternBytes(1_000_000, 1));
    expect(tar.source.receipt.bytesReceived - before).toBeLessThan(11_000_000);
  });
});

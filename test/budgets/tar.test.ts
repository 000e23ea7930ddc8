import { gzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { openSource } from "../../src/open.ts";
import type { Range } from "../../src/ranges/range.ts";
import { type ArchiveIndex, openTar, walkTar } from "../../src/tar.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { type Lab, startLab } from "../lab/lab.ts";
import { expectSameBytes } from "../same-bytes.ts";
import { buildTar } from "../tar/build-tar.ts";
import { cutUp, seekableZstd } from "../tar/build-zstd.ts";
import { largeTarGz } from "../tar/large-tar-gz.ts";
import { drain } from "../zip/drain.ts";
import { expectOneMore } from "./one-more.ts";

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

  it.each([
    [130, 60, 0, ["readMany", "each", "streams", "streamEach"]],
    [130, 60, 15, ["each"]],
    [300, 100, 5, ["readMany"]],
  ] as const)(
    "100 neighbours of %d of up to %d kB behind headers that were walked, %d ms away, by %j: at most 4 requests more",
    async (count, most, latencyMs, ways) => {
      const sizes = Array.from({ length: count }, (_, index) => (index * 7919) % (most * 1000));
      const bytes = buildTar(
        sizes.map((size, index) => ({ name: `m${index}`, data: patternBytes(size, index) })),
      );
      await using lab = await startLab({ files: { "a.tar": bytes }, latencyMs });
      let index: ArchiveIndex | undefined;
      for (const how of ways)
        for (const isIndexed of [false, true]) {
          await using tar = await openTar(`${lab.url}/a.tar`, isIndexed ? { index } : {});
          index = tar.toIndex();
          const hundred = tar.entries.slice(20, 120);
          const before = tar.source.receipt.requests;
          let read: Uint8Array[] = [];
          if (how === "readMany") read = await tar.readMany(hundred);
          else if (how === "streams") read = await Promise.all(hundred.map((entry) => drain(entry.stream())));
          else if (how === "each") read = await Promise.all(hundred.map((entry) => entry.bytes()));
          else for await (const { stream } of tar.streamEach(hundred)) read.push(await drain(stream));
          for (const [at, got] of read.entries())
            expectSameBytes(got, patternBytes(sizes[20 + at] ?? 0, 20 + at));
          expect([read.length, how, isIndexed]).toEqual([100, how, isIndexed]);
          expect(tar.source.receipt.requests - before).toBeLessThanOrEqual(4);
        }
    },
  );

  it.each(["bytes", "stream"])(
    "members up to 8 MB, here and there: never more than +1, by %s",
    async (read) => {
      const sizes = [1000, 8 * 1024 * 1024, 30_000, 0, 5_000_000, 200_000, 2_200_000, 600_000];
      const bytes = buildTar(
        sizes.map((size, index) => ({ name: `m${index}`, data: patternBytes(size, index) })),
      );
      await using lab = await startLab({ files: { "a.tar": bytes }, latencyMs: 15 });
      let index: ArchiveIndex | undefined;
      for (const how of ["listed", "indexed", "indexed"]) {
        await using tar = await openTar(`${lab.url}/a.tar`, how === "listed" ? {} : { index });
        index = tar.toIndex();
        const check = expectOneMore(tar.source);
        for (const step of [1, 3])
          for (let at = 0; at < 8; at++) {
            const number = (at * step) % 8;
            const entry = tar.get(`m${number}`);
            const got = read === "bytes" ? await entry.bytes() : await drain(entry.stream());
            expectSameBytes(got, patternBytes(sizes[number] ?? 0, number));
            check();
          }
      }
    },
  );

  it("open from an index: none; then one request a member, its header with it", async () => {
    await using lab = await startLab({ files: { "a.tar": buildTar(members(500, 3000)) } });
    const url = `${lab.url}/a.tar`;
    await using first = await openTar(url);
    const index = JSON.parse(JSON.stringify(first.toIndex())) as ReturnType<typeof first.toIndex>;
    await using tar = await openTar(`${url}?${UNCACHED}`, { index });
    expect([tar.entries.length, tar.source.receipt.requests]).toEqual([500, 0]);
    expectSameBytes(await tar.get("m400").bytes(), patternBytes(3000, 400));
    expect([tar.source.receipt.requests, tar.source.receipt.bytesReceived]).toEqual([1, 3512]);
    expectSameBytes(await drain(tar.get("m200").stream()), patternBytes(3000, 200));
    expect([tar.source.receipt.requests, tar.source.receipt.bytesReceived]).toEqual([2, 2 * 3512]);
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

  it("a member of a tar.gz of 200 MB that was indexed: none to open, 1 request of at most 2 spans", async () => {
    const data = patternBytes(100_000, 7);
    const source = largeTarGz(2000, data);
    expect(source.size).toBeGreaterThan(200_000_000);
    const first = await openTar(await openSource(source, { cache: false }));
    const index = JSON.parse(JSON.stringify(first.toIndex())) as ArchiveIndex;
    const { points } = JSON.parse(String(index.directory["checkpoints"])) as { points: [number, number][] };
    // A checkpoint stands at the first end of a block after 1 MiB, and a block here holds 64 KiB.
    const span = 1024 * 1024 + 65_540;
    for (const [at, [byte]] of points.slice(1).entries()) {
      expect(byte - (points[at]?.[0] ?? 0)).toBeLessThanOrEqual(span);
    }
    source.asked.length = 0;
    const planned = await openSource(source, { cache: false });
    const tar = await openTar(planned, { index });
    expect([tar.entries.length, source.asked.length]).toEqual([2000, 0]);
    for (const [at, entry] of tar.entries.entries()) {
      if (at % 97 !== 0) continue;
      source.asked.length = 0;
      expectSameBytes(await entry.bytes(), data);
      const [range] = source.asked as [Range];
      expect([range.start, range.end]).toEqual(index.entries[at]?.range);
      expect(range.length).toBeLessThanOrEqual(2 * span);
      expect(source.asked.length).toBe(1);
    }
  });

  it("a member of a tar.gz with an index, over HTTP: its opening and its spans are 1 request", async () => {
    const bytes = gzipSync(buildTar(members(40, 100_000)));
    await using lab = await startLab({ files: { "a.tar.gz": bytes } });
    const url = `${lab.url}/a.tar.gz`;
    await using first = await openTar(`${url}?${UNCACHED}`, { checkpointBytes: 250_000 });
    const index = JSON.parse(JSON.stringify(first.toIndex())) as ArchiveIndex;
    const sent = (await ranges(lab)).length;
    await using tar = await openTar(`${url}?${UNCACHED}2`, { index });
    expectSameBytes(await tar.get("m20").bytes(), patternBytes(100_000, 20));
    const [start = 0, end = 0] = index.entries[20]?.range ?? [];
    expect((await ranges(lab)).slice(sent)).toEqual([`bytes=${start}-${end - 1}`]);
    expect([tar.source.receipt.requests, tar.source.receipt.bytesReceived]).toEqual([1, end - start]);
    expect(end - start).toBeLessThan(2 * 350_000);
    for (const name of ["m1", "m38"]) {
      const before = tar.source.receipt.requests;
      expectSameBytes(await tar.get(name).bytes(), patternBytes(100_000, Number(name.slice(1))));
      expect(tar.source.receipt.requests - before).toBe(1);
    }
    await lab.replace("a.tar.gz", gzipSync(buildTar(members(40, 100_000).reverse())));
    await using stale = await openTar(`${url}?${UNCACHED}3`, { index });
    await expect(stale.get("m20").bytes()).rejects.toMatchObject({ code: "CHANGED" });
  });

  it("a second member of a tar.gz that was opened without an index: 1 request of its spans, none from the start", async () => {
    const bytes = gzipSync(buildTar(members(40, 100_000)));
    await using lab = await startLab({ files: { "a.tar.gz": bytes } });
    const options = { checkpointBytes: 250_000, cache: false } as const;
    await using tar = await openTar(`${lab.url}/a.tar.gz?${UNCACHED}`, options);
    const { requests, bytesReceived } = tar.source.receipt;
    expectSameBytes(await tar.get("m30").bytes(), patternBytes(100_000, 30));
    expect(tar.source.receipt.requests - requests).toBe(1);
    expect(tar.source.receipt.bytesReceived - bytesReceived).toBeLessThan(2 * 350_000);
  });

  it("a tar.zst in the seekable format: the head, the table, the frames with headers; then 1 request a member", async () => {
    const parts = [{ name: "big", data: patternBytes(6_000_000, 1) }, ...members(3, 1000)];
    const bytes = await seekableZstd(cutUp(buildTar(parts), 200_000));
    await using lab = await startLab({ files: { "a.tar.zst": bytes } });
    await using tar = await openTar(`${lab.url}/a.tar.zst?${UNCACHED}`, { policy: "lean", cache: false });
    expect(tar.entries.map(({ name }) => name)).toEqual(["big", "m0", "m1", "m2"]);
    const { requests, bytesReceived } = tar.source.receipt;
    expect(requests).toBeLessThanOrEqual(4);
    expect(bytesReceived).toBeLessThan(32_768 + 16_384 + 2 * 200_100);
    expectSameBytes(await tar.get("m1").bytes(), patternBytes(1000, 1));
    expect(tar.source.receipt.requests - requests).toBe(1);
  });
});

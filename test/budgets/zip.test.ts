import { describe, expect, it } from "vitest";
import type { SourceEvent } from "../../src/index.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { openZip } from "../../src/zip.ts";
import { type Lab, startLab } from "../lab/lab.ts";
import { expectSameBytes } from "../same-bytes.ts";
import { buildZip, type MemberSpec } from "../zip/build-zip.ts";
import { drain } from "../zip/drain.ts";
import { manyEntries } from "../zip/many-entries.ts";
import { expectOneMore } from "./one-more.ts";

/** The Range fields of all GETs so far: preflights of a browser aside. */
const ranges = async (lab: Lab): Promise<(string | undefined)[]> =>
  (await lab.requests()).filter(({ method }) => method !== "OPTIONS").map(({ range }) => range);

/** The cache of a browser splits a range that it holds a part of, and asks anew for all of a file that was replaced. */
const UNCACHED = "uncached";

/** What `fast` asks for beside a tail, but not in a page: a browser's cache has requests for one URL go one after the other. */
const HEADS = "document" in globalThis ? [] : ["bytes=0-1048575"];

const members = (count: number, byteLength: number): MemberSpec[] =>
  Array.from({ length: count }, (_, index) => ({
    name: `dir/member-${String(index).padStart(6, "0")}`,
    data: patternBytes(byteLength, index),
    method: index % 2 === 0 ? 0 : 8,
  }));

const ten = buildZip(members(10, 2000));
/** Both ways of storing, up to the most that is promised of one request. */
const largeMembers = [1_200_000, 3_000_000, 5_000_000, 8 * 1024 * 1024].map((byteLength, index) => ({
  name: `${byteLength}`,
  data: patternBytes(byteLength, index),
  method: index % 2 === 0 ? 0 : 8,
}));
const largeZip = buildZip(largeMembers);
const tenThousand = members(10_000, 300);
const large = buildZip(tenThousand);

describe("what reading in a zip costs", () => {
  it("open, list and read one of ten small members: 1 request; all ten: still 1", async () => {
    await using lab = await startLab({ files: { "ten.zip": ten } });
    await using zip = await openZip(`${lab.url}/ten.zip`);
    expectSameBytes(await zip.get("dir/member-000003").bytes(), patternBytes(2000, 3));
    expect(await ranges(lab)).toEqual(["bytes=-65536"]);
    const all = await zip.readMany(zip.entries);
    for (const [index, bytes] of all.entries()) expectSameBytes(bytes, patternBytes(2000, index));
    for (const entry of zip.entries) expect((await drain(entry.stream())).length).toBe(2000);
    expect(zip.source.receipt.requests).toBe(1);
    expect(zip.source.receipt.bytesReceived).toBe(ten.length);
  });

  it("list 10,000: 2 round trips, and not a byte but the directory's more than the tail", async () => {
    await using lab = await startLab({ files: { "large.zip": large }, latencyMs: 30 });
    const steps: string[] = [];
    const onEvent = ({ type }: SourceEvent) => {
      if (type !== "span") steps.push(type);
    };
    await using zip = await openZip(`${lab.url}/large.zip`, { onEvent });
    expect(zip.entries.map(({ name, size }) => [name, size])).toHaveLength(10_000);
    const directoryBytes = 10_000 * (46 + 17);
    expect((await ranges(lab))[0]).toBe("bytes=-65536");
    expect(zip.source.receipt.bytesReceived).toBe(directoryBytes + 22);
    // What is missing is asked for at once, in one piece or in several.
    expect(steps.join(" ")).toMatch(/^request response( request)+( response)+$/);
  });

  it("list 10,000 with long names, once the link is known: 2 requests", async () => {
    const long = tenThousand.map(({ name }) => ({
      name: `${"n".repeat(240)}/${name}`,
      data: new Uint8Array(0),
    }));
    await using lab = await startLab({ files: { "long.zip": buildZip(long) }, latencyMs: 20 });
    for (let round = 0; round < 3; round++) {
      await using zip = await openZip(`${lab.url}/long.zip`);
      expect(zip.entries).toHaveLength(10_000);
      expect(zip.source.receipt.requests).toBe(2);
    }
  });

  it("list 10,000 with `fast`, where a round trip lasts as long as reading it through: the directory alone", async () => {
    await using lab = await startLab({ files: { "large.zip": large }, latencyMs: 100 });
    await using zip = await openZip(`${lab.url}/large.zip`, { policy: "fast" });
    expect(zip.entries).toHaveLength(10_000);
    const directory = large.length - 22 - 10_000 * 63;
    const asked = await ranges(lab);
    // The head is given up once the tail has told that the file is large.
    const first = ["bytes=-65536", ...HEADS];
    expect(asked.slice(0, first.length)).toEqual(first);
    const starts = asked
      .slice(first.length)
      .map((range) => Number(range?.replace("bytes=", "").split("-")[0]));
    expect(Math.min(...starts)).toBe(directory);
    expect(zip.source.receipt.bytesReceived).toBe(10_000 * 63 + 22);
  });

  it("list and read a small archive with `fast`: one round trip, but in a page, and nothing but the tail twice", async () => {
    const archive = buildZip(members(300, 3000));
    await using lab = await startLab({ files: { "a.zip": archive }, latencyMs: 30 });
    await using zip = await openZip(`${lab.url}/a.zip`, { policy: "fast" });
    for (const [index, bytes] of (await zip.readMany(zip.entries)).entries())
      expectSameBytes(bytes, patternBytes(3000, index));
    expect(zip.source.receipt.bytesReceived).toBeLessThanOrEqual(archive.length + 65_536);
    if (HEADS.length === 0) return;
    expect(await ranges(lab)).toEqual(["bytes=-65536", ...HEADS]);
  });

  it("5 of 10,000, far apart: 1 request a member, header and data together, and at most 1.05 times the bytes", async () => {
    await using lab = await startLab({ files: { "large.zip": large } });
    await using zip = await openZip(`${lab.url}/large.zip`);
    const [requests, bytes] = [zip.source.receipt.requests, zip.source.receipt.bytesReceived];
    const wanted = [100, 2000, 3999, 6001, 8500].map((index) => zip.entries[index]);
    await Promise.all(wanted.map(async (entry) => expect((await entry?.bytes())?.length).toBe(300)));
    expect(zip.source.receipt.requests - requests).toBe(5);
    const spans = wanted.reduce((sum, entry) => sum + 30 + 17 + (entry?.storedSize ?? 0), 0);
    expect(zip.source.receipt.bytesReceived - bytes).toBe(spans);
  });

  it("100 neighbouring members, each by its own bytes() in one tick: at most 4 requests in all", async () => {
    await using lab = await startLab({ files: { "a.zip": buildZip(members(300, 3000)) }, latencyMs: 20 });
    await using zip = await openZip(`${lab.url}/a.zip`);
    const hundred = zip.entries.slice(0, 100);
    const all = await Promise.all(hundred.map((entry) => entry.bytes()));
    for (const [index, bytes] of all.entries()) expectSameBytes(bytes, patternBytes(3000, index));
    expect((await ranges(lab)).length).toBeLessThanOrEqual(4);
  });

  // What is known of a link grows with each archive on it, and so does what the plan might divide.
  it.each([0, 20])(
    "large members too, once the link is known, %d ms away: +1 for one, 4 in all for 100",
    async (latencyMs) => {
      const one = { "one.zip": largeZip };
      const files = Object.fromEntries(
        [20_000, 40_000, 200_000].map((size) => [`${size}.zip`, buildZip(members(110, size))]),
      );
      await using lab = await startLab({ files: { ...one, ...files }, latencyMs });
      for (let round = 0; round < 3; round++) {
        await using zip = await openZip(`${lab.url}/one.zip`);
        for (const [index, entry] of zip.entries.entries()) {
          const read = round === 1 ? await drain(entry.stream()) : await entry.bytes();
          expectSameBytes(read, largeMembers[index]?.data ?? new Uint8Array(0));
          expect(zip.source.receipt.requests).toBe(2 + index);
        }
        for (const name of Object.keys(files)) {
          await using hundred = await openZip(`${lab.url}/${name}`);
          await hundred.readMany(hundred.entries.slice(0, 100));
          expect(hundred.source.receipt.requests).toBeLessThanOrEqual(4);
        }
      }
    },
  );

  it.each(["bytes", "stream"])(
    "a member larger than the cache, by an index and %s: every byte once, in 2 requests at most",
    async (read) => {
      const data = patternBytes(5_000_000, 9);
      const archive = buildZip([{ name: "large", data }]);
      await using lab = await startLab({ files: { "a.zip": archive } });
      await using local = await openZip(archive);
      const options = { index: local.toIndex(), cache: { maxBytes: 1_000_000 } };
      await using zip = await openZip(`${lab.url}/a.zip?${UNCACHED}`, options);
      const entry = zip.get("large");
      expectSameBytes(read === "bytes" ? await entry.bytes() : await drain(entry.stream()), data);
      expect(zip.source.receipt.requests).toBeLessThanOrEqual(2);
      expect(zip.source.receipt.bytesReceived).toBeLessThan(data.length + 100);
    },
  );

  it("members of all sizes, one after the other and here and there: never more than +1", async () => {
    const sizes = [300, 4000, 30_000, 120_000, 400_000];
    const archive = buildZip(
      sizes.flatMap((size) => members(12, size).map((one) => ({ ...one, name: `${size}/${one.name}` }))),
    );
    await using lab = await startLab({ files: { "a.zip": archive }, latencyMs: 15 });
    for (const step of [1, 1, 7, 59]) {
      await using zip = await openZip(`${lab.url}/a.zip`);
      const check = expectOneMore(zip.source);
      for (let read = 0; read < 60; read++) {
        const entry = zip.entries[(read * step) % 60];
        expect((await entry?.bytes())?.length).toBe(entry?.size);
        check();
      }
    }
  });

  it("a member of any size with `lean`: +1", async () => {
    const data = patternBytes(20_000_000, 9);
    await using lab = await startLab({
      files: { "a.zip": buildZip([{ name: "big", data }, ...members(3, 70_000)]) },
    });
    for (const read of ["bytes", "stream"]) {
      await using zip = await openZip(`${lab.url}/a.zip`, { policy: "lean" });
      const entry = zip.get("big");
      expectSameBytes(read === "bytes" ? await entry.bytes() : await drain(entry.stream()), data);
      expect(zip.source.receipt.requests).toBe(2);
    }
  });

  it("100 neighbouring members: at most 4 requests in all; each once more: none", async () => {
    const archive = buildZip(members(300, 3000));
    await using lab = await startLab({ files: { "a.zip": archive } });
    await using zip = await openZip(`${lab.url}/a.zip`);
    const wanted = zip.entries.slice(40, 140);
    for (const [index, bytes] of (await zip.readMany(wanted)).entries()) {
      expectSameBytes(bytes, patternBytes(3000, 40 + index));
    }
    expect((await ranges(lab)).length).toBeLessThanOrEqual(4);
    const before = zip.source.receipt.requests;
    for (const entry of wanted) await entry.bytes();
    expect(zip.source.receipt.requests).toBe(before);
  });

  it("300 members one after the other: read ahead of, up to the directory, in at most 20 requests", async () => {
    await using lab = await startLab({ files: { "large.zip": large } });
    await using zip = await openZip(`${lab.url}/large.zip`);
    const before = zip.source.receipt.requests;
    for (const entry of zip.entries.slice(-300)) expect((await entry.bytes()).length).toBe(300);
    expect(zip.source.receipt.requests - before).toBeLessThanOrEqual(20);
    expect(zip.source.receipt.bytesReceived).toBeLessThan(10_000 * 63 + 22 + 300 * 350 + 2 ** 20);
  });

  it("one of 66,000 in zip64: its directory's bytes and no more, then 1 request for the member's", async () => {
    await using lab = await startLab({ files: { "huge.zip": manyEntries(66_000) } });
    await using zip = await openZip(`${lab.url}/huge.zip`);
    const before = { ...zip.source.receipt };
    expect(before.bytesReceived).toBe(66_000 * 54 + 98);
    expect((await zip.get("00033000").bytes()).length).toBe(0);
    expect(zip.source.receipt.requests - before.requests).toBe(1);
    expect(zip.source.receipt.bytesReceived - before.bytesReceived).toBe(38);
  });

  it("where a member lies: 1 small request, the first time", async () => {
    await using lab = await startLab({ files: { "large.zip": large } });
    await using zip = await openZip(`${lab.url}/large.zip`);
    const before = { ...zip.source.receipt };
    const entry = zip.get("dir/member-000200");
    const range = await entry.range();
    expect([range.length, await entry.range()]).toEqual([300, range]);
    expect(zip.source.receipt.requests - before.requests).toBe(1);
    expect(zip.source.receipt.bytesReceived - before.bytesReceived).toBeLessThan(600);
  });

  it("a member of 3 MB, streamed: its span and not a byte more", async () => {
    const data = patternBytes(3_000_000, 7);
    const archive = buildZip([
      { name: "big", data },
      { name: "filler", data: patternBytes(70_000, 8) },
    ]);
    await using lab = await startLab({ files: { "big.zip": archive } });
    await using zip = await openZip(`${lab.url}/big.zip`);
    const before = zip.source.receipt.bytesReceived;
    expectSameBytes(await drain(zip.get("big").stream()), data);
    expect(zip.source.receipt.bytesReceived - before).toBe(30 + 3 + 3_000_000);
  });

  it("open from an index: none; then one request a member, the opening among them", async () => {
    await using lab = await startLab({ files: { "large.zip": large } });
    const url = `${lab.url}/large.zip`;
    await using first = await openZip(url);
    const index = JSON.parse(JSON.stringify(first.toIndex())) as ReturnType<typeof first.toIndex>;
    const before = (await ranges(lab)).length;
    await using zip = await openZip(url, { index });
    expect(zip.entries.length).toBe(10_000);
    expect((await ranges(lab)).length).toBe(before);
    expectSameBytes(await zip.get("dir/member-000100").bytes(), patternBytes(300, 100));
    expectSameBytes(await zip.get("dir/member-008500").bytes(), patternBytes(300, 8500));
    expect((await ranges(lab)).length).toBe(before + 2);
    expect(zip.source.receipt.requests).toBe(2);
    await using together = await openZip(`${url}?${UNCACHED}`, { index });
    const neighbours = await together.readMany(together.entries.slice(50, 150));
    expectSameBytes(neighbours[99] ?? new Uint8Array(0), patternBytes(300, 149));
    expect((await ranges(lab)).length).toBe(before + 3);
  });

  it("a member of 5 MB, read or streamed from an index: 1 request, which opens too", async () => {
    await using lab = await startLab({ files: { "one.zip": largeZip }, latencyMs: 20 });
    await using first = await openZip(`${lab.url}/one.zip`);
    const index = first.toIndex();
    for (const read of ["bytes", "stream"]) {
      await using zip = await openZip(`${lab.url}/one.zip?${UNCACHED}-${read}`, { index });
      const entry = zip.get("5000000");
      const bytes = read === "bytes" ? await entry.bytes() : await drain(entry.stream());
      expectSameBytes(bytes, patternBytes(5_000_000, 2));
      expect(zip.source.receipt.requests).toBe(1);
    }
  });

  it("an index of what was replaced since: CHANGED by the first read, whichever it is", async () => {
    await using lab = await startLab({ files: { "large.zip": large } });
    const url = `${lab.url}/large.zip`;
    await using first = await openZip(url);
    const index = first.toIndex();
    await lab.replace("large.zip", buildZip(members(10_000, 300).reverse()));
    await using zip = await openZip(`${url}?${UNCACHED}`, { index });
    const [entry] = zip.entries;
    await expect(entry?.bytes()).rejects.toMatchObject({ code: "CHANGED" });
    await expect(zip.readMany(zip.entries.slice(0, 3))).rejects.toMatchObject({ code: "CHANGED" });
    await expect(drain(entry?.stream() as ReadableStream<Uint8Array>)).rejects.toMatchObject({
      code: "CHANGED",
    });
    await expect(entry?.range()).rejects.toMatchObject({ code: "CHANGED" });
  });
});

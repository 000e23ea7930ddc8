import { describe, expect, it } from "vitest";
import { buildTar } from "../../../test/tar/build-tar.ts";
import { drain } from "../../../test/zip/drain.ts";
import { openArchive } from "../../archive.ts";
import { patternBytes } from "../../testing/pattern-bytes.ts";
import type { ArchiveIndex } from "../archive.ts";
import { openTar } from "./open-tar.ts";
import { walkTar } from "./walk-tar.ts";

const LARGE = patternBytes(700_000, 3);
const PARTS = [
  { name: "a.txt", data: "first" },
  { name: "large", data: LARGE },
  { type: "1", name: "link", linkName: "a.txt" },
  { name: "empty" },
];
const TAR = buildTar(PARTS);

describe("a tar in memory", () => {
  it("is listed and read where it lies: nothing is read of its source", async () => {
    for (const open of [openTar, openArchive]) {
      const tar = await open(TAR);
      const before = tar.source.receipt.requests;
      expect(tar.entries.map(({ name, size }) => [name, size])).toEqual([
        ["a.txt", 5],
        ["large", 700_000],
        ["link", 5],
        ["empty", 0],
      ]);
      const [a, large, link, empty] = await tar.readMany(tar.entries);
      expect([a, large, link, empty]).toEqual([a, LARGE, a, new Uint8Array(0)]);
      expect(await tar.get("link").text()).toBe("first");
      expect(await drain(tar.get("large").stream())).toEqual(LARGE);
      expect(tar.source.receipt.requests).toBe(before);
      // The head is what tells formats apart.
      expect(before).toBe(open === openTar ? 0 : 1);
      await tar.close();
    }
  });

  it("is walked where it lies", async () => {
    const read: [string, number][] = [];
    for await (const entry of walkTar(TAR)) {
      if (entry.name !== "link") read.push([entry.name, (await entry.bytes()).length]);
    }
    expect(read).toEqual([
      ["a.txt", 5],
      ["large", 700_000],
      ["empty", 0],
    ]);
  });

  it("gives bytes that are the caller's: writing into them changes nothing", async () => {
    const bytes = TAR.slice();
    await using tar = await openTar(bytes);
    const entry = tar.get("a.txt");
    const [twice, again] = await tar.readMany([entry, entry]);
    const [chunk] = [await drain(entry.stream())];
    for (const given of [twice, again, chunk, await entry.bytes()]) {
      expect(given?.buffer.byteLength).toBe(5);
      given?.fill(0);
    }
    expect(await entry.text()).toBe("first");
    expect(bytes).toEqual(TAR);
  });

  it("is CLOSED once it is closed, and aborted calls reject with their reason", async () => {
    const tar = await openTar(TAR);
    const entry = tar.get("a.txt");
    const aborted = { signal: AbortSignal.abort(new Error("mine")) };
    await expect(openTar(TAR, aborted)).rejects.toThrow("mine");
    await expect(entry.bytes(aborted)).rejects.toThrow("mine");
    await expect(tar.readMany([entry], aborted)).rejects.toThrow("mine");
    await tar.close();
    await expect(entry.bytes()).rejects.toMatchObject({ code: "CLOSED" });
    await expect(tar.readMany([entry])).rejects.toMatchObject({ code: "CLOSED" });
    await expect(drain(entry.stream())).rejects.toMatchObject({ code: "CLOSED" });
  });

  it("hands out no more than maxTotalBytes", async () => {
    await using tar = await openTar(TAR, { maxTotalBytes: 12 });
    const a = tar.get("a.txt");
    await tar.readMany([a, a]);
    await expect(a.bytes()).rejects.toMatchObject({ code: "LIMIT" });
    await expect(tar.readMany([a])).rejects.toMatchObject({ code: "LIMIT" });
  });
});

describe("a tar in memory, with an index", () => {
  const indexOf = async (bytes: Uint8Array): Promise<ArchiveIndex> => {
    await using tar = await openTar(bytes);
    return JSON.parse(JSON.stringify(tar.toIndex())) as ArchiveIndex;
  };

  it("gives what its headers say too", async () => {
    await using tar = await openTar(TAR, { index: await indexOf(TAR) });
    expect(await tar.get("link").text()).toBe("first");
    expect((await tar.readMany(tar.entries)).map(({ length }) => length)).toEqual([5, 700_000, 5, 0]);
    expect((await tar.get("a.txt").range()).length).toBe(5);
  });

  it("of another tar of its size is FORMAT, however a member is read", async () => {
    const [first = PARTS[0], ...rest] = PARTS;
    const other = buildTar([{ ...first, name: "b.txt" }, ...rest]);
    await using tar = await openTar(TAR, { index: await indexOf(other) });
    const entry = tar.get("b.txt");
    for (const read of [
      () => entry.bytes(),
      () => tar.readMany([entry]),
      () => drain(entry.stream()),
      () => entry.range(),
    ]) {
      await expect(read()).rejects.toMatchObject({ code: "FORMAT" });
    }
    expect((await tar.get("large").bytes()).length).toBe(700_000);
  });

  it("that makes up what a hard link stands for is FORMAT", async () => {
    const index = await indexOf(TAR);
    const records = String(index.directory["records"]).replace(
      '"linkTarget":"a.txt"',
      '"linkTarget":"large"',
    );
    await using tar = await openTar(TAR, { index: { ...index, directory: { ...index.directory, records } } });
    const link = tar.get("link");
    await expect(link.bytes()).rejects.toMatchObject({ code: "FORMAT" });
    await expect(tar.readMany([tar.get("a.txt"), link])).rejects.toMatchObject({ code: "FORMAT" });
    await expect(drain(link.stream())).rejects.toMatchObject({ code: "FORMAT" });
  });
});

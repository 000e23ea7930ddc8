import { gzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { buildConda, INDEX } from "../../test/conda/build-conda.ts";
import { expectSameBytes } from "../../test/same-bytes.ts";
import { buildTar, bytesOf, END, tarBlock } from "../../test/tar/build-tar.ts";
import { compressedTar, SAMPLE_MEMBERS, type SampleFormat } from "../../test/tar/compressed-tars.ts";
import { buildWheel, distInfoMembers, METADATA } from "../../test/wheel/build-wheel.ts";
import { buildZip, text } from "../../test/zip/build-zip.ts";
import { openArchive } from "../archive.ts";
import { openSource, type Source } from "../index.ts";
import { patternBytes } from "../testing/pattern-bytes.ts";

const members = [
  { name: "readme.txt", data: text("Tides of one day.\n") },
  { name: "photo.raw", data: patternBytes(3000, 1) },
];
const zip = buildZip(members);
const tar = buildTar(members);

const refused = (bytes: Uint8Array) => openArchive(bytes).catch((error: unknown) => error);

describe("openArchive tells the format from the bytes:", () => {
  it.each([
    ["zip", zip],
    ["zip", buildZip([])],
    ["tar", tar],
    ["tar", END],
    ["tar", new Uint8Array(20 * 512)],
    ["tar.gz", gzipSync(tar)],
  ])("%s", async (format, bytes) => {
    await using archive = await openArchive(bytes);
    expect(archive.format).toBe(format);
  });

  it.each(["tar.gz", "tar.zst", "tar.bz2", "tar.xz"] satisfies SampleFormat[])("%s", async (format) => {
    await using archive = await openArchive(compressedTar(format));
    expect(archive.format).toBe(format);
    for (const [name, content] of SAMPLE_MEMBERS) expect(await archive.get(name).text()).toBe(content);
  });

  it("a zip behind a program, by its end", async () => {
    const prefix = new Uint8Array(70_000).fill(1);
    prefix.set(bytesOf("MZ"));
    await using archive = await openArchive(buildZip(members, { prefix }));
    expect(archive.format).toBe("zip");
    expectSameBytes(await archive.get("photo.raw").bytes(), patternBytes(3000, 1));
  });

  it("a tar whose last member is a zip is a tar, and so is one whose first member is named like a zip", async () => {
    await using last = await openArchive(buildTar([{ name: "a.zip", data: zip }]));
    expect(last.format).toBe("tar");
    await using named = await openArchive(buildTar([{ name: "PK\x03\x04", data: "x" }]));
    expect(named.format).toBe("tar");
  });

  it("a zip whose first member is a tar is a zip", async () => {
    await using archive = await openArchive(buildZip([{ name: "a.tar", data: tar }]));
    expect(archive.format).toBe("zip");
  });

  it("a .conda and a wheel, which are zips, by their members", async () => {
    await using conda = await openArchive(buildConda());
    if (conda.format !== "conda") throw new Error(`got ${conda.format}`);
    expect([conda.stem, await conda.index()]).toEqual(["buoy-1.0-0", INDEX]);
    await conda.close();
    await expect(conda.source.read([0, 1])).rejects.toMatchObject({ code: "CLOSED" });
    await using wheel = await openArchive(buildWheel());
    if (wheel.format !== "wheel") throw new Error(`got ${wheel.format}`);
    expect(await wheel.metadata()).toBe(METADATA);
  });

  it("a wheel behind a program", async () => {
    await using archive = await openArchive(buildZip(distInfoMembers(), { prefix: bytesOf("#!/bin/sh\n") }));
    expect(archive.format).toBe("wheel");
  });

  it("a zip inside a tar, by its source", async () => {
    await using outer = await openArchive(buildTar([{ name: "a.zip", data: zip }]));
    await using inner = await openArchive(await outer.get("a.zip").source());
    expect(await inner.get("readme.txt").text()).toBe("Tides of one day.\n");
  });
});

describe("what is no archive is FORMAT and says what it looks like:", () => {
  it.each<[string, Uint8Array | string]>([
    ["an empty file", ""],
    ["a page of HTML", "<!DOCTYPE html><title>Not found</title>"],
    ["JSON", '{"error":"no such file"}'],
    ["a pointer of Git LFS", "version https://git-lfs.github.com/spec/v1\noid sha256:00\n"],
    ["a PNG", new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0])],
    ["a 7z archive", new Uint8Array([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c])],
    ["a Windows program", "MZ\x90\0"],
    ["text", "Tides of one day.\n"],
    ["bytes that begin with 00 01 02 03", new Uint8Array([0, 1, 2, 3])],
    ["bytes that begin with 00 00", new Uint8Array(1000)],
    ["deflate data in which there is no whole tar", gzipSync(text("Tides of one day.\n".repeat(100)))],
    ["bytes that begin with 61 00", tarBlock({ name: "a", checksum: "wrong" })],
  ])("%s", async (what, content) => {
    const bytes = typeof content === "string" ? bytesOf(content) : content;
    expect(await refused(bytes)).toMatchObject({
      code: "FORMAT",
      message: expect.stringContaining(`got ${what}`) as string,
    });
  });

  it("a stream whose size nobody tells, where it is none by its head", async () => {
    const inner = await openSource(text("nothing of an archive".repeat(50)));
    const source: Source = {
      name: inner.name,
      identity: inner.identity,
      size: Number.POSITIVE_INFINITY,
      read: (range, options) => inner.read(range, options),
      stream: (range, options) => inner.stream(range, options),
      close: () => inner.close(),
      [Symbol.asyncDispose]: () => inner.close(),
    };
    await expect(openArchive(source)).rejects.toMatchObject({
      code: "FORMAT",
      message: expect.stringContaining("got text, and no size") as string,
    });
  });

  it("zeros by the megabyte are no tar, though a tar of a few blocks of them is", async () => {
    expect(await refused(new Uint8Array(2 ** 20))).toMatchObject({ code: "FORMAT" });
  });

  it("a zip that contradicts itself keeps its own error", async () => {
    const error = await refused(buildZip(members, { end: { entries: 3, entriesOnDisk: 3 } }));
    expect(error).toMatchObject({ code: "FORMAT", message: expect.stringContaining("as zip") as string });
  });
});

describe("options of openArchive", () => {
  it("pass through: limits, and the missing end of a tar", async () => {
    await expect(openArchive(zip, { maxEntries: 1 })).rejects.toMatchObject({ code: "LIMIT" });
    await expect(openArchive(tar, { maxEntries: 1 })).rejects.toMatchObject({ code: "LIMIT" });
    const endless = buildTar(members, new Uint8Array(0));
    await expect(openArchive(endless)).rejects.toMatchObject({ code: "FORMAT" });
    await using archive = await openArchive(endless, { allowMissingEnd: true });
    expect(archive.entries.length).toBe(2);
    for (const wrong of [{ maxEntries: Number.NaN }, { checkpointBytes: -1 }]) {
      await expect(openArchive(zip, wrong)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    }
  });

  it.each([
    ["zip", zip],
    ["tar", tar],
    ["tar.gz", gzipSync(tar)],
  ])("an index of a %s opens it, and one of nothing known is FORMAT", async (format, bytes) => {
    await using first = await openArchive(bytes);
    const index = JSON.parse(JSON.stringify(first.toIndex())) as ReturnType<typeof first.toIndex>;
    await using archive = await openArchive(bytes, { index });
    expect(archive.format).toBe(format);
    expectSameBytes(await archive.get("photo.raw").bytes(), patternBytes(3000, 1));
    for (const wrong of [{ ...index, format: "rar" }, { ...index, format: undefined }, null, 7]) {
      await expect(openArchive(bytes, { index: wrong as typeof index })).rejects.toMatchObject({
        code: "FORMAT",
      });
    }
  });

  it.each([
    ["zip", zip],
    ["tar", tar],
    ["nothing", text("nothing")],
  ])("a source that is handed in stays open: %s", async (_format, bytes) => {
    await using source = await openSource(bytes);
    await openArchive(source).then(
      (archive) => archive.close(),
      () => undefined,
    );
    expect((await source.read([0, 2])).length).toBe(2);
  });

  it("a source of its own is closed with the archive", async () => {
    const opened = await openArchive(zip);
    await opened.close();
    await expect(opened.source.read([0, 1])).rejects.toMatchObject({ code: "CLOSED" });
    await expect(opened.get("readme.txt").bytes()).rejects.toMatchObject({ code: "CLOSED" });
  });

  it("an abort ends the opening", async () => {
    const reason = new Error("enough");
    await expect(openArchive(zip, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

import { describe, expect, it } from "vitest";
import { buildZip, crc32Of, type MemberSpec, text } from "../../../test/zip/build-zip.ts";
import { recordedSource } from "../../../test/zip/recorded-source.ts";
import { SMALL, sameBytes, sampleBytes } from "../../../test/zip/small-members.ts";
import type { Bytes } from "../../source/source.ts";
import type { Archive, ArchiveIndex } from "../archive.ts";
import { openZip } from "./open-zip.ts";
import type { ZipEntry } from "./zip-archive.ts";

describe("an index of a zip", () => {
  const members: MemberSpec[] = [
    ...SMALL,
    { name: "big", data: sampleBytes(90_000) },
    { name: "deferred", data: text("x"), zip64: true, comment: text("ü") },
  ];
  const archive = buildZip(members, { prefix: text("#!/bin/sh\n"), comment: text("of all") });

  it("is JSON that tells where each member lies, and opens to the same archive", async () => {
    const zip = await openZip(recordedSource(archive));
    const index = JSON.parse(JSON.stringify(zip.toIndex())) as ArchiveIndex;
    expect(index).toEqual(zip.toIndex());
    expect([index.version, index.format, index.size]).toEqual([1, "zip", archive.length]);
    expect(index.entries[1]).toEqual({
      name: "docs/readme.txt",
      kind: "file",
      range: [10 + 35, 10 + 35 + 45 + 11],
      size: 11,
      storedSize: 11,
      method: "store",
      crc32: crc32Of(text("stored text")).toString(16).padStart(8, "0"),
    });
    const source = recordedSource(archive);
    const again = await openZip(source, { index });
    expect(source.asked).toEqual([]);
    const told = ({ name, kind, size, storedSize, method, modified, mode, comment }: ZipEntry) =>
      [name, kind, size, storedSize, method, modified, mode, comment] as const;
    expect(again.entries.map(told)).toEqual(zip.entries.map(told));
    const owners = ({ ranges }: Archive) => [...ranges].map(([range, entry]) => `${range} ${entry.name}`);
    expect(owners(again)).toEqual(owners(zip));
    expect(again.comment).toBe("of all");
    for (const [at, entry] of again.entries.entries()) {
      expect(sameBytes(await entry.bytes(), (members[at]?.data ?? new Uint8Array(0)) as Bytes)).toBe(true);
    }
    expect(again.toIndex()).toEqual(index);
  });

  it("refuses another source than the one it was made of as CHANGED, and closes what it opened", async () => {
    const index = (await openZip(recordedSource(archive))).toIndex();
    const changed = { ...index, size: index.size + 1 };
    await expect(openZip(recordedSource(archive), { index: changed })).rejects.toMatchObject({
      code: "CHANGED",
    });
    const tagged = { ...index, identity: { strength: "strong", etag: '"b"' } } as const;
    await expect(openZip(recordedSource(archive), { index: tagged })).rejects.toMatchObject({
      code: "CHANGED",
    });
  });

  it("is checked as a directory is, whatever was edited (211)", async () => {
    const index = (await openZip(recordedSource(archive))).toIndex();
    const { directory } = index;
    const edits: [string, unknown][] = [
      ["no object", null],
      ["text", "{}"],
      ["another version", { ...index, version: 2 }],
      ["another format", { ...index, format: "tar" }],
      ["a size that is none", { ...index, size: -1 }],
      ["no identity", { ...index, identity: null }],
      ["a strength that is none", { ...index, identity: { strength: "sure" } }],
      ["a validator that is no text", { ...index, identity: { strength: "strong", etag: 7 } }],
      ["no directory", { ...index, directory: 7 }],
      ["a start beyond the file", { ...index, directory: { ...directory, start: index.size } }],
      ["a start beyond all numbers", { ...index, directory: { ...directory, start: 2 ** 60 } }],
      ["a prefix beyond the start", { ...index, directory: { ...directory, prefix: 10 ** 9 } }],
      ["more entries than fit", { ...index, directory: { ...directory, entries: 10 ** 9 - 1 } }],
      ["fewer entries", { ...index, directory: { ...directory, entries: 2 } }],
      ["bytes that are no base64", { ...index, directory: { ...directory, bytes: "%" } }],
      [
        "bytes cut short",
        { ...index, directory: { ...directory, bytes: String(directory["bytes"]).slice(0, 80) } },
      ],
      ["no comment", { ...index, directory: { ...directory, comment: 1 } }],
    ];
    for (const [name, edited] of edits) {
      const source = recordedSource(archive);
      const opening = openZip(source, {
        index: edited as ArchiveIndex,
        maxEntries: Number.POSITIVE_INFINITY,
      });
      const code = await opening.then(
        () => "no error",
        (error: { code?: unknown }) => error.code ?? error,
      );
      expect([name, code]).toEqual([name, "FORMAT"]);
      expect(source.asked).toEqual([]);
    }
    const shifted = { ...index, directory: { ...directory, start: Number(directory["start"]) - 7 } };
    const zip = await openZip(recordedSource(archive), { index: shifted });
    for (const entry of zip.entries) {
      const outcome = await entry.bytes().then(
        () => "bytes",
        (error: { code?: unknown }) => error.code,
      );
      expect(["bytes", "FORMAT", "AMBIGUOUS", "CHECKSUM"]).toContain(outcome);
    }
  });
});

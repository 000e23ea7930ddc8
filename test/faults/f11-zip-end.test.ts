import { describe, expect, it } from "vitest";
import { openZip } from "../../src/zip.ts";
import { buildZip, pack, text, type ZipSpec } from "../zip/build-zip.ts";
import { manyEntries } from "../zip/many-entries.ts";
import { recordedSource } from "../zip/recorded-source.ts";
import { HELLO, openCode, SECOND } from "./zip-scenario.ts";

const EMPTY_END = pack([4, 0x06054b50], [8, 0], [8, 0], [2, 0]);
describe("F11: the end of a zip", () => {
  const honest = buildZip([HELLO, SECOND]);

  it.each<[string, Uint8Array]>([
    ["an empty file", new Uint8Array(0)],
    ["21 bytes", EMPTY_END.subarray(0, 21)],
    ["no end record at all", new Uint8Array(200_000).fill(7)],
    ["only zeros", new Uint8Array(100_000)],
    ["a zip cut short by one byte", honest.subarray(0, -1)],
    ["an end record further from the end than any comment", pack(honest, new Uint8Array(66_000).fill(1))],
  ])("161. %s is FORMAT", async (_name, bytes) => {
    expect(await openCode(bytes)).toBe("FORMAT");
  });

  it("161. a file without an end record is given up after at most two reads", async () => {
    const source = recordedSource(new Uint8Array(300_000).fill(0xff));
    await expect(openZip(source)).rejects.toMatchObject({ code: "FORMAT" });
    expect(source.asked.length).toBeLessThanOrEqual(2);
  });

  it("162. a comment of the greatest length is read past, in at most two more reads", async () => {
    const source = recordedSource(buildZip([HELLO], { comment: new Uint8Array(65_535).fill(0x20) }));
    const zip = await openZip(source);
    expect([zip.entries.length, zip.comment.length]).toEqual([1, 65_535]);
    expect(source.asked.length).toBeLessThanOrEqual(3);
  });

  it("162. a comment that holds another archive, or an empty one, is AMBIGUOUS", async () => {
    expect(await openCode(buildZip([HELLO], { comment: EMPTY_END }))).toBe("AMBIGUOUS");
    const inner = buildZip([SECOND]);
    expect(await openCode(buildZip([HELLO], { comment: inner }))).toBe("AMBIGUOUS");
  });

  it("162. an end record in a comment that no directory belongs to misleads nobody", async () => {
    const fake = pack([4, 0x06054b50], [4, 0], [2, 1], [2, 1], [4, 46], [4, 0], [2, 0]);
    const zip = await openZip(buildZip([HELLO], { comment: pack(new Uint8Array(60).fill(9), fake) }));
    expect(zip.entries.map(({ name }) => name)).toEqual(["a.txt"]);
  });

  it.each([65_513, 65_514, 65_515, 65_520, 65_535])(
    "162. the true record is seen before a comment of %i bytes that ends in a false one",
    async (length) => {
      const comment = pack(new Uint8Array(length - 22).fill(0x20), EMPTY_END);
      expect(await openCode(buildZip([HELLO], { comment }))).toBe("AMBIGUOUS");
    },
  );

  it.each<[string, Uint8Array]>([
    ["bytes after the end record", pack(honest, text("x"))],
    ["a comment shorter than told", buildZip([HELLO], { end: { commentLength: 3 } })],
    ["a comment longer than told", buildZip([HELLO], { comment: text("abc"), end: { commentLength: 2 } })],
  ])("163. %s is FORMAT", async (_name, bytes) => {
    expect(await openCode(bytes)).toBe("FORMAT");
  });

  it("163. zeros after the end record are tolerated", async () => {
    expect(await openCode(pack(honest, new Uint8Array(500)))).toBe("opened, 2 entries");
  });

  it("164. a prefix is read past, whether offsets know of it or not", async () => {
    const prefix = text("#!/bin/sh\nexit 0\n");
    expect(await (await openZip(buildZip([HELLO], { prefix }))).get("a.txt").text()).toBe(
      "hello, hello, hello",
    );
    const absolute = buildZip([{ name: "padding", data: prefix }, HELLO]).slice();
    absolute.set(prefix, 0);
    expect(await (await openZip(absolute)).get("a.txt").text()).toBe("hello, hello, hello");
  });

  it("164. a prefix where offsets as they stand lead to a directory too is AMBIGUOUS", async () => {
    const archive = buildZip([HELLO]);
    expect(await openCode(pack(archive, archive))).toBe("AMBIGUOUS");
  });

  it.each<[string, ZipSpec]>([
    ["beyond the file", { end: { directoryOffset: 0xfffffff0 } }],
    ["that overlaps the end record", { end: { directorySize: 200 } }],
    ["that ends before the end record", { end: { directorySize: 51 } }],
    ["deferred to a zip64 record that is not there", { end: { directoryOffset: 0xffffffff } }],
  ])("165. a directory %s is FORMAT, and nothing outside the file is asked for", async (_name, spec) => {
    expect(await openCode(buildZip([HELLO, SECOND], spec))).toBe("FORMAT");
  });

  it.each<[string, ZipSpec]>([
    ["more entries than fit", { end: { entries: 3, entriesOnDisk: 3 } }],
    ["fewer entries than are there", { end: { entries: 1, entriesOnDisk: 1 } }],
    ["no entries but a directory", { end: { entries: 0, entriesOnDisk: 0 } }],
    ["entries on its disk that are not all", { end: { entriesOnDisk: 1 } }],
    ["another count in zip64", { zip64: true, zip64End: { entries: 1, entriesOnDisk: 1 } }],
  ])("166. an end record that tells of %s is FORMAT", async (_name, spec) => {
    expect(await openCode(buildZip([HELLO, SECOND], spec))).toBe("FORMAT");
  });

  it("166. 65,537 entries whose count has run over to 1 are FORMAT", async () => {
    expect(await openCode(manyEntries(65_537, { modulo: true }))).toBe("FORMAT");
  });

  it.each<[string, ZipSpec]>([
    ["a locator that points into the data", { locator: { recordOffset: 5 } }],
    ["a locator that points past itself", { locator: { recordOffset: 1e9 } }],
    ["a locator that points beyond 2^53", { locator: { recordOffset: 2 ** 60 } }],
    ["a record of 10 bytes", { zip64End: { recordSize: 10 } }],
    ["a record of 2^40 bytes", { zip64End: { recordSize: 2 ** 40 } }],
    ["a directory of 2^50 bytes", { zip64End: { directorySize: 2 ** 50 } }],
    ["a directory at 2^52", { zip64End: { directoryOffset: 2 ** 52 } }],
    ["another count than the classic record's", { end: { entries: 1 } }],
    ["another size than the classic record's", { end: { directorySize: 60 } }],
  ])("167. zip64 records with %s are FORMAT", async (_name, spec) => {
    expect(await openCode(buildZip([HELLO, SECOND], { zip64: true, ...spec }))).toBe("FORMAT");
  });

  it.each<[string, ZipSpec]>([
    ["a directory of 4 GB", { end: { directorySize: 0xfffffffe } }],
    ["65,534 entries", { end: { entries: 65_534, entriesOnDisk: 65_534 } }],
    ["2^40 entries", { zip64: true, zip64End: { entries: 2 ** 40, entriesOnDisk: 2 ** 40 } }],
  ])("170. a tiny file with %s is FORMAT before anything is allocated", async (_name, spec) => {
    const source = recordedSource(buildZip([HELLO, SECOND], spec));
    await expect(openZip(source)).rejects.toMatchObject({ code: "FORMAT" });
    expect(source.asked.length).toBe(1);
  });

  it("182. an encrypted directory is UNSUPPORTED", async () => {
    expect(await openCode(buildZip([{ ...HELLO, central: { signature: 0x08064b50 } }]))).toBe("UNSUPPORTED");
  });

  it.each<[string, Uint8Array]>([
    ["one disk of several", buildZip([HELLO], { end: { disk: 1 } })],
    ["a directory on another disk", buildZip([HELLO], { end: { directoryDisk: 2 } })],
    [
      "one disk of several, by zip64",
      buildZip([HELLO], { zip64: true, end: { disk: 0xffff }, zip64End: { disk: 1 } }),
    ],
    ["several disks in the locator", buildZip([HELLO], { zip64: true, locator: { disks: 2 } })],
    ["the marker of a split archive", pack([4, 0x08074b50], buildZip([HELLO]))],
  ])("188. %s is UNSUPPORTED", async (_name, bytes) => {
    expect(await openCode(bytes)).toBe("UNSUPPORTED");
  });
});

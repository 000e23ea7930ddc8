import { describe, expect, it } from "vitest";
import { type BlockSpec, buildTar, gnuLong, pax } from "../../../test/tar/build-tar.ts";
import { failing, open, TWO, text } from "../../../test/tar/open-built-tar.ts";
import { drain } from "../../../test/zip/drain.ts";
import type { Bytes } from "../../index.ts";
import type { ArchiveIndex } from "../archive.ts";
import { openTar } from "./open-tar.ts";
import type { TarArchive, TarEntry } from "./tar-archive.ts";
import type { TarRecord } from "./tar-record.ts";

const first = async (parts: (BlockSpec | Bytes)[]): Promise<TarEntry> => {
  const [entry] = (await open(parts)).entries;
  return entry as TarEntry;
};

describe("what a member is", () => {
  it.each<[string, BlockSpec, string]>([
    ["0", { type: "0" }, "file"],
    ["NUL", { type: "\0", magic: "" }, "file"],
    ["7", { type: "7" }, "file"],
    ["0 with a slash", { name: "d/" }, "directory"],
    ["5", { type: "5", name: "d" }, "directory"],
    ["D, with data", { type: "D", name: "d/", data: "Ya\0\0" }, "directory"],
    ["2", { type: "2", linkName: "a" }, "symlink"],
    ["1", { type: "1", linkName: "a" }, "other"],
    ["3", { type: "3" }, "other"],
    ["4", { type: "4" }, "other"],
    ["6", { type: "6" }, "other"],
    ["V", { type: "V" }, "other"],
    ["Z, with data", { type: "Z", data: "z" }, "other"],
  ])("is told by its type: %s", async (_, spec, kind) => {
    expect((await first([spec])).kind).toBe(kind);
  });

  it("without data gives no bytes", async () => {
    const symlink = await first([{ type: "2", linkName: "../outside" }]);
    expect([symlink.linkTarget, symlink.size, (await symlink.bytes()).length]).toEqual(["../outside", 0, 0]);
  });

  it("of an unknown type has its data, and the next header is where its size says", async () => {
    const tar = await open([{ name: "z", type: "Z", data: "zz" }, ...TWO]);
    expect([await tar.get("z").text(), await tar.get("a.txt").text()]).toEqual(["zz", "alpha"]);
  });

  it("tells its mode without set-uid, its owner and its date", async () => {
    const entry = await first([{ mode: 0o4755, uid: 7, userName: "ann", mtime: 1_700_000_000 }]);
    expect([entry.mode, entry.uid, entry.gid, entry.userName, entry.groupName]).toEqual([
      0o755,
      7,
      0,
      "ann",
      undefined,
    ]);
    expect(entry.modified?.toISOString()).toBe("2023-11-14T22:13:20.000Z");
  });

  it.each<[string, string | undefined]>([
    ["1700000000.123456789", "2023-11-14T22:13:20.123Z"],
    // A thousand times the nearest number that there is to this one is below 1,001.
    ["1.001", "1970-01-01T00:00:01.001Z"],
    ["1700000000.999999999", "2023-11-14T22:13:20.999Z"],
    ["-1.5", "1969-12-31T23:59:58.500Z"],
    ["99999999999999999999", undefined],
    ["soon", "2023-11-14T22:13:20.000Z"],
  ])("has the date of its extended header, to the millisecond: %s", async (mtime, date) => {
    expect((await first([pax({ mtime }), {}])).modified?.toISOString()).toBe(date);
  });

  it("has the other records of its extended headers, global ones too, and keys that mean something to objects", async () => {
    const tar = await open([
      pax({ comment: "all", uname: "bob" }, "g"),
      pax({ "SCHILY.xattr.user.a": "1", ["__proto__"]: "2", comment: "mine" }),
      { name: "one" },
      { name: "two" },
    ]);
    expect([...Object.entries(tar.get("one").pax)].sort()).toEqual([
      ["SCHILY.xattr.user.a", "1"],
      ["__proto__", "2"],
      ["comment", "mine"],
    ]);
    expect(tar.get("two").pax["comment"]).toBe("all");
    expect([tar.get("one").userName, tar.get("two").userName]).toEqual(["bob", "bob"]);
    expect(Object.getPrototypeOf(tar.get("two").pax)).toBe(null);
    expect((await first([{}])).pax).toEqual({});
  });

  it("has all global records, which count for every member as bytes of extended headers", async () => {
    const members = Array.from({ length: 1000 }, (_, index): BlockSpec => ({ name: `m${index}` }));
    const bytes = buildTar([pax({ comment: "c".repeat(2000) }, "g"), ...members]);
    const limited = openTar(bytes, { maxDirectoryBytes: 1_000_000 });
    await expect(limited).rejects.toThrow(expect.objectContaining({ code: "LIMIT" }));
    const { entries } = await openTar(bytes, { maxDirectoryBytes: 2_100_000 });
    expect(entries.every(({ pax: { comment } }) => comment?.length === 2000)).toBe(true);
    // What is taken back, or replaced, counts no more.
    const replaced = members.flatMap((member) => [
      pax({ comment: "c".repeat(member.name?.length ?? 0) }, "g"),
      member,
    ]);
    const emptied = buildTar([
      pax({ comment: "c".repeat(2000) }, "g"),
      pax({ comment: "" }, "g"),
      ...replaced,
    ]);
    expect((await openTar(emptied, { maxDirectoryBytes: 40_000 })).entries.length).toBe(1000);
  });
});

describe("long names", () => {
  const long = `${"grün/".repeat(60)}end`;

  it.each<[string, BlockSpec[]]>([
    ["of pax", [pax({ path: long, linkpath: `${long}!` }), { type: "2" }]],
    ["of GNU", [gnuLong(long), gnuLong(`${long}!`, "K"), { type: "2", magic: "ustar  \0" }]],
    ["of Solaris", [{ ...pax({ path: long, linkpath: `${long}!` }), type: "X" }, { type: "2" }]],
    [
      "of both, when they agree",
      [pax({ path: long }), gnuLong(long), gnuLong(`${long}!`, "K"), { type: "2" }],
    ],
  ])("are read: %s", async (_, parts) => {
    const entry = await first(parts);
    expect([entry.name, entry.linkTarget]).toEqual([long, `${long}!`]);
  });

  it("are of one member alone", async () => {
    const tar = await open([pax({ path: "one" }), {}, gnuLong("two"), {}, {}]);
    expect(tar.entries.map(({ name }) => name)).toEqual(["one", "two", "a.txt"]);
  });
});

describe("hard links", () => {
  const LINK: BlockSpec = { type: "1", name: "link", linkName: "a.txt" };

  it("are the bytes of what they point to, and tell its size", async () => {
    const tar = await open([...TWO, LINK, { type: "1", name: "again", linkName: "link" }]);
    for (const name of ["link", "again"]) {
      const link = tar.get(name);
      expect([link.kind, link.size, link.storedSize, link.linkTarget === undefined]).toEqual([
        "other",
        5,
        0,
        false,
      ]);
      expect(await link.text()).toBe("alpha");
      expect(text(await drain(link.stream()))).toBe("alpha");
      expect(String(await link.range())).toBe("[512, 517)");
      expect(text((await tar.readMany([link]))[0] as Bytes)).toBe("alpha");
      expect(text(await (await link.source()).read([0, 5]))).toBe("alpha");
    }
  });

  it.each<[string, Partial<TarRecord>]>([
    ["another name", { name: "other" }],
    ["another target", { linkTarget: "dir/b.txt" }],
  ])("out of an index that gives them %s are held against their own header", async (_, change) => {
    const parts = [...TWO, LINK];
    const index = structuredClone((await open(parts)).toIndex()) as ArchiveIndex & {
      directory: { records: string };
    };
    const records = JSON.parse(index.directory.records) as TarRecord[];
    const edited = records.map((record) => (record.type === "1" ? { ...record, ...change } : record));
    const directory = { ...index.directory, records: JSON.stringify(edited) };
    const reads: ((link: TarEntry, tar: TarArchive) => Promise<unknown>)[] = [
      (link) => link.bytes(),
      (link) => link.range(),
      (link) => link.source(),
      (link) => drain(link.stream()),
      (link, tar) => tar.readMany([link]),
    ];
    for (const read of reads) {
      const tar = await openTar(buildTar(parts), { index: { ...index, directory } });
      const link = tar.entries.find(({ kind }) => kind === "other") as TarEntry;
      await expect(read(link, tar)).rejects.toMatchObject({ code: "FORMAT" });
    }
    const honest = await openTar(buildTar(parts), { index });
    expect(await honest.get("link").text()).toBe("alpha");
  });

  it("point to the last member of that name before them", async () => {
    const tar = await open([
      ...TWO,
      { name: "a.txt", data: "newer" },
      LINK,
      { name: "a.txt", data: "later" },
    ]);
    expect(await tar.get("link").text()).toBe("newer");
  });

  it("may tell the size of their target, which does not follow them", async () => {
    const tar = await open([...TWO, { ...LINK, size: 5 }, { name: "after", data: "x" }]);
    expect([await tar.get("link").text(), await tar.get("after").text()]).toEqual(["alpha", "x"]);
  });

  it.each<[string, BlockSpec[]]>([
    ["nothing", [LINK]],
    ["what comes after them", [LINK, ...TWO]],
    ["themselves", [{ type: "1", name: "link", linkName: "link" }]],
  ])("to %s are listed, and FORMAT to read", async (_, parts) => {
    const link = (await open(parts)).get("link");
    expect(link.size).toBe(0);
    await expect(link.bytes()).rejects.toThrow(failing("FORMAT"));
    await expect(link.range()).rejects.toThrow(failing("FORMAT"));
    await expect(drain(link.stream())).rejects.toThrow(failing("FORMAT"));
  });

  it("in a chain of 20,000 end at its start", async () => {
    const chain = Array.from({ length: 20_000 }, (_, index) => ({
      type: "1",
      name: `l${index}`,
      linkName: index === 0 ? "a.txt" : `l${index - 1}`,
    }));
    const tar = await open([...TWO, ...chain]);
    expect(await tar.get("l19999").text()).toBe("alpha");
  });
});

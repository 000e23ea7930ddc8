import { describe, expect, it } from "vitest";
import type { Bytes } from "../../../src/index.ts";
import {
  type BlockSpec,
  buildTar,
  bytesOf,
  END,
  gnuLong,
  pax,
  tarBlock,
} from "../../../test/tar/build-tar.ts";
import { compressedTar, SAMPLE_MEMBERS, type SampleFormat } from "../../../test/tar/compressed-tars.ts";
import { drain } from "../../../test/zip/drain.ts";
import { recordedSource } from "../../../test/zip/recorded-source.ts";
import { openSource } from "../../open.ts";
import type { ArchiveIndex } from "../archive.ts";
import { openTar, type TarOptions } from "./open-tar.ts";
import type { TarArchive, TarEntry } from "./tar-archive.ts";
import type { TarRecord } from "./tar-record.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const open = (parts: (BlockSpec | Bytes)[], options?: TarOptions): Promise<TarArchive> =>
  openTar(buildTar(parts), options);
const first = async (parts: (BlockSpec | Bytes)[]): Promise<TarEntry> => {
  const [entry] = (await open(parts)).entries;
  return entry as TarEntry;
};
const failing = (code: string) => expect.objectContaining({ code });

const TWO: BlockSpec[] = [
  { name: "a.txt", data: "alpha" },
  { name: "dir/b.txt", data: "b".repeat(700) },
];

describe("a plain tar", () => {
  it("lists its members, and each is read in place", async () => {
    const tar = await open(TWO);
    expect(tar.format).toBe("tar");
    expect(tar.entries.map(({ name, kind, size, method }) => [name, kind, size, method])).toEqual([
      ["a.txt", "file", 5, "store"],
      ["dir/b.txt", "file", 700, "store"],
    ]);
    expect(await tar.get("a.txt").text()).toBe("alpha");
    expect(text(await drain(tar.get("dir/b.txt").stream()))).toBe("b".repeat(700));
    expect(String(await tar.get("a.txt").range())).toBe("[512, 517)");
  });

  it("tells which member owns which byte, from its own first header to the end of its data", async () => {
    const tar = await open([pax({ path: "long/a" }), ...TWO]);
    expect([...tar.ranges].map(([range, { name }]) => [String(range), name])).toEqual([
      ["[0, 1541)", "long/a"],
      ["[2048, 3260)", "dir/b.txt"],
    ]);
    expect(tar.ranges.get(1600)).toBeUndefined();
  });

  it("reads headers and nothing else to open, and of a member its data and nothing else", async () => {
    const source = recordedSource(buildTar([{ name: "big", data: "x".repeat(100_000) }, ...TWO]), "x.tar");
    const tar = await openTar(await openSource(source, { policy: "lean" }));
    expect(source.asked).toEqual([
      "[0, 512)",
      "[100864, 101376)",
      "[101888, 102400)",
      "[103424, 103936)",
      "[103936, 104448)",
    ]);
    source.asked.length = 0;
    expect((await tar.get("dir/b.txt").bytes()).length).toBe(700);
    expect(source.asked).toEqual(["[102400, 103100)"]);
  });

  it("reads headers that lie close together several at once, and no further than the file", async () => {
    const many = Array.from({ length: 100 }, (_, index) => ({ name: `m${index}`, data: "x" }));
    const source = recordedSource(buildTar(many), "x.tar");
    const tar = await openTar(await openSource(source, { policy: "lean", cache: false }));
    expect(tar.entries.map(({ name }) => name)).toEqual(many.map(({ name }) => name));
    expect(source.asked.length).toBeLessThan(10);
    expect(source.asked.at(-1)).toMatch(/103424\)$/);
  });

  it("gives several members at once, in the order asked, one of them twice as two arrays", async () => {
    const tar = await open(TWO);
    const [a, b] = tar.entries as [TarEntry, TarEntry];
    const [one, two, three] = (await tar.readMany([b, a, a])) as [Bytes, Bytes, Bytes];
    expect([one.length, text(two), text(three)]).toEqual([700, "alpha", "alpha"]);
    two.fill(0);
    expect(text(three)).toBe("alpha");
    expect(await a.text()).toBe("alpha");
    expect(await tar.readMany([])).toEqual([]);
  });

  it("tells of an entry that is not its own, and reads none", async () => {
    const [tar, other] = [await open(TWO), await open(TWO)];
    await expect(tar.readMany(other.entries)).rejects.toThrow(failing("INVALID_ARGUMENT"));
  });

  it("knows a name exactly, and does not choose between two", async () => {
    const tar = await open([...TWO, { name: "a.txt", data: "again" }, { name: "A.txt" }]);
    expect(() => tar.get("nothing")).toThrow(failing("NOT_FOUND"));
    expect(() => tar.get("./a.txt")).toThrow(failing("NOT_FOUND"));
    expect(() => tar.get("a.txt")).toThrow(failing("AMBIGUOUS"));
    expect(tar.get("A.txt").size).toBe(0);
    const names = tar.entries.filter(({ name }) => name === "a.txt");
    expect((await tar.readMany(names)).map(text)).toEqual(["alpha", "again"]);
  });

  it("opens in one that it holds, in place, and not deeper than it may", async () => {
    const inner = buildTar(TWO);
    const outer = await open([{ name: "x" }, { name: "inner.tar", data: inner }]);
    const source = await outer.get("inner.tar").source();
    const tar = await openTar(source);
    expect(await tar.get("a.txt").text()).toBe("alpha");
    expect(outer.source.receipt.ranges.byteLength).toBeGreaterThan(0);
    const shallow = await open([{ name: "inner.tar", data: inner }], { maxNesting: 0 });
    await expect(shallow.get("inner.tar").source()).rejects.toThrow(failing("LIMIT"));
  });

  it("closes what it opened, leaves open what was handed in, and reads nothing afterwards", async () => {
    const source = recordedSource(buildTar(TWO), "x.tar");
    const planned = await openSource(source);
    const tar = await openTar(planned);
    const [entry] = tar.entries as [TarEntry];
    await tar.close();
    await tar.close();
    await expect(entry.bytes()).rejects.toThrow(failing("CLOSED"));
    await expect(tar.readMany([entry])).rejects.toThrow(failing("CLOSED"));
    await expect(drain(entry.stream())).rejects.toThrow(failing("CLOSED"));
    expect((await planned.read([0, 5])).length).toBe(5);
    const own = await openTar(source);
    await own.close();
    await expect(own.source.read([0, 1])).rejects.toThrow(failing("CLOSED"));
  });

  it("heeds the abort of one call alone", async () => {
    const tar = await open(TWO);
    const [a] = tar.entries as [TarEntry];
    const signal = AbortSignal.abort(new Error("mine"));
    await expect(a.bytes({ signal })).rejects.toThrow("mine");
    await expect(a.range({ signal })).rejects.toThrow("mine");
    await expect(tar.readMany([a], { signal })).rejects.toThrow("mine");
    await expect(drain(a.stream({ signal }))).rejects.toThrow("mine");
    expect(await a.text()).toBe("alpha");
  });
});

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

describe("limits", () => {
  it("of a member, of all members, of entries and of names are LIMIT", async () => {
    const tar = await open(TWO, { maxEntryBytes: 100, maxTotalBytes: 8 });
    const [a, b] = tar.entries as [TarEntry, TarEntry];
    await expect(b.bytes()).rejects.toThrow(failing("LIMIT"));
    await expect(a.bytes({ maxBytes: 4 })).rejects.toThrow(failing("LIMIT"));
    expect(await a.text()).toBe("alpha");
    await expect(a.bytes()).rejects.toThrow(failing("LIMIT"));
    await expect(tar.readMany([a])).rejects.toThrow(failing("LIMIT"));
    await expect(drain(a.stream())).rejects.toThrow(failing("LIMIT"));
    await expect(open(TWO, { maxEntries: 1 })).rejects.toThrow(failing("LIMIT"));
    await expect(open(TWO, { maxNameBytes: 8 })).rejects.toThrow(failing("LIMIT"));
    await expect(open([pax({ comment: "c".repeat(50) }), {}], { maxDirectoryBytes: 40 })).rejects.toThrow(
      failing("LIMIT"),
    );
    const sparse = [pax({ "GNU.sparse.name": "s".repeat(50), "GNU.sparse.size": "9" }), { name: "s" }];
    await expect(open(sparse, { maxNameBytes: 49 })).rejects.toThrow(failing("LIMIT"));
    expect((await open(sparse, { maxNameBytes: 50 })).entries[0]?.name.length).toBe(50);
    expect((await open(TWO, { maxNameBytes: 9, maxEntries: 2 })).entries.length).toBe(2);
  });

  it("that are no numbers are INVALID_ARGUMENT", async () => {
    await expect(open(TWO, { maxEntries: Number.NaN })).rejects.toThrow(failing("INVALID_ARGUMENT"));
    const tar = await open(TWO);
    await expect(tar.entries[0]?.bytes({ maxBytes: -1 })).rejects.toThrow(failing("INVALID_ARGUMENT"));
  });
});

describe("an index", () => {
  const parts: BlockSpec[] = [
    pax({ comment: "all" }, "g"),
    pax({ path: "long", mtime: "1.5" }),
    ...TWO,
    { type: "1", name: "l", linkName: "long" },
  ];
  const saved = (tar: TarArchive): ArchiveIndex => JSON.parse(JSON.stringify(tar.toIndex())) as ArchiveIndex;

  it("opens the same archive, and each member is checked by its own header", async () => {
    const bytes = buildTar(parts);
    const tar = await openTar(bytes);
    const index = saved(tar);
    expect(index.entries[0]).toEqual({
      name: "long",
      kind: "file",
      range: [1024, 2565],
      size: 5,
      storedSize: 5,
      method: "store",
    });
    const source = recordedSource(bytes, "x.tar");
    const again = await openTar(source, { index });
    expect(source.asked).toEqual([]);
    expect([saved(again).entries, saved(again).directory]).toEqual([index.entries, index.directory]);
    expect(again.entries.map(({ name, modified, linkTarget }) => [name, modified, linkTarget])).toEqual(
      tar.entries.map(({ name, modified, linkTarget }) => [name, modified, linkTarget]),
    );
    expect(again.get("long").pax).toEqual({ comment: "all" });
    expect((await again.readMany(again.entries)).map(text)).toEqual(["alpha", "b".repeat(700), "alpha"]);
    const third = await openTar(bytes, { index });
    expect(text(await drain(third.get("long").stream()))).toBe("alpha");
    expect(String(await third.get("dir/b.txt").range())).toBe("[3584, 4284)");
    expect(await (await openTar(bytes, { index })).get("long").text()).toBe("alpha");
  });

  it("of another archive is CHANGED, by its size or its validators", async () => {
    const index = saved(await open(parts));
    await expect(open(TWO, { index })).rejects.toThrow(failing("CHANGED"));
    const tagged = { ...index, identity: { strength: "strong" as const, etag: '"1"' } };
    await expect(open(parts, { index: tagged })).rejects.toThrow(failing("CHANGED"));
  });

  it.each<[string, (record: Record<string, unknown>) => void]>([
    [
      "another name",
      (record) => {
        record["name"] = "other";
      },
    ],
    [
      "another size",
      (record) => {
        record["size"] = 4;
        record["storedSize"] = 4;
      },
    ],
    [
      "another place for its data",
      (record) => {
        record["data"] = 3072;
      },
    ],
    [
      "another start",
      (record) => {
        record["start"] = 2048;
      },
    ],
    [
      "another type",
      (record) => {
        record["type"] = "7";
      },
    ],
  ])("that says of a member %s is FORMAT when it is read", async (_, edit) => {
    const bytes = buildTar(parts);
    const index = saved(await openTar(bytes));
    const records = JSON.parse(String(index.directory["records"])) as Record<string, unknown>[];
    edit(records[0] as Record<string, unknown>);
    // The next one must not lie in it.
    const edited = { ...index, directory: { records: JSON.stringify(records.slice(0, 1)) } };
    const [entry] = (await openTar(bytes, { index: edited })).entries as [TarEntry];
    await expect(entry.bytes()).rejects.toThrow(failing("FORMAT"));
    await expect(entry.range()).rejects.toThrow(failing("FORMAT"));
    await expect(drain(entry.stream())).rejects.toThrow(failing("FORMAT"));
  });

  it.each<[string, (index: Record<string, unknown>) => void, string]>([
    [
      "another version",
      (index) => {
        index["version"] = 2;
      },
      "FORMAT",
    ],
    [
      "another format",
      (index) => {
        index["format"] = "zip";
      },
      "FORMAT",
    ],
    [
      "no size",
      (index) => {
        index["size"] = -1;
      },
      "FORMAT",
    ],
    [
      "no identity",
      (index) => {
        index["identity"] = { strength: "very" };
      },
      "FORMAT",
    ],
    [
      "no directory",
      (index) => {
        index["directory"] = null;
      },
      "FORMAT",
    ],
    [
      "no JSON",
      (index) => {
        index["directory"] = { records: "[" };
      },
      "FORMAT",
    ],
    [
      "no list",
      (index) => {
        index["directory"] = { records: "{}" };
      },
      "FORMAT",
    ],
    [
      "no records",
      (index) => {
        index["directory"] = { records: "[1]" };
      },
      "FORMAT",
    ],
    [
      "a record outside",
      (index) => {
        index["directory"] = {
          records: '[{"start":0,"data":512,"size":1,"storedSize":1000000,"name":"a","type":"0"}]',
        };
      },
      "FORMAT",
    ],
    [
      "a record without a name",
      (index) => {
        index["directory"] = { records: '[{"start":0,"data":512,"size":0,"storedSize":0,"type":"0"}]' };
      },
      "FORMAT",
    ],
    [
      "a mode that is text",
      (index) => {
        index["directory"] = {
          records: '[{"start":0,"data":512,"size":0,"storedSize":0,"name":"a","type":"0","mode":"x"}]',
        };
      },
      "FORMAT",
    ],
    [
      "records that lie in one another",
      (index) => {
        const one = '{"start":0,"data":512,"size":0,"storedSize":0,"name":"a","type":"0"}';
        index["directory"] = { records: `[${one},${one}]` };
      },
      "FORMAT",
    ],
    [
      "a name beyond the limit",
      (index) => {
        index["directory"] = {
          records: `[{"start":0,"data":512,"size":0,"storedSize":0,"name":"${"a".repeat(5000)}","type":"0"}]`,
        };
      },
      "LIMIT",
    ],
  ])("is refused with %s", async (_, edit, code) => {
    const index = saved(await open(parts)) as unknown as Record<string, unknown>;
    edit(index);
    await expect(open(parts, { index: index as unknown as ArchiveIndex })).rejects.toThrow(failing(code));
  });
});

describe.each<[SampleFormat, string]>([
  ["tar.gz", "deflate"],
  ["tar.zst", "zstd"],
  ["tar.bz2", "bzip2"],
  ["tar.xz", "xz"],
])("a %s", (format, method) => {
  it("is told from its bytes, listed, and its members are read", async () => {
    const tar = await openTar(compressedTar(format));
    expect(tar.format).toBe(format);
    expect(tar.entries.map(({ name, method: by }) => [name, by])).toEqual(
      SAMPLE_MEMBERS.map(([name]) => [name, method]),
    );
    for (const [name, content] of SAMPLE_MEMBERS) {
      expect(await tar.get(name).text()).toBe(content);
      expect(text(await drain(tar.get(name).stream()))).toBe(content);
    }
    const [one, two] = tar.entries as [TarEntry, TarEntry];
    const bytes = await tar.readMany([two, one, two]);
    expect(bytes.map(({ length }) => length)).toEqual([two.size, one.size, two.size]);
    expect(bytes[0]?.buffer).not.toBe(bytes[2]?.buffer);
    expect(text(await (await one.source()).read([0, 5]))).toBe("Tides");
  });

  it("has no places of its own for members", async () => {
    const tar = await openTar(compressedTar(format));
    expect(tar.ranges.size).toBe(0);
    await expect(tar.entries[0]?.range()).rejects.toThrow(failing("UNSUPPORTED"));
  });

  it("cut short anywhere is no whole one", async () => {
    const whole = compressedTar(format);
    for (const length of [whole.length - 1, whole.length - 9, whole.length >> 1, 20]) {
      await expect(openTar(whole.slice(0, length))).rejects.toThrow(failing("FORMAT"));
    }
  });

  it("opens from an index without a read, and members are found where it says or not at all", async () => {
    const bytes = compressedTar(format);
    const index = (await openTar(bytes)).toIndex();
    const source = recordedSource(new Uint8Array(bytes));
    const tar = await openTar(source, { index });
    expect([tar.format, source.asked]).toEqual([format, []]);
    expect(await tar.get("lines.txt").text()).toBe(SAMPLE_MEMBERS[1]?.[1]);
    const records = JSON.parse(String(index.directory["records"])) as { name: string }[];
    (records[1] as { name: string }).name = "other";
    const edited = { ...index, directory: { records: JSON.stringify(records) } };
    await expect((await openTar(bytes, { index: edited })).get("other").bytes()).rejects.toThrow(
      failing("FORMAT"),
    );
  });
});

it("a tar whose first name begins like a compression is a plain one", async () => {
  const tar = await openTar(buildTar([{ name: "BZh91AY&SY", data: "x" }]));
  expect([tar.format, await tar.get("BZh91AY&SY").text()]).toEqual(["tar", "x"]);
});

it.each<[string, Uint8Array<ArrayBuffer>]>([
  ["nothing", new Uint8Array(0)],
  ["a text", bytesOf("hello ".repeat(500))],
  ["less than a block", new Uint8Array(511)],
  ["a zip", bytesOf(`PK\x03\x04${"x".repeat(2000)}`)],
  ["a tar that does not start at its first byte", tarBlock({}).slice(1)],
])("%s is no tar", async (_, bytes) => {
  await expect(openTar(bytes)).rejects.toThrow(failing("FORMAT"));
});

it("an empty tar has no members", async () => {
  expect((await openTar(END)).entries).toEqual([]);
  expect((await openTar(new Uint8Array(10_240))).entries).toEqual([]);
});

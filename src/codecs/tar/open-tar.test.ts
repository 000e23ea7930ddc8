import { describe, expect, it } from "vitest";
import { buildTar, bytesOf, END, pax, tarBlock } from "../../../test/tar/build-tar.ts";
import { compressedTar, SAMPLE_MEMBERS, type SampleFormat } from "../../../test/tar/compressed-tars.ts";
import { failing, open, TWO, text } from "../../../test/tar/open-built-tar.ts";
import { drain } from "../../../test/zip/drain.ts";
import { recordedSource } from "../../../test/zip/recorded-source.ts";
import type { Bytes } from "../../index.ts";
import { openSource } from "../../open.ts";
import { openTar } from "./open-tar.ts";
import type { TarEntry } from "./tar-archive.ts";

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

  it("gives no chunk of an empty member, read by its listing or by its index", async () => {
    const archive = recordedSource(buildTar([{ name: "empty" }, { name: "other", data: "x" }]));
    const listed = await openTar(archive);
    const indexed = await openTar(archive, { index: listed.toIndex() });
    for (const tar of [listed, indexed]) {
      const reader = tar.get("empty").stream().getReader();
      expect(await reader.read()).toEqual({ done: true, value: undefined });
    }
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

import { describe, expect, it } from "vitest";
import {
  buildConda,
  INDEX,
  infoMembers,
  metadataMember,
  partMember,
  pkgMembers,
} from "../../../test/conda/build-conda.ts";
import {
  emptyOldConda,
  largeOldConda,
  OLD_INDEX,
  OLD_MEMBERS,
  OLD_TIDES,
  oldConda,
} from "../../../test/conda/old-conda.ts";
import { expectSameBytes } from "../../../test/same-bytes.ts";
import { buildTar } from "../../../test/tar/build-tar.ts";
import { compressedTar } from "../../../test/tar/compressed-tars.ts";
import { buildZip, text } from "../../../test/zip/build-zip.ts";
import { openArchive } from "../../archive.ts";
import { type CondaPackage, openConda } from "../../conda.ts";
import { openSource } from "../../index.ts";
import { patternBytes } from "../../testing/pattern-bytes.ts";
import { openZip } from "../../zip.ts";

const conda = buildConda();
const names = (entries: readonly { readonly name: string }[]) => entries.map(({ name }) => name);

describe("a .conda", () => {
  it("gives its three members, its stem, what metadata.json and info/index.json say", async () => {
    await using opened = await openConda(conda);
    expect([opened.format, opened.formatVersion, opened.stem]).toEqual(["conda", 2, "buoy-1.0-0"]);
    expect(names(opened.entries)).toEqual([
      "metadata.json",
      "info-buoy-1.0-0.tar.zst",
      "pkg-buoy-1.0-0.tar.zst",
    ]);
    expect(await opened.list()).toBe(opened.entries);
    expect(await opened.metadata()).toEqual({ conda_pkg_format_version: 2 });
    expect(await opened.index()).toEqual(INDEX);
  });

  it("gives its parts as archives, each closed for itself", async () => {
    await using opened = await openConda(conda);
    const info = await opened.info();
    const pkg = await opened.pkg();
    expect([info.format, names(info.entries)]).toEqual(["tar.zst", ["info/files", "info/index.json"]]);
    expect(await info.get("info/files").text()).toBe("lib/tides.py\n");
    await info.close();
    await expect(info.get("info/files").bytes()).rejects.toMatchObject({ code: "CLOSED" });
    expect(await pkg.get("lib/tides.py").text()).toBe("METRES = [1.2, 3.4]\n");
    await pkg.close();
    expect(await opened.index()).toEqual(INDEX);
  });

  it("does as a zip does: get, readMany, streamEach, ranges, entries' sources", async () => {
    await using opened = await openConda(conda);
    await using zip = await openZip(conda);
    const [first, second] = opened.entries;
    if (first === undefined || second === undefined) throw new Error("too few entries");
    expect(opened.get("metadata.json")).toBe(first);
    const [bytes] = await opened.readMany([second]);
    expectSameBytes(bytes ?? new Uint8Array(0), await zip.get(second.name).bytes());
    const streamed: string[] = [];
    for await (const { entry } of opened.streamEach(opened.entries)) streamed.push(entry.name);
    expect(streamed).toEqual(names(opened.entries));
    expect([...opened.ranges.keys()].map(String)).toEqual([...zip.ranges.keys()].map(String));
  });

  it.each(["", " \n"])("whose metadata.json is empty (%j) has undefined for it", async (metadata) => {
    await using opened = await openConda(buildConda({ metadata }));
    expect(await opened.metadata()).toBeUndefined();
  });

  it("whose metadata.json or info/index.json is no JSON is FORMAT when that is read", async () => {
    const info = [{ name: "info/index.json", data: "{" }];
    await using opened = await openConda(buildConda({ metadata: "{,}", info }));
    await expect(opened.metadata()).rejects.toMatchObject({ code: "FORMAT" });
    await expect(opened.index()).rejects.toMatchObject({ code: "FORMAT" });
  });

  it("without info/index.json is NOT_FOUND when that is read, with two AMBIGUOUS", async () => {
    await using without = await openConda(buildConda({ info: [] }));
    await expect(without.index()).rejects.toMatchObject({ code: "NOT_FOUND" });
    await using twice = await openConda(buildConda({ info: [...infoMembers(), ...infoMembers()] }));
    await expect(twice.index()).rejects.toMatchObject({ code: "AMBIGUOUS" });
  });

  it("whose parts are deflated in the zip reads as well", async () => {
    const info = { ...partMember("info", infoMembers()), method: 8 };
    await using opened = await openConda(
      buildConda({ members: [metadataMember(), info, partMember("pkg", pkgMembers())] }),
    );
    expect(await opened.index()).toEqual(INDEX);
  });

  it("may hold other members besides, and in any order", async () => {
    const members = [
      { name: "signature.asc", data: text("signed") },
      partMember("pkg", pkgMembers()),
      partMember("info", infoMembers()),
      metadataMember(),
      { name: "sub/metadata.json", data: text("no JSON") },
    ];
    await using opened = await openConda(buildConda({ members }));
    expect(await opened.index()).toEqual(INDEX);
    expect(await opened.metadata()).toEqual({ conda_pkg_format_version: 2 });
  });
});

describe("what is no .conda:", () => {
  const [metadata, info, pkg] = [
    metadataMember(),
    partMember("info", infoMembers()),
    partMember("pkg", pkgMembers()),
  ];
  const wrong = [
    ["without metadata.json", "FORMAT", [info, pkg], "without metadata.json"],
    ["without an info part", "FORMAT", [metadata, pkg], "without info-*.tar.zst"],
    ["without a pkg part", "FORMAT", [metadata, info], "without pkg-*.tar.zst"],
    ["with two metadata.json", "AMBIGUOUS", [metadata, metadata, info, pkg], "2 members metadata.json"],
    [
      "with two info parts",
      "AMBIGUOUS",
      [metadata, info, partMember("info", [], "other-2-0"), pkg],
      "2 members info-*.tar.zst",
    ],
    ["with two pkg parts of one name", "AMBIGUOUS", [metadata, info, pkg, pkg], "2 members pkg-*.tar.zst"],
    [
      "with parts of two packages",
      "FORMAT",
      [metadata, info, partMember("pkg", [], "other-2-0")],
      "parts of two packages, info-buoy-1.0-0.tar.zst and pkg-other-2-0.tar.zst",
    ],
    [
      "with a part without a stem",
      "FORMAT",
      [metadata, { ...info, name: "info-.tar.zst" }, pkg],
      "without info",
    ],
    ["of something else", "FORMAT", [{ name: "a.txt", data: text("a") }], "without metadata.json"],
  ] as const;

  it.each(wrong)("a zip %s is %s", async (_what, code, members, got) => {
    await expect(openConda(buildConda({ members: [...members] }))).rejects.toMatchObject({
      code,
      message: expect.stringContaining(got) as string,
    });
    await using archive = await openArchive(buildConda({ members: [...members] }));
    expect(archive.format).toBe("zip");
  });

  it("one with bytes before it, which may be another package", async () => {
    const bytes = buildConda({ zip: { prefix: oldConda() } });
    await expect(openConda(bytes)).rejects.toMatchObject({
      code: "FORMAT",
      message: expect.stringContaining("bytes before its first member") as string,
    });
  });

  it.each([
    ["text", text("Tides of one day.\n")],
    ["an empty file", new Uint8Array(0)],
    ["a tar", buildTar(infoMembers())],
    ["a tar.gz", compressedTar("tar.gz")],
  ])("%s is FORMAT", async (_what, bytes) => {
    await expect(openConda(bytes)).rejects.toMatchObject({
      code: "FORMAT",
      message: expect.stringContaining("neither a zip nor a tar.bz2") as string,
    });
  });

  it("a zip that is damaged keeps its own error", async () => {
    const bytes = buildConda({ zip: { end: { entries: 4, entriesOnDisk: 4 } } });
    await expect(openConda(bytes)).rejects.toMatchObject({
      code: "FORMAT",
      message: expect.stringContaining("as zip") as string,
    });
  });
});

describe("a .tar.bz2", () => {
  it("that came whole with the opening is listed", async () => {
    await using opened = await openConda(oldConda());
    expect([opened.format, opened.formatVersion, opened.stem]).toEqual(["conda", 1, undefined]);
    expect(names(opened.entries)).toEqual(OLD_MEMBERS);
    expect(await opened.metadata()).toBeUndefined();
    expect(await opened.index()).toEqual(OLD_INDEX);
    expect(await opened.get("lib/tides.py").text()).toBe(OLD_TIDES);
    expect(opened.ranges.size).toBe(0);
  });

  it("gives views of its members for its parts", async () => {
    await using opened = await openConda(oldConda());
    const [info, pkg] = await Promise.all([opened.info(), opened.pkg()]);
    expect([names(info.entries), names(pkg.entries)]).toEqual([
      OLD_MEMBERS.slice(0, 2),
      OLD_MEMBERS.slice(2),
    ]);
    expect(await pkg.get("lib/tides.py").text()).toBe(OLD_TIDES);
    const [files] = await info.readMany([info.get("info/files")]);
    expect(new TextDecoder().decode(files)).toBe("lib/tides.py\nlib/photo.raw\n");
    expect(() => info.get("lib/tides.py")).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
    await info.close();
    expect(await opened.get("info/files").text()).toContain("lib/tides.py");
  });

  it("that is larger is read as far as is needed: its members are UNSUPPORTED before list()", async () => {
    await using opened = await openConda(largeOldConda());
    expect(await opened.index()).toEqual(OLD_INDEX);
    const early = expect.objectContaining({ code: "UNSUPPORTED" }) as Error;
    expect(() => opened.entries).toThrow(early);
    expect(() => opened.get("info/files")).toThrow(early);
    expect(() => opened.toIndex()).toThrow(early);
    await expect(opened.readMany([])).rejects.toEqual(early);
    await expect(opened.streamEach([])[Symbol.asyncIterator]().next()).rejects.toEqual(early);
    expect(names(await opened.list())).toEqual([...OLD_MEMBERS, "lib/photo.raw"]);
    expect(opened.get("lib/photo.raw").size).toBe(512_000);
    const [tides] = await opened.readMany([opened.get("lib/tides.py")]);
    expect(new TextDecoder().decode(tides)).toBe(OLD_TIDES);
  });

  it("with two info/index.json has the first where it is not listed, and is AMBIGUOUS where it is", async () => {
    await using opened = await openConda(largeOldConda(2));
    expect(await opened.index()).toEqual(OLD_INDEX);
    await opened.list();
    await expect(opened.index()).rejects.toMatchObject({ code: "AMBIGUOUS" });
  });

  it("without info/index.json is NOT_FOUND when that is read", async () => {
    await using opened = await openConda(emptyOldConda());
    await expect(opened.index()).rejects.toMatchObject({ code: "NOT_FOUND" });
    await using source = await openSource(compressedTar("tar.bz2"));
    await using other = await openConda(source);
    await expect(other.index()).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("is a tar.bz2 for openArchive", async () => {
    await using archive = await openArchive(oldConda());
    expect(archive.format).toBe("tar.bz2");
  });

  it("that is cut short is FORMAT", async () => {
    await expect(openConda(oldConda().slice(0, -30))).rejects.toMatchObject({ code: "FORMAT" });
    await using large = await openConda(largeOldConda().slice(0, -30));
    expect(await large.index()).toEqual(OLD_INDEX);
    await expect(large.list()).rejects.toMatchObject({ code: "FORMAT" });
    await expect(large.info()).rejects.toMatchObject({ code: "FORMAT" });
  });

  it("lists for all that ask meanwhile, whom an abort of another's does not concern", async () => {
    await using opened = await openConda(largeOldConda());
    const reason = new Error("enough");
    const controller = new AbortController();
    const first = opened.list({ signal: controller.signal });
    const second = opened.pkg();
    controller.abort(reason);
    await expect(first).rejects.toBe(reason);
    expect(names((await second).entries)).toEqual(["lib/tides.py", "lib/photo.raw"]);
  });

  it("may be listed anew after the only one that asked has gone", async () => {
    await using opened = await openConda(largeOldConda());
    const controller = new AbortController();
    const first = opened.list({ signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(first).rejects.toThrow("enough");
    expect((await opened.list()).length).toBe(4);
  });
});

describe.each([
  ["a .conda", conda],
  ["a .tar.bz2", oldConda()],
])("%s", (_what, bytes) => {
  const readers: readonly (readonly [
    string,
    (opened: CondaPackage, signal?: AbortSignal) => Promise<unknown>,
  ])[] = [
    ["list", (opened, signal) => opened.list({ signal })],
    ["metadata", (opened, signal) => opened.metadata({ signal })],
    ["index", (opened, signal) => opened.index({ signal })],
    ["info", (opened, signal) => opened.info({ signal })],
    ["pkg", (opened, signal) => opened.pkg({ signal })],
  ];

  it.each(readers)(
    "%s rejects with CLOSED after close, and with the reason of an abort",
    async (_name, read) => {
      await using source = await openSource(bytes);
      const opened = await openConda(source);
      const reason = new Error("enough");
      await expect(read(opened, AbortSignal.abort(reason))).rejects.toBe(reason);
      await opened.close();
      await opened.close();
      await expect(read(opened)).rejects.toMatchObject({ code: "CLOSED" });
      // A source that is handed in stays open.
      expect((await source.read([0, 2])).length).toBe(2);
    },
  );

  it("opens from its own index, by openConda and by openArchive", async () => {
    await using first = await openConda(bytes);
    const index = JSON.parse(JSON.stringify(first.toIndex())) as ReturnType<typeof first.toIndex>;
    expect(index.format).toBe("conda");
    for (const open of [openConda, openArchive]) {
      await using opened = (await open(bytes, { index })) as CondaPackage;
      expect([opened.format, opened.formatVersion]).toEqual(["conda", first.formatVersion]);
      expect(names(opened.entries)).toEqual(names(first.entries));
      expect(await opened.index()).toEqual(await first.index());
      expect(names((await opened.pkg()).entries)).toEqual(["lib/tides.py"]);
      expect(await (await opened.pkg()).get("lib/tides.py").text()).toContain("METRES");
    }
  });

  it("has the limits it was opened with, in its parts too", async () => {
    await expect(openConda(bytes, { maxEntries: 2 })).rejects.toMatchObject({ code: "LIMIT" });
    await using opened = await openConda(bytes, { maxEntryBytes: 10 });
    await expect(opened.index()).rejects.toMatchObject({ code: "LIMIT" });
    await expect(openConda(bytes, { maxEntries: -1 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});

describe("indexes from anywhere", () => {
  it.each([
    null,
    7,
    {},
    { format: "conda" },
    { format: "conda", version: 1, size: 1, identity: {}, directory: { records: 7 } },
  ])("%j is FORMAT", async (index) => {
    await expect(openConda(conda, { index: index as never })).rejects.toMatchObject({ code: "FORMAT" });
  });

  it("one of a zip that is no conda package is FORMAT, one of a .conda by openZip is as good as its own", async () => {
    const other = buildZip([{ name: "a.txt", data: text("a") }]);
    await using zip = await openZip(other);
    await expect(openConda(other, { index: zip.toIndex() })).rejects.toMatchObject({ code: "FORMAT" });
    await using same = await openZip(conda);
    await using opened = await openConda(conda, { index: same.toIndex() });
    expect(await opened.index()).toEqual(INDEX);
  });
});

it("a part that lies in its place is read in place, and a large one is not held", async () => {
  const bytes = buildConda({ pkg: pkgMembers(6_000_000) });
  await using opened = await openConda(bytes);
  await using pkg = await opened.pkg();
  expect(pkg.source.spans).toBe(opened.source.spans);
  expectSameBytes(await pkg.get("lib/photo.raw").bytes(), patternBytes(6_000_000, 2));
});

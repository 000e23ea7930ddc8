import { describe, expect, it } from "vitest";
import { buildWheel, DIST_INFO, distInfoMembers, METADATA, RECORD } from "../../../test/wheel/build-wheel.ts";
import { buildZip, text } from "../../../test/zip/build-zip.ts";
import { openArchive } from "../../archive.ts";
import { openSource } from "../../index.ts";
import { openWheel, type WheelPackage } from "../../wheel.ts";
import { openZip } from "../../zip.ts";

const wheel = buildWheel();

describe("a wheel", () => {
  it("gives its METADATA as text and taken apart, and its RECORD", async () => {
    await using opened = await openWheel(wheel);
    expect([opened.format, opened.distInfo]).toEqual(["wheel", DIST_INFO]);
    expect(await opened.metadata()).toBe(METADATA);
    const fields = await opened.fields();
    expect(fields.get("requires-dist")).toEqual(["numpy (>=1.20)", 'pytest; extra == "test"']);
    expect(fields.get("description")).toEqual(["# Buoy\n\nReads buoys: all of them.\n"]);
    expect((await opened.record()).map(({ path, size }) => [path, size])).toEqual([
      ["buoy/__init__.py", 0],
      [`${DIST_INFO}/METADATA`, METADATA.length],
      [`${DIST_INFO}/RECORD`, undefined],
    ]);
  });

  it("does as a zip does", async () => {
    await using opened = await openWheel(wheel);
    const record = opened.get(`${DIST_INFO}/RECORD`);
    expect([await record.text(), record.method]).toEqual([RECORD, "deflate"]);
    expect(opened.entries.length).toBe(4);
    expect(opened.ranges.size).toBe(4);
  });

  it("without RECORD opens, and is NOT_FOUND when that is read", async () => {
    await using opened = await openWheel(buildWheel({ distInfo: distInfoMembers().slice(0, 2) }));
    expect(await opened.metadata()).toBe(METADATA);
    await expect(opened.record()).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("may have other folders, and a .dist-info further in", async () => {
    const vendored = distInfoMembers("buoy/_vendor/other-2.dist-info");
    await using opened = await openWheel(buildWheel({ distInfo: [...vendored, ...distInfoMembers()] }));
    expect(opened.distInfo).toBe(DIST_INFO);
  });

  it("is told by openArchive, from its bytes", async () => {
    await using archive = await openArchive(wheel);
    if (archive.format !== "wheel") throw new Error(`got ${archive.format}`);
    expect(await archive.metadata()).toBe(METADATA);
  });

  it("opens from its own index, by openWheel and by openArchive", async () => {
    await using first = await openWheel(wheel);
    const index = JSON.parse(JSON.stringify(first.toIndex())) as ReturnType<typeof first.toIndex>;
    expect(index.format).toBe("wheel");
    for (const open of [openWheel, openArchive]) {
      await using opened = (await open(wheel, { index })) as WheelPackage;
      expect([opened.format, await opened.metadata()]).toEqual(["wheel", METADATA]);
    }
    await expect(openZip(wheel, { index })).rejects.toMatchObject({ code: "FORMAT" });
    await expect(openWheel(wheel, { index: null as never })).rejects.toMatchObject({ code: "FORMAT" });
  });

  it("rejects with CLOSED after close, and with the reason of an abort; a source that is handed in stays open", async () => {
    await using source = await openSource(wheel);
    const opened = await openWheel(source);
    const reason = new Error("enough");
    await expect(opened.metadata({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(opened.record({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await opened.close();
    for (const read of [opened.metadata(), opened.fields(), opened.record()]) {
      await expect(read).rejects.toMatchObject({ code: "CLOSED" });
    }
    expect((await source.read([0, 2])).length).toBe(2);
    const own = await openWheel(wheel);
    await own.close();
    await expect(own.source.read([0, 2])).rejects.toMatchObject({ code: "CLOSED" });
  });
});

describe("what is no wheel:", () => {
  const [metadata, wheelFile, record] = distInfoMembers();
  if (metadata === undefined || wheelFile === undefined || record === undefined) throw new Error("too few");
  it.each([
    ["without a .dist-info", "FORMAT", [{ name: "a.txt", data: text("a") }], "without a .dist-info folder"],
    ["without METADATA", "FORMAT", [wheelFile, record], `without ${DIST_INFO}/METADATA`],
    ["without WHEEL", "FORMAT", [metadata, record], `without ${DIST_INFO}/WHEEL`],
    ["with two METADATA", "AMBIGUOUS", [metadata, metadata, wheelFile], `2 members ${DIST_INFO}/METADATA`],
    ["with two WHEEL", "AMBIGUOUS", [metadata, wheelFile, wheelFile], `2 members ${DIST_INFO}/WHEEL`],
    [
      "with two .dist-info",
      "AMBIGUOUS",
      [...distInfoMembers(), ...distInfoMembers("other-2.dist-info")],
      "2 .dist-info folders",
    ],
  ])("a zip %s is %s, and a zip for openArchive", async (_what, code, members, got) => {
    const bytes = buildZip(members);
    await expect(openWheel(bytes)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(got) as string,
    });
    await using archive = await openArchive(bytes);
    expect(archive.format).toBe("zip");
  });

  it("text", async () => {
    await expect(openWheel(text("Tides of one day.\n"))).rejects.toMatchObject({ code: "FORMAT" });
  });

  it("one with a RECORD or a METADATA that is none is FORMAT when that is read", async () => {
    const broken = { ...metadata, data: text("no field\n") };
    await using opened = await openWheel(
      buildZip([broken, wheelFile, { ...record, data: text("a,b\n"), method: 0 }]),
    );
    expect(await opened.metadata()).toBe("no field\n");
    await expect(opened.fields()).rejects.toMatchObject({ code: "FORMAT" });
    await expect(opened.record()).rejects.toMatchObject({ code: "FORMAT" });
  });
});

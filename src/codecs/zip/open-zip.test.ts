import { type Zippable, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { buildZip, text } from "../../../test/zip/build-zip.ts";
import { drain } from "../../../test/zip/drain.ts";
import { recordedSource } from "../../../test/zip/recorded-source.ts";
import { SMALL, sameBytes, sampleBytes } from "../../../test/zip/small-members.ts";
import { openSource } from "../../open.ts";
import type { Entry } from "../archive.ts";
import { openZip } from "./open-zip.ts";

describe("openZip", () => {
  it("lists a small archive from its tail alone, in directory order", async () => {
    const source = recordedSource(buildZip(SMALL));
    const zip = await openZip(source);
    expect(zip.format).toBe("zip");
    expect(zip.entries.map(({ name, kind, size, method }) => [name, kind, size, method])).toEqual([
      ["docs/", "directory", 0, "store"],
      ["docs/readme.txt", "file", 11, "store"],
      ["docs/data.csv", "file", 3000, "deflate"],
      ["latest", "symlink", 15, "store"],
      ["pipe", "other", 0, "store"],
    ]);
    expect(zip.entries[0]?.modified?.toISOString()).toBe("2024-01-01T00:00:00.000Z");
    expect(zip.source.receipt.requests).toBe(1);
  });

  it("takes a pipe that has data for a file, as Info-ZIP writes what it is given on its standard input", async () => {
    const zip = await openZip(buildZip([{ name: "-", data: text("piped"), externalAttributes: 0x11a40000 }]));
    expect([zip.get("-").kind, await zip.get("-").text()]).toEqual(["file", "piped"]);
  });

  it("reads stored and deflated members, whole, as text and as a stream", async () => {
    const zip = await openZip(buildZip(SMALL));
    const csv = zip.get("docs/data.csv");
    expect(await csv.bytes()).toEqual(sampleBytes(3000));
    expect(await drain(csv.stream())).toEqual(sampleBytes(3000));
    expect(csv.storedSize).toBeLessThan(3000);
    expect(await zip.get("docs/readme.txt").text()).toBe("stored text");
    expect(await zip.get("docs/").bytes()).toEqual(new Uint8Array(0));
  });

  it("knows a symlink's target once it was read", async () => {
    const zip = await openZip(buildZip(SMALL));
    const link = zip.get("latest");
    expect(link.linkTarget).toBeUndefined();
    await link.bytes();
    expect(link.linkTarget).toBe("docs/readme.txt");
  });

  it("knows it as well where it was read as a stream, to its end", async () => {
    const zip = await openZip(buildZip(SMALL));
    const link = zip.get("latest");
    const left = link.stream().getReader();
    await left.cancel();
    expect(link.linkTarget).toBeUndefined();
    for await (const chunk of link.stream()) chunk.fill(0);
    expect(link.linkTarget).toBe("docs/readme.txt");
  });

  it("opens an archive without members", async () => {
    const zip = await openZip(buildZip([]));
    expect(zip.entries).toEqual([]);
    expect(zip.ranges.size).toBe(0);
  });

  it("reads what another writer made, every member of it", async () => {
    const files: Zippable = {};
    for (let index = 0; index < 40; index++) {
      files[`dir/file-${index} ü.txt`] = [sampleBytes(index * 501), { level: index % 3 === 0 ? 0 : 6 }];
    }
    const zip = await openZip(new Uint8Array(zipSync(files, { comment: "made elsewhere" })));
    expect(zip.entries.map((entry) => entry.name)).toEqual(Object.keys(files));
    for (const [index, entry] of zip.entries.entries()) {
      expect(sameBytes(await entry.bytes(), sampleBytes(index * 501))).toBe(true);
    }
  });

  it("asks for the missing part of a directory larger than the tail, and for nothing twice", async () => {
    const members = Array.from({ length: 1500 }, (_, index) => ({ name: `member-${index}`.padEnd(60, "_") }));
    const bytes = buildZip(members);
    const source = recordedSource(bytes);
    const zip = await openZip(source);
    expect(zip.entries.length).toBe(1500);
    const directoryStart = bytes.length - 22 - 1500 * 106;
    expect(source.asked).toEqual([
      `[${bytes.length - 65536}, ${bytes.length})`,
      `[${directoryStart}, ${bytes.length - 65536})`,
    ]);
  });

  it("reads zip64 values, records and directories", async () => {
    const members = SMALL.map((member) => ({ ...member, zip64: true }));
    const zip = await openZip(buildZip(members, { zip64: true }));
    expect(await zip.get("docs/data.csv").bytes()).toEqual(sampleBytes(3000));
    expect(zip.entries.map(({ size }) => size)).toEqual([0, 11, 3000, 15, 0]);
  });

  it("reads an archive behind a prefix, its offsets shifted, zip64 too", async () => {
    const prefix = sampleBytes(777);
    for (const zip64 of [false, true]) {
      const zip = await openZip(buildZip(SMALL, { prefix, zip64 }));
      expect(await zip.get("docs/readme.txt").text()).toBe("stored text");
      const range = await zip.get("docs/readme.txt").range();
      expect(new TextDecoder().decode(await zip.source.read(range))).toBe("stored text");
    }
  });

  it("finds the end record before a comment of any length, and before padding of zeros", async () => {
    for (const length of [1, 22, 60_000, 65_514, 65_515, 65_535]) {
      const comment = sampleBytes(length);
      const source = recordedSource(buildZip(SMALL, { comment }));
      expect((await openZip(source)).entries.length).toBe(5);
      expect(source.asked.length).toBeLessThanOrEqual(3);
    }
    expect((await openZip(buildZip(SMALL, { trailer: new Uint8Array(500) }))).entries.length).toBe(5);
  });

  it("gives a directory's own fields when the local header holds zeros and a descriptor follows", async () => {
    const zip = await openZip(
      buildZip([
        { name: "a", data: text("first"), descriptor: true },
        { name: "b", data: sampleBytes(900), method: 8, descriptor: true },
      ]),
    );
    expect(await zip.get("a").text()).toBe("first");
    expect(await zip.get("b").bytes()).toEqual(sampleBytes(900));
  });

  it("leaves a source open that was handed in, and closes one of its own", async () => {
    const handedIn = recordedSource(buildZip(SMALL));
    const planned = await openSource(recordedSource(buildZip(SMALL)));
    await (await openZip(handedIn)).close();
    expect(handedIn.isClosed).toBe(false);
    const zip = await openZip(planned);
    await zip.close();
    await zip.close();
    expect((await planned.read([0, 4])).length).toBe(4);
    const own = await openZip(buildZip(SMALL));
    await own.close();
    await expect(own.source.read([0, 1])).rejects.toMatchObject({ code: "CLOSED" });
  });

  it("rejects reads after close as CLOSED, even over a source that stays open", async () => {
    const zip = await openZip(await openSource(buildZip(SMALL)));
    const entry = zip.entries[1] as Entry;
    await zip.close();
    await expect(entry.bytes()).rejects.toMatchObject({ code: "CLOSED" });
    await expect(entry.range()).rejects.toMatchObject({ code: "CLOSED" });
    await expect(drain(entry.stream())).rejects.toMatchObject({ code: "CLOSED" });
    await expect(zip.readMany([entry])).rejects.toMatchObject({ code: "CLOSED" });
  });

  it("is closed by `await using`", async () => {
    let entry: Entry | undefined;
    {
      await using zip = await openZip(buildZip(SMALL));
      entry = zip.get("latest");
    }
    await expect(entry.bytes()).rejects.toMatchObject({ code: "CLOSED" });
  });
});

describe("Archive", () => {
  it("maps which member owns which byte, from its header to the next", async () => {
    const bytes = buildZip([
      { name: "a", data: text("first"), gap: 10 },
      { name: "b", data: text("second") },
    ]);
    const zip = await openZip(bytes);
    const directoryStart = bytes.length - 22 - 2 * 47;
    expect([...zip.ranges].map(([range, entry]) => [String(range), entry.name])).toEqual([
      ["[0, 46)", "a"],
      [`[46, ${directoryStart})`, "b"],
    ]);
    expect(zip.ranges.get(40)).toBe(zip.entries[0]);
    expect(zip.ranges.get(directoryStart)).toBeUndefined();
  });

  it("finds an entry by its exact name, and says NOT_FOUND or AMBIGUOUS otherwise", async () => {
    const zip = await openZip(
      buildZip([{ name: "a" }, { name: "A" }, { name: "dup" }, { name: "dup" }, { name: "__proto__" }]),
    );
    expect(zip.get("A")).toBe(zip.entries[1]);
    expect(zip.get("__proto__")).toBe(zip.entries[4]);
    expect(() => zip.get("constructor")).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
    expect(() => zip.get("dup")).toThrow(expect.objectContaining({ code: "AMBIGUOUS" }));
    expect(zip.entries.filter(({ name }) => name === "dup").length).toBe(2);
  });

  it("reads many members in the order asked, duplicates too, in fewer requests than members", async () => {
    const source = recordedSource(
      buildZip(
        Array.from({ length: 200 }, (_, index) => ({
          name: `m${index}`,
          data: sampleBytes(1000 + index),
          method: 8,
        })),
      ),
    );
    const zip = await openZip(source);
    const asked = source.asked.length;
    const wanted = [5, 3, 4, 3, 6].map((index) => zip.get(`m${index}`));
    const got = await zip.readMany(wanted);
    expect(got).toEqual([5, 3, 4, 3, 6].map((index) => sampleBytes(1000 + index)));
    expect(got[1]).not.toBe(got[3]);
    expect(source.asked.length - asked).toBe(1);
    expect(await zip.readMany([])).toEqual([]);
  });

  it("refuses an entry of another archive", async () => {
    const zip = await openZip(buildZip(SMALL));
    const other = await openZip(buildZip(SMALL));
    await expect(zip.readMany([other.get("latest")])).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("refuses limits that are no numbers from 0 on", async () => {
    for (const limit of [Number.NaN, -1, "1" as never]) {
      await expect(openZip(buildZip(SMALL), { maxRatio: limit })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
      });
      const zip = await openZip(buildZip(SMALL));
      await expect(zip.get("latest").bytes({ maxBytes: limit })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
      });
    }
  });
});

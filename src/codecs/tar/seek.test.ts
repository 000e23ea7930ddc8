import { gzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { expectSameBytes } from "../../../test/same-bytes.ts";
import { buildTar } from "../../../test/tar/build-tar.ts";
import { cutUp, seekableZstd, skippableFrame, zstdFrame } from "../../../test/tar/build-zstd.ts";
import { drain } from "../../../test/zip/drain.ts";
import { recordedSource } from "../../../test/zip/recorded-source.ts";
import { concatBytes } from "../../bytes/collect-bytes.ts";
import { openSource } from "../../open.ts";
import type { Bytes } from "../../source/source.ts";
import { patternBytes } from "../../testing/pattern-bytes.ts";
import type { ArchiveIndex } from "../archive.ts";
import { openTar } from "./open-tar.ts";
import type { TarArchive, TarEntry } from "./tar-archive.ts";

const encoder = new TextEncoder();
/** Noise and numbered lines by turns, some members larger than a span, some without bytes. */
const MEMBERS = Array.from({ length: 40 }, (_, index) => {
  const length = index % 7 === 6 ? 0 : 1000 + index * 731;
  const text = Array.from({ length: length >> 3 }, (_line, line) => `${index}: line ${line * 7919}\n`).join(
    "",
  );
  return { name: `m${index}`, data: index % 2 === 0 ? patternBytes(length, index) : encoder.encode(text) };
});
const TAR = buildTar(MEMBERS);
const SPACING = 20_000;
const dataOf = (name: string): Bytes => MEMBERS[Number(name.slice(1))]?.data as Bytes;

const FORMS: [string, Bytes][] = [
  ["gzip", gzipSync(TAR) as Bytes],
  ["gzip in many members", concatBytes(cutUp(TAR, 5000).map((part) => gzipSync(part) as Bytes))],
  [
    "gzip in two members, with zeros behind",
    concatBytes([...cutUp(TAR, TAR.length >> 1).map((part) => gzipSync(part) as Bytes), new Uint8Array(500)]),
  ],
  // As bgzip ends what it writes: the last checkpoint may fall on it.
  [
    "gzip whose last member is empty",
    concatBytes(
      [...cutUp(TAR, Math.ceil(TAR.length / 4)), new Uint8Array(0)].map((part) => gzipSync(part) as Bytes),
    ),
  ],
  [
    "zstd whose last frame is empty",
    concatBytes([...cutUp(TAR, Math.ceil(TAR.length / 4)), new Uint8Array(0)].map(zstdFrame)),
  ],
  ["zstd in several frames", concatBytes(cutUp(TAR, 8000).map(zstdFrame))],
  // As pzstd writes: each frame behind one that is skipped and tells its length.
  [
    "zstd whose frames are announced by skippable ones",
    concatBytes(
      cutUp(TAR, 8000).flatMap((part) => [skippableFrame(zstdFrame(part).length), zstdFrame(part)]),
    ),
  ],
  ["seekable zstd", await seekableZstd(cutUp(TAR, 30_000))],
  ["seekable zstd without checksums", await seekableZstd(cutUp(TAR, 30_000), { checksums: false })],
];

const saved = (tar: TarArchive): ArchiveIndex => JSON.parse(JSON.stringify(tar.toIndex())) as ArchiveIndex;
interface Checkpoints {
  check: string;
  end: [number, number];
  points: (number | string | null)[][];
}
const checkpointsOf = (index: ArchiveIndex): Checkpoints =>
  JSON.parse(String(index.directory["checkpoints"])) as Checkpoints;

async function openRecorded(bytes: Bytes, index?: ArchiveIndex) {
  const source = recordedSource(bytes, "x.tar.gz");
  // Without a cache each call shows what it asks for.
  const planned = await openSource(source, { cache: false, policy: "lean" });
  const tar = await openTar(planned, { checkpointBytes: SPACING, index });
  const opening = source.asked.splice(0);
  return { tar, opening, asked: source.asked };
}

const bytesAsked = (asked: readonly string[]): number =>
  asked.reduce((sum, range) => {
    const [start = 0, end = 0] = (range.match(/\d+/g) ?? []).map(Number);
    return sum + end - start;
  }, 0);

describe.each(FORMS)("a tar in %s", (_, bytes) => {
  it("gives each member by one request of the spans it lies in, with an index and without", async () => {
    const { tar } = await openRecorded(bytes);
    expect(tar.entries.map(({ name }) => name)).toEqual(MEMBERS.map(({ name }) => name));
    const index = saved(tar);
    const { points, end } = checkpointsOf(index);
    expect(points.length).toBeGreaterThan(3);
    const spans = points.map(([byte], at) => Number(points[at + 1]?.[0] ?? end[0]) - Number(byte) + 1);
    for (const known of [undefined, index]) {
      const { tar: opened, opening, asked } = await openRecorded(bytes, known);
      if (known !== undefined) expect(opening).toEqual([]);
      for (const [at, entry] of opened.entries.entries()) {
        expectSameBytes(await entry.bytes(), dataOf(entry.name));
        const [start = 0, stop = 0] = index.entries[at]?.range ?? [];
        const ranges = asked.splice(0);
        // A member without bytes has nothing to check but its header.
        if (entry.size === 0 && known === undefined) expect(ranges).toEqual([]);
        else expect(ranges.length).toBe(1);
        expect(bytesAsked(ranges)).toBeLessThanOrEqual(stop - start);
        const stored = dataOf(entry.name).length;
        expect(stop - start).toBeLessThanOrEqual(stored + 2 * Math.max(...spans));
      }
    }
  });

  it("gives them as streams, several at once, all in one go, and as sources", async () => {
    const { tar } = await openRecorded(bytes);
    const { tar: indexed, asked } = await openRecorded(bytes, saved(tar));
    for (const name of ["m0", "m6", "m7", "m39"]) {
      expectSameBytes(await drain(indexed.get(name).stream()), dataOf(name));
      const source = await indexed.get(name).source();
      expectSameBytes(await source.read([0]), dataOf(name));
    }
    asked.length = 0;
    const names = ["m38", "m2", "m20", "m2", "m3"];
    const many = await indexed.readMany(names.map((name) => indexed.get(name)));
    for (const [at, name] of names.entries()) expectSameBytes(many[at] as Bytes, dataOf(name));
    expect(many[1]?.buffer).not.toBe(many[3]?.buffer);
    expect(bytesAsked(asked)).toBeLessThan(bytes.length);
    expect(asked.length).toBeLessThanOrEqual(3);
    asked.length = 0;
    for await (const { entry, stream } of indexed.streamEach(indexed.entries)) {
      if (entry.name !== "m5") expectSameBytes(await drain(stream), dataOf(entry.name));
    }
    expect(asked.length).toBe(1);
  });

  it("keeps its places when it is indexed again", async () => {
    const { tar } = await openRecorded(bytes);
    const index = saved(tar);
    const { tar: indexed } = await openRecorded(bytes, index);
    expect(saved(indexed)).toEqual(index);
  });

  it("that is damaged behind the index's back is an error and never other bytes", async () => {
    const { tar } = await openRecorded(bytes);
    const index = saved(tar);
    const isChecked = checkpointsOf(index).points.every(([, , , checksum]) => checksum !== null);
    let errors = 0;
    for (let at = 50; at < bytes.length; at += Math.ceil(bytes.length / 14)) {
      const damaged = bytes.slice();
      damaged[at] = (damaged[at] as number) ^ 4;
      const { tar: opened } = await openRecorded(damaged, index);
      for (const entry of opened.entries.filter((_entry, each) => each % 5 === 0)) {
        const got = await entry.bytes().catch((error: { code?: string }) => error.code);
        if (got instanceof Uint8Array) {
          if (isChecked) expectSameBytes(got, dataOf(entry.name));
        } else {
          expect(["FORMAT", "CHECKSUM", "AMBIGUOUS", "LIMIT", "UNSUPPORTED"]).toContain(got);
          errors++;
        }
      }
    }
    if (isChecked) expect(errors).toBeGreaterThan(5);
  });

  it("heeds an abort and its closing", async () => {
    const { tar } = await openRecorded(bytes);
    const [entry] = tar.entries as [TarEntry];
    const signal = AbortSignal.abort(new Error("mine"));
    await expect(entry.bytes({ signal })).rejects.toThrow("mine");
    await expect(drain(entry.stream({ signal }))).rejects.toThrow("mine");
    const reading = entry.bytes();
    await tar.close();
    await expect(reading).rejects.toMatchObject({ code: "CLOSED" });
  });
});

describe("checkpoints", () => {
  const [, gz] = FORMS[0] as [string, Bytes];

  it("are not made where nobody wants them, nor of what is no longer than one span", async () => {
    for (const checkpointBytes of [Number.POSITIVE_INFINITY, gz.length]) {
      const tar = await openTar(gz, { checkpointBytes });
      expect(Object.keys(saved(tar).directory)).toEqual(["records"]);
      expectSameBytes(await tar.get("m20").bytes(), dataOf("m20"));
    }
    expect(Object.keys((await openTar(gz)).toIndex().directory)).toEqual(["records"]);
  });

  it("of no number are INVALID_ARGUMENT before anything is asked", async () => {
    const source = recordedSource(gz);
    await expect(openTar(source, { checkpointBytes: -1 })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    expect(source.asked).toEqual([]);
  });

  it("are none in zstd of one frame, with or without a seek table", async () => {
    for (const bytes of [zstdFrame(TAR), await seekableZstd([TAR])]) {
      const tar = await openTar(bytes, { checkpointBytes: SPACING });
      expect(Object.keys(saved(tar).directory)).toEqual(["records"]);
      expectSameBytes(await tar.get("m20").bytes(), dataOf("m20"));
    }
  });

  it("lie as far apart as they are told", async () => {
    const { points } = checkpointsOf(saved((await openRecorded(gz)).tar));
    const places = points.map(([byte]) => Number(byte));
    for (const [at, place] of places.slice(1).entries())
      expect(place - (places[at] ?? 0)).toBeGreaterThanOrEqual(SPACING);
    const dense = checkpointsOf(saved(await openTar(gz, { checkpointBytes: 0 }))).points.length;
    expect(dense).toBeGreaterThanOrEqual(points.length);
  });

  it("serve random access inside a large member", async () => {
    const data = patternBytes(6_000_000, 9);
    const bytes = gzipSync(buildTar([{ name: "big", data }, ...MEMBERS])) as Bytes;
    const first = await openTar(bytes, { checkpointBytes: 200_000 });
    for (const index of [undefined, saved(first)]) {
      const recorded = recordedSource(bytes);
      const outer = await openSource(recorded, { cache: false });
      const tar = await openTar(outer, { checkpointBytes: 200_000, index });
      const source = await tar.get("big").source();
      expect(source.size).toBe(data.length);
      recorded.asked.length = 0;
      expectSameBytes(await source.read([3_000_000, 3_000_100]), data.slice(3_000_000, 3_000_100));
      expect(recorded.asked.length).toBe(1);
      expect(bytesAsked(recorded.asked)).toBeLessThan(600_000);
      expectSameBytes(await drain(source.stream([1_000_000, 4_000_000])), data.slice(1_000_000, 4_000_000));
      await expect(source.read([0, data.length + 1])).rejects.toMatchObject({ code: "OUT_OF_BOUNDS" });
      const reader = source.stream([0]).getReader();
      expect((await reader.read()).value?.length).toBeGreaterThan(0);
      await reader.cancel();
      await tar.close();
      await expect(source.read([5, 10])).rejects.toMatchObject({ code: "CLOSED" });
      await source.close();
      await expect(source.read([5, 10])).rejects.toMatchObject({ code: "CLOSED" });
    }
  });

  it("count what is read inside a large member", async () => {
    const data = patternBytes(5_000_000, 9);
    const bytes = gzipSync(buildTar([{ name: "big", data }])) as Bytes;
    const tar = await openTar(bytes, { checkpointBytes: 200_000, maxTotalBytes: 150 });
    const source = await tar.get("big").source();
    expect((await source.read([0, 100])).length).toBe(100);
    await expect(source.read([200, 300])).rejects.toMatchObject({ code: "LIMIT" });
  });

  it("hold what grows too much against the limit", async () => {
    const bytes = gzipSync(buildTar([{ name: "zeros", data: new Uint8Array(9_000_000) }])) as Bytes;
    const index = saved(await openTar(bytes, { checkpointBytes: 0 }));
    const tar = await openTar(bytes, { index, maxRatio: 20 });
    await expect(tar.get("zeros").bytes()).rejects.toMatchObject({ code: "LIMIT" });
  });
});

describe("an index with checkpoints", () => {
  const [, gz] = FORMS[0] as [string, Bytes];
  const edited = async (edit: (checkpoints: Checkpoints) => unknown): Promise<ArchiveIndex> => {
    const index = saved(await openTar(gz, { checkpointBytes: SPACING }));
    const checkpoints = checkpointsOf(index);
    const replaced = edit(checkpoints);
    const text = typeof replaced === "string" ? replaced : JSON.stringify(checkpoints);
    return { ...index, directory: { ...index.directory, checkpoints: text } };
  };
  const set = (point: number, field: number, value: number | string | null) => (checkpoints: Checkpoints) => {
    (checkpoints.points[point] as (number | string | null)[])[field] = value;
  };

  it.each<[string, (checkpoints: Checkpoints) => unknown]>([
    ["no JSON", () => "["],
    ["null", () => "null"],
    ["no list", (checkpoints) => Object.assign(checkpoints, { points: {} })],
    ["no points", (checkpoints) => Object.assign(checkpoints, { points: [] })],
    ["points that are none", (checkpoints) => checkpoints.points.push(7 as never)],
    ["an unknown checksum", (checkpoints) => Object.assign(checkpoints, { check: "md5" })],
    ["no end", (checkpoints) => Object.assign(checkpoints, { end: 7 })],
    ["an end beyond the archive", (checkpoints) => (checkpoints.end[0] += 1)],
    ["an end before the last point", (checkpoints) => (checkpoints.end[0] = 100)],
    ["fewer bytes than its members need", (checkpoints) => (checkpoints.end[1] -= 20_000)],
    ["a first point that is not the start", (checkpoints) => checkpoints.points.shift()],
    ["a point before the one before it", set(2, 0, 5)],
    ["a point twice", (checkpoints) => checkpoints.points.splice(2, 0, checkpoints.points[2] as never)],
    ["a point outside", set(3, 0, 1e9)],
    ["a negative byte", set(1, 0, -1)],
    ["half a byte", set(1, 0, 20_000.5)],
    ["a ninth bit", set(1, 1, 8)],
    ["a position that falls", set(2, 2, 5)],
    ["a position beyond the end", set(3, 2, 2 ** 50)],
    ["a checksum that is none", set(1, 3, 2 ** 32)],
    ["no checksum", set(1, 3, null)],
    ["a window that is no base64", set(1, 4, "%")],
    ["a window of megabytes", set(1, 4, "AAAA".repeat(500_000))],
    ["a window at the start", set(0, 4, "AAAA")],
  ])("is refused with %s, before anything is asked", async (_, edit) => {
    const index = await edited(edit);
    const source = recordedSource(gz);
    await expect(openTar(source, { index })).rejects.toMatchObject({ code: "FORMAT" });
    expect(source.asked).toEqual([]);
  });

  it("is refused with more checkpoints, or longer ones, than are believed", async () => {
    const index = await edited(() => undefined);
    await expect(openTar(gz, { index, maxEntries: 41 })).resolves.toBeDefined();
    const dense = saved(await openTar(FORMS[1]?.[1] as Bytes, { checkpointBytes: 0 }));
    await expect(openTar(FORMS[1]?.[1] as Bytes, { index: dense, maxEntries: 41 })).rejects.toMatchObject({
      code: "LIMIT",
    });
    await expect(openTar(gz, { index, maxDirectoryBytes: 5000 })).rejects.toMatchObject({ code: "LIMIT" });
  });

  it("of plain tars, and of those that cannot be entered, is refused", async () => {
    const checkpoints = String((await edited(() => undefined)).directory["checkpoints"]);
    const plain = (await openTar(TAR)).toIndex();
    for (const format of ["tar", "tar.bz2", "tar.xz", "tar.zst"]) {
      const index = { ...plain, format, size: gz.length, directory: { ...plain.directory, checkpoints } };
      await expect(openTar(gz, { index })).rejects.toMatchObject({ code: "FORMAT" });
    }
  });

  it.each<[string, (checkpoints: Checkpoints) => unknown]>([
    ["another window", (checkpoints) => set(1, 4, String(checkpoints.points[2]?.[4]))(checkpoints)],
    ["a checksum that is not that of the bytes", set(1, 3, 12345)],
    ["another bit", (checkpoints) => set(1, 1, (Number(checkpoints.points[1]?.[1]) + 1) % 8)(checkpoints)],
    ["another byte", (checkpoints) => set(1, 0, Number(checkpoints.points[1]?.[0]) + 3)(checkpoints)],
    ["another position", (checkpoints) => set(1, 2, Number(checkpoints.points[1]?.[2]) + 512)(checkpoints)],
    ["a window that is no deflate", set(1, 4, "////")],
    ["a window of no bytes", set(1, 4, "AwA=")],
  ])("that tells of %s gives no bytes out of that span", async (_, edit) => {
    const index = await edited(edit);
    const { points } = checkpointsOf(await edited(() => undefined));
    const [start, end] = [Number(points[1]?.[2]), Number(points[2]?.[2])];
    const { tar } = await openRecorded(gz, index);
    const records = JSON.parse(String(index.directory["records"])) as {
      name: string;
      data: number;
      start: number;
      size: number;
    }[];
    const inside = records.filter((record) => record.start >= start + 512 && record.data + record.size < end);
    expect(inside.length).toBeGreaterThan(0);
    for (const { name } of inside) {
      const got = await tar
        .get(name)
        .bytes()
        .catch((error: { code?: string }) => error.code);
      expect(["FORMAT", "CHECKSUM"]).toContain(got instanceof Uint8Array ? "bytes" : got);
    }
  });

  it("of another archive is CHANGED", async () => {
    const index = await edited(() => undefined);
    await expect(openTar(concatBytes([gz, new Uint8Array(1)]), { index })).rejects.toMatchObject({
      code: "CHANGED",
    });
  });
});

describe("zstd in the seekable format", () => {
  const large = [
    { name: "a", data: encoder.encode("alpha") },
    { name: "big", data: patternBytes(900_000, 1) },
    { name: "z", data: encoder.encode("omega") },
  ];
  const tarBytes = buildTar(large);

  it("is listed by its table and the frames with headers", async () => {
    const bytes = await seekableZstd(cutUp(tarBytes, 100_000));
    const { tar, opening, asked } = await openRecorded(bytes);
    expect(tar.entries.map(({ name, size }) => [name, size])).toEqual([
      ["a", 5],
      ["big", 900_000],
      ["z", 5],
    ]);
    // The head, the tail, and two frames of ten.
    expect(opening.length).toBe(4);
    expect(bytesAsked(opening)).toBeLessThan(512 + 16_384 + 2 * 101_000);
    expect(new TextDecoder().decode(await tar.get("z").bytes())).toBe("omega");
    expect(asked.length).toBe(1);
    expectSameBytes(await tar.get("big").bytes(), large[1]?.data as Bytes);
  });

  it("with a table longer than the tail is listed with one request more", async () => {
    const bytes = await seekableZstd(cutUp(tarBytes, 500));
    const { tar, opening } = await openRecorded(bytes);
    expect(tar.entries.length).toBe(3);
    expect(opening.filter((range) => range.endsWith(`${bytes.length})`)).length).toBe(2);
    expectSameBytes(await tar.get("big").bytes(), large[1]?.data as Bytes);
  });

  it("whose frame is longer or shorter than its table says, or other bytes, is no tar", async () => {
    const parts = cutUp(tarBytes, 100_000);
    for (const change of [-512, 512, -1, 1]) {
      const bytes = await seekableZstd(parts, { edit: ([frame]) => frame && (frame[1] += change) });
      await expect(openRecorded(bytes)).rejects.toMatchObject({ code: "FORMAT" });
    }
    const bytes = await seekableZstd(parts, { edit: ([frame]) => frame && (frame[2] ^= 1) });
    await expect(openRecorded(bytes)).rejects.toMatchObject({ code: "CHECKSUM" });
  });
});

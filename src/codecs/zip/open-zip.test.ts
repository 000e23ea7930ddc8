import { type Zippable, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { buildZip, crc32Of, extraField, type MemberSpec, pack, text } from "../../../test/zip/build-zip.ts";
import {
  compressedSample,
  SAMPLE_METHODS,
  SAMPLE_TEXTS,
  type SampleMethod,
} from "../../../test/zip/compressed-samples.ts";
import { drain } from "../../../test/zip/drain.ts";
import { recordedSource } from "../../../test/zip/recorded-source.ts";
import { openSource } from "../../open.ts";
import { Range } from "../../ranges/range.ts";
import type { Bytes } from "../../source/source.ts";
import type { Archive, ArchiveIndex, Entry } from "../archive.ts";
import { openZip } from "./open-zip.ts";
import type { ZipEntry } from "./zip-archive.ts";

/** Bytes that deflate to about half, and differ everywhere. */
function sampleBytes(length: number): Bytes {
  const bytes = new Uint8Array(length);
  let state = length + 1;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[index] = 97 + ((state >>> 16) % 16);
  }
  return bytes;
}

/** `toEqual` takes seconds for megabytes. */
function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

const SMALL: MemberSpec[] = [
  { name: "docs/", externalAttributes: 0x41ed0010 },
  { name: "docs/readme.txt", data: text("stored text"), externalAttributes: 0x81a40000 },
  { name: "docs/data.csv", data: sampleBytes(3000), method: 8 },
  { name: "latest", data: text("docs/readme.txt"), externalAttributes: 0xa1ff0000 },
  { name: "pipe", externalAttributes: 0x11a40000 },
];
/** As Info-ZIP writes what it is given on its standard input. */
const FROM_STDIN: MemberSpec = { name: "-", data: text("piped"), externalAttributes: 0x11a40000 };

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

  it("takes a pipe that has data for a file", async () => {
    const zip = await openZip(buildZip([FROM_STDIN]));
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

describe("what a zip tells", () => {
  it("gives comments, of the archive and of entries, each in its encoding", async () => {
    const unicode = (of: string, comment: string): Uint8Array =>
      extraField(0x6375, pack([1, 1], [4, crc32Of(text(of))], text(comment)));
    const members: MemberSpec[] = [
      { name: "flagged", comment: text("Grüße") },
      { name: "dos", flags: 0, madeBy: 20, comment: Uint8Array.of(0x81) },
      { name: "unix", flags: 0, comment: text("ü") },
      { name: "extra", flags: 0, madeBy: 20, comment: text("?"), extra: unicode("?", "日本") },
      { name: "none" },
    ];
    const zip = await openZip(buildZip(members, { comment: text("an archive's own: ü") }));
    expect(zip.comment).toBe("an archive's own: ü");
    expect(zip.entries.map(({ comment }) => comment)).toEqual(["Grüße", "ü", "ü", "日本", ""]);
    expect((await openZip(buildZip([], { comment: Uint8Array.of(0x81, 0xff) }))).comment).toBe("ü\u00a0");
    expect((await openZip(buildZip([]))).comment).toBe("");
  });

  it("gives modes where a Unix made it, checksums, and what is encrypted", async () => {
    const zip = await openZip(
      buildZip([
        ...SMALL,
        { name: "dos.txt", madeBy: 20, externalAttributes: 0x20 },
        { name: "secret", flags: 0x801 },
      ]),
    );
    expect(zip.entries.map(({ mode }) => mode?.toString(8))).toEqual([
      ...["755", "644", undefined, "777", "644"],
      ...[undefined, undefined],
    ]);
    expect(zip.get("docs/readme.txt").crc32).toBe(crc32Of(text("stored text")));
    expect(zip.entries.map(({ encrypted }) => encrypted).filter(Boolean)).toEqual([true]);
  });

  it("reads the times of NTFS and of Unix before those of DOS", async () => {
    const ntfs = new Uint8Array(32);
    new DataView(ntfs.buffer).setUint32(4, 1 | (24 << 16), true);
    new DataView(ntfs.buffer).setBigUint64(8, 133_500_000_001_230_000n, true);
    const unix = extraField(0x5455, pack([1, 1], [4, 1_700_000_000]));
    const zip = await openZip(
      buildZip([
        { name: "n", extra: extraField(0x000a, ntfs) },
        { name: "u", extra: pack(extraField(0x000a, ntfs), unix) },
        { name: "d" },
      ]),
    );
    expect(zip.entries.map(({ modified }) => modified?.toISOString())).toEqual([
      "2024-01-17T21:20:00.123Z",
      "2023-11-14T22:13:20.000Z",
      "2024-01-01T00:00:00.000Z",
    ]);
  });

  it.each(Object.entries(SAMPLE_METHODS) as [SampleMethod, number][])(
    "reads members of the method %s, whole, as a stream and many",
    async (name, method) => {
      const data = SAMPLE_TEXTS.large;
      const member = { name: "a", data, method, stored: compressedSample(name, "large") };
      const zip = await openZip(buildZip([member, { name: "b", data: text("x") }]));
      const entry = zip.get("a");
      expect([entry.method, entry.size, entry.storedSize]).toEqual([name, data.length, member.stored.length]);
      expect(sameBytes(await entry.bytes(), data)).toBe(true);
      expect(sameBytes(await drain(entry.stream()), data)).toBe(true);
      const [first, second] = await zip.readMany(zip.entries);
      expect([first?.length, second?.length]).toEqual([data.length, 1]);
    },
  );

  it("believes other methods more than deflate: 20,000 bytes for one, not 1,100", async () => {
    const data = SAMPLE_TEXTS.large;
    const member = { name: "a", data, method: 93, stored: compressedSample("zstd", "large") };
    expect(data.length / member.stored.length).toBeGreaterThan(2000);
    expect((await (await openZip(buildZip([member]))).get("a").bytes()).length).toBe(data.length);
    const bomb = { name: "b", method: 93, stored: new Uint8Array(100), central: { size: 2_100_000 } };
    const zip = await openZip(buildZip([bomb]));
    await expect(zip.get("b").bytes()).rejects.toMatchObject({ code: "LIMIT" });
  });
});

describe("Entry.source", () => {
  const inner = buildZip([
    { name: "first", data: text("one") },
    { name: "second", data: sampleBytes(5000), method: 8 },
  ]);

  it("is a view of the archive where the member is stored: a zip in a zip opens without being read", async () => {
    const filler = { name: "filler", data: sampleBytes(200_000) };
    const stored = buildZip([{ name: "inner.zip", data: pack(inner, new Uint8Array(0)) }, filler]);
    const source = recordedSource(buildZip([{ name: "big.zip", data: stored }, filler]));
    const outer = await openZip(source);
    const big = await outer.get("big.zip").source();
    expect(big.size).toBe(stored.length);
    const middle = await openZip(big);
    const nested = await openZip(await middle.get("inner.zip").source());
    expect(await nested.get("second").bytes()).toEqual(sampleBytes(5000));
    expect(outer.source.receipt.bytesReceived).toBeLessThan(300_000);
    expect(nested.source.receipt).toBe(outer.source.receipt);
  });

  it("is decoded once where the member is compressed, and stays when the archive closes", async () => {
    const source = recordedSource(buildZip([{ name: "inner.zip", data: inner, method: 8 }]));
    const outer = await openZip(source);
    const asked = source.asked.length;
    const within = await outer.get("inner.zip").source();
    expect(source.asked.length - asked).toBe(0);
    await outer.close();
    const nested = await openZip(within);
    expect(await nested.get("first").text()).toBe("one");
    expect(within.name).toContain("inner.zip in x.zip");
    await within.close();
    await expect(within.read([0, 1])).rejects.toMatchObject({ code: "CLOSED" });
  });

  it("holds no more than it may", async () => {
    const outer = await openZip(buildZip([{ name: "inner.zip", data: inner, method: 8 }]), {
      maxEntryBytes: 100,
    });
    await expect(outer.get("inner.zip").source()).rejects.toMatchObject({ code: "LIMIT" });
    expect((await outer.get("inner.zip").source({ maxBytes: 10_000 })).size).toBe(inner.length);
  });

  it("keeps within the member: what lies behind it is out of bounds", async () => {
    const outer = await openZip(
      buildZip([
        { name: "a", data: text("within") },
        { name: "b", data: text("beyond") },
      ]),
    );
    const source = await outer.get("a").source();
    expect(new TextDecoder().decode(await source.read([0]))).toBe("within");
    await expect(source.read([0, 7])).rejects.toMatchObject({ code: "OUT_OF_BOUNDS" });
  });
});

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

describe("a member of a zip", () => {
  /** 40 stored members of 5,000 bytes: more than a tail, so that reading costs requests. */
  const many = buildZip(
    Array.from({ length: 40 }, (_, index) => ({ name: `m${index}`, data: sampleBytes(5000 + index) })),
  );

  it("costs one request, header and data together, and not a byte beyond the next header", async () => {
    const source = recordedSource(many);
    const zip = await openZip(source);
    const before = source.asked.length;
    expect(await zip.get("m3").bytes()).toEqual(sampleBytes(5003));
    expect(source.asked.slice(before)).toEqual([String(zip.ranges.rangeAt(16_000))]);
  });

  it("costs one more request, for the missing bytes alone, where its own extra field is longer than guessed", async () => {
    for (const length of [600, 9000]) {
      const spec: MemberSpec = {
        name: "aligned",
        data: sampleBytes(70_000),
        method: 8,
        local: { extra: pack([2, 0xd935], [2, length], new Uint8Array(length)) },
        gap: 9000,
      };
      const source = recordedSource(buildZip([spec, { name: "filler", data: sampleBytes(70_000) }]));
      const zip = await openZip(source);
      const before = source.asked.length;
      expect(sameBytes(await zip.get("aligned").bytes(), sampleBytes(70_000))).toBe(true);
      expect(source.asked.length - before).toBeLessThanOrEqual(2);
      expect(zip.source.receipt.bytesReceived).toBeLessThan(
        65_536 + zip.get("aligned").storedSize + length + 600,
      );
      const range = await zip.get("aligned").range();
      expect(range.start).toBe(30 + 7 + 4 + length);
    }
  });

  it("says where its stored bytes lie, without reading them, once", async () => {
    const source = recordedSource(many);
    const zip = await openZip(source);
    const entry = zip.get("m3");
    const before = zip.source.receipt.bytesReceived;
    const range = await entry.range();
    expect(range).toEqual(new Range(15_003 + 4 * 32, 15_003 + 4 * 32 + 5003));
    expect(zip.source.receipt.bytesReceived - before).toBeLessThan(600);
    const asked = source.asked.length;
    expect(await entry.range()).toEqual(range);
    expect(source.asked.length).toBe(asked);
    expect(await zip.source.read(range)).toEqual(sampleBytes(5003));
  });

  it("streams a large member with back-pressure, and leaves the wire when the consumer does", async () => {
    const data = sampleBytes(4_000_000);
    const zip = await openZip(
      recordedSource(
        buildZip([
          { name: "big", data },
          { name: "small", data: text("x") },
        ]),
      ),
    );
    const reader = zip.get("big").stream().getReader();
    const first = await reader.read();
    expect(first.value?.length).toBeGreaterThan(0);
    expect(zip.source.receipt.bytesReceived).toBeLessThan(3_000_000);
    await reader.cancel();
    expect(sameBytes(await drain(zip.get("big").stream()), data)).toBe(true);
  });

  it("is refused above maxBytes before anything is asked for, but streams", async () => {
    const source = recordedSource(many);
    const zip = await openZip(source);
    const asked = source.asked.length;
    const entry = zip.get("m0");
    await expect(entry.bytes({ maxBytes: 4999 })).rejects.toMatchObject({ code: "LIMIT" });
    await expect(zip.readMany([entry], { maxBytes: 4999 })).rejects.toMatchObject({ code: "LIMIT" });
    expect(source.asked.length).toBe(asked);
    expect((await entry.bytes({ maxBytes: 5000 })).length).toBe(5000);
    const strict = await openZip(many, { maxEntryBytes: 10 });
    await expect(strict.get("m0").bytes()).rejects.toMatchObject({ code: "LIMIT" });
    expect((await drain(strict.get("m0").stream())).length).toBe(5000);
  });

  it("rejects with the signal's own reason, before and during a read", async () => {
    const source = recordedSource(many);
    const zip = await openZip(source);
    const reason = { why: "no longer wanted" };
    await expect(zip.get("m0").bytes({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    let release = (): void => undefined;
    source.gate = new Promise((resolve) => {
      release = resolve;
    });
    const aborting = new AbortController();
    const reads = [
      zip.get("m1").bytes({ signal: aborting.signal }),
      drain(zip.get("m1").stream({ signal: aborting.signal })),
      zip.readMany([zip.get("m2")], { signal: aborting.signal }),
      zip.get("m4").range({ signal: aborting.signal }),
    ];
    const other = zip.get("m5").bytes();
    const outcomes = Promise.allSettled(reads);
    await new Promise((resolve) => setTimeout(resolve, 5));
    aborting.abort(reason);
    for (const outcome of await outcomes) expect(outcome).toEqual({ status: "rejected", reason });
    release();
    source.gate = undefined;
    expect(await other).toEqual(sampleBytes(5005));
  });

  it("rejects a pending read as CLOSED when the archive closes", async () => {
    const source = recordedSource(many);
    const zip = await openZip(source);
    let release = (): void => undefined;
    source.gate = new Promise((resolve) => {
      release = resolve;
    });
    const pending = expect(zip.get("m0").bytes()).rejects.toMatchObject({ code: "CLOSED" });
    await new Promise((resolve) => setTimeout(resolve, 5));
    await zip.close();
    await pending;
    release();
  });

  it("refuses as text what is no UTF-8", async () => {
    const zip = await openZip(buildZip([{ name: "a", data: Uint8Array.of(0x61, 0xff) }]));
    await expect(zip.get("a").text()).rejects.toMatchObject({ code: "FORMAT" });
  });

  it("belongs to the caller: writing into it changes no later read", async () => {
    const zip = await openZip(buildZip(SMALL));
    for (const name of ["docs/readme.txt", "docs/data.csv"]) {
      const first = await zip.get(name).bytes();
      const copy = first.slice();
      first.fill(0);
      expect(await zip.get(name).bytes()).toEqual(copy);
    }
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

describe("all bytes of one member", () => {
  it("keep little more alive than themselves, stored or deflated, small or large", async () => {
    const members = [
      { name: "small", data: sampleBytes(100) },
      { name: "large", data: sampleBytes(3_000_000) },
      { name: "small deflated", data: sampleBytes(100), method: 8 },
      { name: "large deflated", data: sampleBytes(3_000_000), method: 8 },
    ];
    const zip = await openZip(buildZip(members));
    for (const { name, data } of members) {
      const bytes = await zip.get(name).bytes();
      expect(sameBytes(bytes, data)).toBe(true);
      expect(bytes.buffer.byteLength).toBeLessThanOrEqual(data.length * 1.0625);
    }
    await zip.close();
  });
});

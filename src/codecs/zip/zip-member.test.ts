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
import { SMALL, sameBytes, sampleBytes } from "../../../test/zip/small-members.ts";
import { openZip } from "./open-zip.ts";

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

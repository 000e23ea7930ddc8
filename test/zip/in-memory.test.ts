import { describe, expect, it } from "vitest";
import { openSource } from "../../src/index.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { openZip } from "../../src/zip.ts";
import { expectSameBytes } from "../same-bytes.ts";
import { buildZip, extraField, type MemberSpec, text } from "./build-zip.ts";
import { drain } from "./drain.ts";

/** Compressible, and too large to be inflated at once. */
const large = (() => {
  const bytes = new Uint8Array(3_000_000);
  for (let at = 0; at < bytes.length; at++) bytes[at] = 97 + (((at * at) >>> 9) % 11);
  return bytes;
})();

const MEMBERS: MemberSpec[] = [
  { name: "stored", data: patternBytes(5000, 1) },
  { name: "deflated", data: text("the same words ".repeat(200)), method: 8 },
  { name: "empty", data: new Uint8Array(0), method: 8 },
  { name: "large", data: large, method: 8 },
  { name: "large and stored", data: patternBytes(2_500_000, 2) },
  { name: "described", data: patternBytes(3000, 3), method: 8, descriptor: true },
  // Longer than anybody would guess: what is looked at first does not reach to its end.
  {
    name: "far",
    data: patternBytes(900, 4),
    method: 8,
    local: { extra: extraField(0xcafe, new Uint8Array(3000)) },
    gap: 0,
  },
];

const archive = buildZip(MEMBERS);
const dataOf = ({ data = new Uint8Array(0) }: MemberSpec): Uint8Array => data;

describe("a zip whose bytes are in memory", () => {
  it("gives the same bytes one by one, together, as streams and through a source, and takes nothing of them", async () => {
    const before = archive.slice();
    const zip = await openZip(archive);
    const together = await zip.readMany(zip.entries);
    for (const [index, spec] of MEMBERS.entries()) {
      const entry = zip.get(spec.name as string);
      for (const bytes of [together[index], await entry.bytes(), await drain(entry.stream())]) {
        expectSameBytes(bytes as Uint8Array, dataOf(spec));
        expect(bytes?.buffer).not.toBe(archive.buffer);
        bytes?.fill(0);
      }
      await using source = await entry.source();
      expectSameBytes(await source.read([0]), dataOf(spec));
    }
    expectSameBytes(archive, before);
  });

  it("is read through a view that begins elsewhere, and through a slice of a source", async () => {
    const padded = new Uint8Array(archive.length + 300);
    padded.set(archive, 100);
    const view = padded.subarray(100, 100 + archive.length);
    const zip = await openZip(view);
    expectSameBytes(await zip.get("deflated").bytes(), dataOf(MEMBERS[1] as MemberSpec));
    const outer = await openZip(buildZip([{ name: "inner.zip", data: archive }]));
    const inner = await openZip(await outer.get("inner.zip").source());
    for (const spec of MEMBERS) expectSameBytes(await inner.get(spec.name as string).bytes(), dataOf(spec));
  });

  it("is read, and not looked at, where bytes are rationed", async () => {
    const zip = await openZip(archive, { maxBytes: 50_000_000 });
    const read = await zip.readMany(zip.entries);
    for (const [index, spec] of MEMBERS.entries()) expectSameBytes(read[index] as Uint8Array, dataOf(spec));
    expect(zip.source.receipt.bytesReceived).toBeGreaterThan(0);
    const poor = await openZip(archive, { maxBytes: 70_000 });
    await expect(poor.get("large and stored").bytes()).rejects.toMatchObject({ code: "LIMIT" });
  });

  it("that is handed to another thread meanwhile is an error of ours, not bytes", async () => {
    const bytes = archive.slice();
    const zip = await openZip(bytes);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    await expect(zip.get("stored").bytes()).rejects.toMatchObject({ code: "SHORT_BODY" });
    await expect(zip.readMany([zip.get("deflated")])).rejects.toMatchObject({ code: "SHORT_BODY" });
  });

  it("tells on the receipt what was wanted, and that it was held", async () => {
    const source = await openSource(archive);
    const zip = await openZip(source);
    const before = { ...source.receipt };
    await zip.get("stored").bytes();
    expect(source.receipt.bytesWanted - before.bytesWanted).toBeGreaterThanOrEqual(5000);
    expect(source.receipt.cacheHits - before.cacheHits).toBe(1);
    expect(source.receipt.requests).toBe(0);
  });

  for (const [name, method] of [
    ["stored", 0],
    ["deflated", 8],
  ] as const) {
    it(`refuses wrong bytes of a ${name} member, whichever way it is read`, async () => {
      for (const data of [patternBytes(2000, 5), large]) {
        const zip = await openZip(
          buildZip([{ name: "a", data, method, central: { crc32: 1 }, local: { crc32: 1 } }]),
        );
        const [entry] = zip.entries;
        await expect(entry?.bytes()).rejects.toMatchObject({ code: "CHECKSUM" });
        await expect(zip.readMany(zip.entries)).rejects.toMatchObject({ code: "CHECKSUM" });
        await expect(drain(entry?.stream() as ReadableStream<Uint8Array>)).rejects.toMatchObject({
          code: "CHECKSUM",
        });
      }
    });
  }

  it("refuses a promise that the bytes do not keep, and what follows them", async () => {
    for (const size of [large.length - 1, large.length + 1]) {
      const zip = await openZip(
        buildZip([{ name: "a", data: large, method: 8, central: { size }, local: { size } }]),
      );
      await expect(zip.get("a").bytes()).rejects.toMatchObject({ code: "FORMAT" });
    }
  });

  it("hears an abort and a close between two pieces of a large member", async () => {
    const zip = await openZip(archive);
    const own = new AbortController();
    const reason = new Error("enough");
    const aborted = zip.get("large").bytes({ signal: own.signal });
    own.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    await expect(zip.get("stored").bytes({ signal: own.signal })).rejects.toBe(reason);
    await expect(zip.readMany(zip.entries, { signal: own.signal })).rejects.toBe(reason);
    const closing = zip.readMany(zip.entries.slice(3));
    const refused = expect(closing).rejects.toMatchObject({ code: "CLOSED" });
    await zip.close();
    await refused;
    await expect(zip.entries[0]?.bytes()).rejects.toMatchObject({ code: "CLOSED" });
  });

  it("hands out no more than its budget, however many are read at once", async () => {
    const zip = await openZip(archive, { maxTotalBytes: 8000 });
    await zip.get("stored").bytes();
    await expect(zip.get("stored").bytes()).rejects.toMatchObject({ code: "LIMIT" });
    expectSameBytes(await zip.get("deflated").bytes(), dataOf(MEMBERS[1] as MemberSpec));
  });
});

describe("names of a zip", () => {
  it("are found by what they say, whatever they are encoded in", async () => {
    const names = ["a", "b/ä.txt", "b/", "日本", "c d"];
    const zip = await openZip(buildZip(names.map((name) => ({ name, flags: 1 << 11, data: text(name) }))));
    for (const name of names) expect(await zip.get(name).text()).toBe(name);
    expect(() => zip.get("b")).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
    expect(() => zip.get("")).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
    expect(() => zip.get("\ud800")).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
  });

  it("are ambiguous where several entries bear one, also very many", async () => {
    for (const count of [2, 300]) {
      const same = Array.from({ length: count }, () => ({ name: "same", data: text("x") }));
      const zip = await openZip(buildZip([...same, { name: "other", data: text("y") }]));
      const got = expect.objectContaining({
        code: "AMBIGUOUS",
        message: expect.stringContaining(`${count} entries`),
      });
      expect(() => zip.get("same")).toThrow(got);
      expect(await zip.get("other").text()).toBe("y");
    }
  });

  it("of CP437 are not found by bytes that happen to be UTF-8", async () => {
    const zip = await openZip(
      buildZip([{ name: new Uint8Array([0xc3, 0xa9]), flags: 0, madeBy: 20, data: text("x") }]),
    );
    expect(zip.entries[0]?.name).toBe("├⌐");
    expect(await zip.get("├⌐").text()).toBe("x");
    expect(() => zip.get("é")).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
  });
});

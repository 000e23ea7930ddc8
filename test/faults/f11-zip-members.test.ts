import { describe, expect, it } from "vitest";
import type { Bytes } from "../../src/index.ts";
import { openZip } from "../../src/zip.ts";
import { startLab } from "../lab/lab.ts";
import { expectSameBytes } from "../same-bytes.ts";
import { buildZip, crc32Of, extraField, type MemberSpec, pack, text } from "../zip/build-zip.ts";
import { drain } from "../zip/drain.ts";
import { recordedSource } from "../zip/recorded-source.ts";
import { codeOf, HELLO, readCode, SECOND } from "./zip-scenario.ts";

const PLAIN = new Uint8Array(2000).map((_, index) => index % 251);
const DEFLATED: MemberSpec = { name: "d", data: PLAIN, method: 8 };
describe("F11: the members of a zip", () => {
  it.each<[string, MemberSpec]>([
    ["another name of the same length", { ...HELLO, local: { name: text("b.txt") } }],
    ["a longer name", { ...HELLO, local: { name: text("a.txt2") } }],
    ["another encoding of a name that is not ASCII", { ...HELLO, name: "ü", local: { flags: 0 } }],
  ])("171. %s in its own header is AMBIGUOUS on access", async (_name, member) => {
    expect(await readCode([member, SECOND])).toBe("AMBIGUOUS");
  });

  it.each<[string, MemberSpec]>([
    ["another method", { ...HELLO, local: { method: 8 } }],
    ["another size", { ...HELLO, local: { size: 18 } }],
    ["another stored size", { ...HELLO, local: { storedSize: 18 } }],
    ["another CRC", { ...HELLO, local: { crc32: 1 } }],
    ["another size though a descriptor follows", { ...HELLO, descriptor: true, local: { size: 18 } }],
    ["zeros though no descriptor follows", { ...HELLO, local: { size: 0, storedSize: 0, crc32: 0 } }],
    ["an encryption flag", { ...HELLO, local: { flags: 0x801 } }],
    ["a descriptor flag", { ...HELLO, local: { flags: 0x808 } }],
    ["no descriptor flag", { ...HELLO, descriptor: true, local: { flags: 0x800, size: 19, storedSize: 19 } }],
  ])("172. %s in its own header is AMBIGUOUS on access", async (_name, member) => {
    expect(await readCode([member, SECOND])).toBe("AMBIGUOUS");
  });

  it("172. the flag of an ASCII name and the extra field may differ: they decide nothing", async () => {
    const member = { ...HELLO, local: { flags: 0, extra: extraField(0x5455, pack([1, 1], [4, 5])) } };
    expect(await readCode([member, SECOND])).toBe("no error");
  });

  it.each<[string, MemberSpec]>([
    ["in the middle of nowhere", { ...HELLO, central: { localOffset: 3 } }],
    ["at the directory", { ...HELLO, central: { localOffset: 90 } }],
    ["outside the file", { ...HELLO, central: { localOffset: 0xfffffff0 } }],
    ["of no local header", { ...HELLO, local: { signature: 0x04034b51 } }],
  ])("173. an offset %s is FORMAT", async (_name, member) => {
    expect(await readCode([member, SECOND])).toBe("FORMAT");
  });

  it.each<[string, MemberSpec]>([
    ["longer than the room before the next header", { ...HELLO, central: { storedSize: 20 } }],
    ["that reaches far beyond the file", { ...HELLO, central: { storedSize: 0xfffffff0 } }],
    ["pushed into the next member by an extra field", { ...HELLO, local: { extraLength: 10 } }],
    ["of another size than its stored bytes", { ...HELLO, central: { size: 18 } }],
  ])("174. data %s is FORMAT", async (_name, member) => {
    expect(await readCode([member, SECOND])).toBe("FORMAT");
  });

  it("174. two entries that claim one header, or overlap, are flagged in the list and FORMAT to read", async () => {
    const twin = { ...SECOND, central: { localOffset: 0 } };
    expect(await readCode([HELLO, twin], {}, 0)).toBe("FORMAT");
    expect(await readCode([HELLO, twin], {}, 1)).toBe("FORMAT");
    const source = recordedSource(buildZip([HELLO, twin, { name: "c", data: text("c") }]));
    const zip = await openZip(source);
    const asked = source.asked.length;
    expect(zip.entries.map(({ overlaps }) => overlaps)).toEqual([true, true, false]);
    const long = await openZip(buildZip([{ ...HELLO, central: { size: 40, storedSize: 40 } }, SECOND]));
    expect(long.entries.map(({ overlaps }) => overlaps)).toEqual([true, false]);
    expect(source.asked.length).toBe(asked);
  });

  it("174, 181. what cannot be is refused before it is asked for", async () => {
    const padding = { name: "padding", data: new Uint8Array(70_000) };
    for (const member of [
      { ...HELLO, central: { storedSize: 20 } },
      { ...HELLO, flags: 0x801 },
      { ...HELLO, method: 98 },
      { ...HELLO, method: 8, central: { size: 0xfffffff0 } },
    ]) {
      const source = recordedSource(buildZip([member, padding]));
      const zip = await openZip(source, { maxEntryBytes: Number.POSITIVE_INFINITY });
      const asked = source.asked.length;
      await expect(zip.entries[0]?.bytes()).rejects.toThrow();
      expect(source.asked.length).toBe(asked);
    }
  });

  it("175. a local extra field longer than guessed costs one exact read more", async () => {
    const extra = pack([2, 0xd935], [2, 9000], new Uint8Array(9000));
    const spec: MemberSpec = { name: "aligned", data: new Uint8Array(70_000).fill(5), local: { extra } };
    const source = recordedSource(buildZip([spec, { name: "filler", data: new Uint8Array(80_000) }]));
    const zip = await openZip(source);
    const before = source.asked.length;
    expect((await zip.get("aligned").bytes()).length).toBe(70_000);
    expect(source.asked.slice(before).length).toBe(2);
    expect(source.asked.at(-1)).toMatch(/, 79041\)$/);
  });

  const sizes = [19, 19] as const;
  const crc = crc32Of(text("hello, hello, hello"));

  it.each<[string, Uint8Array]>([
    ["with a signature, of 32 bits", pack([4, 0x08074b50], [4, crc], [4, sizes[0]], [4, sizes[1]])],
    ["without a signature, of 32 bits", pack([4, crc], [4, sizes[0]], [4, sizes[1]])],
    ["with a signature, of 64 bits", pack([4, 0x08074b50], [4, crc], [8, sizes[0]], [8, sizes[1]])],
    ["without a signature, of 64 bits", pack([4, crc], [8, sizes[0]], [8, sizes[1]])],
    ["that is announced and missing", new Uint8Array(0)],
  ])(
    "176. a data descriptor %s is read past: the directory's values rule",
    async (_name, descriptorBytes) => {
      const member = { ...HELLO, descriptor: true, descriptorBytes };
      expect(await readCode([member, SECOND])).toBe("no error");
      expect(await readCode([member])).toBe("no error");
      expect(await readCode([{ ...DEFLATED, descriptor: true }, SECOND])).toBe("no error");
    },
  );

  it.each<[string, Uint8Array]>([
    ["another CRC", pack([4, 0x08074b50], [4, crc + 1], [4, 19], [4, 19])],
    ["another stored size", pack([4, 0x08074b50], [4, crc], [4, 18], [4, 19])],
    ["another size", pack([4, crc], [8, 19], [8, 20])],
    ["nothing of it", new Uint8Array(16).fill(0x77)],
  ])("176. a data descriptor with %s is CHECKSUM, and no request more", async (_name, descriptorBytes) => {
    const member = { ...HELLO, descriptor: true, descriptorBytes };
    expect(await readCode([member, SECOND])).toBe("CHECKSUM");
    const source = recordedSource(buildZip([member, { name: "filler", data: new Uint8Array(80_000) }]));
    const zip = await openZip(source);
    const before = source.asked.length;
    expect(await codeOf(zip.get("a.txt").bytes())).toBe("CHECKSUM");
    expect(source.asked.length - before).toBe(1);
  });

  const ones = extraField(0x0001, new Uint8Array(16).fill(0xff));
  const unknown = { size: 0xffffffff, storedSize: 0xffffffff };

  it.each<[string, NonNullable<MemberSpec["local"]>]>([
    ["all ones, with no zip64 field", unknown],
    ["all ones, and so is the zip64 field", { ...unknown, extra: ones }],
    ["zero, and the zip64 field all ones", { extra: ones }],
  ])("176. sizes left open before a data descriptor may be %s", async (_name, local) => {
    const descriptorBytes = pack([4, 0x08074b50], [4, crc], [8, 19], [8, 19]);
    const member = { ...HELLO, descriptor: true, descriptorBytes, local };
    expect(await readCode([member, SECOND])).toBe("no error");
    const told = { crc32: crc, size: 19, storedSize: 19 };
    expect(await readCode([{ ...HELLO, local: { ...told, ...local } }, SECOND])).not.toBe("no error");
  });

  it("176. sizes told otherwise before a data descriptor are AMBIGUOUS, in the zip64 field too", async () => {
    const other = extraField(0x0001, pack([8, 18], [8, 19]));
    for (const local of [{ size: 18 }, { extra: other }, { ...unknown, extra: other }]) {
      expect(await readCode([{ ...HELLO, descriptor: true, local }, SECOND])).toBe("AMBIGUOUS");
    }
  });

  it("177. more or less than promised is FORMAT; the next member is still readable", async () => {
    for (const size of [1999, 2001]) {
      const member = { ...DEFLATED, local: { size }, central: { size } };
      expect(await readCode([member, SECOND])).toBe("FORMAT");
      const zip = await openZip(buildZip([member, SECOND]));
      let received = 0;
      const reading = (async () => {
        const reader = zip.get("d").stream().getReader();
        for (let next = await reader.read(); !next.done; next = await reader.read())
          received += next.value.length;
      })();
      expect(await codeOf(reading)).toBe("FORMAT");
      expect(received).toBeLessThanOrEqual(size);
      expect(await zip.get("b.txt").text()).toBe("second");
    }
  });

  it("178. wrong bytes are CHECKSUM, and the buffered form gives none of them", async () => {
    const wrong = PLAIN.slice();
    wrong[1000] = 0;
    const lie = { crc32: crc32Of(wrong) };
    expect(await readCode([{ ...DEFLATED, local: lie, central: lie }, SECOND])).toBe("CHECKSUM");
    expect(await readCode([{ name: "s", data: PLAIN, stored: wrong }, SECOND])).toBe("CHECKSUM");
  });

  it("179. a bomb is LIMIT, told honestly or found on the way", async () => {
    const zeros: Bytes = new Uint8Array(8_000_000);
    const bomb = { name: "bomb", data: zeros, method: 8 };
    const zip = await openZip(buildZip([bomb]), { maxRatio: 100 });
    expect(await codeOf(zip.get("bomb").bytes())).toBe("LIMIT");
    expect(await codeOf(drain(zip.get("bomb").stream()))).toBe("LIMIT");
    const trusting = await openZip(buildZip([bomb]));
    expect((await trusting.get("bomb").bytes()).length).toBe(8_000_000);
  });

  it("179. all members together are LIMIT beyond maxTotalBytes, whichever way they are read", async () => {
    const members = ["a", "b", "c"].map((name) => ({ name, data: PLAIN, method: 8 }));
    const zip = await openZip(buildZip(members), { maxTotalBytes: 4500 });
    expect(await codeOf(zip.readMany(zip.entries))).toBe("LIMIT");
    expect((await zip.get("a").bytes()).length).toBe(2000);
    expect((await drain(zip.get("b").stream())).length).toBe(2000);
    expect(await codeOf(zip.get("c").bytes())).toBe("LIMIT");
    expect(await codeOf(drain(zip.get("c").stream()))).toBe("LIMIT");
  });

  it("180. a deflate stream of garbage, cut short or with something after it is FORMAT", async () => {
    const honest = buildZip([DEFLATED]);
    const view = new DataView(honest.buffer, honest.byteOffset);
    const stream = honest.subarray(31, 31 + view.getUint32(18, true));
    for (const stored of [text("garbage, no deflate"), stream.subarray(0, -2), pack(stream, text("tail"))]) {
      expect(await readCode([{ ...DEFLATED, stored }, SECOND])).toBe("FORMAT");
    }
  });

  it.each<[string, Partial<MemberSpec>, string]>([
    ["encrypted", { flags: 0x801 }, "store"],
    ["strongly encrypted", { flags: 0x841 }, "store"],
    ["masked", { flags: 0x2801 }, "store"],
    ["of AES", { flags: 0x801, method: 99 }, "unknown(99)"],
    ["patched", { flags: 0x820 }, "store"],
    ["of method 98", { method: 98 }, "unknown(98)"],
    ["of method 1", { method: 1 }, "unknown(1)"],
    ["on another disk", { central: { disk: 1 } }, "store"],
  ])(
    "181. a member that is %s is listed, and UNSUPPORTED before it is asked for",
    async (name, part, method) => {
      const member = { ...HELLO, ...part };
      expect(await readCode([member, SECOND])).toBe("UNSUPPORTED");
      const zip = await openZip(buildZip([member, SECOND]));
      const entry = zip.get("a.txt");
      expect([entry.method, entry.encrypted]).toEqual([method, /encrypted|masked|AES/.test(name)]);
      expect(await codeOf(entry.source())).toBe("UNSUPPORTED");
      expect(await zip.get("b.txt").text()).toBe("second");
    },
  );

  it("181. garbage of a method that is read here is FORMAT", async () => {
    for (const method of [9, 12, 14, 93, 95]) {
      expect(await readCode([{ ...HELLO, method }, SECOND])).toMatch(/FORMAT|UNSUPPORTED|CHECKSUM/);
    }
  });

  it("184. a symlink is told as one, with its target once it was read, wherever that points", async () => {
    const link = { data: text("/etc/passwd"), externalAttributes: 0xa1ff0000 };
    const zip = await openZip(
      buildZip([
        { name: "link", ...link },
        { name: "link/file", data: text("x") },
      ]),
    );
    const entry = zip.get("link");
    expect([entry.kind, entry.linkTarget]).toEqual(["symlink", undefined]);
    expect(await entry.text()).toBe("/etc/passwd");
    expect(entry.linkTarget).toBe("/etc/passwd");
  });

  it("189. nested zips are opened only when asked, and 16 deep at most", async () => {
    let inner = buildZip([{ name: "innermost", data: text("found") }]);
    for (let level = 0; level < 17; level++) {
      inner = buildZip([{ name: "inner.zip", data: inner, method: level % 2 === 0 ? 0 : 8 }]);
    }
    let zip = await openZip(inner);
    for (let level = 0; level < 16; level++) zip = await openZip(await zip.get("inner.zip").source());
    expect(await codeOf(zip.get("inner.zip").source())).toBe("LIMIT");
    const deeper = await openZip(zip.source, { maxNesting: 17 });
    const innermost = await openZip(await deeper.get("inner.zip").source());
    expect(await innermost.get("innermost").text()).toBe("found");
  });

  it("192. an archive that was replaced after its directory was read is CHANGED, not a wrong checksum", async () => {
    const version = (fill: number): Uint8Array =>
      buildZip([
        { name: "a", data: new Uint8Array(50_000).fill(fill) },
        { name: "b", data: new Uint8Array(70_000).fill(fill) },
      ]);
    await using lab = await startLab({ files: { "a.zip": version(1) } });
    await using zip = await openZip(`${lab.url}/a.zip`);
    await lab.replace("a.zip", version(2));
    expect(await codeOf(zip.get("a").bytes())).toBe("CHANGED");
    expect(await codeOf(drain(zip.get("a").stream()))).toBe("CHANGED");
    expect(await codeOf(zip.readMany(zip.entries))).toBe("CHANGED");
  });

  it("193. 100 neighbouring members cost at most 4 requests, and come as they are", async () => {
    const members = Array.from({ length: 110 }, (_, index) => ({
      name: `m${index}`,
      data: new Uint8Array(1000).map((_byte, at) => (at * index) & 0xff),
      method: index % 2 === 0 ? 0 : 8,
    }));
    await using lab = await startLab({
      files: { "a.zip": buildZip([...members, { name: "filler", data: new Uint8Array(70_000) }]) },
    });
    await using zip = await openZip(`${lab.url}/a.zip`);
    const before = (await lab.requests()).length;
    const got = await zip.readMany(zip.entries.slice(3, 103));
    expect((await lab.requests()).length - before).toBeLessThanOrEqual(4);
    for (const [index, bytes] of got.entries()) expectSameBytes(bytes, members[index + 3]?.data ?? PLAIN);
  });
});

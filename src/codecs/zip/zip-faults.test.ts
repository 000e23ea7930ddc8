import { describe, expect, it } from "vitest";
import {
  buildZip,
  crc32Of,
  extraField,
  type MemberSpec,
  pack,
  text,
  type ZipSpec,
} from "../../../test/zip/build-zip.ts";
import { drain } from "../../../test/zip/drain.ts";
import { recordedSource } from "../../../test/zip/recorded-source.ts";
import type { Bytes } from "../../source/source.ts";
import { openZip, type ZipOptions } from "./open-zip.ts";

const HELLO: MemberSpec = { name: "a.txt", data: text("hello, hello, hello") };
const SECOND: MemberSpec = { name: "b.txt", data: text("second") };
const EMPTY_END = pack([4, 0x06054b50], [8, 0], [8, 0], [2, 0]);

/** Opens it, checking that nothing outside the file is asked for, and answers with the code of the error. */
async function openCode(bytes: Uint8Array, options?: ZipOptions): Promise<unknown> {
  return openZip(recordedSource(bytes), options).then(
    (zip) => `opened, ${zip.entries.length} entries`,
    (error: { code?: unknown }) => error.code ?? error,
  );
}

/** The code of the error of reading one member, by `bytes()` and by `stream()` alike, and how often the source was asked. */
async function readCode(members: MemberSpec[], spec?: ZipSpec, index = 0): Promise<unknown> {
  const source = recordedSource(buildZip(members, spec));
  const zip = await openZip(source);
  const entry = zip.entries[index];
  const codeOf = (work: Promise<unknown> | undefined): Promise<unknown> =>
    Promise.resolve(work).then(
      () => "no error",
      (error: { code?: unknown }) => error.code ?? error,
    );
  const code = await codeOf(entry?.bytes());
  expect(await codeOf(entry && drain(entry.stream()))).toBe(code);
  return code;
}

describe("an end record that deceives", () => {
  const honest = buildZip([HELLO, SECOND]);

  it.each<[string, Uint8Array]>([
    ["an empty file", new Uint8Array(0)],
    ["21 bytes", EMPTY_END.subarray(0, 21)],
    ["no end record at all", new Uint8Array(200_000).fill(7)],
    ["only zeros", new Uint8Array(100_000)],
    ["a zip cut short by one byte", honest.subarray(0, -1)],
    ["an end record further from the end than any comment", pack(honest, new Uint8Array(66_000).fill(1))],
    ["bytes after the end record", pack(honest, text("x"))],
    ["a comment shorter than told", buildZip([HELLO], { end: { commentLength: 3 } })],
    ["a comment longer than told", buildZip([HELLO], { comment: text("abc"), end: { commentLength: 2 } })],
  ])("refuses %s as FORMAT (161-163)", async (_name, bytes) => {
    expect(await openCode(bytes)).toBe("FORMAT");
  });

  it("gives up on a file without an end record after at most two reads (161)", async () => {
    const source = recordedSource(new Uint8Array(300_000).fill(0xff));
    await expect(openZip(source)).rejects.toMatchObject({ code: "FORMAT" });
    expect(source.asked.length).toBeLessThanOrEqual(2);
  });

  it("says AMBIGUOUS for a comment that holds another archive, or an empty one (162)", async () => {
    expect(await openCode(buildZip([HELLO], { comment: EMPTY_END }))).toBe("AMBIGUOUS");
    const inner = buildZip([SECOND]);
    expect(await openCode(buildZip([HELLO], { comment: inner }))).toBe("AMBIGUOUS");
  });

  it("is not misled by an end record in a comment that no directory belongs to (162)", async () => {
    const fake = pack([4, 0x06054b50], [4, 0], [2, 1], [2, 1], [4, 46], [4, 0], [2, 0]);
    const zip = await openZip(buildZip([HELLO], { comment: pack(new Uint8Array(60).fill(9), fake) }));
    expect(zip.entries.map(({ name }) => name)).toEqual(["a.txt"]);
  });

  it.each([65_513, 65_514, 65_515, 65_520, 65_535])(
    "sees the true record before a comment of %i bytes that ends in a false one (162)",
    async (length) => {
      const comment = pack(new Uint8Array(length - 22).fill(0x20), EMPTY_END);
      expect(await openCode(buildZip([HELLO], { comment }))).toBe("AMBIGUOUS");
    },
  );

  it("says AMBIGUOUS for a prefix where the offsets as they stand also lead to a directory (164)", async () => {
    const archive = buildZip([HELLO]);
    expect(await openCode(pack(archive, archive))).toBe("AMBIGUOUS");
  });

  it.each<[string, ZipSpec]>([
    ["a directory beyond the file", { end: { directoryOffset: 0xfffffff0 } }],
    ["a directory that overlaps the end record", { end: { directorySize: 200 } }],
    ["a directory that ends before the end record", { end: { directorySize: 51 } }],
    ["a directory of 4 GB", { end: { directorySize: 0xfffffffe } }],
    ["more entries than fit in it", { end: { entries: 3, entriesOnDisk: 3 } }],
    ["65,534 entries in a tiny file", { end: { entries: 65_534, entriesOnDisk: 65_534 } }],
    ["fewer entries than are there", { end: { entries: 1, entriesOnDisk: 1 } }],
    ["no entries but a directory", { end: { entries: 0, entriesOnDisk: 0 } }],
    ["entries on its disk that are not all", { end: { entriesOnDisk: 1 } }],
    ["a deferral to a zip64 record that is not there", { end: { directoryOffset: 0xffffffff } }],
  ])("refuses %s as FORMAT (165, 166, 170)", async (_name, spec) => {
    expect(await openCode(buildZip([HELLO, SECOND], spec))).toBe("FORMAT");
  });

  it.each<[string, ZipSpec]>([
    ["a locator that points into the data", { locator: { recordOffset: 5 } }],
    ["a locator that points past itself", { locator: { recordOffset: 1e9 } }],
    ["a locator that points beyond 2^53", { locator: { recordOffset: 2 ** 60 } }],
    ["a record of 10 bytes", { zip64End: { recordSize: 10 } }],
    ["a record of 2^40 bytes", { zip64End: { recordSize: 2 ** 40 } }],
    ["a directory of 2^50 bytes", { zip64End: { directorySize: 2 ** 50 } }],
    ["a directory at 2^52", { zip64End: { directoryOffset: 2 ** 52 } }],
    ["2^40 entries", { zip64End: { entries: 2 ** 40, entriesOnDisk: 2 ** 40 } }],
    ["another count than the classic record's", { end: { entries: 1 } }],
    ["another size than the classic record's", { end: { directorySize: 60 } }],
  ])("refuses zip64 records with %s as FORMAT (167)", async (_name, spec) => {
    expect(await openCode(buildZip([HELLO, SECOND], { zip64: true, ...spec }))).toBe("FORMAT");
  });

  it.each<[string, ZipSpec]>([
    ["one disk of several", { end: { disk: 1 } }],
    ["a directory on another disk", { end: { directoryDisk: 2 } }],
    ["one disk of several, by zip64", { zip64: true, end: { disk: 0xffff }, zip64End: { disk: 1 } }],
    ["several disks in the locator", { zip64: true, locator: { disks: 2 } }],
  ])("refuses %s as UNSUPPORTED (188)", async (_name, spec) => {
    expect(await openCode(buildZip([HELLO], spec))).toBe("UNSUPPORTED");
  });

  it("refuses an encrypted directory as UNSUPPORTED (182)", async () => {
    expect(await openCode(buildZip([{ ...HELLO, central: { signature: 0x08064b50 } }]))).toBe("UNSUPPORTED");
  });

  it("holds to its limits of entries, directory and names before it reads the directory (170, 190)", async () => {
    const bytes = buildZip([HELLO, SECOND]);
    expect(await openCode(bytes, { maxEntries: 1 })).toBe("LIMIT");
    expect(await openCode(bytes, { maxDirectoryBytes: 100 })).toBe("LIMIT");
    expect(await openCode(bytes, { maxNameBytes: 4 })).toBe("LIMIT");
    expect(await openCode(bytes, { maxEntries: 2, maxDirectoryBytes: 102, maxNameBytes: 5 })).toBe(
      "opened, 2 entries",
    );
    expect(await openCode(buildZip([{ name: "n".repeat(4097) }]))).toBe("LIMIT");
  });
});

describe("a directory that deceives", () => {
  it.each<[string, MemberSpec]>([
    ["another signature", { ...HELLO, central: { signature: 0x02014b51 } }],
    ["a name longer than the directory", { ...HELLO, central: { nameLength: 5000 } }],
    ["a name shorter than told", { ...HELLO, central: { nameLength: 4 } }],
    ["an extra field longer than the directory", { ...HELLO, central: { extraLength: 65_535 } }],
    ["a size deferred to nothing", { ...HELLO, central: { size: 0xffffffff } }],
    ["a stored size deferred to nothing", { ...HELLO, central: { storedSize: 0xffffffff } }],
    ["an offset deferred to nothing", { ...HELLO, central: { localOffset: 0xffffffff } }],
    ["a disk deferred to nothing", { ...HELLO, central: { disk: 0xffff } }],
    [
      "a Unicode Path of its own that is no UTF-8",
      { ...HELLO, flags: 0, extra: extraField(0x7075, pack([1, 1], [4, crc32Of(text("a.txt"))], [1, 0xff])) },
    ],
  ])("is refused as FORMAT at once, with %s (166, 168, 186)", async (_name, member) => {
    expect(await openCode(buildZip([member, SECOND]))).toBe("FORMAT");
  });

  it("lists names of every kind as they are (183)", async () => {
    const names = [
      "../x",
      "/x",
      "C:\\x",
      "\\\\srv\\x",
      "a//b",
      "",
      ".",
      "CON",
      "nul\0",
      "\u001b[31m",
      "\u202ex",
      "a\nb",
    ];
    const zip = await openZip(buildZip(names.map((name) => ({ name }))));
    expect(zip.entries.map(({ name }) => name)).toEqual(names);
  });
});

describe("a member that deceives", () => {
  it.each<[string, MemberSpec]>([
    ["another name of the same length", { ...HELLO, local: { name: text("b.txt") } }],
    ["a longer name", { ...HELLO, local: { name: text("a.txt2") } }],
    ["another method", { ...HELLO, local: { method: 8 } }],
    ["another size", { ...HELLO, local: { size: 18 } }],
    ["another stored size", { ...HELLO, local: { storedSize: 18 } }],
    ["another CRC", { ...HELLO, local: { crc32: 1 } }],
    ["another size though a descriptor follows", { ...HELLO, descriptor: true, local: { size: 18 } }],
    ["zeros though no descriptor follows", { ...HELLO, local: { size: 0, storedSize: 0, crc32: 0 } }],
    ["an encryption flag", { ...HELLO, local: { flags: 0x801 } }],
    ["another encoding of a name that is not ASCII", { ...HELLO, name: "ü", local: { flags: 0 } }],
  ])("is AMBIGUOUS when its own header has %s (171, 172)", async (_name, member) => {
    expect(await readCode([member, SECOND])).toBe("AMBIGUOUS");
  });

  it("may differ in what decides nothing: the flag of an ASCII name, the extra field", async () => {
    const member = { ...HELLO, local: { flags: 0, extra: extraField(0x5455, pack([1, 1], [4, 5])) } };
    expect(await readCode([member, SECOND])).toBe("no error");
  });

  it.each<[string, MemberSpec]>([
    ["an offset in the middle of nowhere", { ...HELLO, central: { localOffset: 3 } }],
    ["an offset at the directory", { ...HELLO, central: { localOffset: 90 } }],
    ["an offset outside the file", { ...HELLO, central: { localOffset: 0xfffffff0 } }],
    ["no local header", { ...HELLO, local: { signature: 0x04034b51 } }],
    ["data longer than the room before the next header", { ...HELLO, central: { storedSize: 20 } }],
    ["data that reaches far beyond the file", { ...HELLO, central: { storedSize: 0xfffffff0 } }],
    ["an extra field that pushes its data into the next member", { ...HELLO, local: { extraLength: 10 } }],
    ["another size than its stored bytes", { ...HELLO, central: { size: 18 } }],
  ])("is FORMAT with %s (173-175)", async (_name, member) => {
    expect(await readCode([member, SECOND])).toBe("FORMAT");
  });

  it("is FORMAT when two entries claim one header, whichever is read (174)", async () => {
    const twin = { ...SECOND, central: { localOffset: 0 } };
    expect(await readCode([HELLO, twin], {}, 0)).toBe("FORMAT");
    expect(await readCode([HELLO, twin], {}, 1)).toBe("FORMAT");
  });

  it("is refused without a request where its promise cannot be kept (174, 179, 181)", async () => {
    const padding = { name: "padding", data: new Uint8Array(70_000) };
    for (const member of [
      { ...HELLO, central: { storedSize: 20 } },
      { ...HELLO, flags: 0x801 },
      { ...HELLO, method: 12 },
      { ...HELLO, method: 8, central: { size: 0xfffffff0 } },
    ]) {
      const source = recordedSource(buildZip([member, padding]));
      const zip = await openZip(source, { maxEntryBytes: Number.POSITIVE_INFINITY });
      const asked = source.asked.length;
      await expect(zip.entries[0]?.bytes()).rejects.toThrow();
      expect(source.asked.length).toBe(asked);
    }
  });

  it.each<[string, Partial<MemberSpec>, string]>([
    ["encrypted", { flags: 0x801 }, "store"],
    ["strongly encrypted", { flags: 0x841 }, "store"],
    ["masked", { flags: 0x2800 }, "store"],
    ["patched", { flags: 0x820 }, "store"],
    ["of method 9", { method: 9 }, "deflate64"],
    ["of method 12", { method: 12 }, "bzip2"],
    ["of method 14", { method: 14 }, "lzma"],
    ["of method 93", { method: 93 }, "zstd"],
    ["of method 95", { method: 95 }, "xz"],
    ["of method 99", { method: 99 }, "unknown(99)"],
    ["on another disk", { central: { disk: 1 } }, "store"],
  ])("is listed and UNSUPPORTED when it is %s (181, 188)", async (_name, part, method) => {
    const member = { ...HELLO, ...part };
    expect(await readCode([member, SECOND])).toBe("UNSUPPORTED");
    const zip = await openZip(buildZip([member, SECOND]));
    expect(zip.get("a.txt").method).toBe(method);
    expect(await zip.get("b.txt").text()).toBe("second");
  });

  const plain = new Uint8Array(2000).map((_, index) => index % 251);
  const deflated = { name: "d", data: plain, method: 8 };

  it("is CHECKSUM where its bytes are wrong, and the buffered form gives none of them (178)", async () => {
    const wrong = plain.slice();
    wrong[1000] = 0;
    const lie = { crc32: crc32Of(wrong) };
    expect(await readCode([{ ...deflated, local: lie, central: lie }, SECOND])).toBe("CHECKSUM");
    expect(await readCode([{ name: "s", data: plain, stored: wrong }, SECOND])).toBe("CHECKSUM");
  });

  it("is FORMAT where it inflates to more or to less than promised; the next member is still readable (177)", async () => {
    for (const size of [1999, 2001]) {
      const member = { ...deflated, local: { size }, central: { size } };
      expect(await readCode([member, SECOND])).toBe("FORMAT");
      const zip = await openZip(buildZip([member, SECOND]));
      await expect(zip.get("d").bytes()).rejects.toMatchObject({ code: "FORMAT" });
      expect(await zip.get("b.txt").text()).toBe("second");
    }
  });

  it("is FORMAT where its deflate stream is garbage, cut short or followed by something (180)", async () => {
    const honest = buildZip([deflated]).subarray(31);
    const length = new DataView(buildZip([deflated]).buffer).getUint32(4 + 18, true);
    const stream = honest.subarray(0, length);
    for (const stored of [text("garbage, no deflate"), stream.subarray(0, -2), pack(stream, text("tail"))]) {
      expect(await readCode([{ ...deflated, stored }, SECOND])).toBe("FORMAT");
    }
  });

  it("is LIMIT where it grows too much, told honestly or found on the way (179)", async () => {
    const zeros: Bytes = new Uint8Array(8_000_000);
    const bomb = { name: "bomb", data: zeros, method: 8 };
    const zip = await openZip(buildZip([bomb]), { maxRatio: 100 });
    await expect(zip.get("bomb").bytes()).rejects.toMatchObject({ code: "LIMIT" });
    await expect(drain(zip.get("bomb").stream())).rejects.toMatchObject({
      code: "LIMIT",
    });
    const trusting = await openZip(buildZip([bomb]));
    expect((await trusting.get("bomb").bytes()).length).toBe(8_000_000);
  });

  it("gives a data descriptor no say: the directory's values rule (176)", async () => {
    const bytes = buildZip([{ ...HELLO, descriptor: true }, SECOND]);
    const descriptor = 30 + 5 + 19;
    for (let index = 4; index < 16; index++) bytes[descriptor + index] = 0x77;
    const zip = await openZip(bytes);
    expect(await zip.get("a.txt").text()).toBe("hello, hello, hello");
  });
});

describe("any archive, damaged anywhere", () => {
  it("opens and reads or throws a typed error, and never gives other bytes", async () => {
    const data = new Uint8Array(400).map((_, index) => (index * 7) % 61);
    const honest = buildZip(
      [
        { name: "s", data },
        { name: "d", data, method: 8 },
      ],
      { zip64: true, comment: text("c") },
    );
    const codes = new Set<string>();
    for (let position = 0; position < honest.length; position++) {
      const damaged = honest.slice();
      damaged[position] = (damaged[position] as number) ^ 0x55;
      try {
        const zip = await openZip(recordedSource(damaged));
        for (const entry of zip.entries) expect(await entry.bytes()).toEqual(data);
      } catch (error) {
        const { code } = error as { code?: string };
        if (code === undefined) throw error;
        codes.add(code);
      }
    }
    expect([...codes].sort()).toEqual(["AMBIGUOUS", "CHECKSUM", "FORMAT", "LIMIT", "UNSUPPORTED"]);
  });
});

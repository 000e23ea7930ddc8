import { describe, expect, it } from "vitest";
import { openZip } from "../../src/zip.ts";
import { buildZip, crc32Of, extraField, type MemberSpec, pack, text } from "../zip/build-zip.ts";
import { manyEntries } from "../zip/many-entries.ts";
import { sparseSource } from "../zip/sparse-source.ts";
import { codeOf, HELLO, openCode, readCode, SECOND } from "./zip-scenario.ts";

const GIB = 2 ** 30;

describe("F11: the directory of a zip", () => {
  it.each<[string, MemberSpec]>([
    ["another signature", { ...HELLO, central: { signature: 0x02014b51 } }],
    ["a name longer than the directory", { ...HELLO, central: { nameLength: 5000 } }],
    ["a name shorter than told", { ...HELLO, central: { nameLength: 4 } }],
    ["an extra field longer than the directory", { ...HELLO, central: { extraLength: 65_535 } }],
  ])("166. an entry with %s is FORMAT at once", async (_name, member) => {
    expect(await openCode(buildZip([member, SECOND]))).toBe("FORMAT");
  });

  const twice = pack(extraField(1, pack([8, 19])), extraField(1, pack([8, 20])));

  it.each<[string, MemberSpec]>([
    ["a size deferred to nothing", { ...HELLO, central: { size: 0xffffffff } }],
    ["a stored size deferred to nothing", { ...HELLO, central: { storedSize: 0xffffffff } }],
    ["an offset deferred to nothing", { ...HELLO, central: { localOffset: 0xffffffff } }],
    ["a disk deferred to nothing", { ...HELLO, central: { disk: 0xffff } }],
    [
      "a size deferred to a field too short",
      { ...HELLO, central: { size: 0xffffffff, extra: extraField(1, pack([4, 19])) } },
    ],
    ["a size deferred to two fields", { ...HELLO, central: { size: 0xffffffff, extra: twice } }],
  ])("168. an entry with %s is FORMAT at once", async (_name, member) => {
    expect(await openCode(buildZip([member, SECOND]))).toBe("FORMAT");
  });

  it("168. a zip64 field that nothing defers to is ignored where it says the same, AMBIGUOUS to read where not", async () => {
    const zip64 = (size: number): MemberSpec => ({
      ...HELLO,
      extra: extraField(1, pack([8, size], [8, 19])),
    });
    expect(await readCode([zip64(19), SECOND])).toBe("no error");
    expect(await readCode([zip64(20), SECOND])).toBe("AMBIGUOUS");
    const inLocal = { ...HELLO, local: { extra: extraField(1, pack([8, 19], [8, 18])) } };
    expect(await readCode([inLocal, SECOND])).toBe("AMBIGUOUS");
    const zip = await openZip(buildZip([zip64(20), SECOND]));
    expect(zip.entries.map(({ size }) => size)).toEqual([19, 6]);
  });

  it.each([4 * GIB - 2, 4 * GIB - 1, 4 * GIB, 4 * GIB + 1])(
    "169. a member of %i bytes and what follows it are found where they lie",
    async (size) => {
      // Its bytes are a hole; offsets beyond 4 GiB follow.
      const wide = { size: 0xffffffff, storedSize: 0xffffffff };
      const isWide = size >= 0xffffffff;
      const sizes = isWide ? wide : { size, storedSize: size };
      const zip64 = isWide ? extraField(1, pack([8, size], [8, size])) : new Uint8Array(0);
      const head = buildZip([
        { name: "hole", local: { ...sizes, crc32: 0, extra: zip64 }, central: { ...sizes, extra: zip64 } },
      ]);
      const localLength = 34 + zip64.length;
      const offset = localLength + size;
      const far = offset >= 0xffffffff;
      const tail = buildZip([
        {
          ...SECOND,
          central: {
            localOffset: far ? 0xffffffff : offset,
            extra: far ? extraField(1, pack([8, offset])) : new Uint8Array(0),
          },
        },
      ]);
      const centrals = pack(head.subarray(localLength, -22), tail.subarray(41, -22));
      const directoryOffset = offset + 41;
      const end = buildZip([], {
        zip64: true,
        zip64End: { entries: 2, entriesOnDisk: 2, directorySize: centrals.length, directoryOffset },
        locator: { recordOffset: directoryOffset + centrals.length },
      });
      const parts = new Map([
        [0, head.subarray(0, localLength)],
        [offset, tail.subarray(0, 41)],
        [directoryOffset, pack(centrals, end)],
      ]);
      const zip = await openZip(sparseSource(directoryOffset + centrals.length + end.length, parts));
      expect(zip.entries.map((entry) => entry.size)).toEqual([size, 6]);
      expect(await zip.get("b.txt").text()).toBe("second");
      const range = await zip.get("hole").range();
      expect([range.start, range.end]).toEqual([localLength, offset]);
      const reader = zip.get("hole").stream().getReader();
      expect((await reader.read()).value?.every((byte) => byte === 0)).toBe(true);
      await reader.cancel();
      expect(await codeOf(zip.get("hole").bytes())).toBe("LIMIT");
    },
  );

  it.each([65_534, 65_535, 65_536])("169. %i entries are all listed and found", async (count) => {
    const zip = await openZip(manyEntries(count));
    expect(zip.entries.length).toBe(count);
    expect(zip.entries.at(-1)?.name).toBe(String(count - 1).padStart(8, "0"));
    expect((await zip.get(String(count - 1).padStart(8, "0")).bytes()).length).toBe(0);
  });

  it("183. names of every kind are listed as they are", async () => {
    const names = [
      "../x",
      "/x",
      "C:\\x",
      "C:x",
      "\\\\srv\\x",
      "a/../../x",
      "..\\x",
      "a\\b",
      "./a/b",
      "a//b",
      "",
      ".",
      "trailing. ",
      "CON",
      "a:stream",
      "nul\0",
      "\u001b[31m\u0007",
      "\u202ex",
      "a\nb",
      "n".repeat(4096),
    ];
    const zip = await openZip(buildZip(names.map((name) => ({ name }))));
    expect(zip.entries.map(({ name }) => name)).toEqual(names);
  });

  it("183. a name of 5,000 bytes is LIMIT", async () => {
    expect(await openCode(buildZip([{ name: "n".repeat(5000) }]))).toBe("LIMIT");
    expect(await openCode(buildZip([{ name: "n".repeat(5000) }]), { maxNameBytes: 5000 })).toBe(
      "opened, 1 entries",
    );
  });

  it("185. duplicates are listed, and their name is AMBIGUOUS; names that only look alike are two", async () => {
    const names = ["a", "a", "A", "ß", "ss", "\u00e9", "e\u0301", "dir", "dir/", "__proto__"];
    const zip = await openZip(buildZip(names.map((name, index) => ({ name, data: text(String(index)) }))));
    expect(zip.entries.map(({ name }) => name)).toEqual(names);
    expect(() => zip.get("a")).toThrow(expect.objectContaining({ code: "AMBIGUOUS" }));
    for (const name of names.slice(2)) expect(await zip.get(name).text()).toBe(String(names.indexOf(name)));
    expect(await zip.entries[1]?.text()).toBe("1");
    expect([zip.get("dir").kind, zip.get("dir/").kind]).toEqual(["file", "directory"]);
  });

  const unicodePath = (of: string, name: Uint8Array, version = 1): Uint8Array =>
    extraField(0x7075, pack([1, version], [4, crc32Of(text(of))], name));

  it.each<[string, string, MemberSpec]>([
    [
      "code page 437 without the flag",
      "überß",
      { name: Uint8Array.of(0x81, 0x62, 0x65, 0x72, 0xe1), flags: 0, madeBy: 20 },
    ],
    [
      "a valid Unicode Path",
      "日.txt",
      { name: "_.txt", flags: 0, extra: unicodePath("_.txt", text("日.txt")) },
    ],
    [
      "the name for a Unicode Path of another",
      "_.txt",
      { name: "_.txt", flags: 0, extra: unicodePath("x", text("日")) },
    ],
    [
      "the name for a Unicode Path of version 2",
      "_.txt",
      { name: "_.txt", flags: 0, extra: unicodePath("_.txt", text("日"), 2) },
    ],
  ])("186. a name is %s", async (_name, wanted, member) => {
    const zip = await openZip(buildZip([member]));
    expect(zip.entries[0]?.name).toBe(wanted);
    expect(await codeOf(zip.get(wanted).bytes())).toBe("no error");
  });

  it("186. a Unicode Path that belongs to the name and is no UTF-8 is FORMAT at once", async () => {
    const extra = unicodePath("a.txt", Uint8Array.of(0xff));
    expect(await openCode(buildZip([{ ...HELLO, flags: 0, extra }, SECOND]))).toBe("FORMAT");
  });

  it("186. a Unicode Comment that belongs to the comment and is no UTF-8 is FORMAT at once, another's is none", async () => {
    const comment = text("c");
    const bad = (of: Uint8Array): Uint8Array =>
      extraField(0x6375, pack([1, 1], [4, crc32Of(of)], Uint8Array.of(0xff)));
    const commented = { ...HELLO, flags: 0, comment };
    expect(await openCode(buildZip([{ ...commented, extra: bad(comment) }, SECOND]))).toBe("FORMAT");
    const zip = await openZip(buildZip([{ ...commented, extra: bad(text("x")) }, SECOND]));
    expect(zip.entries.map((entry) => entry.comment)).toEqual(["c", ""]);
  });

  it("186. several Unicode Paths, or another one in its own header, are AMBIGUOUS to read", async () => {
    const [one, other] = [unicodePath("a.txt", text("x.txt")), unicodePath("a.txt", text("y.txt"))];
    expect(await readCode([{ ...HELLO, flags: 0, extra: pack(one, other) }, SECOND])).toBe("AMBIGUOUS");
    const member = { ...HELLO, flags: 0, local: { extra: one }, central: { extra: other } };
    expect(await readCode([member, SECOND])).toBe("AMBIGUOUS");
  });

  it("186. a Unicode Path in one of the two headers alone, or several in its own, are AMBIGUOUS to read where they give another name", async () => {
    const [none, path] = [new Uint8Array(0), unicodePath("a.txt", text("x.txt"))];
    const same = unicodePath("a.txt", text("a.txt"));
    for (const [local, central, code] of [
      [path, none, "AMBIGUOUS"],
      [none, path, "AMBIGUOUS"],
      [pack(same, path), same, "AMBIGUOUS"],
      [same, none, "no error"],
      [none, same, "no error"],
    ] as const) {
      const member = { ...HELLO, flags: 0, local: { extra: local }, central: { extra: central } };
      expect(await readCode([member, SECOND])).toBe(code);
    }
  });

  it("187. set-uid, set-gid, sticky and file types never show in a mode", async () => {
    const modes = [0o104755, 0o102644, 0o101777, 0o060600];
    const members = modes.map((mode, index) => ({ name: `m${index}`, externalAttributes: mode * 65_536 }));
    const zip = await openZip(buildZip(members));
    expect(zip.entries.map(({ mode }) => mode)).toEqual([0o755, 0o644, 0o777, 0o600]);
    expect(zip.entries.map(({ kind }) => kind)).toEqual(["file", "file", "file", "other"]);
  });

  it("190. limits of entries, directory and names hold before the directory is read", async () => {
    const bytes = buildZip([HELLO, SECOND]);
    expect(await openCode(bytes, { maxEntries: 1 })).toBe("LIMIT");
    expect(await openCode(bytes, { maxDirectoryBytes: 100 })).toBe("LIMIT");
    expect(await openCode(bytes, { maxNameBytes: 4 })).toBe("LIMIT");
    const exact = { maxEntries: 2, maxDirectoryBytes: 102, maxNameBytes: 5 };
    expect(await openCode(bytes, exact)).toBe("opened, 2 entries");
  });

  it("190. the limit of names holds for one in a Unicode Path, and not for what is no name", async () => {
    const long = text("é".repeat(3000));
    const named = (extra: Uint8Array): Uint8Array => buildZip([{ ...HELLO, flags: 0, extra }, SECOND]);
    expect(await openCode(named(unicodePath("a.txt", long)))).toBe("LIMIT");
    expect(await openCode(named(unicodePath("a.txt", long)), { maxNameBytes: 6000 })).toBe(
      "opened, 2 entries",
    );
    expect(await openCode(named(unicodePath("other", long)))).toBe("opened, 2 entries");
  });

  it("191. impossible dates are undefined, and nothing throws", async () => {
    const ticks = (value: bigint): Uint8Array => {
      const field = new Uint8Array(32);
      const view = new DataView(field.buffer);
      view.setUint16(4, 1, true);
      view.setUint16(6, 24, true);
      view.setBigUint64(8, value, true);
      return extraField(0x000a, field);
    };
    const members: MemberSpec[] = [
      { name: "zero", dosDate: 0 },
      { name: "30 February", dosDate: (44 << 9) | (2 << 5) | 30 },
      { name: "ntfs beyond all calendars", dosDate: 0, extra: ticks(2n ** 64n - 1n) },
      { name: "ntfs zero", dosDate: 0, extra: ticks(0n) },
      { name: "cut off", dosDate: 0, extra: extraField(0x5455, Uint8Array.of(1, 2)) },
      { name: "ntfs", extra: ticks(133_485_408_000_000_000n) },
    ];
    const zip = await openZip(buildZip(members));
    expect(zip.entries.map(({ modified }) => modified?.toISOString())).toEqual([
      ...[undefined, undefined, undefined, undefined, undefined],
      "2024-01-01T00:00:00.000Z",
    ]);
  });
});

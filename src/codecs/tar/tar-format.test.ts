import { describe, expect, it } from "vitest";
import { base256, bytesOf, pax, paxRecord, tarBlock } from "../../../test/tar/build-tar.ts";
import { parsePaxRecords } from "./pax-records.ts";
import { isTarHeader, parseTarHeader, parseTarNumber, readText, wordsOf } from "./tar-format.ts";

const PLACE = { position: 4096, archive: "x.tar" };
const parseBlock = (block: Uint8Array) => parseTarHeader({ bytes: block, at: 0 }, PLACE);
const parse = (spec: Parameters<typeof tarBlock>[0]) => parseBlock(tarBlock(spec).subarray(0, 512));

describe("a number in a tar", () => {
  it.each<[string, string, number]>([
    ["octal, a NUL behind it", "00000000017\0", 15],
    ["octal, a space behind it", "00000000017 ", 15],
    ["spaces before it", "        17\0 ", 15],
    ["all of the field", "777777777777", 0o777777777777],
    ["short", "17\0\0\0\0\0\0\0\0\0\0", 15],
    ["nothing", "\0\0\0\0\0\0\0\0\0\0\0\0", 0],
    ["spaces alone", "            ", 0],
  ])("is read: %s", (_, text, value) => {
    expect(parseTarNumber(bytesOf(text))).toBe(value);
  });

  it.each([8_589_934_592n, 0n, 255n, -1n, -1_700_000_000n, BigInt(Number.MAX_SAFE_INTEGER)])(
    "is read in binary: %s",
    (value) => {
      expect(parseTarNumber(base256(value))).toBe(Number(value));
      if (value < 2n ** 55n) expect(parseTarNumber(base256(value, 8))).toBe(Number(value));
    },
  );

  it.each(["0000000008\0", "0x1f\0", "-0000001\0", "17 17\0", "12\x001", "1.5", "ß"])(
    "is none where it holds something else: %j",
    (text) => {
      expect(parseTarNumber(bytesOf(text))).toBeUndefined();
    },
  );

  it("is none beyond what a number holds exactly", () => {
    expect(parseTarNumber(base256(2n ** 53n))).toBeUndefined();
    expect(parseTarNumber(base256(2n ** 90n))).toBeUndefined();
    expect(parseTarNumber(bytesOf("7".repeat(20)))).toBeUndefined();
  });
});

describe("a header block", () => {
  it("tells its fields, wherever its bytes lie in their buffer", () => {
    const block = tarBlock({ name: "a.txt", size: 0o1234, mtime: 1_600_000_000, uid: 1000, userName: "ann" });
    const buffer = new Uint8Array(2000).fill(0xff);
    buffer.set(block, 777);
    const header = parseBlock(buffer.subarray(777, 777 + 512));
    expect(parseTarHeader({ bytes: buffer.subarray(700), at: 77 }, PLACE)).toEqual(header);
    expect(header).toEqual({
      name: "a.txt",
      type: "0",
      linkName: "",
      size: 0o1234,
      mode: 0o644,
      uid: 1000,
      gid: 0,
      modified: 1_600_000_000,
      userName: "ann",
      groupName: "",
      sparse: undefined,
    });
  });

  it("joins the prefix of POSIX to the name, and takes it for no prefix in GNU's", () => {
    expect(parse({ name: "b", prefix: "a/long/way" })?.name).toBe("a/long/way/b");
    expect(parse({ name: "b", prefix: "00000000017", magic: "ustar  \0" })?.name).toBe("b");
    expect(parse({ name: "b", prefix: "x", magic: "" })?.name).toBe("b");
  });

  it("may fill all of its name, without a NUL", () => {
    expect(parse({ name: "n".repeat(100) })?.name).toBe("n".repeat(100));
    expect(parse({ name: "n".repeat(100), prefix: "p".repeat(155) })?.name.length).toBe(256);
  });

  it("of an old writer has a type that is NUL and no owner's name", () => {
    const header = parse({ type: "\0", magic: "", userName: "ann" });
    expect([header?.type, header?.userName]).toEqual(["0", ""]);
  });

  it("has names in UTF-8, else in Latin-1", () => {
    expect(parse({ name: "grün" })?.name).toBe("grün");
    expect(parse({ name: Uint8Array.of(0x67, 0x72, 0xfc, 0x6e, 0x80) })?.name).toBe("grün\x80");
    expect(readText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe("\ufeffa");
  });

  it("may have been summed as signed bytes", () => {
    const block = tarBlock({ name: "grün", checksum: "signed" });
    expect(isTarHeader(block)).toBe(true);
    expect(parseBlock(block)?.name).toBe("grün");
  });

  it("of zeros is the end", () => {
    expect(parseBlock(new Uint8Array(512))).toBeUndefined();
    expect(isTarHeader(new Uint8Array(512))).toBe(false);
  });

  it.each<[string, Parameters<typeof tarBlock>[0]]>([
    ["a wrong checksum", { checksum: "wrong" }],
    ["a size that is no number", { size: "12x4567\0" }],
    ["a negative size", { size: base256(-512n) }],
    ["a size beyond 2^53", { size: base256(2n ** 60n) }],
  ])("is FORMAT with %s, and says where", (_, spec) => {
    expect(() => parse(spec)).toThrow(expect.objectContaining({ code: "FORMAT" }));
    expect(() => parse(spec)).toThrow(/x\.tar as tar at byte 4096/);
  });

  it("is FORMAT with a checksum that is no number", () => {
    const block = tarBlock({});
    block.set(bytesOf("zzzzzzzz"), 148);
    expect(() => parseBlock(block)).toThrow(expect.objectContaining({ code: "FORMAT" }));
  });

  it("tells nothing of an owner or a date that are no numbers, and is read all the same", () => {
    const header = parse({ uid: "zzzzzzz\0", mtime: "zzzzzzzzzzz\0" });
    expect([header?.uid, header?.modified, header?.name]).toEqual([undefined, undefined, "a.txt"]);
  });
});

describe("header blocks among other bytes", () => {
  const owners = (user: string | Uint8Array<ArrayBuffer>, group = ""): Parameters<typeof tarBlock>[0] => ({
    patch: { 265: bytesOf(user), 297: bytesOf(group) },
  });
  const high = new Uint8Array(155).fill(0xff);
  const specs: Parameters<typeof tarBlock>[0][] = [
    owners("ann", "ünïx"),
    owners("ann", "ünïx"),
    owners("anna", "u"),
    owners("an"),
    owners("u".repeat(32), "u".repeat(32)),
    owners("u".repeat(31), "u".repeat(32)),
    // Text of UTF-8, and then bytes that would be its characters in Latin-1.
    owners("Ã¼"),
    owners(Uint8Array.of(0xc3, 0xbc)),
    { patch: { 0: high.slice(0, 100), 157: high.slice(0, 100), 345: high } },
    { checksum: "signed", name: "ünï" },
  ];
  const blocks = specs.map((spec) => tarBlock(spec).subarray(0, 512));

  it.each([0, 4, 3])(
    "are read by words, by bytes, and with the header before them, from byte %i on",
    (start) => {
      const all = new Uint8Array(start + blocks.length * 512).fill(0xff);
      for (const [index, block] of blocks.entries()) all.set(block, start + index * 512);
      for (const bytes of [all, all.subarray(start)]) {
        let previous: ReturnType<typeof parseBlock>;
        for (const [index, block] of blocks.entries()) {
          const alone = parseBlock(block);
          expect(alone?.size).toBe(0);
          const at = index * 512 + (bytes === all ? start : 0);
          previous = parseTarHeader({ bytes, at, words: wordsOf(bytes) }, PLACE, previous);
          expect(previous).toEqual(alone);
          for (const changed of [0, 1, 2, 3, 511]) {
            const damaged = bytes.slice();
            damaged[at + changed] = (damaged[at + changed] as number) ^ 1;
            const read = () => parseTarHeader({ bytes: damaged, at, words: wordsOf(damaged) }, PLACE);
            expect(read).toThrow(expect.objectContaining({ code: "FORMAT" }));
          }
        }
      }
    },
  );

  it("of zeros are the end by words too", () => {
    const bytes = new Uint8Array(1024).fill(1, 512);
    expect(parseTarHeader({ bytes, at: 0, words: wordsOf(bytes) }, PLACE)).toBeUndefined();
    expect(() => parseTarHeader({ bytes, at: 512, words: wordsOf(bytes) }, PLACE)).toThrow();
  });
});

describe("the records of an extended header", () => {
  const parsePax = (records: Record<string, string | Uint8Array<ArrayBuffer>>) =>
    parsePaxRecords(bytesOf(pax(records).data ?? ""), PLACE);

  it("are read, with values that hold anything a record may", () => {
    const records = parsePax({ path: "grün/a=b\nc", mtime: "1.5", comment: "" });
    expect([...records]).toEqual([
      ["path", "grün/a=b\nc"],
      ["mtime", "1.5"],
      ["comment", ""],
    ]);
  });

  it("count their own length, also where that adds a digit", () => {
    for (let length = 80; length < 110; length++) {
      expect(parsePax({ comment: "x".repeat(length) }).get("comment")?.length).toBe(length);
    }
  });

  it("hold bytes of any kind where they are no names, and names too where the header says so", () => {
    expect(parsePax({ "SCHILY.xattr.a": Uint8Array.of(0, 0xff) }).get("SCHILY.xattr.a")).toBe("\0\xff");
    expect(parsePax({ hdrcharset: "BINARY", path: Uint8Array.of(0xfc) }).get("path")).toBe("ü");
  });

  it.each<[string, string | Uint8Array<ArrayBuffer>]>([
    ["no length", " path=a\n"],
    ["no number", "x7 path=a\n"],
    ["nothing but digits", "12"],
    ["a length of 0", "0 path=a\n"],
    ["a length that is too short", "8 path=a\n"],
    ["a length that is too long", "11 path=a\n"],
    ["a length of many digits", "00000000000000010 path=a\n"],
    ["a length beyond the payload", "99999 path=a\n"],
    ["no equals sign", "8 patha\n"],
    ["no key", "5 =a\n"],
    ["no newline", "10 path=aa"],
    ["something behind the last", "10 path=a\n\0\0"],
    ["a name that is no UTF-8", paxRecord("path", Uint8Array.of(0xff))],
    ["a name with a NUL", paxRecord("linkpath", "a\0b")],
  ])("are FORMAT with %s", (_, payload) => {
    expect(() => parsePaxRecords(bytesOf(payload), PLACE)).toThrow(
      expect.objectContaining({ code: "FORMAT" }),
    );
  });
});

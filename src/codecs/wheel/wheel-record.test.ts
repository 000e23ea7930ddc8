import { describe, expect, it } from "vitest";
import { parseRecord } from "./wheel-record.ts";

const parse = (text: string) => parseRecord(text, "RECORD");

describe("RECORD is taken apart:", () => {
  it("path, hash and size, the last two empty where it tells none", () => {
    expect(
      parse("a/b.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,10\nx.dist-info/RECORD,,\n"),
    ).toEqual([
      {
        path: "a/b.py",
        hash: { algorithm: "sha256", digest: "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU" },
        size: 10,
      },
      { path: "x.dist-info/RECORD", hash: undefined, size: undefined },
    ]);
  });

  it("paths in quotes, with commas, quotes and line ends", () => {
    const text = '"a,b.py",,1\r\n"say ""hello"".py",,2\n"two\nlines",,3\n';
    expect(parse(text).map(({ path, size }) => [path, size])).toEqual([
      ["a,b.py", 1],
      ['say "hello".py', 2],
      ["two\nlines", 3],
    ]);
  });

  it("with or without an end of its last line, and with empty lines", () => {
    const row = { path: "a", hash: undefined, size: 1 };
    expect(parse("a,,1")).toEqual([row]);
    expect(parse("a,,1\r")).toEqual([row]);
    expect(parse("\n\na,,1\n\n")).toEqual([row]);
    expect(parse("a,,")).toEqual([{ ...row, size: undefined }]);
    expect(parse("")).toEqual([]);
  });

  it("padding of a digest left out", () => {
    expect(parse("a,md5=AAAA==,1")[0]?.hash).toEqual({ algorithm: "md5", digest: "AAAA" });
  });

  it("a field in quotes of a megabyte", () => {
    const path = 'x""'.repeat(400_000);
    expect(parse(`"${path}",,1\n`)[0]?.path.length).toBe(800_000);
  });

  it.each([
    ["a\n", "row 1"],
    ["a,,1\nb,,1,\n", "row 2"],
    [",,1\n", "row 1"],
    ["a,,-1\n", "row 1"],
    ["a,,1e3\n", "row 1"],
    ["a,,99999999999999999999\n", "row 1"],
    ["a,sha256,1\n", "row 1"],
    ["a,sha256=a b,1\n", "row 1"],
    ['"a,,1\n', "a broken quotation"],
    ['"a"b,,1\n', "a broken quotation"],
    ['a"b,,1\n', "a broken quotation"],
  ])("%j is FORMAT", (text, got) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ code: "FORMAT", message: expect.stringContaining(got) as string }),
    );
  });
});

import { describe, expect, it } from "vitest";
import { parseFields } from "./wheel-fields.ts";

const parse = (text: string) => [...parseFields(text, "METADATA")];

describe("METADATA is taken apart:", () => {
  it("fields by their name in lower case, several of one name in order", () => {
    expect(parse("Name: buoy\nRequires-Dist: a\nrequires-dist:b\nVersion: \n")).toEqual([
      ["name", ["buoy"]],
      ["requires-dist", ["a", "b"]],
      ["version", [""]],
    ]);
  });

  it("what follows the fields is the description, behind one that is a field", () => {
    expect(parse("Name: a\n\n# Buoy\n\nName: of nobody\n")).toEqual([
      ["name", ["a"]],
      ["description", ["# Buoy\n\nName: of nobody\n"]],
    ]);
    expect(parse("Description: short\n\nlong\n")).toEqual([["description", ["short", "long\n"]]]);
    expect(parse("Name: a\n\n\n")).toEqual([["name", ["a"]]]);
  });

  it("lines that begin with a blank go on with the one before, old ones behind a bar", () => {
    expect(
      parse("License: MIT\n        and more\n\tand more\nDescription: one\n       |  two\n       |\n"),
    ).toEqual([
      ["license", ["MIT\nand more\nand more"]],
      ["description", ["one\n  two\n"]],
    ]);
  });

  it("the blanks that all of them have in common are no part of the text, the others are", () => {
    // As distutils escapes a description: eight blanks before each line but the first.
    const escaped =
      "Description: Code::\n        \n            def f():\n                return 1\nName: a\n";
    expect(parse(escaped)).toEqual([
      ["description", ["Code::\n\n    def f():\n        return 1"]],
      ["name", ["a"]],
    ]);
    expect(parse("License: a\n b\n   c\n")).toEqual([["license", ["a\nb\n  c"]]]);
  });

  it("whatever ends its lines", () => {
    expect(parse("Name: a\r\nVersion: 1\r\n\r\nrest\r\n")).toEqual([
      ["name", ["a"]],
      ["version", ["1"]],
      ["description", ["rest\n"]],
    ]);
  });

  it("no line ends where only Unicode ends one", () => {
    expect(parse("Summary: a\u2028b\u2029c\x0bd\x85e\nName: f\n")).toEqual([
      ["summary", ["a\u2028b\u2029c\x0bd\x85e"]],
      ["name", ["f"]],
    ]);
  });

  it("nothing of nothing, and of fields that are called like those of every object", () => {
    expect(parse("")).toEqual([]);
    expect(parse("constructor: a\nprototype: b\n")).toEqual([
      ["constructor", ["a"]],
      ["prototype", ["b"]],
    ]);
  });

  it.each([
    ["no field\n", 1],
    [" goes on with nothing\n", 1],
    ["Name: a\n: b\n", 2],
    ["Name: a\nSpaced Name: b\n", 2],
  ])("%j is FORMAT and names the line", (text, line) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({
        code: "FORMAT",
        message: expect.stringContaining(`line ${line} `) as string,
      }),
    );
  });
});

import { describe, expect, it } from "vitest";
import { Range } from "../index.ts";
import { parseExtent } from "./parse-extent.ts";

describe("parseExtent", () => {
  it.each([
    [{}, undefined, new Range(0, 11)],
    [{ head: "3" }, new Range(0, 3), new Range(0, 3)],
    [{ head: "99" }, new Range(0, 99), new Range(0, 11)],
    [{ head: "0" }, undefined, new Range(0, 0)],
    [{ tail: "3" }, { suffix: 3 }, new Range(8, 11)],
    [{ tail: "99" }, { suffix: 99 }, new Range(0, 11)],
    [{ tail: "0" }, undefined, new Range(11, 11)],
  ])("reads %j, of which it asks %j first", (options, probe, part) => {
    const extent = parseExtent(options);
    expect(extent.probe).toEqual(probe);
    expect(extent.exact).toBeUndefined();
    expect(extent.resolve(11)).toEqual(part);
  });

  it.each([
    ["0-2", new Range(0, 3)],
    ["10-10", new Range(10, 11)],
    ["4-", new Range(4, 11)],
    ["-3", new Range(8, 11)],
  ])("reads --range %s with both ends included", (range, part) => {
    const extent = parseExtent({ range });
    expect(extent.resolve(11)).toEqual(part);
    expect(Range.from(extent.exact ?? "", 11)).toEqual(part);
  });

  it("asks for at most 64 KiB before it knows the size", () => {
    expect(parseExtent({ head: "1000000" }).probe).toEqual(new Range(0, 65_536));
    expect(parseExtent({ tail: "1000000" }).probe).toEqual({ suffix: 65_536 });
  });

  it("keeps positions of --range exact: outside the file they are OUT_OF_BOUNDS", () => {
    for (const range of ["0-11", "12-", "-12"]) {
      expect(() => parseExtent({ range }).resolve(11)).toThrow(
        expect.objectContaining({ code: "OUT_OF_BOUNDS" }),
      );
    }
  });

  it.each(["", "-", "a-b", "3-2", "1-2,4-5", "1.5-2", "0x1-5", " 1-2", "99999999999999999999-"])(
    "refuses --range %j as INVALID_RANGE",
    (range) => {
      expect(() => parseExtent({ range })).toThrow(expect.objectContaining({ code: "INVALID_RANGE" }));
    },
  );

  it.each(["-1", "1e3", "", "many"])("refuses --head and --tail %j as INVALID_RANGE", (count) => {
    expect(() => parseExtent({ head: count })).toThrow(expect.objectContaining({ code: "INVALID_RANGE" }));
    expect(() => parseExtent({ tail: count })).toThrow(expect.objectContaining({ code: "INVALID_RANGE" }));
  });

  it("refuses two of them at once", () => {
    expect(() => parseExtent({ head: "1", tail: "1" })).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });
});

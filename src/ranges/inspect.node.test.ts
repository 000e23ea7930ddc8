import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { Range } from "./range.ts";
import { RangeDict } from "./range-dict.ts";
import { RangeSet } from "./range-set.ts";

describe("util.inspect, and so console.log", () => {
  const set = new RangeSet([
    [0, 3],
    [7, 9],
  ]);
  const dict = new RangeDict<string>().set([0, 3], "held").set([7, 9], "pending");

  it("shows a Range by its bounds", () => {
    expect(inspect(new Range(0, 3))).toBe("Range[0, 3)");
    expect(inspect([new Range(0, 3)])).toBe("[ Range[0, 3) ]");
    expect(inspect({ at: { range: new Range(0, 3) } })).toBe("{ at: { range: Range[0, 3) } }");
  });

  it("shows a RangeSet and a RangeDict as their text", () => {
    expect(inspect(set)).toBe("RangeSet{Range[0, 3), Range[7, 9)}");
    expect(inspect({ set })).toBe("{ set: RangeSet{Range[0, 3), Range[7, 9)} }");
    expect(inspect(dict)).toBe(String(dict));
    expect(inspect(dict)).toBe(
      "RangeDict{\n  RangeSet{Range[0, 3)}: 'held',\n  RangeSet{Range[7, 9)}: 'pending'\n}",
    );
    expect(inspect(dict.asReadonly())).toBe(String(dict));
  });

  it("shows strings in a dict as it shows them alone", () => {
    for (const value of ["held", "", "it's", 'say "so"', "tab\tand\nline", "back\\slash", "⠶"]) {
      expect(String(new RangeDict<string>().set([0, 1], value))).toContain(`: ${inspect(value)}\n`);
    }
  });

  it("shows any value of the platform without failing", () => {
    const values = [
      new Response("x"),
      new Headers(),
      new URL("http://a.test/"),
      Buffer.from("ab"),
      Object.create(null),
    ];
    for (const value of values) {
      const text = inspect(new RangeDict<unknown>().set([0, 1], value));
      expect(text).toMatch(/^RangeDict\{\n {2}RangeSet\{Range\[0, 1\)\}: .+\n\}$/);
    }
  });
});

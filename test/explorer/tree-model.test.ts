import { describe, expect, it } from "vitest";
import { TreeModel } from "../../explorer/tree-model.ts";
import type { Entry } from "../../src/archive.ts";

function entry(name: string, size = 1, kind: Entry["kind"] = "file", modified?: Date): Entry {
  return { name, size, storedSize: size, kind, method: "store", modified } as Entry;
}

function shown(model: TreeModel): string[] {
  return model.rows.map(({ item: { label }, level, expanded }) => {
    const mark = expanded === undefined ? "" : expanded ? "v " : "> ";
    return `${"  ".repeat(level - 1)}${mark}${label}`;
  });
}

describe("the tree of an archive", () => {
  it("shows folders first, closed, and counts what lies in them", () => {
    const model = new TreeModel([
      entry("b.txt", 5),
      entry("a/x.txt", 2),
      entry("a/b/y.txt", 3),
      entry("c/", 0, "directory"),
    ]);
    expect(shown(model)).toEqual(["> a", "> c", "b.txt"]);
    expect(model.rows.map(({ item }) => item.size)).toEqual([5, 0, 5]);
    expect(model.rows.map(({ position, setSize }) => [position, setSize])).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
    model.setExpanded("a/", true);
    expect(shown(model)).toEqual(["v a", "  > b", "  x.txt", "> c", "b.txt"]);
    model.setExpanded("c/", true);
    expect(shown(model)).toContain("v c");
    model.setExpanded("a/", false);
    expect(shown(model)).toEqual(["> a", "v c", "b.txt"]);
  });

  it("opens a folder that is all there is, and one in it, and no more", () => {
    expect(shown(new TreeModel([entry("top/only/a"), entry("top/only/b")]))).toEqual([
      "v top",
      "  v only",
      "    a",
      "    b",
    ]);
    expect(shown(new TreeModel([entry("top/a/1"), entry("top/b/1")]))).toEqual(["v top", "  > a", "  > b"]);
  });

  it("orders numbers in names as people do, and by every column either way", () => {
    const days = [entry("day-10", 1), entry("day-9", 3), entry("Day-2", 2)];
    const model = new TreeModel(days);
    expect(shown(model)).toEqual(["Day-2", "day-9", "day-10"]);
    model.sortBy("name");
    expect(shown(model)).toEqual(["day-10", "day-9", "Day-2"]);
    model.sortBy("size");
    expect(shown(model)).toEqual(["day-9", "Day-2", "day-10"]);
    model.sortBy("size");
    expect(shown(model)).toEqual(["day-10", "Day-2", "day-9"]);
    expect(model.sort).toEqual({ key: "size", descending: false });
  });

  it("orders by date, with those that have none at the end of the old ones", () => {
    const model = new TreeModel([
      entry("new", 1, "file", new Date(2e12)),
      entry("none"),
      entry("old", 1, "file", new Date(1e12)),
    ]);
    model.sortBy("modified");
    expect(shown(model)).toEqual(["new", "old", "none"]);
  });

  it("finds parts of paths whatever their case, and shows them whole", () => {
    const model = new TreeModel([entry("a/Tide.csv"), entry("b/tide.txt"), entry("c/other")]);
    model.search(" TIDE ");
    expect(shown(model)).toEqual(["a/Tide.csv", "b/tide.txt"]);
    expect(model.matchCount).toBe(2);
    model.search("");
    expect(model.matchCount).toBe(3);
    expect(shown(model)).toEqual(["> a", "> b", "> c"]);
  });

  it("reveals a path by opening what is on its way", () => {
    const model = new TreeModel([entry("a/b/c.txt"), entry("d")]);
    model.reveal("a/b/c.txt");
    expect(shown(model)).toEqual(["v a", "  v b", "    c.txt", "d"]);
  });

  it("keeps members of one name apart, and a file that is named like a folder", () => {
    const twins = [entry("x", 1), entry("x", 2), entry("x/y", 3)];
    const model = new TreeModel(twins);
    expect(shown(model)).toEqual(["> x", "x", "x"]);
    expect(model.rows.map(({ item }) => item.entry)).toEqual([undefined, twins[0], twins[1]]);
  });

  it("takes directories of old tars, absolute names, empty ones and names of the language for what they are", () => {
    const model = new TreeModel([
      entry("old", 0, "directory"),
      entry("old/a"),
      entry("/etc"),
      entry(""),
      entry("__proto__/x"),
      entry("constructor"),
    ]);
    expect(shown(model)).toEqual(["> __proto__", "> /", "> old", "", "constructor"]);
  });

  it("looks into no folder before it is opened: a name of a thousand of them costs nothing", () => {
    const deep = "d/".repeat(100_000);
    const model = new TreeModel(Array.from({ length: 200 }, (_, index) => entry(`${deep}${index}`)));
    expect(model.rows.length).toBe(9);
    model.reveal(`${"d/".repeat(5000)}x`);
    expect(model.rows.length).toBe(5001);
  });
});

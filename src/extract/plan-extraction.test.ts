import { describe, expect, it } from "vitest";
import { buildTar } from "../../test/tar/build-tar.ts";
import type { Entry } from "../codecs/archive.ts";
import { openTar } from "../codecs/tar/open-tar.ts";
import { type ExtractionPlan, type PlanOptions, planExtraction } from "./plan-extraction.ts";
import { foldName, resolvePath } from "./safe-path.ts";

const PORTABLE = { portable: true, windows: false, dotSlash: false };
const OPTIONS: PlanOptions = {
  rules: PORTABLE,
  exactCase: false,
  links: true,
  maxEntries: 100,
};

type Spec = [name: string, type?: string, linkName?: string];

async function entriesOf(specs: readonly Spec[]): Promise<readonly Entry[]> {
  const parts = specs.map(([name, type = "0", linkName]) => ({
    name,
    type,
    ...(linkName ? { linkName } : {}),
  }));
  return (await openTar(buildTar(parts))).entries;
}

async function plan(specs: readonly Spec[], options: Partial<PlanOptions> = {}): Promise<ExtractionPlan> {
  const entries = await entriesOf(specs);
  return planExtraction(entries, entries, { ...OPTIONS, ...options });
}

const reasons = (plan: ExtractionPlan): string[] =>
  plan.unsafe.map(({ name, reason }) => `${name}: ${reason}`);
const paths = (items: readonly { parts: readonly string[] }[]): string[] =>
  items.map(({ parts }) => parts.join("/"));

describe("a name, as a path", () => {
  it.each([
    ["a", ["a"]],
    ["a/b/c.txt", ["a", "b", "c.txt"]],
    ["folder/", ["folder"]],
    [".hidden/..a", [".hidden", "..a"]],
    ["å/日本.txt", ["å", "日本.txt"]],
    ["console/auxiliary/com10", ["console", "auxiliary", "com10"]],
  ])("takes %j apart", (name, parts) => {
    expect(resolvePath(name, PORTABLE)).toEqual({ parts });
  });

  it.each([
    "",
    "/",
    "/x",
    "../x",
    "a/../x",
    "a/..",
    "..",
    ".",
    "./a",
    "a/./b",
    "a//b",
    "a//",
    "C:\\x",
    "C:x",
    "C:../../x",
    "\\\\srv\\x",
    "..\\x",
    "a\\b",
    "a:stream",
    "a.",
    "a ",
    "a /b",
    "CON",
    "con.txt",
    "nul .tar.gz",
    "x/LPT9",
    "COM\u00b9",
    "a\0b",
    "a\u001b[31m",
    "a\u0007",
    "a\nb",
    "a\u0085b",
    "a\u2028b",
    "gpj.\u202eexe",
    "a\ud800",
    "x".repeat(256),
    "é".repeat(128),
    "n/".repeat(4) + "x".repeat(5000),
    ".range-streams-0",
    "a/.Range-Streams-x/b",
  ])("refuses %j", (name) => {
    expect(resolvePath(name, PORTABLE)).toEqual({ reason: expect.any(String) });
  });

  it.each(["aux.c", "File::Copy.3", "a\\x2d", "etc.", "a ", "C:"])(
    "takes %j where only this file system counts, unless that is one of Windows",
    (name) => {
      const local = { portable: false, windows: false, dotSlash: false };
      expect(resolvePath(name, local)).toEqual({ parts: [name] });
      expect(resolvePath(name, { ...local, windows: true })).toHaveProperty("reason");
      expect(resolvePath("a?", { ...local, windows: true })).toHaveProperty("reason");
      expect(resolvePath("../a", local)).toHaveProperty("reason");
    },
  );

  it.each([
    ["./a/b", ["a", "b"]],
    ["././a", ["a"]],
    ["./", []],
    [".", []],
  ])("leaves ./ in front of %j out, as tar writes it", (name, parts) => {
    expect(resolvePath(name, { ...PORTABLE, dotSlash: true })).toEqual({ parts });
  });

  it.each([
    ["A", "a"],
    ["straße", "STRASSE"],
    ["\u00e9", "e\u0301"],
    ["\u212b", "\u00e5"],
    ["a\u200db", "ab"],
  ])("is one with another on some file system: %j, %j", (one, other) => {
    expect(foldName(one)).toBe(foldName(other));
  });
});

describe("what becomes of entries", () => {
  it("makes folders, also those that only paths tell of, parents first", async () => {
    const planned = await plan([["a/b/c.txt"], ["a/", "5"], ["d/", "5"], ["a/b/d.txt"]]);
    expect(paths(planned.files)).toEqual(["a/b/c.txt", "a/b/d.txt"]);
    expect(paths(planned.directories)).toEqual(["d", "a", "a/b"]);
    expect(planned.directories.map(({ entry }) => entry?.name)).toEqual(["d/", "a/", undefined]);
    expect(reasons(planned)).toEqual([]);
  });

  it.each<[Spec[], string]>([
    [[["a"], ["a"]], "a"],
    [[["A"], ["a"]], "a"],
    [[["x/A/b"], ["x/a/c"]], "x/a/c"],
    [[["stra\u00dfe"], ["strasse"]], "strasse"],
    [[["\u00e9"], ["e\u0301"]], "e\u0301"],
    [[["a"], ["a/b"]], "a/b"],
    [[["a/b"], ["a"]], "a"],
    [[["a"], ["a/", "5"]], "a/"],
    [[["a/", "5"], ["a"]], "a"],
  ])("refuses the second of two that cannot both be: %j", async (specs, name) => {
    expect((await plan(specs)).unsafe.map((one) => one.name)).toEqual([name]);
  });

  it("tells case apart where the file system is said to", async () => {
    const options = { exactCase: true };
    expect(paths((await plan([["A"], ["a"], ["b"], ["b"]], options)).files)).toEqual(["A", "a", "b"]);
  });

  it("makes symlinks that stay inside, and refuses others", async () => {
    const good: Spec[] = [
      ["lib/l.so", "2", "l.so.1"],
      ["lib/dot", "2", "./l.so.1"],
      ["lib/up", "2", "../bin/x"],
      ["lib/root", "2", ".."],
      ["loop", "2", "loop"],
    ];
    const planned = await plan(good);
    expect(planned.links.map(({ targetParts }) => targetParts.join("/"))).toEqual([
      "lib/l.so.1",
      "lib/l.so.1",
      "bin/x",
      "",
      "loop",
    ]);
    expect(reasons(planned)).toEqual([]);
    const bad = [
      "/etc/passwd",
      "..",
      "../x",
      "a/../../x",
      "a/..",
      "C:/x",
      "C:../../x",
      "..\\x",
      "a\u0007",
      "a//b",
    ];
    const links = bad.map((target, index): Spec => [`l${index}`, "2", target]);
    expect((await plan(links)).unsafe.length).toBe(bad.length);
    expect((await plan(links, { links: false })).unsafe.length).toBe(bad.length);
  });

  it("refuses a path through a link, whether that is made or not", async () => {
    const specs: Spec[] = [["d", "2", "e"], ["d/x"]];
    expect(reasons(await plan(specs))).toEqual(['d/x: a path through the link "d"']);
    const without = await plan(specs, { links: false });
    expect(without.unsafe.map(({ name }) => name)).toEqual(["d/x"]);
    expect(without.left.map(({ name }) => name)).toEqual(["d"]);
  });

  it("makes hard links of files that are there by then, or are not chosen", async () => {
    const specs: Spec[] = [["a"], ["b", "1", "a"], ["c", "1", "b"]];
    const all = await entriesOf(specs);
    const planned = planExtraction(all, all, OPTIONS);
    expect(planned.copies.map(({ from, parts }) => `${parts} of ${from.parts}`)).toEqual([
      "b of a",
      "c of a",
    ]);
    const chosen = planExtraction(all.slice(1), all, OPTIONS);
    expect([paths(chosen.files), chosen.copies]).toEqual([["b", "c"], []]);
  });

  it.each<Spec[]>([
    [["b", "1", "a"], ["a"]],
    [["b", "1", "../a"]],
    [["b", "1", "/etc/passwd"]],
    [
      ["a", "5"],
      ["b", "1", "a"],
    ],
    [["b", "1", "b"]],
  ])("refuses hard links to what is no file or symlink before them: %j, %j", async (...specs) => {
    expect((await plan(specs)).unsafe.map(({ name }) => name)).toEqual(["b"]);
  });

  it("makes a symlink of a hard link to one, judged where it stands", async () => {
    const specs: Spec[] = [
      ["d/a", "2", "../x"],
      ["d/b", "1", "d/a"],
      ["e/c", "1", "d/b"],
      ["out", "1", "d/a"],
    ];
    const planned = await plan(specs);
    expect(planned.links.map(({ parts, target }) => `${parts.join("/")} -> ${target}`)).toEqual([
      "d/a -> ../x",
      "d/b -> ../x",
      "e/c -> ../x",
    ]);
    expect(planned.unsafe.map(({ name }) => name)).toEqual(["out"]);
    const without = await plan(specs.slice(0, 3), { links: false });
    expect([without.left.length, without.links, reasons(without)]).toEqual([3, [], []]);
  });

  it("leaves devices, pipes and labels out, whatever they are called", async () => {
    const planned = await plan([["a:1", "3"], ["sda", "4"], ["../pipe", "6"], ["A label: 1/2", "V"], ["a"]]);
    expect([planned.left.length, paths(planned.files), reasons(planned)]).toEqual([4, ["a"], []]);
  });

  it("makes the directories of an incremental tar, whose data is a list of names", async () => {
    const parts = [
      { name: "./", type: "D", data: "Ya\0\0" },
      { name: "./d/", type: "D", data: "\0" },
      { name: "./a" },
    ];
    const { entries } = await openTar(buildTar(parts));
    const rules = { ...PORTABLE, dotSlash: true };
    const planned = planExtraction(entries, entries, { ...OPTIONS, rules });
    expect([paths(planned.directories), paths(planned.files), reasons(planned)]).toEqual([["d"], ["a"], []]);
  });

  it("counts folders that only paths tell of", async () => {
    await expect(plan([["a/b/c/d"]], { maxEntries: 3 })).rejects.toMatchObject({ code: "LIMIT" });
    expect((await plan([["a/b/c/d"]], { maxEntries: 4 })).files.length).toBe(1);
  });
});

import { posix } from "node:path";
import { describe, expect, test } from "vitest";
import { readImportTable } from "./import-table.node.ts";
import { lintTree } from "./lint.node.ts";
import { readManifest } from "./manifest.node.ts";

const IMPORT_RULES = ["eslint(no-restricted-imports)", "import(no-nodejs-modules)"];
const table = readImportTable();
/** One file of each room; a room of the table that is a folder has files `own.ts` and `own.node.ts`. */
const rooms: [room: string, path: string][] = [...table.keys()].flatMap(filesOf);
// A room that nobody entered in the table: it may import nothing at all.
const files: [room: string, path: string][] = [...rooms, ["attic/", "src/attic/own.ts"]];
const targets: [room: string, path: string][] = rooms.filter(([, path]) => !path.endsWith(".node.ts"));
const names = ["node:fs", "node:fs/promises", ...Object.keys(readManifest().imports)];
const packages = ["@foxglove/crc", "commander", "fflate", "range-streams", "range-streams/zip"];
packages.push("fzstd", "xxhash-wasm", "unbzip2-stream/lib/bzip2.js", "xz-decompress", "lzma1");

function filesOf(room: string): [room: string, path: string][] {
  if (room === "doors") return ["index", "zip", "node"].map((door) => [room, `src/${door}.ts`]);
  if (room === "cli/") return ["own", "commands/own"].map((name) => [room, `src/cli/${name}.ts`]);
  if (room.endsWith(".ts")) return [[room, `src/${room}`]];
  return ["own", "own.node"].map((name) => [room, `src/${room}${name}.ts`]);
}

function isAllowed(from: [room: string, path: string], to: string): boolean {
  const [room, path] = from;
  if (to.startsWith("node:")) return path.endsWith(".node.ts") || path === "src/node.ts" || room === "cli/";
  return to === room || table.get(room)?.has(to) === true;
}

function specifier(from: string, to: string): string {
  const relative = posix.relative(posix.dirname(from), to);
  return relative.startsWith(".") ? relative : `./${relative}`;
}

test("the import table of ARCHITECTURE.md has the rooms of the house", () => {
  expect([...table.keys()]).toEqual(expect.arrayContaining(["errors.ts", "source/", "codecs/zip/", "doors"]));
  expect(table.get("http/")).toEqual(new Set(["ranges/", "errors.ts"]));
  expect(table.get("cli/")).toEqual(new Set(["doors", "commander"]));
});

test("the linter forbids exactly the imports that the table does not permit", () => {
  const tree: Record<string, string> = {};
  const forbidden: string[] = [];
  const edges = new Map<string, string>();
  for (const from of files) {
    const lines: string[] = [];
    const others = targets.filter(([, path]) => path !== from[1]);
    for (const [to, target] of [...others, ...[...names, ...packages].map((name) => [name, name] as const)]) {
      const path = target.startsWith("src/") ? specifier(from[1], target) : target;
      for (const kind of ["import", "import type"]) {
        lines.push(`${kind} { a${lines.length} } from "${path}";`);
        const edge = `${from[1]}: ${kind} "${path}"`;
        edges.set(`${from[1]}:${lines.length}`, edge);
        if (!isAllowed(from, to)) forbidden.push(edge);
      }
    }
    tree[from[1]] = lines.join("\n");
  }
  const found = lintTree(tree)
    .filter(({ rule }) => IMPORT_RULES.includes(rule))
    .map(({ file, line }) => edges.get(`${file}:${line}`) ?? `${file}:${line}`);
  expect(forbidden.length).toBeGreaterThan(1000);
  expect([...new Set(found)].sort()).toEqual(forbidden.sort());
});

describe.each(["explorer", "examples", "bench"])("a file of %s/", (folder) => {
  const specifiers: [specifier: string, allowed: boolean][] = [
    ["range-streams/zip", true],
    ["../../dist/zip.js", true],
    ["../../dist/ranges/range.js", false],
    ["../../src/ranges/range.ts", false],
  ];
  const path = `${folder}/own/run.mjs`;
  const found = lintTree({ [path]: specifiers.map(([name]) => `import "${name}";`).join("\n") })
    .filter(({ file, rule }) => file === path && IMPORT_RULES.includes(rule))
    .map(({ line }) => line);
  test.each(specifiers.map(([name, allowed], index) => [name, allowed, index + 1] as const))(
    "imports doors only: %s is allowed: %s",
    (_name, allowed, line) => {
      expect(!found.includes(line)).toBe(allowed);
    },
  );
});

describe("no way around a wall is open:", () => {
  const ways: Record<string, string> = {
    "export from": `export { a } from "../engine/own.ts";`,
    "export all": `export * from "../engine/own.ts";`,
    "import for effects": `import "../engine/own.ts";`,
    "import at run time": `export const a = await import("../engine/own.ts");`,
    "a type that imports": `export type A = import("../engine/own.ts").A;`,
    "import by require": `import a = require("../engine/own.ts");\nexport { a };`,
    require: `export const a = require("../engine/own.ts");`,
    "a detour": `import "../ranges/../engine/own.ts";`,
    "a detour through the own room": `import "./../engine/own.ts";`,
    "a path from the root": `import "/src/engine/own.ts";`,
    "a module of Node without its prefix": `import "fs";`,
    "a module of Node at run time": `export const a = await import("node:fs");`,
    "Node's globals": `export const a = process.getBuiltinModule("fs");`,
  };
  const fileOf = (name: string) => `src/http/${name.replaceAll(/\W+/g, "-").toLowerCase()}.ts`;
  const found = lintTree(
    Object.fromEntries(Object.entries(ways).map(([name, text]) => [fileOf(name), text])),
  );
  test.each(Object.keys(ways))("%s", (name) => {
    expect(found.map(({ file, line }) => `${file}:${line}`)).toContain(`${fileOf(name)}:1`);
  });
});

describe("the linter finds", () => {
  const lines = (count: number) =>
    Array.from({ length: count }, (_, index) => `export const a${index} = 1;\n`);
  const long = (count: number) =>
    `export function a(): number {\n${"  a();\n".repeat(count - 3)}  return 1;\n}\n`;
  const faults: [string, string, Record<string, string>][] = [
    ["eslint(max-lines)", "a file of 401 lines", { "a.ts": lines(401).join("") }],
    ["eslint(max-lines-per-function)", "a function of 61 lines", { "a.ts": long(61) }],
    [
      "eslint(max-params)",
      "four parameters",
      {
        "a.ts":
          "export type F = 1;\nexport function a(b: F, c: F, d: F, e: F): F[] {\n  return [b, c, d, e];\n}\n",
      },
    ],
    ["import(no-default-export)", "a default export", { "a.ts": "export default 1;\n" }],
    [
      "import(no-cycle)",
      "a cycle of types",
      {
        "a.ts": `import type { B } from "./b.ts";\nexport type A = B[];\n`,
        "b.ts": `import type { A } from "./a.ts";\nexport type B = A[];\n`,
      },
    ],
    [
      "typescript(no-floating-promises)",
      "a promise nobody waits for",
      { "a.ts": "export function a(): void {\n  Promise.reject(new Error());\n}\n" },
    ],
    [
      "eslint(no-restricted-globals)",
      "a clock in a pure room",
      { "a.ts": "export const a: number = performance.now();\n" },
    ],
    [
      "vitest(no-disabled-tests)",
      "a skipped test",
      { "a.test.ts": `import { test } from "vitest";\ntest.skip("a", () => {});\n` },
    ],
  ];
  const found = lintTree({
    ...Object.fromEntries(
      faults.flatMap(([, , tree], index) =>
        Object.entries(tree).map(([name, text]) => [`src/ranges/fault-${index}/${name}`, text]),
      ),
    ),
    "src/ranges/good/file.ts": lines(400).join(""),
    "src/ranges/good/function.ts": long(60),
  });
  const rulesIn = (folder: string) =>
    found.filter(({ file }) => file.startsWith(`src/ranges/${folder}/`)).map(({ rule }) => rule);
  test.each(faults.map(([rule, name], index) => [rule, name, index] as const))(
    "%s: %s",
    (rule, _name, index) => {
      expect(rulesIn(`fault-${index}`)).toContain(rule);
    },
  );

  test("nothing in a file of 400 lines and a function of 60", () => {
    expect(rulesIn("good")).toEqual([]);
  });
});

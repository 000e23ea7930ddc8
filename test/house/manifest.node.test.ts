import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readDoors, readManifest } from "./manifest.node.ts";
import { root } from "./root.node.ts";

const manifest = readManifest();

test("the package depends on what was decided, and on nothing else", () => {
  expect(Object.keys(manifest.dependencies).sort()).toEqual([
    "@foxglove/crc",
    "commander",
    "fzstd",
    "lzma1",
    "unbzip2-stream",
    "xxhash-wasm",
    "xz-decompress",
  ]);
  const others = ["peerDependencies", "optionalDependencies", "bundleDependencies", "overrides"];
  expect(Object.keys(manifest).filter((key) => others.includes(key))).toEqual([]);
});

test("every version is exact", () => {
  const all = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
  expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});

test("it is ESM without side effects, runs from Node 20.19 on, and runs nothing when installed", () => {
  const { type, sideEffects, engines } = manifest;
  expect({ type, sideEffects, engines }).toEqual({
    type: "module",
    sideEffects: false,
    engines: { node: ">=20.19" },
  });
  const hooks = ["preinstall", "install", "postinstall", "prepare", "prepublish"];
  expect(Object.keys(manifest.scripts).filter((script) => hooks.includes(script))).toEqual([]);
});

test("every file of src/ is a door that is exported, or the errors or the opening", () => {
  const files = readdirSync(join(root, "src")).filter((name) => /^[^.]+\.ts$/.test(name));
  const doors = readDoors().map(({ source }) => source.replace("./src/", ""));
  expect([...doors, "errors.ts", "open.ts"].sort()).toEqual(files.sort());
});

describe.each(Object.entries(manifest.exports).filter(([path]) => path !== "./package.json"))(
  "the door %s",
  (_path, target) => {
    test("names its source, its types and its code, in the order that resolvers need", () => {
      const [, name = ""] =
        /^\.\/src\/(.+)\.ts$/.exec((target as Record<string, string>)["source"] ?? "") ?? [];
      expect(Object.entries(target)).toEqual([
        ["source", `./src/${name}.ts`],
        ["types", `./dist/${name}.d.ts`],
        ["default", `./dist/${name}.js`],
      ]);
    });
  },
);

describe.each(Object.entries(manifest.imports))("the inner name %s", (_name, conditions) => {
  const { node: nodeSource = "", default: otherSource = "" } = conditions.source;

  test("has a variant for Node and one for elsewhere, as source and as built", () => {
    const built = (source: string) => source.replace("./src/", "./dist/").replace(/\.ts$/, ".js");
    expect(conditions).toEqual({
      source: {
        node: expect.stringMatching(/\.node\.ts$/),
        default: expect.not.stringMatching(/\.node\.ts$/),
      },
      node: built(nodeSource),
      default: built(otherSource),
    });
    expect([nodeSource, otherSource].filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  // The compiler sees the variant for Node alone.
  test("exports from the other variant all that Node's has", async () => {
    const load = async (path: string) =>
      Object.keys((await import(/* @vite-ignore */ join(root, path))) as object).sort();
    expect(await load(otherSource)).toEqual(expect.arrayContaining(await load(nodeSource)));
  });
});

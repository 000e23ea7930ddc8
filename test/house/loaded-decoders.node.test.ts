import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { readDoors } from "./manifest.node.ts";
import { root } from "./root.node.ts";

const DECODERS = ["fzstd", "lzma1", "unbzip2-stream/lib/bzip2.js", "xxhash-wasm", "xz-decompress"];

const { imports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  imports: Record<string, { source: Record<string, string> }>;
};

/** The files that stand behind an inner name. */
function variantsOf(name: string): string[] {
  return Object.values(imports[name]?.source ?? {}).map((path) => join(root, path));
}

/** The modules that are loaded with a file of ours, packages included. */
function loadedWith(file: string, seen: Set<string> = new Set()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const code = readFileSync(file, "utf8");
  for (const [, type, name = ""] of code.matchAll(/^(?:import|export) (type )?[^;]*?from "([^"]+)";$/gm)) {
    if (type !== undefined) continue;
    if (name.startsWith(".")) loadedWith(join(dirname(file), name), seen);
    else if (name.startsWith("#")) for (const variant of variantsOf(name)) loadedWith(variant, seen);
    else seen.add(name);
  }
  return seen;
}

test("no door loads a decoder before it is met, but for those of deflate", () => {
  for (const { specifier, source } of readDoors()) {
    const loaded = loadedWith(join(root, source));
    expect([specifier, DECODERS.filter((name) => loaded.has(name))]).toEqual([specifier, []]);
  }
});

test("the decoders are found where they are imported, so that the test above can fail", () => {
  const found = ["bzip2", "lzma", "xz", "zstd"].flatMap((name) =>
    DECODERS.filter((decoder) => loadedWith(join(root, `src/compress/${name}.ts`)).has(decoder)),
  );
  expect(found.sort()).toEqual(DECODERS);
});

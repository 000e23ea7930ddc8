import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openArchive } from "../../src/archive.ts";
import { openConda } from "../../src/conda.ts";
import { startLab } from "../lab/lab.ts";

/** A folder with the archives that the original package is tested with; they are no part of this one. */
const folder = process.env["SEED_FILES"];
const CONDA = "tqdm-4.61.1-pyhd3eb1b0_1.conda";

const read = (name: string): Uint8Array => readFileSync(join(folder ?? "", name));
const total = (sizes: readonly { readonly size: number }[]): number =>
  sizes.reduce((sum, { size }) => sum + size, 0);

describe.skipIf(folder === undefined)("the original's archives (SEED_FILES)", () => {
  it("conda: metadata and info in 3 requests, names and sizes of all members", async () => {
    await using lab = await startLab({ files: { [CONDA]: read(CONDA) } });
    await using conda = await openConda(`${lab.url}/${CONDA}`);
    expect(await conda.metadata()).toBeUndefined();
    expect(await conda.index()).toMatchObject({ name: "tqdm", version: "4.61.1", build: "pyhd3eb1b0_1" });
    expect(conda.source.receipt.requests).toBe(3);
    await using info = await conda.info();
    expect([info.entries.length, total(info.entries)]).toEqual([33, 140_900]);
    expect([info.entries[0]?.name, info.entries[0]?.size]).toEqual(["info/hash_input.json", 35]);
    for (const name of ["info/paths.json", "info/about.json"]) {
      expect(JSON.parse(await info.get(name).text())).toBeTypeOf("object");
    }
    await using pkg = await conda.pkg();
    expect([pkg.entries.length, total(pkg.entries)]).toEqual([43, 222_471]);
    expect(pkg.entries[0]?.name).toBe("site-packages/tqdm/completion.sh");
    expect(pkg.entries[0]?.size).toBe(946);
    expect(pkg.entries.at(-1)?.name).toMatch(/entry_points\.txt$/);
    expect(conda.source.receipt.requests).toBe(3);
  });

  it.each([
    [CONDA, "conda", 3],
    ["example_text_file.txt.zip", "zip", 1],
    ["data.tar", "tar", 2],
    ["data.tar.gz", "tar.gz", 2],
    ["data.tar.bz2", "tar.bz2", 2],
  ])("%s is a %s for openArchive", async (name, format, count) => {
    await using archive = await openArchive(read(name));
    expect([archive.format, archive.entries.length]).toEqual([format, count]);
  });

  it("the two members of data.tar lie where the original says", async () => {
    await using archive = await openArchive(read("data.tar"));
    const facts = archive.entries.map(async (entry) => [entry.name, String(await entry.range())]);
    expect(await Promise.all(facts)).toEqual([
      ["red_square_rgba_semitransparent.png", "[512, 5636)"],
      ["example_text_file.txt", "[6656, 6667)"],
    ]);
  });
});

import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { PNG } from "pngjs";
import { describe, expect, it } from "vitest";
import { openPng } from "../../src/png.ts";

const require = createRequire(import.meta.url);

/**
 * Files of Willem van Schaik's PngSuite: those that the package node-png happens to carry, or, where PNGSUITE names a folder with all
 * of them, these.
 */
const folder =
  process.env["PNGSUITE"] ?? join(dirname(require.resolve("node-png/package.json")), "examples/test/img");
const names = readdirSync(folder).filter((name) => name.endsWith(".png"));
const honest = names.filter((name) => !name.startsWith("x"));
const corrupt = names.filter((name) => name.startsWith("x"));

/** Of a file, whether it has 16 bits a sample: pngjs tells only when asked the other way. */
const is16Bit = (bytes: Uint8Array): boolean => bytes[24] === 16;

const alphas = (data: ArrayLike<number>): number[] => Array.from(data).filter((_, index) => index % 4 === 3);

describe("PngSuite", () => {
  it("is there", () => {
    expect(honest.length).toBeGreaterThanOrEqual(20);
  });

  it.each(honest)("%s: the same pixels as pngjs gives", async (name) => {
    const bytes = readFileSync(join(folder, name));
    await using png = await openPng(bytes);
    const pixels = await png.pixels();
    const other = PNG.sync.read(bytes, { skipRescale: is16Bit(bytes), checkCRC: true } as object);
    expect([pixels.width, pixels.height]).toEqual([other.width, other.height]);
    // Of a color that is transparent pngjs keeps no color.
    const hasKey = (await png.chunk("tRNS")) !== undefined && png.header.colorType !== 3;
    const keep = (_: number, index: number, data: ArrayLike<number>): boolean =>
      !hasKey || data[index | 3] !== 0;
    expect(Array.from(pixels.data).filter(keep)).toEqual(Array.from(other.data).filter(keep));
    expect(alphas(pixels.data)).toEqual(alphas(other.data));
  });

  it.each(corrupt)("%s is refused", async (name) => {
    const work = openPng(readFileSync(join(folder, name))).then((png) => png.pixels());
    await expect(work).rejects.toMatchObject({ code: expect.stringMatching(/^(FORMAT|CHECKSUM)$/) });
  });
});

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { buildConda, INDEX, pkgMembers } from "../conda/build-conda.ts";
import { largeOldConda } from "../conda/old-conda.ts";
import { buildPng, latin1, uint32Of } from "../png/build-png.ts";
import { buildTar } from "../tar/build-tar.ts";
import { buildWheel } from "../wheel/build-wheel.ts";
import { buildZip, text } from "../zip/build-zip.ts";
import { root } from "./root.node.ts";

/** A block of a page that is marked as one to run. */
export interface Example {
  /** `README.md:12` */
  where: string;
  code: string;
  /** What it must print; undefined where the page does not say. */
  output: string | undefined;
}

/** What `exampleUrl(name)` serves. */
export function exampleFiles(): Record<string, Uint8Array | string> {
  const tides = "hour,metres\n0,1.2\n6,3.4\n12,1.1\n18,3.5\n";
  const tar = buildTar([
    { name: "harbour/", type: "5", mode: 0o755 },
    { name: "harbour/readme.txt", data: text("Tides of one day.\n") },
    { name: "harbour/photo.raw", data: patternBytes(300_000, 2) },
    { name: "harbour/tides.csv", data: text(tides) },
  ]);
  return {
    "harbour.tar": tar,
    "harbour.tar.gz": gzipSync(tar),
    "logbook.tar.gz": gzipSync(
      buildTar(
        Array.from({ length: 24 }, (_, day) => ({
          name: `logbook/day-${day}.txt`,
          data: text(`${day}: wind 1 of 12\n${Buffer.from(patternBytes(50_000, day)).toString("hex")}\n`),
        })),
      ),
    ),
    "hello.txt": "Hello, range!",
    "data.bin": patternBytes(2 ** 20, 1),
    "buoy.png": buildPng({
      width: 4,
      height: 2,
      colorType: 6,
      interlaced: true,
      sample: (x, y) => [x * 60, y * 100, 9, x === 0 ? 128 : 255],
      before: [
        { type: "gAMA", data: uint32Of(45_455) },
        { type: "tEXt", data: latin1("Title\0Buoy 7") },
      ],
    }),
    "buoy-1.0-0.conda": buildConda({
      info: [
        { name: "info/index.json", data: JSON.stringify(INDEX) },
        { name: "info/paths.json", data: patternBytes(60_000, 3) },
      ],
      pkg: pkgMembers(400_000),
    }),
    "buoy-1.0-0.tar.bz2": largeOldConda(),
    "buoy-1.0-py3-none-any.whl": buildWheel({ modules: 4, moduleBytes: 100_000 }),
    "harbour.zip": buildZip([
      { name: "readme.txt", data: text("Tides of one day.\n") },
      { name: "tides.csv", data: text(tides), method: 8 },
      { name: "photo.raw", data: patternBytes(300_000, 2) },
    ]),
  };
}

/** All examples of the project's pages. */
export function findExamples(): Example[] {
  const pages = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isFile());
  const guides = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" });
  return [...pages.map(({ name }) => name), ...guides.map((name) => join("docs", name))]
    .filter((name) => name.endsWith(".md"))
    .flatMap((name) => parseExamples(name, readFileSync(join(root, name), "utf8")));
}

/** Each fenced block with the info string `js run`, and the `text` block that follows it, if one does. */
export function parseExamples(name: string, page: string): Example[] {
  const blocks = page.matchAll(/^```js run\n([\s\S]*?)^```$(?:\s*^```text\n([\s\S]*?)^```$)?/gm);
  return [...blocks].map(({ 1: code = "", 2: output, index }) => {
    return { where: `${name}:${page.slice(0, index).split("\n").length}`, code, output };
  });
}

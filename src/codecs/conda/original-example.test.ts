import { expect, it } from "vitest";
import { openConda } from "../../conda.ts";

// tqdm-4.61.1-pyhd3eb1b0_1.conda, 83,498 bytes, which the original package is tested with: its headers and its directory, where they lie.
// The data of its two parts, which stand between, are left out.
const SIZE = 83_498;
const KEPT: readonly (readonly [position: number, base64: string])[] = [
  [
    0,
    "UEsDBBQAAAAAAAR70VIAAAAAAAAAAAAAAAANAAAAbWV0YWRhdGEuanNvblBLAwQUAAAAAAD9etFSAeylxDV0AAA1dAAAJQAAAGluZm8tdHFkbS00LjYxLjEt" +
      "cHloZDNlYjFiMF8xLnRhci56c3Q=",
  ],
  [29_859, "UEsDBBQAAAAAAAR70VLBdw6LT9AAAE/QAAAkAAAAcGtnLXRxZG0tNC42MS4xLXB5aGQzZWIxYjBfMS50YXIuenN0"],
  [
    83_252,
    "UEsBAhQDFAAAAAAABHvRUgAAAAAAAAAAAAAAAA0AAAAAAAAAAAAAAICBAAAAAG1ldGFkYXRhLmpzb25QSwECFAMUAAAAAAD9etFSAeylxDV0AAA1dAAAJQAA" +
      "AAAAAAAAAAAApIErAAAAaW5mby10cWRtLTQuNjEuMS1weWhkM2ViMWIwXzEudGFyLnpzdFBLAQIUAxQAAAAAAAR70VLBdw6LT9AAAE/QAAAkAAAAAAAAAAAA" +
      "AACkgaN0AABwa2ctdHFkbS00LjYxLjEtcHloZDNlYjFiMF8xLnRhci56c3RQSwUGAAAAAAMAAwDgAAAANEUBAAAA",
  ],
];

function skeleton(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(SIZE);
  for (const [position, base64] of KEPT) {
    bytes.set(
      Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)),
      position,
    );
  }
  return bytes;
}

it("finds the members of the original's example where the original does", async () => {
  await using conda = await openConda(skeleton());
  expect(conda.source.size).toBe(83_498);
  const members = conda.entries.map(({ name, size, storedSize, method }) => [name, size, storedSize, method]);
  expect(members).toEqual([
    ["metadata.json", 0, 0, "store"],
    ["info-tqdm-4.61.1-pyhd3eb1b0_1.tar.zst", 29_749, 29_749, "store"],
    ["pkg-tqdm-4.61.1-pyhd3eb1b0_1.tar.zst", 53_327, 53_327, "store"],
  ]);
  expect(conda.stem).toBe("tqdm-4.61.1-pyhd3eb1b0_1");
  const ranges = await Promise.all(conda.entries.map((entry) => entry.range()));
  expect(ranges.map(String)).toEqual(["[43, 43)", "[110, 29859)", "[29925, 83252)"]);
  expect([...conda.ranges.keys()].map(String)).toEqual(["[0, 43)", "[43, 29859)", "[29859, 83252)"]);
  expect(await conda.metadata()).toBeUndefined();
});

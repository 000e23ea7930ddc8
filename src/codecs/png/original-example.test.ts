import { expect, it } from "vitest";
import { openPng } from "../../png.ts";

/** The red square of 10 by 10 pixels that the original package is tested with; it could not decode it. */
const RED_SQUARE = Uint8Array.from(
  atob(
    [
      "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKAQMAAAC3/F3+AAAABGdBTUEAALGPC/xhBQAAACBjSFJNAAB6JgAAgIQAAPoAAACA6AAA",
      "dTAAAOpgAAA6mAAAF3CculE8AAAABlBMVEWZAAD///+fsNhWAAAAAWJLR0QB/wIt3gAAAAd0SU1FB+UHGBIREPwcx5sAAAALSURB",
      "VAjXY2DABwAAHgABboVHMgAAACV0RVh0ZGF0ZTpjcmVhdGUAMjAyMS0wNy0yNFQxNzoxNzoxNiswMTowMIVvJG8AAAAldEVYdGRh",
      "dGU6bW9kaWZ5ADIwMjEtMDctMjRUMTc6MTc6MTYrMDE6MDD0MpzTAAAAAElFTkSuQmCC",
    ].join(""),
  ),
  (character) => character.charCodeAt(0),
);

it("reads the original's red square: its chunks, its samples, and what the original could not, its pixels", async () => {
  await using png = await openPng(RED_SQUARE);
  expect(png.source.size).toBe(276);
  expect(png.header).toEqual({ width: 10, height: 10, bitDepth: 1, colorType: 3, interlaced: false });
  const chunks = [...(await png.allChunks()).values()];
  expect(chunks.map(({ type, dataRange }) => `${type} ${dataRange}`)).toEqual([
    ...[
      "IHDR [16, 29)",
      "gAMA [41, 45)",
      "cHRM [57, 89)",
      "PLTE [101, 107)",
      "bKGD [119, 120)",
      "tIME [132, 139)",
    ],
    ...["IDAT [151, 162)", "tEXt [174, 211)", "tEXt [223, 260)", "IEND [272, 272)"],
  ]);
  expect([png.channelCount, await png.channelCountAsDirect(), png.bitDepthAsDirect]).toEqual([1, 3, 8]);
  expect([await png.alphaAsDirect(), await png.anySemitransparent(), await png.anyTransparent()]).toEqual([
    false,
    false,
    false,
  ]);
  const { data } = await png.pixels();
  expect(Array.from(data)).toEqual(Array.from({ length: 100 }, () => [153, 0, 0, 255]).flat());
  expect(await png.time()).toEqual(new Date("2021-07-24T18:17:16Z"));
  expect(Object.keys(await png.text())).toEqual(["date:create", "date:modify"]);
});

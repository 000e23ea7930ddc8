import { zlibSync } from "fflate";
import { describe, expect, it } from "vitest";
import { openPng, type PngFile } from "../../src/png.ts";
import { buildPng, headerChunk, join, latin1, uint32Of, writeChunk, writeFile } from "../png/build-png.ts";
import { recordedSource } from "../zip/recorded-source.ts";

/** The code of the error of an opening and what follows; nothing outside of the file may be asked for. */
async function codeOf(bytes: Uint8Array, work: (png: PngFile) => Promise<unknown>): Promise<unknown> {
  const open = openPng(recordedSource(bytes, "x.png"));
  return open.then(work).then(
    () => "no error",
    (error: { code?: unknown }) => error.code ?? error,
  );
}

const pixels = (png: PngFile): Promise<unknown> => png.pixels();
const END = { type: "IEND" };
const DATA = { type: "IDAT", data: zlibSync(new Uint8Array(2)) };
const MIB = 2 ** 20;

describe("F13: a hostile PNG", () => {
  it("208. of impossible or enormous dimensions is refused before memory is asked for", async () => {
    const sized = (width: number, height: number) => writeFile([headerChunk({ width, height }), DATA, END]);
    expect(await codeOf(sized(2 ** 31, 2 ** 31), pixels)).toBe("FORMAT");
    expect(await codeOf(sized(0, 1), pixels)).toBe("FORMAT");
    expect(await codeOf(sized(2 ** 31 - 1, 2 ** 31 - 1), pixels)).toBe("LIMIT");
    expect(await codeOf(sized(2 ** 14, 2 ** 14 + 1), pixels)).toBe("LIMIT");
    // Within the limit, a gigabyte of pixels: but so few bytes cannot be that.
    expect(await codeOf(sized(2 ** 14, 2 ** 14), pixels)).toBe("FORMAT");
  });

  it("208. with chunks of a length that is not there, or of a wrong CRC, is refused", async () => {
    const header = headerChunk({ width: 1, height: 1 });
    const all = (png: PngFile): Promise<unknown> => png.allChunks();
    expect(await codeOf(writeFile([header, { type: "teXt", length: 0xffffffff }, DATA, END]), all)).toBe(
      "FORMAT",
    );
    expect(await codeOf(writeFile([header, { type: "teXt", length: 0x7fffffff }, DATA, END]), all)).toBe(
      "FORMAT",
    );
    expect(await codeOf(writeFile([header, { ...DATA, crc: 0 }, END]), pixels)).toBe("CHECKSUM");
  });

  it("208. whose image data inflates to more than the image, or is mere padding, is refused early", async () => {
    const header = headerChunk({ width: 10, height: 10 });
    const bomb = { type: "IDAT", data: zlibSync(new Uint8Array(64 * MIB)) };
    expect(await codeOf(writeFile([header, bomb, END]), pixels)).toBe("FORMAT");
    const padding = { type: "IDAT", data: new Uint8Array(2 * MIB) };
    const padded = writeFile([header, padding, padding, END]);
    const source = recordedSource(padded);
    await using png = await openPng(source);
    await expect(png.pixels()).rejects.toMatchObject({ code: "LIMIT" });
  });

  it("208. whose texts or profile inflate to much is LIMIT, and its pixels are still there", async () => {
    const much = zlibSync(new Uint8Array(64 * MIB).fill(32));
    const before = [
      { type: "iCCP", data: join([latin1("p\0\0"), much]) },
      { type: "zTXt", data: join([latin1("k\0\0"), much]) },
      { type: "iTXt", data: join([latin1("k\0\x01\0\0\0"), much]) },
    ];
    const bytes = buildPng({ width: 1, height: 1, before });
    expect(await codeOf(bytes, (png) => png.text())).toBe("LIMIT");
    expect(await codeOf(bytes, (png) => png.iccProfile())).toBe("LIMIT");
    expect(await codeOf(bytes, pixels)).toBe("no error");
  });

  it("208. of a million tiny chunks gives its header and its pixels' limits at once, and LIMIT when they are counted", {
    timeout: 30_000,
  }, async () => {
    const tiny = writeChunk({ type: "teXt" });
    const many = new Uint8Array(1_000_000 * tiny.length);
    for (let at = 0; at < many.length; at += tiny.length) many.set(tiny, at);
    const head = writeFile([headerChunk({ width: 3, height: 1 })]);
    const source = recordedSource(join([head, many, writeChunk(DATA), writeChunk(END), uint32Of(0)]));
    await using png = await openPng(source);
    expect(png.header.width).toBe(3);
    expect(source.asked).toEqual(["[0, 32768)"]);
    expect(png.chunks.size).toBeLessThan(3000);
    await expect(png.allChunks()).rejects.toMatchObject({ code: "LIMIT" });
    expect(png.chunks.size).toBe(2 ** 18);
  });
});

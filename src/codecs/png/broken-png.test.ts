import { zlibSync } from "fflate";
import { describe, expect, it } from "vitest";
import {
  buildPng,
  headerChunk,
  type ImageSpec,
  imageData,
  join,
  latin1,
  writeFile,
} from "../../../test/png/build-png.ts";
import { decodeCode, palette, SMALL, small } from "../../../test/png/small-png.ts";

describe("what is no right PNG", () => {
  const honest = buildPng(SMALL);
  const header = headerChunk(SMALL);
  const data = { type: "IDAT", data: zlibSync(imageData(SMALL)) };
  const end = { type: "IEND" };
  const mangled = (from: string, to: string): Uint8Array =>
    latin1(
      Array.from(honest, (byte) => String.fromCharCode(byte))
        .join("")
        .replaceAll(from, to),
    );
  const withHeader = (more: Partial<ImageSpec>): Uint8Array =>
    writeFile([headerChunk({ ...SMALL, ...more }), data, end]);
  const odd = (at: number, value: number): Uint8Array => {
    const bytes = Uint8Array.from(header.data ?? []);
    bytes[at] = value;
    return writeFile([{ type: "IHDR", data: bytes }, data, end]);
  };
  const indexed = { ...SMALL, colorType: 3, bitDepth: 2, sample: () => [3] };
  const raw = (bytes: Uint8Array): Uint8Array => writeFile([header, { type: "IDAT", data: bytes }, end]);
  const rows = imageData(SMALL);
  const stream = zlibSync(rows);

  it.each<[string, string, Uint8Array]>([
    ["an empty file", "FORMAT", new Uint8Array(0)],
    ["a signature alone", "FORMAT", honest.subarray(0, 8)],
    ["a header cut short", "FORMAT", honest.subarray(0, 30)],
    ["another first letter", "FORMAT", mangled("\x89PNG", "\x09PNG")],
    ["carriage returns added", "FORMAT", mangled("\n", "\r\n")],
    ["carriage returns removed", "FORMAT", mangled("\r\n", "\n")],
    ["no header", "FORMAT", writeFile([data, end])],
    ["a header of 12 bytes", "FORMAT", writeFile([{ type: "IHDR", data: new Uint8Array(12) }, data, end])],
    ["a header with another CRC", "CHECKSUM", writeFile([{ ...header, crc: 1 }, data, end])],
    ["a width of 0", "FORMAT", withHeader({ width: 0 })],
    ["a height beyond 2^31 - 1", "FORMAT", withHeader({ height: 2 ** 31 })],
    ["color type 1", "FORMAT", withHeader({ colorType: 1 })],
    ["color type 9", "FORMAT", withHeader({ colorType: 9 })],
    ["depth 0", "FORMAT", withHeader({ bitDepth: 0 })],
    ["depth 3", "FORMAT", withHeader({ bitDepth: 3 })],
    ["depth 99", "FORMAT", withHeader({ bitDepth: 99 })],
    ["an RGB of 4 bits", "FORMAT", withHeader({ colorType: 2, bitDepth: 4 })],
    ["an unknown compression", "FORMAT", odd(10, 1)],
    ["unknown filters", "FORMAT", odd(11, 1)],
    ["an unknown interlacing", "FORMAT", odd(12, 2)],
    [
      "Apple's variant",
      "UNSUPPORTED",
      writeFile([{ type: "CgBI", data: new Uint8Array(4) }, header, data, end]),
    ],
    ["no image data", "FORMAT", writeFile([header, end])],
    ["no end", "FORMAT", writeFile([header, data])],
    ["an end with data", "FORMAT", writeFile([header, data, { type: "IEND", data: new Uint8Array(1) }])],
    ["an end with another CRC", "CHECKSUM", writeFile([header, data, { type: "IEND", crc: 7 }])],
    ["a second header", "AMBIGUOUS", writeFile([header, header, data, end])],
    ["image data in two places", "FORMAT", writeFile([header, data, { type: "teXt" }, data, end])],
    ["a type that is none", "FORMAT", writeFile([header, { type: "ID4T" }, data, end])],
    [
      "a length beyond 2^31 - 1",
      "FORMAT",
      writeFile([header, { type: "teXt", length: 0xffffffff }, data, end]),
    ],
    ["a length beyond the file", "FORMAT", writeFile([header, { type: "teXt", length: 100_000 }, data, end])],
    ["image data with another CRC", "CHECKSUM", writeFile([header, { ...data, crc: 1 }, end])],
    ["a critical chunk nobody knows", "UNSUPPORTED", writeFile([header, { type: "ABcD" }, data, end])],
    ["no palette", "FORMAT", buildPng(indexed)],
    ["an index beyond the palette", "FORMAT", buildPng({ ...indexed, before: [palette(3)] })],
    ["a palette of too many entries", "FORMAT", buildPng({ ...indexed, before: [palette(5)] })],
    [
      "a palette of a third of an entry",
      "FORMAT",
      buildPng({ ...indexed, before: [{ type: "PLTE", data: new Uint8Array(7) }] }),
    ],
    ["an empty palette", "FORMAT", buildPng({ ...indexed, before: [palette(0)] })],
    ["two palettes", "AMBIGUOUS", buildPng({ ...indexed, before: [palette(4), palette(4)] })],
    ["a palette of greys", "FORMAT", small([palette(4)])],
    ["a palette too late", "FORMAT", small([], [palette(4)], { colorType: 2 })],
    [
      "transparency before the palette",
      "FORMAT",
      buildPng({ ...indexed, before: [{ type: "tRNS", data: new Uint8Array(1) }, palette(4)] }),
    ],
    [
      "transparency before a suggested palette",
      "FORMAT",
      small([{ type: "tRNS", data: new Uint8Array(6) }, palette(4)], [], { colorType: 2 }),
    ],
    [
      "transparency of too many entries",
      "FORMAT",
      buildPng({ ...indexed, before: [palette(4), { type: "tRNS", data: new Uint8Array(5) }] }),
    ],
    [
      "transparency of no entries",
      "FORMAT",
      buildPng({ ...indexed, before: [palette(4), { type: "tRNS" }] }),
    ],
    ["transparency of a wrong length", "FORMAT", small([{ type: "tRNS", data: new Uint8Array(1) }])],
    [
      "transparency beside alpha",
      "FORMAT",
      small([{ type: "tRNS", data: new Uint8Array(2) }], [], { colorType: 4 }),
    ],
    ["transparency too late", "FORMAT", small([], [{ type: "tRNS", data: new Uint8Array(2) }])],
    [
      "transparency twice",
      "AMBIGUOUS",
      small([
        { type: "tRNS", data: new Uint8Array(2) },
        { type: "tRNS", data: new Uint8Array(2) },
      ]),
    ],
    ["a filter that there is not", "FORMAT", buildPng({ ...SMALL, filter: () => 5 })],
    ["no zlib stream", "FORMAT", raw(latin1("nothing of the kind"))],
    ["image data of 3 bytes", "FORMAT", raw(stream.subarray(0, 3))],
    [
      "a zlib stream with a dictionary",
      "UNSUPPORTED",
      raw(join([Uint8Array.of(0x78, 0x20), stream.subarray(2)])),
    ],
    ["a zlib stream cut short", "FORMAT", raw(stream.subarray(0, -6))],
    ["bytes after the zlib stream", "FORMAT", raw(join([stream, new Uint8Array(9)]))],
    [
      "a zlib stream with another checksum",
      "CHECKSUM",
      raw(join([stream.subarray(0, -1), Uint8Array.of(stream.at(-1) === 0 ? 1 : 0)])),
    ],
    ["a row too few", "FORMAT", raw(zlibSync(rows.subarray(0, -5)))],
    ["a byte too few", "FORMAT", raw(zlibSync(rows.subarray(0, -1)))],
    ["a byte too many", "FORMAT", raw(zlibSync(join([rows, new Uint8Array(1)])))],
  ])("%s is %s", async (_what, code, bytes) => {
    expect(await decodeCode(bytes)).toBe(code);
  });

  it("is refused wherever it is cut, and whichever byte before its end is another", async () => {
    for (let length = 0; length < honest.length; length++) {
      expect(await decodeCode(honest.subarray(0, length)), `cut at ${length}`).toBe("FORMAT");
    }
    for (let at = 0; at < honest.length; at++) {
      const bytes = Uint8Array.from(honest);
      bytes[at] = (bytes[at] as number) ^ 0x04;
      expect(await decodeCode(bytes), `byte ${at}`).not.toBe("no error");
    }
  });
});

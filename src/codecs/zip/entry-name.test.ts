import { describe, expect, it } from "vitest";
import { crc32Of, extraField, pack, text } from "../../../test/zip/build-zip.ts";
import { decodeEntryName } from "./entry-name.ts";
import type { CentralHeader } from "./zip-format.ts";

const DOS = 0x0014;
const UNIX = 0x0314;
const UTF8_FLAG = 0x800;

function nameOf(name: Uint8Array, rest: Partial<CentralHeader> = {}): string {
  const header = { name, madeBy: DOS, flags: 0, extra: new Uint8Array(0), ...rest };
  return decodeEntryName(header as CentralHeader, "x.zip");
}

function unicodePath(of: Uint8Array, name: Uint8Array, version = 1): Uint8Array {
  return extraField(0x7075, pack([1, version], [4, crc32Of(of)], name));
}

describe("the name of a zip entry", () => {
  it("is UTF-8 where the flag says so", () => {
    expect(nameOf(text("ł/日本.txt"), { flags: UTF8_FLAG })).toBe("ł/日本.txt");
  });

  it("keeps a byte order mark, which is part of the name", () => {
    expect(nameOf(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61), { flags: UTF8_FLAG })).toBe("\ufeffa");
  });

  it("is code page 437 without the flag, from a DOS host", () => {
    expect(nameOf(Uint8Array.of(0x81, 0x62, 0x65, 0x72, 0xe1, 0xff))).toBe("überß\u00a0");
    expect(nameOf(text("é"))).toBe("├⌐");
  });

  it("is UTF-8 without the flag where a Unix host wrote valid UTF-8, else code page 437", () => {
    expect(nameOf(text("é"), { madeBy: UNIX })).toBe("é");
    expect(nameOf(Uint8Array.of(0x82), { madeBy: UNIX })).toBe("é");
  });

  it("reads a flagged name that is no UTF-8 without losing a byte", () => {
    expect(nameOf(Uint8Array.of(0x61, 0x82), { flags: UTF8_FLAG })).toBe("aé");
  });

  it("is that of a Unicode Path field which belongs to it", () => {
    const name = text("_.txt");
    expect(nameOf(name, { extra: unicodePath(name, text("日.txt")) })).toBe("日.txt");
  });

  it("ignores a Unicode Path field of another name, of another version, and a stub", () => {
    const name = text("_.txt");
    expect(nameOf(name, { extra: unicodePath(text("old.txt"), text("日.txt")) })).toBe("_.txt");
    expect(nameOf(name, { extra: unicodePath(name, text("日.txt"), 2) })).toBe("_.txt");
    expect(nameOf(name, { extra: extraField(0x7075, Uint8Array.of(1, 2)) })).toBe("_.txt");
  });

  it("lets the flag rule over a Unicode Path field", () => {
    const name = text("a.txt");
    expect(nameOf(name, { flags: UTF8_FLAG, extra: unicodePath(name, text("b.txt")) })).toBe("a.txt");
  });

  it("refuses a Unicode Path field that belongs to it and is no UTF-8", () => {
    const name = text("_.txt");
    const extra = unicodePath(name, Uint8Array.of(0xff, 0xfe));
    expect(() => nameOf(name, { extra })).toThrow(expect.objectContaining({ code: "FORMAT" }));
  });
});

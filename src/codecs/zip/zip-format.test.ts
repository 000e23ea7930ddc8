import { describe, expect, it } from "vitest";
import { buildZip, extraField, pack, text } from "../../../test/zip/build-zip.ts";
import {
  defersToZip64,
  parseEndRecord,
  parseZip64EndRecord,
  parseZip64Locator,
} from "./end-record-format.ts";
import { findExtraFields, parseCentralHeader, parseDataOffset, parseLocalHeader } from "./zip-format.ts";

// One member of 5 bytes: local header at 0 (30 + 5), data at 35, directory at 40 (46 + 5), end record at 91. The view itself
// starts 4 bytes into its buffer.
const ZIP = buildZip([{ name: "a.txt", data: text("hello") }]);
const PLACE = { origin: 1000, name: "x.zip" };

describe("the records of a zip", () => {
  it("reads an end record at its position in the file", () => {
    const end = parseEndRecord(ZIP.subarray(91), { ...PLACE, origin: 1091 });
    const counts = { disk: 0, directoryDisk: 0, entriesOnDisk: 1, entries: 1 };
    expect(end).toEqual({ offset: 1091, directorySize: 51, directoryOffset: 40, ...counts });
    expect(defersToZip64(end)).toBe(false);
    expect(defersToZip64({ ...end, entries: 0xffff })).toBe(true);
    expect(defersToZip64({ ...end, directoryOffset: 0xffffffff })).toBe(true);
  });

  it("reads a central header", () => {
    const header = parseCentralHeader(ZIP.subarray(40), PLACE);
    expect(header).toMatchObject({
      size: 5,
      storedSize: 5,
      method: 0,
      flags: 0x800,
      localOffset: 0,
      disk: 0,
    });
    expect(new TextDecoder().decode(header.name)).toBe("a.txt");
  });

  it("reads a local header and says where in the file its data starts", () => {
    expect(parseDataOffset(ZIP.subarray(0, 30), PLACE)).toBe(1035);
    expect(parseLocalHeader(ZIP, PLACE)).toMatchObject({ dataOffset: 1035, size: 5, storedSize: 5 });
  });

  it("reads the zip64 records, and knows what is none", () => {
    const wide = buildZip([{ name: "a.txt", data: text("hello"), zip64: true }], { zip64: true });
    const locator = parseZip64Locator(wide.subarray(-42, -22), PLACE);
    const recordOffset = wide.length - 98;
    expect(locator).toEqual({ disk: 0, recordOffset, disks: 1 });
    const place = { ...PLACE, origin: recordOffset };
    const record = parseZip64EndRecord(wide.subarray(recordOffset), place);
    expect(record).toMatchObject({ offset: recordOffset, endOffset: wide.length - 42, entries: 1 });
    expect(parseZip64Locator(ZIP.subarray(-42, -22), PLACE)).toBeUndefined();
    expect(parseZip64EndRecord(ZIP, PLACE)).toBeUndefined();
  });

  it("takes only the values from a zip64 field that the header defers to it, in their order", () => {
    const extra = extraField(1, pack([8, 0x1_0000_0005], [8, 0x2_0000_0000]));
    const zip = buildZip([
      { name: "a", data: text("hello"), central: { size: 0xffffffff, localOffset: 0xffffffff, extra } },
    ]);
    const header = parseCentralHeader(zip.subarray(36), PLACE);
    expect(header).toMatchObject({ size: 0x1_0000_0005, storedSize: 5, localOffset: 0x2_0000_0000 });
  });

  it("ignores a zip64 field that nothing defers to", () => {
    const extra = extraField(1, pack([8, 99], [8, 99]));
    const zip = buildZip([{ name: "a", data: text("hello"), central: { extra } }]);
    expect(parseCentralHeader(zip.subarray(36), PLACE).size).toBe(5);
  });

  it.each([
    ["missing", new Uint8Array(0)],
    ["too short", extraField(1, pack([4, 5]))],
    ["there twice", pack(extraField(1, pack([8, 5])), extraField(1, pack([8, 6])))],
  ])("refuses a deferred value whose zip64 field is %s", (_name, extra) => {
    const zip = buildZip([{ name: "a", data: text("hello"), central: { size: 0xffffffff, extra } }]);
    expect(() => parseCentralHeader(zip.subarray(36), PLACE)).toThrow(
      expect.objectContaining({ code: "FORMAT" }),
    );
  });

  it.each([0, 20, 45, 48])("refuses a central header cut off after %i bytes", (length) => {
    expect(() => parseCentralHeader(ZIP.subarray(40, 40 + length), PLACE)).toThrow(
      expect.objectContaining({ code: "FORMAT" }),
    );
  });

  it("refuses what is no header, naming the place", () => {
    expect(() => parseCentralHeader(ZIP, PLACE)).toThrow("Read x.zip at byte 1000: got no directory entry");
    expect(() => parseLocalHeader(ZIP.subarray(40), PLACE)).toThrow("got no local header");
  });

  it("finds extra fields by id, and stops at padding that is no field", () => {
    const extra = pack(
      extraField(7, text("one")),
      extraField(8, text("x")),
      extraField(7, text("two")),
      [2, 7],
      [2, 99],
    );
    expect(findExtraFields(extra, 7).map((field) => new TextDecoder().decode(field))).toEqual(["one", "two"]);
    expect(findExtraFields(extra, 9)).toEqual([]);
    expect(findExtraFields(new Uint8Array(3), 0)).toEqual([]);
  });
});

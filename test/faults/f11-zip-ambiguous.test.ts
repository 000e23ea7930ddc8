import { describe, expect, it } from "vitest";
import { openZip } from "../../src/zip.ts";
import { buildZip, crc32Of, extraField, pack, text } from "../zip/build-zip.ts";
import { HELLO, SECOND } from "./zip-scenario.ts";

// The ways to make a zip that two readers read differently, in the three classes of the study that counted them (14 in all): what is
// said twice, names, and where structures lie. Each is refused, or has the one reading that is written here.
describe("F11: families of ambiguous zips", () => {
  const path = (name: string): Uint8Array =>
    extraField(0x7075, pack([1, 1], [4, crc32Of(text("a.txt"))], text(name)));
  const one = buildZip([HELLO]);
  const other = buildZip([{ ...SECOND, name: "a.txt" }]);
  const families: [string, Uint8Array, string][] = [
    ["A1, the method said twice", buildZip([{ ...HELLO, local: { method: 8 } }]), "AMBIGUOUS"],
    ["A2, the name said twice", buildZip([{ ...HELLO, local: { name: text("b.txt") } }]), "AMBIGUOUS"],
    ["A3, the stored size said twice", buildZip([{ ...HELLO, local: { storedSize: 5 } }]), "AMBIGUOUS"],
    ["A4, the size said twice", buildZip([{ ...HELLO, local: { size: 5 } }]), "AMBIGUOUS"],
    ["A5, the encryption said twice", buildZip([{ ...HELLO, local: { flags: 0x801 } }]), "AMBIGUOUS"],
    [
      "B1, a name in two encodings",
      buildZip([{ ...HELLO, flags: 0, extra: pack(path("x"), path("y")) }]),
      "AMBIGUOUS",
    ],
    [
      "B2, a name with a NUL",
      buildZip([{ ...HELLO, name: "a.txt\0.exe" }]),
      "a.txt\0.exe: hello, hello, hello",
    ],
    [
      "B3, a name to be normalised",
      buildZip([{ ...HELLO, name: "./x//a.txt" }]),
      "./x//a.txt: hello, hello, hello",
    ],
    [
      "B4, a name twice",
      buildZip([HELLO, { ...SECOND, name: "a.txt" }]),
      "a.txt: hello, hello, hello, a.txt: second",
    ],
    ["C1, two end records", buildZip([HELLO], { comment: other }), "AMBIGUOUS"],
    ["C2, two archives in a row, of which the last has the end", pack(one, other), "a.txt: second"],
    [
      "C3, two counts of entries",
      buildZip([HELLO, SECOND], { end: { entries: 1, entriesOnDisk: 1 } }),
      "FORMAT",
    ],
    ["C4, two sets of offsets", buildZip([HELLO], { zip64: true, end: { directoryOffset: 1 } }), "FORMAT"],
    [
      "C5, a member that the directory does not tell of",
      buildZip([{ name: "outer", data: pack(one.subarray(0, 54)) }, SECOND]),
      "outer: PK",
    ],
  ];

  it("are fourteen", () => {
    expect(families.length).toBe(14);
  });

  it.each(families)("194. %s", async (_name, bytes, wanted) => {
    const outcome = await openZip(bytes)
      .then(async (zip) => {
        const contents = await zip.readMany(zip.entries);
        const decoder = new TextDecoder();
        return zip.entries.map(({ name }, index) => `${name}: ${decoder.decode(contents[index])}`).join(", ");
      })
      .catch((error: { code?: string }) => error.code ?? "no code");
    expect(outcome.slice(0, wanted.length)).toBe(wanted);
  });
});

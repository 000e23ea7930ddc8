import { describe, expect, it } from "vitest";
import { createTextReader as createPlatformReader } from "#text-reader";
import { createTextReader } from "./text-reader.ts";

/** At an offset, as bytes mostly lie. */
const bytes = new Uint8Array([
  0, 0, 0x61, 0x62, 0xc3, 0xa9, 0xef, 0xbb, 0xbf, 0x63, 0x80, 0x64, 0xf0, 0x9f, 0x98, 0x80,
]).subarray(2);

for (const [name, create] of Object.entries({ portable: createTextReader, platform: createPlatformReader })) {
  describe(`a ${name} text reader`, () => {
    const textAt = create(bytes);

    it("gives parts as UTF-8, whatever lies around them", () => {
      expect(textAt(0, 2)).toBe("ab");
      expect(textAt(1, 4)).toBe("bé");
      expect(textAt(10, 14)).toBe("😀");
      expect(textAt(3, 3)).toBe("");
    });

    it("keeps a byte order mark, and marks what is no UTF-8", () => {
      expect(textAt(4, 8)).toBe("\ufeffc");
      expect(textAt(7, 10)).toBe("c\ufffdd");
    });
  });
}

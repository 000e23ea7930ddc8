import { describe, expect, it } from "vitest";
import { openZip } from "../../src/zip.ts";
import { buildZip, type MemberSpec, pack, text } from "../zip/build-zip.ts";
import { recordedSource } from "../zip/recorded-source.ts";

describe("F11: any zip, damaged anywhere", () => {
  const data = new Uint8Array(400).map((_, index) => (index * 7) % 61);
  const members: MemberSpec[] = [
    { name: "s", data, comment: text("c") },
    { name: "d", data, method: 8, descriptor: true },
  ];
  const honest = buildZip(members, { zip64: true, comment: text("c") });

  /** The code of what went wrong with a damaged zip; other bytes than the true ones fail the test. */
  async function outcome(damaged: Uint8Array): Promise<string> {
    try {
      const zip = await openZip(recordedSource(damaged));
      for (const entry of zip.entries) {
        // A name, a date and the like may be damaged and say so: never the bytes.
        expect([entry.kind, typeof entry.name, typeof entry.comment, typeof entry.overlaps].length).toBe(4);
        void entry.modified;
        expect(await entry.bytes()).toEqual(data);
      }
      return "no error";
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === undefined) throw error;
      return code;
    }
  }

  it("177. each byte of it wrong: it is read as it was, or a typed error, never other bytes", async () => {
    const codes = new Set<string>();
    for (let position = 0; position < honest.length; position++) {
      const damaged = honest.slice();
      damaged[position] = (damaged[position] as number) ^ 0x55;
      codes.add(await outcome(damaged));
    }
    expect([...codes].sort()).toEqual([
      "AMBIGUOUS",
      "CHECKSUM",
      "FORMAT",
      "LIMIT",
      "UNSUPPORTED",
      "no error",
    ]);
  });

  it("177. 500 seeded mutations: typed errors, nothing outside the file, none takes a second", async () => {
    let state = 20_261_125;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    for (let round = 0; round < 500; round++) {
      let damaged = honest.slice();
      for (let times = 1 + random(4); times > 0; times--) {
        const [at, length] = [random(damaged.length), 1 + random(24)];
        const kind = random(4);
        if (kind === 0) damaged = pack(damaged.subarray(0, at), damaged.subarray(at + length));
        else if (kind === 1)
          damaged = pack(damaged.subarray(0, at), damaged.subarray(at, at + length), damaged.subarray(at));
        else if (kind === 2) damaged.fill([0, 0xff, 0x50][random(3)] as number, at, at + length);
        else damaged[at] = random(256);
      }
      const startedAt = performance.now();
      await outcome(damaged);
      expect(performance.now() - startedAt).toBeLessThan(1000);
    }
  });
});

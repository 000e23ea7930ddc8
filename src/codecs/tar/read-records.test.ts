import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BlockSpec, buildTar, gnuLong, pax } from "../../../test/tar/build-tar.ts";
import { recordedSource } from "../../../test/zip/recorded-source.ts";
import { openSource } from "../../open.ts";
import { openTar } from "./open-tar.ts";
import { listRecords, parseRecords, readRecords } from "./read-records.ts";
import { StreamInput } from "./stream-input.ts";
import type { TarRecord } from "./tar-record.ts";

const LIMITS = { maxEntries: 1000, maxNameBytes: 4096, maxDirectoryBytes: 1_000_000 };

/** A member, and in which of the ways its name is written. */
const member = fc.record({
  name: fc.string({ minLength: 1, maxLength: 300, unit: "grapheme" }).filter((name) => !/[\0/]/.test(name)),
  data: fc.uint8Array({ maxLength: 2000 }),
  by: fc.constantFrom("pax", "gnu", "both"),
  size: fc.boolean(),
});
type Member = typeof member extends fc.Arbitrary<infer T> ? T : never;

function blocks({ name, data, by, size }: Member): BlockSpec[] {
  // The name in the header itself is nobody's: a long one comes before it. So is its size, where a pax header has one.
  const records = { ...(by === "gnu" ? {} : { path: name }), ...(size ? { size: String(data.length) } : {}) };
  return [
    ...(Object.keys(records).length > 0 ? [pax(records)] : []),
    ...(by === "pax" ? [] : [gnuLong(name)]),
    { name: "short", data: Uint8Array.from(data), ...(size ? { size: 0 } : {}) },
  ];
}

async function* pieces(bytes: Uint8Array<ArrayBuffer>, length: number) {
  for (let start = 0; start < bytes.length; start += length) yield bytes.slice(start, start + length);
}

describe("any tar", () => {
  it("reads back as it was written, in place", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(member, { maxLength: 8 }), async (members) => {
        const bytes = buildTar(members.flatMap(blocks));
        const source = recordedSource(bytes, "x.tar");
        const tar = await openTar(await openSource(source, { policy: "lean", cache: false }));
        expect(tar.entries.map(({ name }) => name)).toEqual(members.map(({ name }) => name));
        const read = await tar.readMany(tar.entries);
        expect(read.map((data) => [...data])).toEqual(members.map(({ data }) => [...data]));
        let last = 0;
        for (const [range] of tar.ranges) {
          expect(range.start).toBeGreaterThanOrEqual(last);
          last = range.end;
        }
      }),
      { numRuns: 60 },
    );
  });

  it("has the same members whether it is hopped through or goes by in pieces", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(member, { maxLength: 6 }),
        fc.integer({ min: 1, max: 3000 }),
        async (members, length) => {
          const bytes = buildTar(members.flatMap(blocks));
          const hopped: TarRecord[] = [];
          const input = {
            size: bytes.length,
            read: async (position: number, count: number) =>
              position + count > bytes.length ? undefined : bytes.slice(position, position + count),
          };
          const walk = { name: "x.tar", limits: LIMITS };
          for await (const record of readRecords(input, walk)) hopped.push(record);
          const streamed: TarRecord[] = [];
          const passing = new StreamInput(pieces(bytes, length));
          for await (const record of readRecords(passing, walk)) streamed.push(record);
          expect(streamed).toEqual(hopped);
          expect(await listRecords(input, walk)).toEqual(hopped);
          const part = { bytes: new Uint8Array([1, ...bytes]).subarray(1), start: 0, size: bytes.length };
          expect([...parseRecords(part, walk)]).toEqual(hopped);
        },
      ),
      { numRuns: 60 },
    );
  });
});

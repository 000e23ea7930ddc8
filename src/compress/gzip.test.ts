import { gzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { expectSameBytes } from "../../test/same-bytes.ts";
import { concatBytes } from "../bytes/collect-bytes.ts";
import { patternBytes } from "../testing/pattern-bytes.ts";
import type { Chunk } from "./decoder.ts";
import { decompressGzip } from "./gzip.ts";
import { inflateUntilEnd } from "./inflate-until-end.ts";
import { PushbackInput } from "./pushback-input.ts";

const gzip = (data: Uint8Array): Chunk => gzipSync(data, { mtime: 0 }) as Chunk;
const LINES = new TextEncoder().encode(
  Array.from({ length: 9000 }, (_, index) => `line ${index}\n`).join(""),
);

async function* pieces(bytes: Chunk, length: number): AsyncGenerator<Chunk, void, void> {
  for (let start = 0; start < bytes.length; start += length) yield bytes.subarray(start, start + length);
}

async function decompress(bytes: Chunk, pieceLength = 5000): Promise<Chunk> {
  const chunks: Chunk[] = [];
  for await (const chunk of decompressGzip(pieces(bytes, pieceLength), { what: "x.gz" })) chunks.push(chunk);
  return concatBytes(chunks);
}

/** A member with other flags, and what belongs to them after its ten bytes. */
function withHeader(flags: number, fields: number[] | Uint8Array): Chunk {
  const plain = gzip(LINES);
  const head = plain.slice(0, 10);
  head[3] = flags;
  return concatBytes([head, Uint8Array.from(fields), plain.slice(10)]);
}

describe("gzip", () => {
  it.each([1, 7, 600, 100_000])("is decompressed out of pieces of %i bytes", async (length) => {
    expectSameBytes(await decompress(gzip(LINES), length), LINES);
  });

  it("of nothing is nothing, and of noise is noise", async () => {
    expect((await decompress(gzip(new Uint8Array(0)))).length).toBe(0);
    const noise = patternBytes(300_000, 5);
    expectSameBytes(await decompress(gzip(noise)), noise);
  });

  it("of several members is all of them, wherever pieces end, with zeros behind them", async () => {
    const small = new TextEncoder().encode("small");
    const parts = [gzip(small), gzip(new Uint8Array(0)), gzip(LINES), gzip(small)];
    const expected = concatBytes([small, LINES, small] as Chunk[]);
    for (const end of [0, 1, 700]) {
      const whole = concatBytes([...parts, new Uint8Array(end)]);
      for (const length of [3, parts[0]?.length ?? 0, 1000, whole.length]) {
        expectSameBytes(await decompress(whole, length), expected);
      }
    }
    for (let length = 1; length < 60; length++) {
      const whole = concatBytes([parts[0], parts[1], parts[3]] as Chunk[]);
      expectSameBytes(await decompress(whole, length), concatBytes([small, small] as Chunk[]));
    }
  });

  it("is inflated by the decoder of browsers as by the platform's, and what follows is given back", async () => {
    const noise = patternBytes(200_000, 6);
    for (const data of [LINES, noise, new Uint8Array(0), new Uint8Array(1_000_000)]) {
      const raw = concatBytes([gzip(data).slice(10, -8), Uint8Array.of(1, 2, 3)]);
      for (const length of [1000, raw.length - 2, raw.length]) {
        const input = new PushbackInput(pieces(raw, length));
        const chunks: Chunk[] = [];
        for await (const chunk of inflateUntilEnd(input, "x")) chunks.push(chunk);
        expectSameBytes(concatBytes(chunks), data);
        expect([...((await input.take(3)) ?? [])]).toEqual([1, 2, 3]);
        expect(await input.next()).toBeUndefined();
      }
    }
  });

  it("may have an extra field, a name and a comment, in pieces of any length", async () => {
    const fields = [3, 0, 7, 8, 9, 0x61, 0x62, 0, 0x63, 0];
    for (const length of [1, 11, 12, 5000]) {
      expectSameBytes(await decompress(withHeader(4 | 8 | 16, fields), length), LINES);
    }
    expectSameBytes(await decompress(withHeader(4, [0xff, 0xff, ...new Uint8Array(0xffff).fill(1)])), LINES);
  });

  it.each<[string, () => Chunk]>([
    ["nothing", () => new Uint8Array(0)],
    ["no gzip", () => new Uint8Array(100).fill(7)],
    ["another method", () => Uint8Array.of(0x1f, 0x8b, 7, 0, 0, 0, 0, 0, 0, 0)],
    ["a reserved flag", () => withHeader(0x20, [])],
    ["a header cut short", () => gzip(LINES).slice(0, 9)],
    ["a name without an end", () => withHeader(8, [0x61]).slice(0, 11)],
    ["data cut short", () => gzip(LINES).slice(0, -100)],
    ["a trailer cut short", () => gzip(LINES).slice(0, -1)],
    ["something after the end", () => concatBytes([gzip(LINES), Uint8Array.of(1, 2, 3)])],
    ["something after zeros", () => concatBytes([gzip(LINES), new Uint8Array(9), gzip(LINES)])],
    ["a block of no known type", () => concatBytes([gzip(LINES).slice(0, 10), new Uint8Array(50).fill(7)])],
  ])("that is %s is FORMAT", async (_, make) => {
    for (const length of [3, 100_000]) {
      await expect(decompress(make(), length)).rejects.toMatchObject({ code: "FORMAT" });
    }
  });

  it.each([4, 8])("whose trailer is wrong %i bytes before the end is CHECKSUM", async (back) => {
    const bytes = gzip(LINES);
    bytes[bytes.length - back] = (bytes[bytes.length - back] as number) ^ 1;
    await expect(decompress(bytes)).rejects.toMatchObject({ code: "CHECKSUM" });
  });

  it("whose header has a checksum is checked by it", async () => {
    await expect(decompress(withHeader(2, [1, 2]))).rejects.toMatchObject({ code: "CHECKSUM" });
  });

  it("with an endless name is LIMIT", async () => {
    const name = new Uint8Array(200_000).fill(0x61);
    await expect(decompress(withHeader(8, name))).rejects.toMatchObject({ code: "LIMIT" });
  });

  it("passes on what its input throws, as it is", async () => {
    const failure = new Error("mine");
    async function* input(): AsyncGenerator<Chunk, void, void> {
      yield gzip(LINES).slice(0, 3000);
      throw failure;
    }
    const all = async () => {
      for await (const _ of decompressGzip(input(), { what: "x" }));
    };
    await expect(all()).rejects.toBe(failure);
  });
});

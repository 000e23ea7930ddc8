import { constants, createDeflateRaw, deflateRawSync, gzipSync, type ZlibOptions } from "node:zlib";
import { describe, expect, it } from "vitest";
import { expectSameBytes } from "../../test/same-bytes.ts";
import { concatBytes } from "../bytes/collect-bytes.ts";
import { patternBytes } from "../testing/pattern-bytes.ts";
import type { Chunk, RestartPlace } from "./decoder.ts";
import { decompressGzip, decompressGzipPart } from "./gzip.ts";

// The places and parts of streams by zlib itself, in all that it does: fflate writes no fixed codes, and flushes otherwise.

const LINES = new TextEncoder().encode(
  Array.from({ length: 40_000 }, (_, n) => `line ${n * 7919}\n`).join(""),
);
const MIXED = concatBytes([
  LINES,
  patternBytes(100_000, 1),
  new Uint8Array(200_000),
  LINES.slice(5),
  patternBytes(70_000, 2),
  LINES,
] as Chunk[]);

interface Place extends RestartPlace {
  readonly window: Chunk | undefined;
}

async function* feed(bytes: Chunk): AsyncGenerator<Chunk, void, void> {
  for (let start = 0; start < bytes.length; start += 9999) yield bytes.slice(start, start + 9999);
}

async function collect(chunks: AsyncIterable<Chunk>): Promise<Chunk> {
  const parts: Chunk[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return concatBytes(parts);
}

async function expectParts(gzip: Chunk): Promise<Place[]> {
  const places: Place[] = [];
  const onRestart = (place: RestartPlace): void => {
    places.push({ ...place, window: place.copyWindow?.() });
  };
  expectSameBytes(await collect(decompressGzip(feed(gzip), { what: "x.gz", onRestart })), MIXED);
  const step = Math.max(1, Math.floor(places.length / 40));
  for (let from = 0; from < places.length; from += step) {
    const [start, end] = [places[from] as Place, places[from + step]];
    const stop = end === undefined ? gzip.length : end.byte + (end.bit > 0 ? 1 : 0);
    const got = decompressGzipPart(feed(gzip.slice(start.byte, stop)), {
      what: "x.gz",
      start: start.window && { bit: start.bit, window: start.window },
      end: end && { bit: end.bit },
    });
    expectSameBytes(await collect(got), MIXED.slice(start.position, end?.position));
  }
  return places;
}

describe("parts of gzip that zlib wrote", () => {
  const { Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE, Z_FILTERED } = constants;
  it.each<[string, ZlibOptions]>([
    ["level 0", { level: 0 }],
    ["level 1", { level: 1 }],
    ["level 6", { level: 6 }],
    ["level 9", { level: 9, memLevel: 9 }],
    ["small blocks", { memLevel: 1 }],
    ["a small window", { windowBits: 9 }],
    ["fixed codes", { strategy: Z_FIXED, memLevel: 1 }],
    ["no matches", { strategy: Z_HUFFMAN_ONLY }],
    ["runs", { strategy: Z_RLE }],
    ["filtered", { strategy: Z_FILTERED }],
  ])("with %s are what lies there", async (_, options) => {
    const places = await expectParts(new Uint8Array(gzipSync(MIXED, options)));
    expect(places.length).toBeGreaterThan(3);
  });

  it.each([
    ["a sync flush, as by pigz", constants.Z_SYNC_FLUSH],
    ["a partial flush", constants.Z_PARTIAL_FLUSH],
    ["a full flush", constants.Z_FULL_FLUSH],
  ])("with %s now and then are what lies there", async (_, kind) => {
    const engine = createDeflateRaw({ flush: constants.Z_NO_FLUSH });
    const parts: Chunk[] = [];
    engine.on("data", (chunk: Buffer<ArrayBuffer>) => parts.push(new Uint8Array(chunk)));
    for (let start = 0; start < MIXED.length; start += 60_000) {
      engine.write(MIXED.subarray(start, start + 60_000));
      await new Promise<void>((resolve) => engine.flush(kind, resolve));
    }
    const ended = new Promise((resolve) => engine.once("end", resolve));
    engine.end();
    await ended;
    // Header and trailer of another compression of the same bytes.
    const whole = new Uint8Array(gzipSync(MIXED));
    const raw = deflateRawSync(MIXED).length;
    expect(whole.length).toBe(10 + raw + 8);
    const places = await expectParts(concatBytes([whole.slice(0, 10), ...parts, whole.slice(-8)]));
    expect(places.length).toBeGreaterThan(MIXED.length / 60_000);
  });
});

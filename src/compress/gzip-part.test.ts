import { gzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { expectSameBytes } from "../../test/same-bytes.ts";
import { concatBytes } from "../bytes/collect-bytes.ts";
import { patternBytes } from "../testing/pattern-bytes.ts";
import type { Chunk, RestartPlace } from "./decoder.ts";
import { packWindow, unpackWindow } from "./deflate-window.ts";
import { decompressGzip, decompressGzipPart } from "./gzip.ts";
import { inflateUntilEnd } from "./inflate-until-end.ts";
import { PushbackInput } from "./pushback-input.ts";
import { spliceDeflate } from "./splice-deflate.ts";

const WHAT = "x.gz";
/** Numbered lines between noise: blocks with codes of their own, and stored ones that start at any bit. */
const MIXED = concatBytes(
  Array.from({ length: 12 }, (_, part) => [
    new TextEncoder().encode(Array.from({ length: 9000 }, (_, n) => `${part}: line ${n * 7919}\n`).join("")),
    patternBytes(50_000 + part * 1001, part),
  ]).flat() as Chunk[],
);
const GZIP = gzipSync(MIXED, { level: 6 }) as Chunk;

interface Place extends RestartPlace {
  readonly window: Chunk | undefined;
}

async function* pieces(bytes: Chunk, length: number): AsyncGenerator<Chunk, void, void> {
  for (let start = 0; start < bytes.length; start += length) yield bytes.slice(start, start + length);
}

async function collect(chunks: AsyncIterable<Chunk>): Promise<Chunk> {
  const parts: Chunk[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return concatBytes(parts);
}

async function placesOf(bytes: Chunk, pieceLength = 5000): Promise<Place[]> {
  const places: Place[] = [];
  const onRestart = (place: RestartPlace): void => {
    places.push({ ...place, window: place.copyWindow?.() });
  };
  let seen = 0;
  for await (const chunk of decompressGzip(pieces(bytes, pieceLength), { what: WHAT, onRestart })) {
    seen += chunk.length;
    // Told before any byte that follows it: one that comes later than its bytes could not be used to divide them.
    expect(places.at(-1)?.position).toBeLessThanOrEqual(seen);
  }
  return places;
}

/** What lies between two places, of a whole file; without a second, up to its end. */
function part(bytes: Chunk, from: Place, to?: Place): Promise<Chunk> {
  const end = to === undefined ? bytes.length : to.byte + (to.bit > 0 ? 1 : 0);
  const isInside = to?.copyWindow !== undefined;
  return collect(
    decompressGzipPart(pieces(bytes.slice(from.byte, end), 777), {
      what: WHAT,
      start: from.window && { bit: from.bit, window: from.window },
      end: isInside ? { bit: to.bit } : undefined,
    }),
  );
}

describe("the places where gzip may begin again", () => {
  it("are its start and the end of each block but the last, at any bit", async () => {
    const places = await placesOf(GZIP);
    expect(places[0]).toMatchObject({ byte: 0, bit: 0, position: 0, window: undefined });
    expect(new Set(places.map(({ bit }) => bit))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7]));
    for (const [index, { byte, bit, position }] of places.entries()) {
      const next = places[index + 1];
      if (next === undefined) continue;
      expect(next.byte * 8 + next.bit).toBeGreaterThan(byte * 8 + bit);
      expect(next.position).toBeGreaterThanOrEqual(position);
    }
    expect(await placesOf(GZIP, 333)).toMatchObject(
      places.map(({ byte, bit, position }) => ({ byte, bit, position })),
    );
  });

  it("hold the 32 KiB before them, or what there is", async () => {
    for (const { position, window } of (await placesOf(GZIP)).slice(1)) {
      expectSameBytes(window ?? new Uint8Array(0), MIXED.slice(Math.max(0, position - 32_768), position));
    }
  });

  it("are the start of each member, without a window", async () => {
    const small = gzipSync(MIXED.subarray(0, 1000)) as Chunk;
    const places = await placesOf(concatBytes([small, small, GZIP]));
    expect(places.slice(0, 3)).toMatchObject(
      [0, 1, 2].map((index) => ({
        byte: index * small.length,
        bit: 0,
        position: index * 1000,
        copyWindow: undefined,
      })),
    );
    expect(places[3]).toMatchObject({
      window: MIXED.slice(0, (places[3]?.position ?? 0) - 2000).slice(-32_768),
    });
  });
});

describe("a part of gzip", () => {
  it("between any two neighbours is what lies there", async () => {
    const places = await placesOf(GZIP);
    expect(places.length).toBeGreaterThan(20);
    for (const [index, place] of places.entries()) {
      const next = places[index + 1];
      expectSameBytes(await part(GZIP, place, next), MIXED.slice(place.position, next?.position));
    }
  });

  it("over several blocks and to the end is what lies there", async () => {
    const places = await placesOf(GZIP);
    for (let from = 0; from < places.length; from += 3) {
      const [start, end] = [places[from] as Place, places[from + 4]];
      expectSameBytes(await part(GZIP, start, end), MIXED.slice(start.position, end?.position));
    }
  });

  it("from a place to itself is nothing, at any bit", async () => {
    for (const place of await placesOf(GZIP)) expect((await part(GZIP, place, place)).length).toBe(0);
  });

  it("across members is what lies there, trailers and headers passed over", async () => {
    const members = [MIXED.slice(0, 300_000), MIXED.slice(300_000, 300_010), MIXED.slice(300_010)];
    const bytes = concatBytes([
      ...members.map((member) => gzipSync(member, { filename: "a.tar" }) as Chunk),
      new Uint8Array(100),
    ]);
    const places = await placesOf(bytes);
    for (const from of places.filter((_, index) => index % 9 === 0)) {
      for (const to of [
        ...places.filter(({ byte }, index) => byte > from.byte && index % 11 === 1),
        undefined,
      ]) {
        expectSameBytes(await part(bytes, from, to), MIXED.slice(from.position, to?.position));
      }
    }
  });

  it("with a member that is there as a whole is held against its checksum", async () => {
    const [one, two] = [MIXED.slice(0, 200_000), MIXED.slice(200_000, 400_000)].map(
      (member) => gzipSync(member) as Chunk,
    ) as [Chunk, Chunk];
    const bytes = concatBytes([one, two]);
    const places = await placesOf(bytes);
    bytes[bytes.length - 6] = (bytes[bytes.length - 6] as number) ^ 1;
    await expect(part(bytes, places[1] as Place)).rejects.toMatchObject({ code: "CHECKSUM" });
  });

  it.each<[string, (place: Place) => Place]>([
    ["another bit", (place) => ({ ...place, bit: (place.bit + 1) % 8 })],
    ["another byte", (place) => ({ ...place, byte: place.byte + 1 })],
  ])("from %s is FORMAT, or bytes that only a checksum can tell apart", async (_, edit) => {
    const places = await placesOf(GZIP);
    const codes = new Set<unknown>();
    for (const [index, place] of places.entries()) {
      if (place.window === undefined) continue;
      const got = await part(GZIP, edit(place), places[index + 1]).catch(
        (error: { code?: string }) => error.code,
      );
      codes.add(got instanceof Uint8Array ? "bytes" : got);
    }
    codes.delete("bytes");
    expect(codes).toEqual(new Set(["FORMAT"]));
  });

  it("that ends before its end is FORMAT", async () => {
    const places = await placesOf(GZIP);
    const [from, to] = [places[2] as Place, places[6] as Place];
    await expect(part(GZIP.slice(0, to.byte - 5000), from, to)).rejects.toMatchObject({ code: "FORMAT" });
    await expect(part(GZIP.slice(0, -1), from)).rejects.toMatchObject({ code: "FORMAT" });
  });
});

describe("blocks without content", () => {
  it.each([0, 1, 2, 3, 4, 5, 6, 7])(
    "fill up to bit %i for our own inflater and the platform's",
    async (bit) => {
      const window = patternBytes(500, bit);
      // A byte of which the upper bits hold the end, from there on.
      const spliced = await collect(
        spliceDeflate(pieces(new Uint8Array(bit > 0 ? 1 : 0).fill(255), 1), {
          start: { bit, window },
          end: { bit },
        }),
      );
      const own = await collect(inflateUntilEnd(new PushbackInput(pieces(spliced, 9)), WHAT));
      expectSameBytes(own, window);
      const platform = new Blob([spliced]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
      expectSameBytes(new Uint8Array(await new Response(platform).arrayBuffer()), window);
    },
  );
});

describe("a window that is kept", () => {
  it("comes back, and is smaller where it can be", async () => {
    const window = MIXED.slice(0, 32_768);
    const packed = await packWindow(window);
    expect(packed.length).toBeLessThan(16_000);
    expectSameBytes(await unpackWindow(packed, WHAT), window);
    expect((await unpackWindow(await packWindow(new Uint8Array(0)), WHAT)).length).toBe(0);
  });

  it("of more than there is room for is FORMAT, as is what is none", async () => {
    for (const length of [32_769, 50_000_000]) {
      const packed = await packWindow(new Uint8Array(length));
      await expect(unpackWindow(packed, WHAT)).rejects.toMatchObject({ code: "FORMAT" });
    }
    await expect(unpackWindow(Uint8Array.of(7, 7, 7), WHAT)).rejects.toMatchObject({ code: "FORMAT" });
    await expect(unpackWindow(new Uint8Array(0), WHAT)).rejects.toMatchObject({ code: "FORMAT" });
  });
});

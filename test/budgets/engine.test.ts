import { describe, expect, it } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { openSource } from "../../src/index.ts";
import { Range } from "../../src/ranges/range.ts";
import { RangeSet } from "../../src/ranges/range-set.ts";
import { Random } from "../chaos/random.ts";
import {
  expectWireBytes,
  type ImitatedOptions,
  openImitated,
  openProbed,
} from "../engine/imitated-engine.ts";
import { CLOUD, type ImitatedWire, type LinkProfile, WAN } from "../engine/imitated-wire.ts";
import { startLab } from "../lab/lab.ts";

// The engine is told the truth about an imitated link, so that what it asks for is the same in every run and on every machine.

const KiB = 1024;
const MiB = 1024 * KiB;
type Span = readonly [start: number, end: number];
const links: [string, LinkProfile][] = [
  ["cloud", CLOUD],
  ["wan", WAN],
];

/** One step after the other, each when all bytes of the one before are there. */
async function play(engine: Engine, steps: readonly (readonly Span[])[]): Promise<void> {
  for (const spans of steps) {
    const [only] = spans;
    if (spans.length === 1 && only !== undefined) {
      expectWireBytes(engine.tryRead(only) ?? (await engine.read(only)), ...only);
      continue;
    }
    for (const [index, bytes] of (await engine.readMany(spans)).entries())
      expectWireBytes(bytes, ...(spans[index] as Span));
  }
}

const sequence = ([start, end]: Span, byteLength: number): Span[][] =>
  Array.from({ length: Math.ceil((end - start) / byteLength) }, (_, index) => [
    [start + index * byteLength, Math.min(end, start + (index + 1) * byteLength)],
  ]);
const wantedBytes = (steps: readonly (readonly Span[])[]): number => new RangeSet(steps.flat()).byteLength;

/** The requests after the opening, ascending. */
const sorted = (wire: ImitatedWire): string[] =>
  wire.requests
    .map(({ range }) => range)
    .sort((one, other) => one.start - other.start)
    .map(String);

/** The numbers of the benchmarks, so that this is the workload they measure: a Weyl sequence, mixed by two multiplications. */
function weylNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

describe.each(links)("a table of column chunks: %s", (_, link) => {
  const size = 60 * MiB;
  const random = new Random(20);
  const chunks: Span[] = [];
  for (let at = 4; at < size - 4 * MiB; at += random.whole(100_000, 1_800_000) + 3) {
    const last = chunks.at(-1);
    if (last !== undefined) chunks[chunks.length - 1] = [last[0], at - 3];
    chunks.push([at, at]);
  }
  const asked = chunks.slice(0, 52).filter((__, index) => [0, 1, 4, 7, 8].includes(index % 13));
  const steps: Span[][] = [[[size - 8, size]], [[size - 24_000, size - 8]], asked];

  it("the footer with the opening, then at most one request a chunk over at most 20 connections", async () => {
    const { wire, engine } = await openProbed({ size, link }, [size - 64 * KiB, size]);
    await play(engine, steps);
    expect(engine.receipt.requests).toBeLessThanOrEqual(24);
    expect(wire.peakConnections).toBeLessThanOrEqual(20);
    expect(engine.receipt.bytesReceived).toBeLessThanOrEqual(1.05 * wantedBytes(steps));
  });

  it("under lean, exactly the chunks: what is three bytes apart is one", async () => {
    const { wire, engine } = await openProbed({ size, link, policy: "lean" }, [size - 64 * KiB, size]);
    await play(engine, steps);
    const joined = new RangeSet(asked);
    for (const gap of joined.missing([0, size])) if (gap.length === 3) joined.add(gap);
    const got = new RangeSet(wire.requests.map(({ range }) => range));
    expect(String(got)).toBe(String(joined));
  });
});

describe.each(links)("a picture in tiles: %s", (_, link) => {
  const size = 48 * MiB;
  const random = new Random(64);
  const steps: Span[][] = [[[0, 16]], [[16, 9000]], [[200_000, 204_000]], [[310_000, 312_000]]];
  for (let view = 0; view < 4; view++) {
    const tiles: Span[] = [];
    const origin = MiB + Math.floor((random.next() * 0.2 + view * 0.24) * (size - 4 * MiB));
    for (let row = 0; row < 4; row++) {
      let at = origin + row * 700_000;
      for (let column = 0; column < 4; column++) {
        const end = at + random.whole(24_000, 39_000);
        tiles.push([at, end]);
        at = end;
      }
    }
    steps.push(tiles);
  }

  it("a row of tiles is one request: at most 24 in all, and at most twice the bytes", async () => {
    const { engine } = await openProbed({ size, link });
    await play(engine, steps);
    expect(engine.receipt.requests).toBeLessThanOrEqual(24);
    expect(engine.receipt.bytesReceived).toBeLessThanOrEqual(2 * wantedBytes(steps));
  });

  it("the directories near its start come by one request", async () => {
    const { wire, engine } = await openProbed({ size, link });
    await play(engine, steps.slice(0, 4));
    expect(wire.asked).toEqual([new Range(200_000, 200_000 + 128 * KiB).toString()]);
  });

  it("under lean, exactly the rows", async () => {
    const { wire, engine } = await openProbed({ size, link, policy: "lean" });
    await play(engine, steps);
    const rows = steps
      .slice(4)
      .flatMap((tiles) => [0, 4, 8, 12].map((at) => [tiles[at]?.[0], tiles[at + 3]?.[1]]));
    const heads = steps.slice(2, 4).flat();
    expect([...wire.asked].sort()).toEqual(
      [...heads, ...rows].map(([start, end]) => `[${start}, ${end})`).sort(),
    );
  });
});

describe.each(links)("a b-tree of 2,000 dependent pages: %s", (_, link) => {
  const size = 100 * MiB;
  const page = 4 * KiB;
  const innerPages = 55;
  const pages = size / page;
  const next = weylNumbers(1);
  const leaves = new Map<number, number>();
  const sums: number[] = [];
  let sum = 0;
  for (let rank = 1; rank <= 6000; rank++) sums.push((sum += rank ** -0.9));
  const steps: Span[][] = [];
  while (steps.length < 2000) {
    const drawn = next() * sum;
    const key = sums.findIndex((upTo) => upTo >= drawn);
    const leaf = leaves.get(key) ?? innerPages + 1 + Math.floor(next() * (pages - innerPages - 1));
    leaves.set(key, leaf);
    for (const index of [0, 1 + Math.floor((leaf / pages) * innerPages), leaf])
      steps.push([[index * page, (index + 1) * page]]);
  }
  steps.length = 2000;

  it("balanced: at most 420 requests and 7 MB, each page and its neighbours once", async () => {
    const { wire, engine } = await openProbed({ size, link });
    await play(engine, steps);
    expect(engine.receipt.requests).toBeLessThanOrEqual(420);
    expect(engine.receipt.bytesReceived).toBeLessThanOrEqual(7e6);
    expect(new RangeSet(wire.requests.map(({ range }) => range)).byteLength).toBe(
      engine.receipt.bytesReceived - 32 * KiB,
    );
    const largest = (ranges: Range[]): number => Math.max(...ranges.map(({ length }) => length));
    const ranges = wire.requests.map(({ range }) => range);
    expect(largest(ranges.filter(({ end }) => end > 512 * KiB))).toBe(16 * KiB);
    expect(largest(ranges.filter(({ end }) => end <= 512 * KiB))).toBe(128 * KiB);
  });

  it("lean: each page that the opening did not bring, once, and not a byte more", async () => {
    const { wire, engine } = await openProbed({ size, link, policy: "lean" });
    await play(engine, steps);
    const missing = new RangeSet(steps.flat()).difference(new RangeSet([[0, 32 * KiB]]));
    expect(wire.meter.bytesReceived).toBe(32 * KiB + missing.byteLength);
    expect(wire.requests.length).toBe(missing.byteLength / page);
    expect(engine.receipt.requests).toBeLessThanOrEqual(471);
    expect(engine.receipt.bytesReceived).toBeLessThanOrEqual(2.1e6);
  });
});

describe.each(links)("a file from its start to its end: %s", (_, link) => {
  const size = 32 * MiB;

  it.each([4 * KiB, 64 * KiB])(
    "in reads of %d bytes: every byte once, in at most 160 requests",
    async (byteLength) => {
      const { wire, engine } = await openProbed({ size, link });
      await play(engine, sequence([0, size], byteLength));
      expect(engine.receipt.bytesReceived).toBe(size);
      expect(wire.requests.length).toBeLessThanOrEqual(160);
      expect(new RangeSet(wire.requests.map(({ range }) => range)).byteLength).toBe(size - 32 * KiB);
    },
  );

  it("by two readers of the same part: little more than every byte once", async () => {
    const { engine } = await openProbed({ size: 64 * MiB, link });
    const steps = sequence([8 * MiB, 40 * MiB], 64 * KiB);
    await Promise.all([play(engine, steps), play(engine, steps)]);
    expect(engine.receipt.bytesReceived).toBeLessThanOrEqual(1.1 * 32 * MiB);
  });

  it("as a stream: every byte once", async () => {
    const { engine } = await openProbed({ size, link });
    let position = 0;
    for await (const chunk of engine.stream()) position += chunk.length;
    expect([position, engine.receipt.bytesReceived]).toEqual([size, size]);
  });
});

describe.each(links)("the headers of 1,000 members of a tar: %s", (_, link) => {
  const random = new Random(7);
  const headers: Span[][] = [];
  let size = 0;
  for (let member = 0; member < 1000; member++) {
    headers.push([[size, size + 512]]);
    size += 512 + 512 * random.pick([1, 4, 40, 200, 1500]);
  }
  const walk = async (policy: ImitatedOptions["policy"]) => {
    const opened = await openProbed({ size, link, policy: policy ?? "balanced" });
    await play(opened.engine, headers);
    return opened;
  };

  it("lean: one request each at most, and nothing but headers", async () => {
    const { wire, engine } = await walk("lean");
    expect(engine.receipt.requests).toBeLessThanOrEqual(1001);
    expect(engine.receipt.bytesReceived).toBeLessThanOrEqual(2e6);
    const missing = new RangeSet(headers.flat()).difference(new RangeSet([[0, 32 * KiB]]));
    expect(String(new RangeSet(wire.requests.map(({ range }) => range)))).toBe(String(missing));
  });

  it("balanced: at most 4 MiB more than twice the headers", async () => {
    const { engine } = await walk("balanced");
    expect(engine.receipt.requests).toBeLessThanOrEqual(1001);
    expect(engine.receipt.bytesReceived).toBeLessThanOrEqual(2 * 512_000 + 4 * MiB + 32 * KiB);
  });

  it("fast: read through, in the time of a download and not of 1,000 round trips", async () => {
    const { wire, engine } = await walk("fast");
    expect(engine.receipt.requests).toBeLessThanOrEqual(700);
    expect(engine.receipt.bytesReceived).toBeLessThanOrEqual(size);
    expect(wire.clock.now).toBeLessThan(
      1.5 * ((1000 * size) / link.totalBytesPerSecond) + 40 * link.latencyMs,
    );
  });
});

describe.each(links)("100 pages at random, asked together: %s", (_, link) => {
  const size = 66 * MiB;
  const random = new Random(100);
  const pages = new Set<number>();
  while (pages.size < 100) pages.add(random.whole(10, size / (4 * KiB) - 1));
  const asked = [...pages].map((page) => [page * 4 * KiB, (page + 1) * 4 * KiB] as const);

  it("lean: the pages and nothing else, less than 1 MB", async () => {
    const { wire, engine } = await openProbed({ size, link, policy: "lean" });
    await play(engine, [asked]);
    expect(sorted(wire)).toEqual([...new RangeSet(asked)].map(String));
    expect(engine.receipt.bytesReceived).toBe(32 * KiB + 100 * 4 * KiB);
    expect(wire.peakConnections).toBeLessThanOrEqual(32);
  });

  it("balanced: no more requests than pages, and the bound of what nobody asked for", async () => {
    const { wire, engine } = await openProbed({ size, link });
    await play(engine, [asked]);
    expect(wire.requests.length).toBeLessThanOrEqual(100);
    expect(engine.receipt.bytesReceived).toBeLessThan(2 * 100 * 4 * KiB + 4 * MiB + 32 * KiB);
    expect(wire.peakConnections).toBeLessThanOrEqual(32);
  });
});

describe("over HTTP, where the link is as it is", () => {
  const files = { big: { pattern: 6 * MiB, seed: 2 } };
  const asked = async (lab: Awaited<ReturnType<typeof startLab>>): Promise<(string | undefined)[]> =>
    (await lab.requests()).filter(({ method }) => method !== "OPTIONS").map(({ range }) => range);

  it("lean asks for each of the pages wanted, once", async () => {
    await using lab = await startLab({ files });
    await using source = await openSource(`${lab.url}/big`, { policy: "lean" });
    const pages = [900, 300, 1200, 301, 900];
    await source.readMany(pages.map((page) => [page * 4 * KiB, (page + 1) * 4 * KiB]));
    for (const page of pages) await source.read([page * 4 * KiB, (page + 1) * 4 * KiB]);
    expect((await asked(lab)).slice(1).sort()).toEqual(
      ["bytes=1228800-1236991", "bytes=3686400-3690495", "bytes=4915200-4919295"].sort(),
    );
  });

  it("a sequence moves every byte once", async () => {
    await using lab = await startLab({ files });
    await using source = await openSource(`${lab.url}/big`);
    for (let start = 0; start < 6 * MiB; start += 64 * KiB) {
      const range = [start, start + 64 * KiB] as const;
      expect((source.tryRead(range) ?? (await source.read(range))).length).toBe(64 * KiB);
    }
    expect(source.receipt.bytesReceived).toBe(6 * MiB);
  });

  it.each(["fast", "balanced", "lean"] as const)(
    "a budget is moved to its last byte and not beyond: %s",
    async (policy) => {
      await using lab = await startLab({ files });
      for (const probe of [undefined, { suffix: 64 * KiB }]) {
        await using source = await openSource(`${lab.url}/big`, { policy, probe, maxBytes: 50_000 });
        const drained = async (): Promise<void> => {
          for await (const chunk of source.stream()) void chunk;
        };
        await expect(drained()).rejects.toMatchObject({ code: "LIMIT" });
        expect(source.receipt.bytesReceived).toBe(50_000);
      }
    },
  );

  it("a download moves every byte once, in at most a request for every 256 KiB", async () => {
    await using lab = await startLab({ files });
    await using source = await openSource(`${lab.url}/big`);
    let position = 0;
    for await (const chunk of source.stream()) position += chunk.length;
    expect([position, source.receipt.bytesReceived]).toEqual([6 * MiB, 6 * MiB]);
    expect(source.receipt.requests).toBeLessThanOrEqual(25);
  });
});

describe("a plan", () => {
  it("of what is held is nothing, and costs nothing", () => {
    const { engine } = openImitated({ size: MiB });
    expect(engine.plan([])).toEqual({ requests: [], bytesWanted: 0, bytesRequested: 0, predictedMs: 0 });
  });
});

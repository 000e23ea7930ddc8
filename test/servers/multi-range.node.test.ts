import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Range } from "../../src/index.ts";
import { type HttpOptions, resolveHttpSettings } from "../../src/source/http-options.ts";
import type { HttpSource } from "../../src/source/http-source.ts";
import { Meter } from "../../src/source/meter.ts";
import { readParts } from "../../src/source/multi-range.ts";
import { openHttpSource } from "../../src/source/open-http-source.ts";
import { capabilitiesOf } from "../../src/source/origin.ts";
import { patternBytes } from "../../src/testing.ts";
import { expectSameBytes } from "../same-bytes.ts";
import type { ForeignServer, ServerKind } from "./foreign-server.node.ts";
import { servers } from "./servers.node.ts";

const FILE = patternBytes(4_000_000, 5);
const files = { "f.bin": FILE, "node.bin": FILE, "fetch.bin": FILE };
const transports: readonly (readonly [name: string, options: HttpOptions])[] = [
  ["node", {}],
  ["fetch", { client: fetch }],
];

interface Opened extends AsyncDisposable {
  readonly source: HttpSource;
  readonly meter: Meter;
}

/** The source alone, without the engine: what it is asked is what is sent. */
async function open(url: string, options: HttpOptions): Promise<Opened> {
  const meter = new Meter();
  const settings = resolveHttpSettings(url, options, meter);
  const ask = { kind: "span", range: new Range(0, 10) } as const;
  const { source, first } = await openHttpSource(settings, { ask, exact: false }, undefined);
  while ((await first?.body.read()) !== undefined);
  return { source, meter, [Symbol.asyncDispose]: () => source.close() };
}

type Span = readonly [start: number, end: number];

async function expectParts(source: HttpSource, spans: readonly Span[]): Promise<void> {
  const parts = await readParts(source, spans);
  expect(parts.length).toBe(spans.length);
  for (const [index, [start, end]] of spans.entries()) {
    expectSameBytes(parts[index] ?? new Uint8Array(0), FILE.subarray(start, end));
  }
}

/** `count` spans of 100 bytes, far enough from each other. */
const scattered = (count: number): Span[] =>
  Array.from({ length: count }, (_, index) => [1000 + index * 7000, 1100 + index * 7000]);
const field = (spans: readonly Span[]) =>
  `bytes=${spans.map(([start, end]) => `${start}-${end - 1}`).join(",")}`;

/** What a server does with a list of ranges, as these tests hold it to. */
interface Facts {
  /** Parts that one answer holds at most. */
  readonly maxParts: number;
  /** How it answers a list with the If-Match of a file that was replaced. */
  readonly changed: 206 | 412;
}

const FACTS: Readonly<Record<string, Facts>> = {
  nginx: { maxParts: Number.POSITIVE_INFINITY, changed: 412 },
  // Fifty parts come in chunks, without a Content-Length; ten do not.
  Apache: { maxParts: 200, changed: 412 },
  // It leaves out what goes beyond, and answers what lies within 80 bytes of each other as one.
  lighttpd: { maxParts: 10, changed: 206 },
  // Its parts have an empty Content-Type.
  Caddy: { maxParts: Number.POSITIVE_INFINITY, changed: 412 },
};

for (const kind of servers) {
  const facts = FACTS[kind.name];
  if (facts === undefined) continue;
  describe.skipIf(kind.version === undefined)(`lists of ranges, answered by ${kind.name}`, () => {
    testLists(kind, facts);
  });
  if (!kind.variations.includes("one-range")) continue;
  describe.skipIf(kind.version === undefined)(`${kind.name}, which answers one range only`, () => {
    testFallback(kind);
  });
}

function testLists(kind: ServerKind, { maxParts, changed }: Facts): void {
  let server: ForeignServer;
  beforeAll(async () => {
    server = await kind.start(files);
  });
  afterAll(() => server?.close());

  describe.each(transports)("by the transport %s", (transport, options) => {
    const served: Served = { server: () => server, options };
    testMerging(served);
    testLargeParts(served);
    testManyParts(served, maxParts);
    testChange(served, { name: `${transport}.bin`, changed });
  });
}

/** A server that runs once its tests do, and how it is asked. */
interface Served {
  readonly server: () => ForeignServer;
  readonly options: HttpOptions;
}

/** Opens, reads the spans together, and gives what the server logged of that: so many requests after the opening. */
async function logOf(
  { server, options }: Served,
  spans: readonly Span[],
  requests: number,
): Promise<string[]> {
  const visit = server().visit();
  await using opened = await open(visit.url("f.bin"), options);
  await expectParts(opened.source, spans);
  expect([opened.meter.requests, opened.meter.retries]).toEqual([1 + requests, 0]);
  const logged = await visit.requests(1 + requests);
  return logged.slice(1);
}

function testMerging(served: Served): void {
  test("reads parts in any order, twice and empty ones, by one request", async () => {
    const spans: Span[] = [
      [3_999_990, 4_000_000],
      [500, 700],
      [2_000_000, 2_001_000],
      [500, 700],
      [9, 9],
    ];
    expect(await logOf(served, spans, 1)).toEqual([
      "206 GET /f.bin bytes=500-699,2000000-2000999,3999990-3999999",
    ]);
  });

  test("asks once for what touches or overlaps", async () => {
    const spans: Span[] = [
      [5, 15],
      [100, 110],
      [0, 10],
      [110, 120],
      [90_000, 90_001],
    ];
    expect(await logOf(served, spans, 1)).toEqual(["206 GET /f.bin bytes=0-14,100-119,90000-90000"]);
  });

  test("sends no list for what is one range in all", async () => {
    const spans: Span[] = [
      [10, 20],
      [0, 10],
    ];
    expect(await logOf(served, spans, 1)).toEqual(["206 GET /f.bin bytes=0-19"]);
  });

  test("takes neighbours that may come as one", async () => {
    const spans: Span[] = [
      [1000, 1010],
      [1050, 1060],
    ];
    expect(await logOf(served, spans, 1)).toEqual(["206 GET /f.bin bytes=1000-1009,1050-1059"]);
  });
}

function testLargeParts({ server, options }: Served): void {
  test("reads parts of a megabyte, and counts what came where", async () => {
    const visit = server().visit();
    await using opened = await open(visit.url("f.bin"), options);
    const spans: Span[] = [
      [2_500_000, 3_500_000],
      [100_000, 1_100_000],
    ];
    await expectParts(opened.source, spans);
    expect(String(opened.meter.ranges)).toBe(
      "RangeSet{Range[0, 10), Range[100000, 1100000), Range[2500000, 3500000)}",
    );
    // Beside the parts there are their heads, of some 100 bytes each.
    const { bytesReceived } = opened.meter;
    expect(bytesReceived).toBeGreaterThan(2_000_010 + 100);
    expect(bytesReceived).toBeLessThan(2_000_010 + 1000);
    expect(await visit.requests(2)).toEqual([
      "206 GET /f.bin bytes=0-9",
      "206 GET /f.bin bytes=100000-1099999,2500000-3499999",
    ]);
  });
}

function testManyParts(served: Served, maxParts: number): void {
  test("reads 120 parts by lists of 50, as far as the server answers those", async () => {
    const spans = scattered(120);
    const lists = [spans.slice(0, 50), spans.slice(50, 100), spans.slice(100)].map(field);
    const singles = spans.slice(maxParts).map((span) => field([span]));
    const asked = maxParts < 50 ? [...lists.slice(0, 1), ...singles] : lists;
    const logged = await logOf(served, spans, asked.length);
    expect(logged.toSorted()).toEqual(asked.map((range) => `206 GET /f.bin ${range}`).toSorted());
  });
}

function testChange(
  { server, options }: Served,
  { name, changed }: { readonly name: string; readonly changed: number },
): void {
  test("says CHANGED of a file that another replaced", async () => {
    const visit = server().visit();
    await using opened = await open(visit.url(name), options);
    await expectParts(opened.source, scattered(3));
    await server().replace(name, patternBytes(FILE.length, 6));
    await expect(readParts(opened.source, scattered(4))).rejects.toMatchObject({ code: "CHANGED" });
    const statuses = (await visit.requests(3)).map((line) => Number(line.slice(0, 3)));
    expect(statuses).toEqual([206, 206, changed]);
  });
}

function testFallback(kind: ServerKind): void {
  test.each(transports)("is asked for a list once, and then range by range (%s)", async (_, options) => {
    await using server = await kind.start(files, "one-range");
    const visit = server.visit();
    await using opened = await open(visit.url("f.bin"), options);
    const spans = scattered(5);
    const singles = spans.map((span) => `206 GET /f.bin ${field([span])}`);
    await expectParts(opened.source, spans);
    expect(capabilitiesOf(server.url, options.client)).toMatchObject({ ranges: true, multiRange: false });
    await expectParts(opened.source, spans);
    expect(opened.meter.requests).toBe(12);
    const list = `200 GET /f.bin ${field(spans)}`;
    // Sorted, since what was cut short is logged late.
    const wanted = ["206 GET /f.bin bytes=0-9", list, ...singles, ...singles].toSorted();
    expect((await visit.requests(12)).toSorted()).toEqual(wanted);
    // Of the whole file that came in place of parts no more was taken than it takes to give it up.
    expect(opened.meter.bytesReceived).toBeLessThan(1_000_000);
  });
}

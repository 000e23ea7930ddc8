import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type OpenOptions, openSource, type PlannedSource, RangeStream } from "../../src/index.ts";
import { patternBytes } from "../../src/testing.ts";
import { expectSameBytes } from "../same-bytes.ts";
import { apache } from "./apache.node.ts";
import type { ForeignServer, ServerKind, Variation } from "./foreign-server.node.ts";
import { servers } from "./servers.node.ts";

const TEXT = new TextEncoder().encode(
  Array.from({ length: 12_000 }, (_, line) => `line ${line} of a text that compresses well\n`).join(""),
);
const BINARY = patternBytes(450_000, 3);
/** Files to be replaced, each by one test. */
const replaced = ["node", "fetch"].flatMap((transport) =>
  [0, 1, 2, 3].map((index) => `${transport}-${index}.txt`),
);
const files = {
  "a.txt": TEXT,
  "b.bin": BINARY,
  "empty.bin": new Uint8Array(0),
  ...Object.fromEntries(replaced.map((name) => [name, TEXT])),
};
const contents = [
  ["a.txt", TEXT],
  ["b.bin", BINARY],
] as const;

/** What a server does, as these tests hold it to. */
interface Facts {
  /** What opening a file gives. */
  readonly opens: "source" | "RANGE_IGNORED";
  /** What opening the text gives, where that is something else. */
  readonly opensText?: "ENCODED";
  /** What it gives with `ifRangesIgnored: 'download'`, where ranges are ignored. */
  readonly downloads?: "source" | "ENCODED";
  readonly identity: "strong" | "weak";
  /** How it answers a range with the If-Match of a file that was replaced, and of one that was emptied. */
  readonly changed?: 206 | 412;
  readonly emptied?: 200 | 412;
  /** How it answers the probe of an empty file, and a suffix of it; undefined where an empty file does not open. */
  readonly empty?: readonly string[];
  readonly emptySuffix?: readonly string[];
}

const HONEST: Facts = {
  opens: "source",
  identity: "strong",
  changed: 412,
  emptied: 412,
  empty: ["200 GET /empty.bin bytes=0-32767"],
  emptySuffix: ["200 GET /empty.bin bytes=-65536"],
};
const IGNORING: Facts = { ...HONEST, opens: "RANGE_IGNORED", downloads: "source" };
// Lighttpd does not know If-Match: only the ETag of what it sends tells that a file was replaced.
const LIGHTTPD: Facts = { ...HONEST, changed: 206, emptied: 200 };
// Go before 1.20 calls an empty file's range unsatisfiable, and a suffix of it `bytes 0--1/0`.
const CADDY: Facts = {
  ...HONEST,
  empty: ["416 GET /empty.bin bytes=0-32767"],
  emptySuffix: ["206 GET /empty.bin bytes=-65536", "416 GET /empty.bin bytes=0-32767"],
};

/** Variations that concern lists of ranges, which are not asked for here. */
const OF_LISTS: readonly Variation[] = ["one-range", "two-ranges"];

/** Encoding on the fly changes nothing anywhere, because every request accepts `identity` alone. */
const FACTS: Readonly<Record<string, Partial<Record<Variation, Facts>>>> = {
  nginx: {
    defaults: HONEST,
    compressed: HONEST,
    // Its gzip_static sends what lies beside the file, and then no ranges of it; an empty file is 20 bytes of gzip.
    "always-compressed": { opens: "RANGE_IGNORED", downloads: "ENCODED", identity: "strong" },
    "no-ranges": IGNORING,
  },
  Apache: {
    defaults: HONEST,
    compressed: HONEST,
    // Its force-gzip leaves empty files alone, and of what encodes to little it answers with a range of the encoded bytes.
    "always-compressed": { ...HONEST, opens: "RANGE_IGNORED", opensText: "ENCODED", downloads: "ENCODED" },
    "no-ranges": IGNORING,
  },
  lighttpd: { defaults: LIGHTTPD, compressed: LIGHTTPD, "no-ranges": IGNORING },
  Caddy: { defaults: CADDY, compressed: CADDY },
  "python3 -m http.server": {
    defaults: {
      ...IGNORING,
      identity: "weak",
      empty: ["200 GET /empty.bin"],
      emptySuffix: ["200 GET /empty.bin"],
    },
  },
};

test("every server and variation has its row in the table", () => {
  const rows = Object.entries(FACTS).map(([name, row]) => [name, Object.keys(row)]);
  const wanted = servers.map(({ name, variations }) => [
    name,
    variations.filter((variation) => !OF_LISTS.includes(variation)),
  ]);
  expect(rows).toEqual(wanted);
});

const transports: readonly (readonly [name: string, options: OpenOptions])[] = [
  ["node", {}],
  ["fetch", { client: fetch }],
];

for (const kind of servers) {
  for (const variation of kind.variations) {
    const facts = FACTS[kind.name]?.[variation];
    if (facts === undefined) continue;
    describe.skipIf(kind.version === undefined)(`${kind.name}, ${variation}`, () => {
      testServer(kind, variation, facts);
    });
  }
}

function testServer(kind: ServerKind, variation: Variation, facts: Facts): void {
  let server: ForeignServer;
  beforeAll(async () => {
    server = await kind.start(files, variation);
  });
  afterAll(() => server?.close());

  describe.each(transports)("by the transport %s", (transport, options) => {
    const given: Case = { server: () => server, facts, transport, options };
    if (facts.opens === "source") {
      testReads(given);
      testRangeStreams(given);
      testChanges(given);
    } else testRefusal(given);
    if (facts.downloads === "source") testDownload(given);
    if (facts.downloads === "ENCODED") testEncoded(given);
    if (facts.empty !== undefined) testEmpty(given);

    test("says NOT_FOUND of what is not there", async () => {
      const visit = server.visit();
      const opening = openSource(visit.url("none.bin"), options);
      await expect(opening).rejects.toMatchObject({ code: "NOT_FOUND", status: 404 });
      expect((await visit.requests(1)).length).toBe(1);
    });
  });
}

interface Case {
  readonly server: () => ForeignServer;
  readonly facts: Facts;
  readonly transport: string;
  readonly options: OpenOptions;
}

function testEmpty({ server, facts, options }: Case): void {
  test("opens an empty file, from its head and from its tail", async () => {
    for (const [more, requests = []] of [
      [{}, facts.empty],
      [{ probe: { suffix: 65_536 } }, facts.emptySuffix],
    ] as const) {
      const visit = server().visit();
      await using source = await openSource(visit.url("empty.bin"), { ...options, ...more });
      expect([source.size, source.identity.strength]).toEqual([0, facts.identity]);
      expect((await source.read([0])).length).toBe(0);
      expect((await collect(source.stream())).length).toBe(0);
      expect(source.receipt.requests).toBe(requests.length);
      expect(await visit.requests(requests.length)).toEqual(requests);
    }
  });
}

function testReads({ server, facts, options }: Case): void {
  test.each(contents)(
    "reads and streams %s exactly, by as many requests as the server logs",
    async (name, bytes) => {
      const visit = server().visit();
      await using source = await openSource(visit.url(name), options);
      expect([source.size, source.identity.strength]).toEqual([bytes.length, facts.identity]);
      await expectReads(source, bytes);
      const { requests, retries } = source.receipt;
      const logged = await visit.requests(requests);
      expect([logged.length, retries]).toEqual([requests, 0]);
      expect(logged.filter((line) => !line.startsWith(`206 GET /${name} bytes=`))).toEqual([]);
    },
  );

  test.each(contents)("opens %s from its tail in one request", async (name, bytes) => {
    const visit = server().visit();
    await using source = await openSource(visit.url(name), { ...options, probe: { suffix: 65_536 } });
    expect(source.size).toBe(bytes.length);
    expectSameBytes(await source.read({ suffix: 65_536 }), bytes.subarray(-65_536));
    expect(await visit.requests(1)).toEqual([`206 GET /${name} bytes=-65536`]);
    await expectReads(source, bytes);
  });
}

function testRangeStreams({ server, options }: Case): void {
  test.each(contents)("reads ranges of a RangeStream over %s exactly", async (name, bytes) => {
    const visit = server().visit();
    await using stream = await RangeStream.open(visit.url(name), { ...options, range: [-300] });
    expectSameBytes(await stream.read(), bytes.subarray(-300));
    stream.add([100_000, 160_000]);
    const outer = stream.activeResponse;
    stream.add([120_000, 130_000]);
    expectSameBytes(await stream.read(), bytes.subarray(120_000, 130_000));
    expectSameBytes(await outer.read(), bytes.subarray(100_000, 120_000));
    const left = [...stream.ranges];
    expect(left.map(([range]) => String(range))).toEqual(["[130000, 160000)"]);
    for (const [, replanted] of left)
      expectSameBytes(await replanted.read(), bytes.subarray(130_000, 160_000));
    const { requests } = stream.source.receipt;
    const logged = await visit.requests(requests);
    expect([logged.length, logged[0]]).toEqual([requests, `206 GET /${name} bytes=-300`]);
  });

  test("serves every range of a RangeStream from one request in mode 'single'", async () => {
    const visit = server().visit();
    await using stream = await RangeStream.open(visit.url("b.bin"), { ...options, mode: "single" });
    stream.add([400_000, 400_100]);
    expectSameBytes(await stream.read(), BINARY.subarray(400_000, 400_100));
    stream.add([10, 20]);
    expectSameBytes(await stream.read(), BINARY.subarray(10, 20));
    await stream.close();
    expect(await visit.requests(1)).toEqual(["206 GET /b.bin bytes=0-"]);
  });

  test("says OUT_OF_BOUNDS of a first range that reaches or lies past the end", async () => {
    const { length } = BINARY;
    for (const range of [
      [length - 10, length + 10],
      [length + 10, length + 20],
    ] as const) {
      const opening = RangeStream.open(server().visit().url("b.bin"), { ...options, range });
      await expect(opening).rejects.toMatchObject({ code: "OUT_OF_BOUNDS" });
    }
  });
}

function testChanges({ server, facts, transport, options }: Case): void {
  test("says CHANGED of a file that another replaced, be that as long, longer, shorter or empty", async () => {
    const others = [TEXT.length, TEXT.length + 1000, TEXT.length - 1000, 0].map((length, index) => ({
      name: `${transport}-${index}.txt`,
      bytes: patternBytes(length, 9),
    }));
    const opened = await Promise.all(
      others.map(async ({ name, bytes }) => {
        const visit = server().visit();
        const source = await openSource(visit.url(name), options);
        // Alone: where answers take long, as on a busy machine, a read so near the start brings what follows it too.
        const first = await source.read([100_000, 100_100], { expect: "random" });
        expectSameBytes(first, TEXT.subarray(100_000, 100_100));
        return { visit, source, name, bytes };
      }),
    );
    await Promise.all(others.map(({ name, bytes }) => server().replace(name, bytes)));
    for (const { visit, source, bytes } of opened) {
      await expect(source.read([200_000, 200_100])).rejects.toMatchObject({ code: "CHANGED" });
      await expect(collect(source.stream([190_000, 210_000]))).rejects.toMatchObject({ code: "CHANGED" });
      const several = source.readMany([
        [1, 2],
        [300_000, 300_010],
      ]);
      await expect(several).rejects.toMatchObject({ code: "CHANGED" });
      const statuses = (await visit.requests(5)).map((line) => Number(line.slice(0, 3)));
      const change = bytes.length === 0 ? facts.emptied : facts.changed;
      expect(statuses).toEqual([206, 206, change, change, change]);
      // What was read before is still of the file that was opened.
      expectSameBytes(await source.read([100_000, 100_100]), TEXT.subarray(100_000, 100_100));
      await source.close();
    }
  });
}

function testRefusal({ server, facts, options }: Case): void {
  test.each(contents)("refuses %s by one request, whatever it is opened by", async (name) => {
    const code = (name === "a.txt" && facts.opensText) || facts.opens;
    const visit = server().visit();
    const url = visit.url(name);
    await expect(openSource(url, options)).rejects.toMatchObject({ code });
    await expect(openSource(url, { ...options, probe: { suffix: 65_536 } })).rejects.toMatchObject({ code });
    await expect(RangeStream.open(url, { ...options, range: [10, 20] })).rejects.toMatchObject({ code });
    await expect(RangeStream.open(url, { ...options, mode: "single" })).rejects.toMatchObject({ code });
    expect((await visit.requests(4)).length).toBe(4);
  });
}

const DOWNLOAD = { ifRangesIgnored: "download" } as const;

function testDownload({ server, facts, transport, options }: Case): void {
  test.each(contents)("reads %s exactly out of one download", async (name, bytes) => {
    const visit = server().visit();
    await using source = await openSource(visit.url(name), { ...options, ...DOWNLOAD });
    expect([source.size, source.identity.strength]).toEqual([bytes.length, facts.identity]);
    await expectReads(source, bytes);
    expect(source.receipt.requests).toBe(1);
    expect((await visit.requests(1)).length).toBe(1);
  });

  test("goes on with the file whose download it began", async () => {
    const name = `${transport}-0.txt`;
    await using source = await openSource(server().visit().url(name), { ...options, ...DOWNLOAD });
    await server().replace(name, patternBytes(TEXT.length, 9));
    expectSameBytes(await collect(source.stream()), TEXT);
  });

  test("reads ranges of a RangeStream exactly out of one download", async () => {
    const visit = server().visit();
    await using stream = await RangeStream.open(visit.url("b.bin"), {
      ...options,
      ...DOWNLOAD,
      range: [-300],
    });
    expectSameBytes(await stream.read(), BINARY.subarray(-300));
    stream.add([100, 200]);
    expectSameBytes(await stream.read(), BINARY.subarray(100, 200));
    expect((await visit.requests(1)).length).toBe(1);
  });
}

function testEncoded({ server, options }: Case): void {
  test.each(contents)("does not download %s encoded", async (name) => {
    const opening = openSource(server().visit().url(name), { ...options, ...DOWNLOAD });
    await expect(opening).rejects.toMatchObject({ code: "ENCODED" });
  });
}

/** Head, middle and end, one by one and together, and as a stream. */
async function expectReads(source: PlannedSource, bytes: Uint8Array): Promise<void> {
  const { length } = bytes;
  const middle = Math.floor(length / 2);
  const spans = [
    [0, 10],
    [middle, middle + 5000],
    [length - 10, length],
    [0, 10],
    [middle + 4000, middle + 9000],
    [7, 7],
    [length - 1, length],
    [50_000, 50_001],
  ] as const;
  for (const [start, end] of spans.slice(0, 3))
    expectSameBytes(await source.read([start, end]), bytes.subarray(start, end));
  const together = await source.readMany(spans);
  for (const [index, [start, end]] of spans.entries()) {
    expectSameBytes(together[index] ?? new Uint8Array(0), bytes.subarray(start, end));
  }
  expectSameBytes(await collect(source.stream([30_000, 400_000])), bytes.subarray(30_000, 400_000));
  expectSameBytes(await collect(source.stream()), bytes);
}

async function collect(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

describe.skipIf(apache.version === undefined)(
  "Apache, with a file that changed less than a second ago",
  () => {
    let server: ForeignServer;
    beforeAll(async () => {
      server = await apache.start({ "young.txt": TEXT });
    });
    afterAll(() => server?.close());

    // Its ETag is weak until a second has passed, which a busy machine may let pass before the first request.
    test.each(transports)(
      "calls it weak, then strong, and is believed (%s)",
      { retry: 3 },
      async (_, options) => {
        await server.replace("young.txt", BINARY);
        const url = server.visit().url("young.txt");
        await expect(openSource(url, { ...options, identity: "strict" })).rejects.toMatchObject({
          code: "NO_IDENTITY",
        });
        await using young = await openSource(url, options);
        expect(young.identity.strength).toBe("weak");
        await new Promise((resolve) => setTimeout(resolve, 1100));
        expectSameBytes(await young.read([300_000, 300_100]), BINARY.subarray(300_000, 300_100));
        await using strict = await openSource(url, { ...options, identity: "strict" });
        expect(strict.identity.etag).toBe(young.identity.etag?.slice(2));
        await server.replace("young.txt", TEXT);
        await expect(young.read([400_000, 400_100])).rejects.toMatchObject({ code: "CHANGED" });
        await expect(strict.read([400_000, 400_100])).rejects.toMatchObject({ code: "CHANGED" });
      },
    );
  },
);

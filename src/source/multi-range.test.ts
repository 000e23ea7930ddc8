import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { Range } from "../ranges/range.ts";
import { type HttpOptions, resolveHttpSettings } from "./http-options.ts";
import type { HttpSource } from "./http-source.ts";
import { Meter } from "./meter.ts";
import { readParts } from "./multi-range.ts";
import { openHttpSource } from "./open-http-source.ts";
import { capabilitiesOf, originsInUse } from "./origin.ts";
import type { Client } from "./transport.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const latin1 = (text: string): Bytes => Uint8Array.from(text, (character) => character.charCodeAt(0));
/** A file made of what a multipart body is made of. */
const unit = "\r\n--b\r\nContent-Range: bytes 0-9/2000\r\n\r\n0123456789\r\n--b--\r\n";
const file = latin1(unit.repeat(40)).slice(0, 2000);
const url = "https://example.org/file";
const inBrowser = "document" in globalThis;

/** How a server of lists may go about it; every one of these is to end in the right bytes. */
interface Manners {
  readonly answer: "parts" | "whole" | "refusal" | "span" | "first";
  /** Sorts the parts. */
  readonly order: readonly number[];
  /** Parts that come twice, or not at all. */
  readonly twice: readonly number[];
  readonly never: readonly number[];
  /** The body breaks off there. */
  readonly cutAt: number;
  readonly chunkBytes: number;
}

const honest: Manners = {
  answer: "parts",
  order: [],
  twice: [],
  never: [],
  cutAt: Infinity,
  chunkBytes: 4096,
};

function serve(manners: Manners): { client: Client; asked: string[] } {
  const asked: string[] = [];
  const client = async (_: unknown, init?: RequestInit): Promise<Response> => {
    const field = new Headers(init?.headers).get("range") ?? "";
    asked.push(field);
    const ranges = field
      .replace("bytes=", "")
      .split(",")
      .map((text) => {
        const [first, last] = text.split("-").map(Number) as [number, number];
        return new Range(first, last + 1);
      });
    return ranges.length === 1 ? partial(ranges[0] as Range, manners) : answerList(ranges, manners);
  };
  return { client, asked };
}

function answerList(ranges: readonly Range[], manners: Manners): Response {
  const [first, last] = [ranges[0] as Range, ranges.at(-1) as Range];
  if (manners.answer === "refusal") return new Response("one range only", { status: 416 });
  if (manners.answer === "whole") return respond(file, { status: 200, fields: {}, manners });
  if (manners.answer === "first") return partial(first, manners);
  if (manners.answer === "span") return partial(new Range(first.start, last.end), manners);
  const indexed = ranges.map((range, index) => ({ range, index }));
  const parts = indexed
    .filter(({ index }) => !manners.never.includes(index))
    .flatMap((part) => (manners.twice.includes(part.index) ? [part, part] : [part]))
    .toSorted((one, other) => (manners.order[one.index] ?? 0) - (manners.order[other.index] ?? 0));
  const texts = parts.flatMap(({ range }) => [
    `\r\n--b\r\nContent-Range: bytes ${range.start}-${range.end - 1}/2000\r\n\r\n`,
    String.fromCharCode(...file.subarray(range.start, range.end)),
  ]);
  if (parts.length === 0) return partial(first, manners);
  const body = latin1(`${texts.join("")}\r\n--b--\r\n`);
  const fields = { "content-type": "multipart/byteranges; boundary=b" };
  return respond(body.slice(0, manners.cutAt), { status: 206, fields, manners });
}

function partial(range: Range, manners: Manners): Response {
  const fields = { "content-range": `bytes ${range.start}-${range.end - 1}/2000` };
  return respond(file.slice(range.start, range.end), { status: 206, fields, manners });
}

function respond(
  body: Bytes,
  { status, fields, manners }: { status: number; fields: Record<string, string>; manners: Manners },
): Response {
  let at = 0;
  const stream = new ReadableStream<Bytes>({
    pull(controller) {
      if (at === body.byteLength) controller.close();
      else controller.enqueue(body.slice(at, (at += manners.chunkBytes)));
      at = Math.min(at, body.byteLength);
    },
  });
  return new Response(stream, { status, headers: { etag: '"a"', ...fields } });
}

async function open(
  client: Client,
  options: HttpOptions = {},
): Promise<{ source: HttpSource; meter: Meter }> {
  const meter = new Meter();
  const retry = { attempts: 3, baseDelayMs: 0, maxDelayMs: 0 };
  const settings = resolveHttpSettings(url, { client, retry, ...options }, meter);
  const ask = { kind: "span", range: new Range(0, 10) } as const;
  const { source, first } = await openHttpSource(settings, { ask, exact: false }, undefined);
  while ((await first?.body.read()) !== undefined);
  return { source, meter };
}

afterEach(() => expect(originsInUse()).toBe(0));

describe("readParts", () => {
  it("gives the same bytes whatever a server makes of a list, however its body is cut", async () => {
    const range = fc
      .tuple(fc.nat({ max: 2000 }), fc.nat({ max: 150 }))
      .map(([start, length]): [number, number] => [start, Math.min(2000, start + length)]);
    const index = fc.nat({ max: 5 });
    const manners = fc.record<Manners>({
      answer: fc.constantFrom("parts", "parts", "parts", "whole", "refusal", "span", "first"),
      order: fc.array(fc.nat({ max: 9 }), { maxLength: 6 }),
      twice: fc.array(index, { maxLength: 3 }),
      never: fc.array(index, { maxLength: 2 }),
      cutAt: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.nat({ max: 600 })),
      chunkBytes: fc.integer({ min: 1, max: 200 }),
    });
    const property = fc.asyncProperty(fc.array(range, { maxLength: 6 }), manners, async (ranges, one) => {
      const { source, meter } = await open(serve(one).client);
      try {
        const parts = await readParts(source, ranges);
        expect(parts).toEqual(ranges.map(([start, end]) => file.slice(start, end)));
        for (const wanted of ranges) expect(meter.ranges.covers(wanted)).toBe(true);
      } finally {
        await source.close();
      }
    });
    await fc.assert(property, { numRuns: 150 });
  });

  const ranges = [
    [100, 110],
    [200, 220],
  ] as const;
  const bytes = ranges.map(([start, end]) => file.slice(start, end));

  it("sends one list, and remembers on the origin whether that works", async () => {
    for (const answer of ["parts", "whole"] as const) {
      const { client, asked } = serve({ ...honest, answer });
      const { source } = await open(client);
      expect(await readParts(source, ranges)).toEqual(bytes);
      expect(await readParts(source, ranges)).toEqual(bytes);
      expect(capabilitiesOf(url, client)?.multiRange).toBe(answer === "parts");
      expect(asked.filter((field) => field.includes(","))).toHaveLength(answer === "parts" ? 2 : 1);
      await source.close();
    }
  });

  it("sends no list where it is told that none is answered", async () => {
    const { client, asked } = serve(honest);
    const { source } = await open(client, { capabilities: { multiRange: false } });
    expect(await readParts(source, ranges)).toEqual(bytes);
    expect(asked.slice(1).toSorted()).toEqual(["bytes=100-109", "bytes=200-219"]);
    await source.close();
  });

  it("tries one list before it sends several at a time", async () => {
    const many = Array.from({ length: 130 }, (_, index): [number, number] => [index * 12, index * 12 + 5]);
    for (const [answer, lists] of [
      ["parts", 3],
      ["whole", 1],
    ] as const) {
      const { client, asked } = serve({ ...honest, answer });
      const { source } = await open(client);
      expect(await readParts(source, many)).toEqual(many.map(([start, end]) => file.slice(start, end)));
      expect(asked.filter((field) => field.includes(","))).toHaveLength(lists);
      await source.close();
    }
  });

  it("blames the list for a network failure in a browser, where it may be a refused preflight, and nowhere else", async () => {
    const { client, asked } = serve(honest);
    const refusing: Client = async (...call) => {
      if (new Headers(call[1]?.headers).get("range")?.includes(",") === true) {
        asked.push("list");
        throw new TypeError("Failed to fetch");
      }
      return (client as typeof fetch)(...call);
    };
    const { source } = await open(refusing);
    const reading = readParts(source, ranges);
    if (inBrowser) expect(await reading).toEqual(bytes);
    else await expect(reading).rejects.toMatchObject({ code: "NETWORK", attempts: 3 });
    expect(asked.filter((field) => field === "list")).toHaveLength(inBrowser ? 1 : 3);
    await source.close();
  });
});

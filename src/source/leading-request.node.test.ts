import { describe, expect, it } from "vitest";
import { expectSameBytes } from "../../test/same-bytes.ts";
import { type OpenOptions, openSource } from "../index.ts";
import { patternBytes } from "../testing/pattern-bytes.ts";

const KiB = 1024;
const HEAD = "bytes=0-1048575";
const TAIL = { suffix: 64 * KiB };

interface Served {
  readonly client: typeof fetch;
  readonly asked: string[];
  /** Signals of the requests that were aborted. */
  readonly aborted: string[];
}

/** A server of one file; `answer` may give something else for a range. */
function serve(
  file: Uint8Array<ArrayBuffer>,
  answer?: (range: string, turn: number) => Response | Promise<Response> | undefined,
): Served {
  const asked: string[] = [];
  const aborted: string[] = [];
  const client: typeof fetch = async (_, init) => {
    const range = new Headers(init?.headers).get("range") ?? "";
    asked.push(range);
    init?.signal?.addEventListener("abort", () => aborted.push(range));
    const turn = asked.filter((other) => other === range).length;
    return (await answer?.(range, turn)) ?? partOf(file, range);
  };
  return { client, asked, aborted };
}

function partOf(file: Uint8Array<ArrayBuffer>, range: string, etag = '"one"'): Response {
  const [from, to] = range.replace("bytes=", "").split("-");
  const start = from === "" ? Math.max(0, file.length - Number(to)) : Number(from);
  const end = from === "" ? file.length : Math.min(file.length, Number(to) + 1);
  const headers = {
    etag,
    "content-range": `bytes ${start}-${end - 1}/${file.length}`,
    "content-length": String(end - start),
  };
  return new Response(file.slice(start, end), { status: 206, headers });
}

const open = (client: typeof fetch, options: OpenOptions = {}): ReturnType<typeof openSource> =>
  openSource("https://example.org/file", { client, probe: TAIL, policy: "fast", ...options });

const small = patternBytes(600 * KiB, 3);
const middling = patternBytes(1700 * KiB, 4);
const large = patternBytes(2100 * KiB, 5);

describe("the leading bytes beside a tail, for 'fast'", () => {
  it("brings a small file whole with the first round trip", async () => {
    const { client, asked } = serve(small);
    await using source = await open(client);
    const parts = await source.readMany([
      [0, 100],
      [400 * KiB, 590 * KiB],
    ]);
    expectSameBytes(parts[0] as Uint8Array, small.slice(0, 100));
    expectSameBytes(parts[1] as Uint8Array, small.slice(400 * KiB, 590 * KiB));
    expectSameBytes(await source.read([0]), small);
    expect(asked).toEqual(["bytes=-65536", HEAD]);
    expect(source.receipt.requests).toBe(2);
  });

  it("has what lies between asked for at once", async () => {
    const { client, asked } = serve(middling);
    await using source = await open(client);
    expectSameBytes(await source.read([0]), middling);
    expect(asked).toEqual(["bytes=-65536", HEAD, `bytes=${1024 * KiB}-${(1700 - 64) * KiB - 1}`]);
    expect(source.receipt.bytesReceived).toBe(middling.length);
  });

  it("is given up where the file is larger", async () => {
    let answered: (response: Response) => void = () => undefined;
    const waits = new Promise<Response>((resolve) => {
      answered = resolve;
    });
    const { client, asked, aborted } = serve(large, (range) => (range === HEAD ? waits : undefined));
    await using source = await open(client);
    expect(aborted).toEqual([HEAD]);
    answered(partOf(large, HEAD));
    expectSameBytes(await source.read([5, 50]), large.slice(5, 50));
    expect(asked.length).toBe(3);
    expect(source.receipt.bytesReceived).toBeLessThan(512 * KiB);
  });

  it.each([
    ["is of another version", (range: string) => partOf(patternBytes(small.length, 9), range, '"two"')],
    ["is refused", () => new Response("busy", { status: 503 })],
    ["is something else", () => new Response("<html>", { status: 200 })],
    ["never came", () => Promise.reject(new TypeError("reset"))],
  ])("is asked for again where the answer %s", async (_, answer) => {
    const { client, asked } = serve(small, (range, turn) =>
      range === HEAD && turn === 1 ? answer(range) : undefined,
    );
    await using source = await open(client);
    expectSameBytes(await source.read([0]), small);
    expect(asked).toEqual(["bytes=-65536", HEAD, `bytes=0-${(600 - 64) * KiB - 1}`]);
  });

  it("leaves nothing behind where the source is closed before it came", async () => {
    const { client, aborted } = serve(small, (range) =>
      range === HEAD ? new Promise(() => undefined) : undefined,
    );
    const source = await open(client);
    const reading = source.read([0, 10]);
    reading.catch(() => undefined);
    await source.close();
    await expect(reading).rejects.toMatchObject({ code: "CLOSED" });
    expect(aborted).toEqual([HEAD]);
  });

  it("leaves nothing behind where the opening fails", async () => {
    const { client, aborted } = serve(small, (range) =>
      range === HEAD ? new Promise(() => undefined) : new Response("", { status: 404 }),
    );
    await expect(open(client)).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(aborted).toEqual([HEAD]);
  });

  it.each([
    ["another policy", { policy: "balanced" }],
    ["a budget", { maxBytes: 10_000_000 }],
    ["one connection", { maxConnections: 1 }],
    ["a store", { cache: { store: new Map<string, Uint8Array<ArrayBuffer>>() } }],
    ["no cache", { cache: false }],
    ["a probe at the start", { probe: [0, 100] }],
  ] satisfies [string, OpenOptions][])("is not asked for with %s", async (_, options) => {
    const { client, asked } = serve(small);
    await using _source = await open(client, options);
    expect(asked.length).toBe(1);
  });
});

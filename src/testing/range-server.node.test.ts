import { Agent, get } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask } from "../../test/lab/ask.node.ts";
import { patternBytes, patternSlice } from "./pattern-bytes.ts";
import { type RangeServer, startRangeServer } from "./range-server.node.ts";

const BYTES = patternBytes(100);
const ETAG = '"v1"';
const MODIFIED = "Mon, 01 Jan 2024 00:00:00 GMT";
const files = {
  "a.bin": { bytes: BYTES, etag: ETAG, lastModified: new Date(MODIFIED) },
  "weak.bin": { bytes: BYTES, etag: 'W/"v1"' },
  "dated.bin": { bytes: BYTES, etag: null, lastModified: new Date(MODIFIED) },
  "empty.bin": new Uint8Array(0),
  "text.txt": "grüße",
  "dir/with space+%.bin": BYTES,
};

let server: RangeServer;
let url: string;
beforeAll(async () => {
  server = await startRangeServer({ files });
  url = `${server.url}/a.bin`;
});
afterAll(() => server.close());

describe("a single range (RFC 9110 section 14)", () => {
  const cases: [field: string, start: number, end: number][] = [
    ["bytes=0-0", 0, 1],
    ["bytes=0-9", 0, 10],
    ["bytes=10-19", 10, 20],
    ["bytes=99-99", 99, 100],
    ["bytes=90-", 90, 100],
    ["bytes=0-", 0, 100],
    ["bytes=0-99", 0, 100],
    ["bytes=-1", 99, 100],
    ["bytes=-30", 70, 100],
    ["bytes=-100", 0, 100],
    ["bytes=-101", 0, 100],
    ["bytes=-99999999999999999999", 0, 100],
    ["bytes=90-100", 90, 100],
    ["bytes=90-9007199254740991", 90, 100],
    ["bytes=90-99999999999999999999", 90, 100],
    ["BYTES=3-4", 3, 5],
    ["bytes=003-004", 3, 5],
    ["bytes= 3-4 ", 3, 5],
    ["bytes=,3-4,", 3, 5],
    ["bytes=3-4,500-600", 3, 5],
  ];
  test.each(cases)("'%s' is answered 206 with exactly its bytes", async (field, start, end) => {
    const reply = await ask(url, { headers: { Range: field } });
    expect(reply.status).toBe(206);
    expect(reply.headers["content-range"]).toBe(`bytes ${start}-${end - 1}/100`);
    expect(reply.headers["content-length"]).toBe(String(end - start));
    expect(reply.headers.etag).toBe(ETAG);
    expect(reply.headers["last-modified"]).toBe(MODIFIED);
    expect(reply.headers.date).toMatch(/GMT$/);
    expect(reply.headers["accept-ranges"]).toBe("bytes");
    expect(reply.body).toEqual(BYTES.slice(start, end));
  });

  test.each(["bytes=100-", "bytes=100-200", "bytes=99999999999999999999-", "bytes=-0", "bytes=100-,200-"])(
    "'%s' cannot be satisfied: 416 with the size",
    async (field) => {
      const reply = await ask(url, { headers: { Range: field } });
      expect(reply.status).toBe(416);
      expect(reply.headers["content-range"]).toBe("bytes */100");
      expect(reply.body).toHaveLength(0);
    },
  );

  test.each([
    "bytes=5-3",
    "bytes=",
    "bytes=-",
    "bytes=a-b",
    "bytes=1",
    "bytes=1-2-3",
    "bytes=+1-2",
    "items=0-9",
    "0-9",
    "bytes=0-1,9-3",
  ])("'%s' is invalid or of another unit and is ignored", async (field) => {
    const reply = await ask(url, { headers: { Range: field } });
    expect(reply.status).toBe(200);
    expect(reply.headers["content-range"]).toBeUndefined();
    expect(reply.headers["content-length"]).toBe("100");
    expect(reply.body).toEqual(BYTES);
  });

  test("HEAD has no ranges, and the headers of a 200", async () => {
    const reply = await ask(url, { method: "HEAD", headers: { Range: "bytes=0-9" } });
    expect([reply.status, reply.headers["content-length"], reply.headers["accept-ranges"]]).toEqual([
      200,
      "100",
      "bytes",
    ]);
    expect(reply.body).toHaveLength(0);
  });

  test.each([
    ["bytes=0-0", 416],
    ["bytes=5-", 416],
    ["bytes=-10", 200],
    ["bytes=-0", 416],
  ])("of an empty file '%s' is %i", async (field, status) => {
    const reply = await ask(`${server.url}/empty.bin`, { headers: { Range: field } });
    expect([reply.status, reply.headers["content-range"], reply.body.length]).toEqual([
      status,
      status === 416 ? "bytes */0" : undefined,
      0,
    ]);
  });
});

describe("a list of ranges (section 14.6)", () => {
  test("is multipart/byteranges in the order asked, with a true Content-Length", async () => {
    const reply = await ask(url, { headers: { Range: "bytes=50-59, 0-4,-3" } });
    expect(reply.status).toBe(206);
    expect(reply.headers["content-range"]).toBeUndefined();
    expect(reply.headers["content-length"]).toBe(String(reply.body.length));
    const boundary = /^multipart\/byteranges; boundary=(\S+)$/.exec(reply.headers["content-type"] ?? "")?.[1];
    const latin = Buffer.from(reply.body).toString("latin1");
    const part = (start: number, end: number) =>
      `--${boundary}\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes ${start}-${end - 1}/100\r\n\r\n${Buffer.from(BYTES.slice(start, end)).toString("latin1")}\r\n`;
    expect(latin).toBe(`${part(50, 60)}${part(0, 5)}${part(97, 100)}--${boundary}--\r\n`);
  });

  test("leaves out what cannot be satisfied", async () => {
    const reply = await ask(url, { headers: { Range: "bytes=0-4,500-600,90-" } });
    expect(
      Buffer.from(reply.body)
        .toString("latin1")
        .match(/Content-Range: \S+ \S+/g),
    ).toEqual(["Content-Range: bytes 0-4/100", "Content-Range: bytes 90-99/100"]);
  });

  test("of more than `maxRanges` is a 200; with 0 there are no ranges and no promise of them", async () => {
    await using two = await startRangeServer({ files, maxRanges: 2 });
    const statuses = ["bytes=0-1,4-5", "bytes=0-1,4-5,8-9"].map(
      async (Range) => (await ask(`${two.url}/a.bin`, { headers: { Range } })).status,
    );
    expect(await Promise.all(statuses)).toEqual([206, 200]);
    await using none = await startRangeServer({ files, maxRanges: 0 });
    const reply = await ask(`${none.url}/a.bin`, { headers: { Range: "bytes=0-1" } });
    expect([reply.status, reply.headers["accept-ranges"]]).toEqual([200, undefined]);
  });
});

describe("conditions (section 13)", () => {
  const older = "Sun, 31 Dec 2023 23:59:59 GMT";
  const cases: [name: string, headers: Record<string, string>, status: number][] = [
    ["If-Match of the ETag", { "If-Match": ETAG }, 206],
    ["If-Match of a list with it", { "If-Match": '"x,y", "v1"' }, 206],
    ["If-Match *", { "If-Match": "*" }, 206],
    ["If-Match of another", { "If-Match": '"v2"' }, 412],
    ["If-Match compares strongly", { "If-Match": 'W/"v1"' }, 412],
    ["If-Match of a tag inside another's quotes", { "If-Match": '"a,v1"' }, 412],
    ["If-Unmodified-Since at the date", { "If-Unmodified-Since": MODIFIED }, 206],
    ["If-Unmodified-Since before it", { "If-Unmodified-Since": older }, 412],
    ["If-Match makes If-Unmodified-Since void", { "If-Match": ETAG, "If-Unmodified-Since": older }, 206],
    ["If-None-Match of the ETag", { "If-None-Match": ETAG }, 304],
    ["If-None-Match compares weakly", { "If-None-Match": 'W/"v1"' }, 304],
    ["If-None-Match of another", { "If-None-Match": '"v2"' }, 206],
    ["If-Modified-Since at the date", { "If-Modified-Since": MODIFIED }, 304],
    ["If-Modified-Since before it", { "If-Modified-Since": older }, 206],
    [
      "If-None-Match makes If-Modified-Since void",
      { "If-None-Match": '"v2"', "If-Modified-Since": MODIFIED },
      206,
    ],
    ["If-Range of the ETag", { "If-Range": ETAG }, 206],
    ["If-Range of another", { "If-Range": '"v2"' }, 200],
    ["If-Range of a weak tag", { "If-Range": 'W/"v1"' }, 200],
    ["If-Range of the date", { "If-Range": MODIFIED }, 206],
    ["If-Range of a later date", { "If-Range": "Tue, 02 Jan 2024 00:00:00 GMT" }, 200],
    ["If-Range of nonsense", { "If-Range": "yesterday" }, 200],
  ];
  test.each(cases)("%s", async (_, headers, status) => {
    const reply = await ask(url, { headers: { ...headers, Range: "bytes=0-9" } });
    expect(reply.status).toBe(status);
    expect(reply.body).toHaveLength({ 200: 100, 206: 10, 304: 0, 412: 0 }[status] ?? -1);
    expect(reply.headers.etag).toBe(ETAG);
  });

  test("come before the range: a 412 hides a 416", async () => {
    const reply = await ask(url, { headers: { "If-Match": '"v2"', Range: "bytes=500-" } });
    expect(reply.status).toBe(412);
  });

  test("a weak ETag never holds for If-Match or If-Range", async () => {
    const weak = { headers: { "If-Match": 'W/"v1"', Range: "bytes=0-9" } };
    expect((await ask(`${server.url}/weak.bin`, weak)).status).toBe(412);
    const range = { headers: { "If-Range": 'W/"v1"', Range: "bytes=0-9" } };
    expect((await ask(`${server.url}/weak.bin`, range)).status).toBe(200);
  });

  test("a date that is as young as the answer is no strong validator for If-Range", async () => {
    await using young = await startRangeServer({
      files: { "a.bin": { bytes: BYTES, lastModified: new Date(Date.now() + 5000) } },
    });
    const first = await ask(`${young.url}/a.bin`);
    const condition = { "If-Range": first.headers["last-modified"] ?? "", Range: "bytes=0-9" };
    expect((await ask(`${young.url}/a.bin`, { headers: condition })).status).toBe(200);
  });

  test("a file without an ETag matches by its date", async () => {
    const headers = { "If-Unmodified-Since": MODIFIED, "If-Range": MODIFIED, Range: "bytes=0-9" };
    const reply = await ask(`${server.url}/dated.bin`, { headers });
    expect([reply.status, reply.headers.etag]).toEqual([206, undefined]);
  });
});

describe("resources and methods", () => {
  test("an unknown file is 404, another method 405 with Allow", async () => {
    expect((await ask(`${server.url}/nowhere`)).status).toBe(404);
    const reply = await ask(url, { method: "DELETE" });
    expect([reply.status, reply.headers.allow]).toEqual([405, "GET, HEAD, OPTIONS"]);
  });

  test("names are percent-decoded, and text is UTF-8", async () => {
    const reply = await ask(`${server.url}/dir/with%20space+%25.bin`, { headers: { Range: "bytes=1-2" } });
    expect(reply.body).toEqual(BYTES.slice(1, 3));
    const text = await ask(`${server.url}/text.txt`);
    expect([text.text, text.headers["content-type"]]).toEqual(["grüße", "text/plain; charset=utf-8"]);
  });

  test("a file made on demand is read only where it is asked", async () => {
    const reads: [number, number][] = [];
    const size = 2 ** 40;
    await using large = await startRangeServer({
      files: {
        "tb.bin": {
          size,
          read: (start, end) => {
            reads.push([start, end]);
            return patternSlice(start, end);
          },
        },
      },
    });
    const reply = await ask(`${large.url}/tb.bin`, { headers: { Range: "bytes=-10" } });
    expect(reply.headers["content-range"]).toBe(`bytes ${size - 10}-${size - 1}/${size}`);
    expect(reply.body).toEqual(patternSlice(size - 10, size));
    expect(reads).toEqual([[size - 10, size]]);
  });

  test("replacing a file changes content, ETag and date; removing it makes a 404", async () => {
    await using changing = await startRangeServer({ files: { x: "one" } });
    const before = await ask(`${changing.url}/x`);
    changing.replace("x", "two");
    const after = await ask(`${changing.url}/x`);
    expect([before.text, after.text]).toEqual(["one", "two"]);
    expect(after.headers.etag).not.toBe(before.headers.etag);
    expect(Date.parse(after.headers["last-modified"] ?? "")).toBeGreaterThan(
      Date.parse(before.headers["last-modified"] ?? ""),
    );
    changing.replace("x", "one");
    expect((await ask(`${changing.url}/x`)).headers.etag).toBe(before.headers.etag);
    changing.remove("x");
    expect((await ask(`${changing.url}/x`)).status).toBe(404);
  });
});

describe("CORS", () => {
  const preflight = {
    method: "OPTIONS",
    headers: { "Access-Control-Request-Headers": "range,authorization" },
  };

  test("by default every page may read every header, and preflights are answered and recorded", async () => {
    const reply = await ask(url);
    expect(reply.headers["access-control-allow-origin"]).toBe("*");
    expect(reply.headers["access-control-expose-headers"]).toContain("Content-Range");
    const options = await ask(url, preflight);
    expect([options.status, options.headers["access-control-allow-headers"]]).toEqual([
      204,
      "range,authorization",
    ]);
    expect(server.requests.at(-1)?.method).toBe("OPTIONS");
  });

  test("'plain' exposes nothing, false allows nothing", async () => {
    await using plain = await startRangeServer({ files, cors: "plain" });
    const reply = await ask(`${plain.url}/a.bin`);
    expect(reply.headers["access-control-allow-origin"]).toBe("*");
    expect(reply.headers["access-control-expose-headers"]).toBeUndefined();
    await using none = await startRangeServer({ files, cors: false });
    expect((await ask(`${none.url}/a.bin`)).headers["access-control-allow-origin"]).toBeUndefined();
    expect((await ask(`${none.url}/a.bin`, preflight)).status).toBe(405);
  });
});

describe("encoding on the fly (`gzip`)", () => {
  test("a client that accepts gzip gets all of it, chunked, under a weak ETag; another gets its range", async () => {
    await using encoding = await startRangeServer({ files, gzip: true });
    const range = { Range: "bytes=0-9" };
    const coded = await ask(`${encoding.url}/a.bin`, {
      headers: { ...range, "Accept-Encoding": "gzip, br" },
    });
    expect([coded.status, coded.headers["content-encoding"], coded.headers.etag]).toEqual([
      200,
      "gzip",
      'W/"v1"',
    ]);
    expect(coded.headers["content-length"]).toBeUndefined();
    const plain = new Response(
      new Blob([coded.body as BlobPart]).stream().pipeThrough(new DecompressionStream("gzip")),
    );
    expect(new Uint8Array(await plain.arrayBuffer())).toEqual(BYTES);
    const refused = { headers: { ...range, "Accept-Encoding": "gzip;q=0, identity" } };
    expect((await ask(`${encoding.url}/a.bin`, refused)).status).toBe(206);
  });
});

describe("the record", () => {
  test("tells what was asked, as sent, and what was answered", async () => {
    await using fresh = await startRangeServer({ files });
    await ask(`${fresh.url}/a%2Ebin?sig=a%20b`, { headers: { Range: "bytes=0-9", "X-Thing": "1" } });
    const [record] = fresh.requests;
    expect(record).toMatchObject({
      ordinal: 0,
      method: "GET",
      path: "/a%2Ebin",
      query: "sig=a%20b",
      range: "bytes=0-9",
      status: 206,
      bytesSent: 10,
      aborted: false,
      connection: 1,
    });
    expect(record?.headers["x-thing"]).toBe("1");
    expect(Math.abs((record?.startedAt ?? 0) - Date.now())).toBeLessThan(5000);
  });

  test("numbers connections, and counts those that are open, most at a time and in all", async () => {
    await using fresh = await startRangeServer({ files, latencyMs: 20 });
    const agent = new Agent({ keepAlive: true });
    await ask(`${fresh.url}/a.bin`, { agent });
    await ask(`${fresh.url}/a.bin`, { agent });
    expect(fresh.requests.map((record) => record.connection)).toEqual([1, 1]);
    await Promise.all([1, 2, 3].map(() => ask(`${fresh.url}/a.bin`)));
    expect([fresh.peakConnections, fresh.totalConnections]).toEqual([4, 4]);
    agent.destroy();
    await expect.poll(() => fresh.connections).toBe(0);
  });

  test("of a slow reader stays within a socket's buffers, and of one that leaves says so", async () => {
    const size = 256 * 2 ** 20;
    await using fresh = await startRangeServer({
      files: { "big.bin": { size, read: (start, end) => new Uint8Array(end - start) } },
    });
    const client = get(`${fresh.url}/big.bin`, { agent: false }, (message) => message.pause());
    client.on("error", () => {});
    await expect.poll(() => fresh.requests[0]?.bytesSent ?? 0).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const early = fresh.requests[0]?.bytesSent ?? 0;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(fresh.requests[0]?.bytesSent).toBe(early);
    expect(early).toBeLessThan(16 * 2 ** 20);
    client.destroy();
    await expect.poll(() => fresh.requests[0]?.aborted).toBe(true);
  });
});

describe("time", () => {
  const timed = async (work: () => Promise<unknown>) => {
    const started = performance.now();
    await work();
    return performance.now() - started;
  };

  test("`latencyMs` passes before the headers", async () => {
    await using slow = await startRangeServer({ files, latencyMs: 100 });
    expect(await timed(() => ask(`${slow.url}/a.bin`))).toBeGreaterThan(95);
  });

  test("`bytesPerSecond` holds for each answer alone, `linkBytesPerSecond` for all together", async () => {
    const big = { "b.bin": patternBytes(20_000) };
    await using own = await startRangeServer({ files: big, bytesPerSecond: 100_000 });
    await using shared = await startRangeServer({ files: big, linkBytesPerSecond: 100_000 });
    const three = (base: string) => () => Promise.all([1, 2, 3].map(() => ask(`${base}/b.bin`)));
    const alone = await timed(three(own.url));
    const together = await timed(three(shared.url));
    expect(alone).toBeGreaterThan(180);
    expect(alone).toBeLessThan(500);
    expect(together).toBeGreaterThan(580);
  });

  test("`close` cuts what is in progress, frees the port, and twice is fine", async () => {
    const doomed = await startRangeServer({ files, latencyMs: 60_000 });
    const outcome = ask(`${doomed.url}/a.bin`).then(
      () => "answered",
      () => "cut",
    );
    await expect.poll(() => doomed.requests.length).toBe(1);
    await doomed.close();
    await doomed.close();
    expect(await outcome).toBe("cut");
    await expect(ask(`${doomed.url}/a.bin`)).rejects.toThrow("ECONNREFUSED");
  });
});

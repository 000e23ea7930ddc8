import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { patternBytes, type RangeServer, startRangeServer } from "../../src/testing.ts";
import { ask, type Reply } from "../lab/ask.node.ts";
import type { ForeignServer, Variation } from "./foreign-server.node.ts";
import { nginx } from "./nginx.node.ts";

const files = { "f.bin": patternBytes(100), "empty.bin": new Uint8Array(0) };

const fields = [
  // Single ranges
  "bytes=0-0",
  "bytes=0-9",
  "bytes=90-",
  "bytes=90-200",
  "bytes=99-99",
  "bytes=0-",
  "bytes=-1",
  "bytes=-100",
  "bytes=-500",
  "bytes=90-9223372036854775806",
  "BYTES=1-2",
  "bytes= 1-2",
  "bytes=001-002",
  // Not satisfiable
  "bytes=100-",
  "bytes=100-200",
  "bytes=-0",
  "bytes=200-,300-400",
  // Malformed, reversed, too large
  "bytes=5-3",
  "bytes=abc",
  "bytes=a-b",
  "bytes=-",
  "bytes=1",
  "bytes=1-2-3",
  "bytes=+1-2",
  "bytes=0-99999999999999999999",
  "bytes=99999999999999999999-",
  "bytes=0-1,9-3",
  "items=0-9",
  "0-9",
  // Lists
  "bytes=0-4,50-59",
  "bytes=50-59,0-4",
  "bytes=0-4, -3",
  "bytes=0-4,500-600",
  "bytes=0-9,5-14",
  "bytes=0-99,0-0",
  "bytes=0-49,50-99",
  "bytes=0-0,2-2,4-4",
] as const;

type Ask = (
  server: string,
  path: string,
  headers: Record<string, string>,
  method?: string,
) => Promise<object>;

/** What of an answer two servers must have in common: not their dates, tags and boundaries. */
const seen: Ask = async (server, path, headers, method = "GET") => {
  const reply = await ask(`${server}/${path}`, { method, headers });
  const boundary = /boundary=(\S+)/.exec(reply.headers["content-type"] ?? "")?.[1];
  const isFile = reply.status === 200 || reply.status === 206;
  return {
    status: reply.status,
    range: reply.headers["content-range"],
    acceptRanges: reply.headers["accept-ranges"],
    length: boundary === undefined && isFile ? reply.headers["content-length"] : undefined,
    lengthIsTrue:
      reply.headers["content-length"] === undefined || method === "HEAD" ? true : lengthIsTrue(reply),
    etag: reply.headers.etag?.replace(/"[^"]*"/, '"…"'),
    coding: reply.headers["content-encoding"],
    body: isFile && reply.headers["content-encoding"] === undefined ? partsOf(reply, boundary) : undefined,
  };
};

const lengthIsTrue = (reply: Reply) => reply.headers["content-length"] === String(reply.body.length);

function partsOf(reply: Reply, boundary: string | undefined): unknown {
  const latin = Buffer.from(reply.body).toString("latin1");
  if (boundary === undefined) return latin;
  return latin
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) =>
      /^\r\nContent-Type: \S+\r\n(Content-Range: [^\r]*)\r\n\r\n([^]*)\r\n$/.exec(part)?.slice(1),
    );
}

describe.skipIf(nginx.version === undefined)("the nginx profile", () => {
  let theirs: ForeignServer;
  let ours: RangeServer;
  const opened: { close(): Promise<void> }[] = [];
  const open = async (options: Omit<Parameters<typeof startRangeServer>[0], "files">) => {
    const server = await startRangeServer({ files, profile: "nginx", ...options });
    opened.push(server);
    return server;
  };
  const openNginx = async (variation: Variation) => {
    const server = await nginx.start(files, variation);
    opened.push(server);
    return server;
  };
  beforeAll(async () => {
    theirs = await openNginx("defaults");
    ours = await open({});
  });
  afterAll(() => Promise.all(opened.map((server) => server.close())));

  test.each(fields)("answers '%s' as nginx does", async (Range) => {
    expect(await seen(ours.url, "f.bin", { Range })).toEqual(await seen(theirs.url, "f.bin", { Range }));
  });

  test.each(fields)("answers '%s' of an empty file as nginx does", async (Range) => {
    expect(await seen(ours.url, "empty.bin", { Range })).toEqual(
      await seen(theirs.url, "empty.bin", { Range }),
    );
  });

  test.each([undefined, "bytes=0-9", "bytes=500-"])(
    "answers HEAD with the range %s as nginx does",
    async (range) => {
      const headers: Record<string, string> = range === undefined ? {} : { Range: range };
      expect(await seen(ours.url, "f.bin", headers, "HEAD")).toEqual(
        await seen(theirs.url, "f.bin", headers, "HEAD"),
      );
    },
  );

  test("counts ranges as max_ranges does, and promises none where it is 0", async () => {
    const two = [await open({ maxRanges: 2 }), await openNginx("two-ranges")] as const;
    const none = [await open({ maxRanges: 0 }), await openNginx("no-ranges")] as const;
    for (const Range of ["bytes=0-1", "bytes=0-1,4-5", "bytes=0-1,4-5,8-9", "bytes=0-1,4-5,500-600"]) {
      for (const [mine, real] of [two, none]) {
        expect(await seen(mine.url, "f.bin", { Range }), Range).toEqual(
          await seen(real.url, "f.bin", { Range }),
        );
      }
    }
  });

  test.each(["gzip", "gzip, br", "identity", "br"])(
    "encodes on the fly for '%s' as nginx does",
    async (accepted) => {
      const encoding = await open({ gzip: true });
      const real = await openNginx("compressed");
      for (const range of [{}, { Range: "bytes=0-9" }]) {
        const headers = { ...range, "Accept-Encoding": accepted };
        expect(await seen(encoding.url, "f.bin", headers)).toEqual(await seen(real.url, "f.bin", headers));
      }
    },
  );

  const conditions: [name: string, headers: (etag: string, modified: string) => Record<string, string>][] = [
    ["If-Range of the ETag", (etag) => ({ "If-Range": etag })],
    ["If-Range of the weakened ETag", (etag) => ({ "If-Range": `W/${etag}` })],
    ["If-Range of another", () => ({ "If-Range": '"other"' })],
    ["If-Range of the date", (_, modified) => ({ "If-Range": modified })],
    ["If-Range of another date", () => ({ "If-Range": "Mon, 01 Jan 2024 00:00:00 GMT" })],
    ["If-Match of the ETag", (etag) => ({ "If-Match": etag })],
    ["If-Match of the weakened ETag", (etag) => ({ "If-Match": `W/${etag}` })],
    ["If-Match of another", () => ({ "If-Match": '"other"' })],
    ["If-Match *", () => ({ "If-Match": "*" })],
    ["If-None-Match of the ETag", (etag) => ({ "If-None-Match": etag })],
    ["If-None-Match of the weakened ETag", (etag) => ({ "If-None-Match": `W/${etag}` })],
    ["If-Unmodified-Since at the date", (_, modified) => ({ "If-Unmodified-Since": modified })],
    ["If-Unmodified-Since before it", () => ({ "If-Unmodified-Since": "Mon, 01 Jan 2024 00:00:00 GMT" })],
    ["If-Modified-Since at the date", (_, modified) => ({ "If-Modified-Since": modified })],
  ];
  test.each(conditions)("judges %s as nginx does", async (_, headersOf) => {
    const answers = [theirs.url, ours.url].map(async (url) => {
      const { headers } = await ask(`${url}/f.bin`);
      const condition = headersOf(headers.etag ?? "", headers["last-modified"] ?? "");
      const { status, range } = (await seen(url, "f.bin", { Range: "bytes=0-9", ...condition })) as Record<
        string,
        unknown
      >;
      return { status, range };
    });
    const [wanted, mine] = await Promise.all(answers);
    expect(mine).toEqual(wanted);
  });

  test("the rfc9110 profile differs from nginx in these ranges and no others", async () => {
    const rfc = await open({ profile: "rfc9110" });
    const differing: Record<string, string> = {};
    for (const Range of fields) {
      const [wanted, mine] = (await Promise.all(
        [theirs.url, rfc.url].map((url) => seen(url, "f.bin", { Range })),
      )) as { status: number; body: unknown }[];
      if (wanted?.status !== mine?.status) differing[Range] = `${mine?.status}, nginx ${wanted?.status}`;
    }
    expect(differing).toEqual({
      "bytes=5-3": "200, nginx 416",
      "bytes=abc": "200, nginx 416",
      "bytes=a-b": "200, nginx 416",
      "bytes=-": "200, nginx 416",
      "bytes=1": "200, nginx 416",
      "bytes=1-2-3": "200, nginx 416",
      "bytes=+1-2": "200, nginx 416",
      "bytes=0-99999999999999999999": "206, nginx 416",
      "bytes=0-1,9-3": "200, nginx 206",
      "bytes=0-99,0-0": "206, nginx 200",
    });
  });
});

import { Agent } from "node:http";
import { gunzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { type AskOptions, ask, type Reply } from "../../test/lab/ask.node.ts";
import { getHeader, setHeader } from "./exchange.ts";
import { type Misbehaviour, type MisbehaviourName, misbehaviourNames } from "./misbehaviours.ts";
import { patternBytes } from "./pattern-bytes.ts";
import { type RangeServer, startRangeServer } from "./range-server.node.ts";

const BYTES = patternBytes(100);
const ETAG = '"v1"';

interface Asking {
  server: RangeServer;
  /** Asks for a range ("10-19" where nothing is given) of the file. */
  ask(range?: string, options?: AskOptions): Promise<Reply>;
}

async function serve(misbehave: Misbehaviour | readonly Misbehaviour[]): Promise<Asking> {
  const file = { bytes: BYTES, etag: ETAG, lastModified: new Date("2024-01-01T00:00:00Z") };
  const server = await startRangeServer({ files: { f: file }, misbehave });
  onTestFinished(() => server.close());
  return {
    server,
    ask: (range = "10-19", options = {}) =>
      ask(`${server.url}/f`, { ...options, headers: { Range: `bytes=${range}`, ...options.headers } }),
  };
}

const range = (reply: Reply) => reply.headers["content-range"];
const length = (reply: Reply) => reply.headers["content-length"];
const head: AskOptions = { method: "HEAD" };

const proofs: Record<MisbehaviourName, (name: MisbehaviourName) => Promise<void>> = {
  "etag-changes": async (name) => {
    const { ask } = await serve(name);
    const [first, second] = [await ask(), await ask()];
    expect(first.headers.etag).not.toBe(second.headers.etag);
    expect(first.body).toEqual(second.body);
    const stale = await ask("0-1", { headers: { "If-Match": second.headers.etag ?? "" } });
    expect(stale.status).toBe(412);
  },
  "file-changes": async (name) => {
    const { ask } = await serve(name);
    const [first, second] = [await ask(), await ask()];
    expect(first.body).toEqual(BYTES.slice(10, 20));
    expect(second.body).toEqual(BYTES.slice(10, 20).map((byte) => byte ^ 0xff));
    expect([first.headers.etag, second.headers.etag]).toEqual([ETAG, '"changed-v1"']);
    expect(second.headers["last-modified"]).not.toBe(first.headers["last-modified"]);
    expect((await ask("0-1", { headers: { "If-Match": ETAG } })).status).toBe(412);
  },
  "weak-etag": async (name) => {
    const { ask } = await serve(name);
    expect((await ask()).headers.etag).toBe('W/"v1"');
    expect((await ask("0-1", { headers: { "If-Range": ETAG } })).status).toBe(200);
  },
  "no-etag": async (name) => {
    const { headers } = await (await serve(name)).ask();
    expect([headers.etag, headers["last-modified"]]).toEqual([undefined, "Mon, 01 Jan 2024 00:00:00 GMT"]);
  },
  "no-validators": async (name) => {
    const { headers } = await (await serve(name)).ask();
    expect([headers.etag, headers["last-modified"]]).toEqual([undefined, undefined]);
  },
  "etag-vanishes": async (name) => {
    const { ask } = await serve(name);
    expect([(await ask()).headers.etag, (await ask()).headers.etag]).toEqual([ETAG, undefined]);
  },
  "unquoted-etag": async (name) => {
    expect((await (await serve(name)).ask()).headers.etag).toBe("v1");
    expect((await (await serve({ name, value: "0x8D" })).ask()).headers.etag).toBe("0x8D");
  },
  "ignores-range": async (name) => {
    const reply = await (await serve(name)).ask();
    expect([reply.status, range(reply), reply.headers["accept-ranges"]]).toEqual([200, undefined, "bytes"]);
    expect(reply.body).toEqual(BYTES);
  },
  "wrong-range": async (name) => {
    const { ask } = await serve(name);
    const reply = await ask();
    expect([reply.status, range(reply)]).toEqual([206, "bytes 11-20/100"]);
    expect(reply.body).toEqual(BYTES.slice(11, 21));
    expect(range(await ask("90-99"))).toBe("bytes 89-98/100");
    expect(range(await ask("-1"))).toBe("bytes 98-98/100");
    expect(range(await ask("0-99"))).toBe("bytes 50-99/100");
    expect(range(await (await serve({ name, bytes: 30 })).ask())).toBe("bytes 40-49/100");
  },
  "short-range": async (name) => {
    const { ask } = await serve(name);
    const reply = await ask();
    expect([range(reply), length(reply)]).toEqual(["bytes 10-14/100", "5"]);
    expect(reply.body).toEqual(BYTES.slice(10, 15));
    expect(range(await ask("7-7"))).toBe("bytes 7-7/100");
    expect(range(await (await serve({ name, bytes: 3 })).ask())).toBe("bytes 10-12/100");
  },
  "superset-range": async (name) => {
    const { ask } = await serve(name);
    const reply = await ask("20-29");
    expect(range(reply)).toBe("bytes 4-45/100");
    expect(reply.body).toEqual(BYTES.slice(4, 46));
    expect(range(await ask("5-95"))).toBe("bytes 0-99/100");
  },
  "ignores-conditions": async (name) => {
    const { ask } = await serve(name);
    const conditions = { "If-Match": '"other"', "If-Range": '"other"' };
    expect((await ask("0-1", { headers: conditions })).status).toBe(206);
  },
  "shifted-body": async (name) => {
    const { ask } = await serve(name);
    const reply = await ask();
    expect([range(reply), reply.headers.etag]).toEqual(["bytes 10-19/100", ETAG]);
    expect(reply.body).toEqual(BYTES.slice(11, 21));
    expect((await ask("98-99")).body).toEqual(new Uint8Array([BYTES[99] ?? 0, BYTES[0] ?? 0]));
  },
  "long-body": async (name) => {
    const { ask } = await serve({ name, bytes: 2 });
    const reply = await ask();
    expect([range(reply), length(reply), reply.body.length]).toEqual(["bytes 10-19/100", "12", 12]);
    expect(reply.body.subarray(0, 10)).toEqual(BYTES.slice(10, 20));
    const untold = await (await serve([name, "chunked"])).ask();
    expect([length(untold), untold.body.length]).toEqual([undefined, 11]);
  },
  "short-length": async (name) => {
    const reply = await (await serve(name)).ask();
    expect([range(reply), length(reply)]).toEqual(["bytes 10-19/100", "5"]);
    expect([reply.body, reply.error]).toEqual([BYTES.slice(10, 15), undefined]);
  },
  "no-content-range": async (name) => {
    const reply = await (await serve(name)).ask();
    expect([reply.status, range(reply), length(reply)]).toEqual([206, undefined, "10"]);
  },
  "no-total": async (name) => {
    const { ask } = await serve(name);
    expect(range(await ask())).toBe("bytes 10-19/*");
    expect(range(await ask("500-"))).toBe("bytes */100");
  },
  "wrong-total": async (name) => {
    expect(range(await (await serve(name)).ask())).toBe("bytes 10-19/101");
    expect(range(await (await serve({ name, value: "12" })).ask())).toBe("bytes 10-19/12");
  },
  "wrong-unit": async (name) => {
    expect(range(await (await serve(name)).ask())).toBe("items 10-19/100");
  },
  "duplicate-content-range": async (name) => {
    const { rawHeaders } = await (await serve(name)).ask();
    const fields = rawHeaders.filter((_, index) => rawHeaders[index - 1] === "Content-Range");
    expect(fields).toEqual(["bytes 10-19/100", "bytes 0-0/100"]);
  },
  "garbage-content-range": async (name) => {
    expect(range(await (await serve(name)).ask())).toBe("bytes 0-(null)/(null)");
    expect(range(await (await serve({ name, value: "bytes=10-19/100" })).ask())).toBe("bytes=10-19/100");
  },
  "200-for-206": async (name) => {
    const reply = await (await serve(name)).ask();
    expect([reply.status, range(reply), reply.body.length]).toEqual([200, "bytes 10-19/100", 10]);
  },
  multipart: async (name) => {
    const reply = await (await serve(name)).ask();
    expect([reply.status, range(reply)]).toEqual([206, undefined]);
    expect(reply.headers["content-type"]).toMatch(/^multipart\/byteranges; boundary=/);
    expect(reply.headers["access-control-allow-origin"]).toBe("*");
    expect(Buffer.from(reply.body).includes(Buffer.from(BYTES.subarray(10, 20)))).toBe(true);
  },
  gzips: async (name) => {
    const reply = await (await serve(name)).ask();
    expect([reply.status, reply.headers["content-encoding"], range(reply)]).toEqual([
      206,
      "gzip",
      "bytes 10-19/100",
    ]);
    expect(length(reply)).toBe(String(reply.body.length));
    expect(new Uint8Array(gunzipSync(reply.body))).toEqual(BYTES.slice(10, 20));
  },
  "html-login": async (name) => {
    const { ask } = await serve(name);
    const reply = await ask();
    expect([reply.status, reply.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
    expect(reply.text).toContain("<form");
    expect((await ask("0-1", head)).body).toHaveLength(0);
  },
  "accept-ranges-none": async (name) => {
    const reply = await (await serve(name)).ask();
    expect([reply.status, reply.headers["accept-ranges"]]).toEqual([206, "none"]);
  },
  "hidden-headers": async (name) => {
    const { headers } = await (await serve(name)).ask();
    expect(headers["access-control-expose-headers"]).toBeUndefined();
    expect(headers["access-control-allow-origin"]).toBe("*");
  },
  "no-cors": async (name) => {
    const { headers } = await (await serve(name)).ask();
    expect(Object.keys(headers).filter((field) => field.startsWith("access-control"))).toEqual([]);
  },
  status: async (name) => {
    const slow = await (await serve({ name, status: 503, retryAfter: "2", value: "SlowDown" })).ask();
    expect([slow.status, slow.headers["retry-after"], slow.text]).toEqual([503, "2", "SlowDown"]);
    const unsatisfied = await (await serve({ name, status: 416 })).ask();
    expect([unsatisfied.status, range(unsatisfied)]).toEqual([416, undefined]);
    expect((await (await serve({ name, status: 204 })).ask()).status).toBe(204);
    const challenge = await (await serve({ name, status: 401 })).ask();
    expect(challenge.headers["www-authenticate"]).toMatch(/^Basic /);
  },
  "429-then-ok": async (name) => {
    const { ask } = await serve(name);
    const [first, second] = [await ask(), await ask()];
    expect([first.status, first.headers["retry-after"], second.status]).toEqual([429, "0", 206]);
  },
  "503-then-ok": async (name) => {
    const { ask } = await serve({ name, times: 2 });
    const replies = [await ask(), await ask(), await ask()];
    expect(replies.map((reply) => reply.status)).toEqual([503, 503, 206]);
    expect(replies[0]?.headers["retry-after"]).toBeUndefined();
  },
  "no-suffix": async (name) => {
    const { ask } = await serve(name);
    expect([(await ask("-5")).status, (await ask("0-5")).status]).toEqual([501, 206]);
  },
  "refuses-if-match": async (name) => {
    const { ask } = await serve(name);
    const withCondition = await ask("0-1", { headers: { "If-Match": ETAG } });
    expect([withCondition.status, (await ask()).status]).toEqual([412, 206]);
  },
  "refuses-many": async (name) => {
    const { ask } = await serve([
      { name, limit: 2 },
      { name: "slow-headers", ms: 60 },
    ]);
    const replies = await Promise.all([ask(), ask(), ask(), ask()]);
    expect(replies.map((reply) => reply.status).sort((a, b) => a - b)).toEqual([206, 206, 503, 503]);
    expect((await ask()).status).toBe(206);
  },
  "head-forbidden": async (name) => {
    const { ask } = await serve(name);
    expect([(await ask("0-1", head)).status, (await ask()).status]).toEqual([403, 206]);
  },
  "head-without-length": async (name) => {
    const reply = await (await serve(name)).ask("0-1", head);
    expect([reply.status, length(reply)]).toEqual([200, undefined]);
  },
  "head-zero-length": async (name) => {
    const reply = await (await serve(name)).ask("0-1", head);
    expect([reply.status, length(reply)]).toEqual([200, "0"]);
  },
  redirects: async (name) => {
    const { ask: askHere, server } = await serve(name);
    const reply = await askHere();
    expect([reply.status, reply.headers.location]).toEqual([302, "/f?redirected"]);
    const target = await ask(`${server.url}${reply.headers.location}`, { headers: { Range: "bytes=0-1" } });
    expect(target.status).toBe(206);
    const away = await (await serve({ name, status: 307, location: "http://127.0.0.1:1/x" })).ask();
    expect([away.status, away.headers.location]).toEqual([307, "http://127.0.0.1:1/x"]);
  },
  "redirect-loop": async (name) => {
    const reply = await (await serve(name)).ask();
    expect([reply.status, reply.headers.location]).toEqual([302, "/f"]);
  },
  "redirect-without-location": async (name) => {
    const reply = await (await serve(name)).ask();
    expect([reply.status, reply.headers.location]).toEqual([302, undefined]);
  },
  "short-body": async (name) => {
    const { ask, server } = await serve({ name, bytes: 4 });
    const reply = await ask();
    expect([length(reply), reply.body, reply.error?.message]).toEqual(["10", BYTES.slice(10, 14), "aborted"]);
    expect(server.requests[0]).toMatchObject({ bytesSent: 4, aborted: false });
    const none = await (await serve({ name, bytes: 0 })).ask();
    expect([none.status, none.body.length]).toEqual([206, 0]);
    const untold = await (await serve([name, "close-delimited"])).ask();
    expect([untold.body.length, untold.error]).toEqual([5, undefined]);
  },
  "drops-mid-body": async (name) => {
    const { ask, server } = await serve({ name, bytes: 7 });
    const reply = await ask();
    expect(reply.body).toEqual(BYTES.slice(10, 17));
    expect(reply.error).toMatchObject({ code: "ECONNRESET" });
    expect(server.requests[0]).toMatchObject({ bytesSent: 7, aborted: false });
  },
  "drops-before-headers": async (name) => {
    await expect((await serve(name)).ask()).rejects.toMatchObject({ code: "ECONNRESET" });
  },
  stalls: async (name) => {
    const { ask, server } = await serve(name);
    const reply = await ask("10-19", { idleMs: 80 });
    expect([reply.status, reply.body]).toEqual([206, BYTES.slice(10, 15)]);
    await expect.poll(() => server.requests[0]?.aborted).toBe(true);
    const bare = await (await serve({ name, bytes: 0 })).ask("10-19", { idleMs: 80 });
    expect([bare.status, bare.body.length]).toEqual([206, 0]);
  },
  silent: async (name) => {
    const { ask, server } = await serve(name);
    await expect(ask("10-19", { idleMs: 80 })).rejects.toThrow("idle");
    await expect.poll(() => server.requests[0]?.aborted).toBe(true);
    expect(server.requests[0]?.status).toBe(0);
  },
  "slow-headers": async (name) => {
    await expect((await serve(name)).ask("10-19", { idleMs: 100 })).rejects.toThrow("idle");
    expect((await (await serve({ name, ms: 20 })).ask()).status).toBe(206);
  },
  "slow-first-byte": async (name) => {
    const early = await (await serve(name)).ask("10-19", { idleMs: 100 });
    expect([early.status, early.body.length]).toEqual([206, 0]);
    expect((await (await serve({ name, ms: 20 })).ask()).body).toEqual(BYTES.slice(10, 20));
  },
  trickles: async (name) => {
    const { ask } = await serve({ name, ms: 10 });
    const started = performance.now();
    const reply = await ask();
    expect(performance.now() - started).toBeGreaterThan(90);
    expect(reply.body).toEqual(BYTES.slice(10, 20));
  },
  chunked: async (name) => {
    const reply = await (await serve(name)).ask();
    expect([reply.headers["transfer-encoding"], length(reply)]).toEqual(["chunked", undefined]);
    expect(reply.body).toEqual(BYTES.slice(10, 20));
  },
  "close-delimited": async (name) => {
    const reply = await (await serve(name)).ask();
    const { "transfer-encoding": coding, connection } = reply.headers;
    expect([coding, length(reply), connection]).toEqual([undefined, undefined, "close"]);
    expect([reply.body, reply.error]).toEqual([BYTES.slice(10, 20), undefined]);
  },
  "connection-close": async (name) => {
    const { ask, server } = await serve(name);
    const agent = new Agent({ keepAlive: true });
    await ask("0-1", { agent });
    await ask("0-1", { agent });
    expect(server.requests.map((request) => request.connection)).toEqual([1, 2]);
  },
};

test.each(misbehaviourNames)("%s does on the wire what its name says", (name) => proofs[name](name));

test("misbehaviours compose, whatever their order: what is asked changes before the answer does", async () => {
  for (const names of [
    ["ignores-range", "weak-etag", "chunked"],
    ["chunked", "weak-etag", "ignores-range"],
  ] as const) {
    const reply = await (await serve(names)).ask();
    expect([reply.status, reply.headers.etag, length(reply)]).toEqual([200, 'W/"v1"', undefined]);
    expect(reply.body).toEqual(BYTES);
  }
});

test("`after`, `times`, `method`, `path` and `on` choose the requests that it meets", async () => {
  const { ask: askFile, server } = await serve([
    { name: "status", status: 500, after: 1, times: 2, method: "GET", path: "/f" },
    { name: "status", status: 404, on: (request) => request.headers["x-fail"] === "1" },
  ]);
  const statuses: number[] = [];
  for (const method of ["GET", "HEAD", "GET", "GET", "GET"])
    statuses.push((await askFile("0-1", { method })).status);
  expect(statuses).toEqual([206, 200, 500, 500, 206]);
  expect((await ask(`${server.url}/other`)).status).toBe(404);
  expect((await askFile("0-1", { headers: { "X-Fail": "1" } })).status).toBe(404);
});

test("preflights are left alone unless a rule names their method", async () => {
  const { ask: askFile } = await serve({ name: "status", status: 500 });
  expect((await askFile("0-1", { method: "OPTIONS" })).status).toBe(204);
  const { ask: askRefusing } = await serve({ name: "status", status: 405, method: "OPTIONS" });
  expect((await askRefusing("0-1", { method: "OPTIONS" })).status).toBe(405);
});

test("a function has the exchange in hand: it may edit the answer or ask anew", async () => {
  const { ask: askFile } = await serve((exchange) => {
    if (exchange.request.range === "bytes=0-0") {
      exchange.asked.headers["range"] = "bytes=5-6";
      exchange.answerAgain();
    }
    setHeader(exchange, "X-Total", getHeader(exchange, "content-range")?.split("/")[1] ?? "none");
  });
  const reply = await askFile("0-0");
  expect([reply.body, reply.headers["x-total"]]).toEqual([BYTES.slice(5, 7), "100"]);
});

test("a function that throws answers 500 with the reason", async () => {
  const { ask: askFile } = await serve(() => {
    throw new Error("a slip in the test");
  });
  const reply = await askFile();
  expect([reply.status, reply.text.includes("a slip in the test")]).toEqual([500, true]);
});

test("a name that does not exist is refused before anything is started", async () => {
  const nameless = startRangeServer({ files: {}, misbehave: "naps" as MisbehaviourName });
  await expect(nameless).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
});

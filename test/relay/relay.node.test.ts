import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { describe, expect, it } from "vitest";
import { openSource, relayClient } from "../../src/index.ts";
import { startRelay } from "../../src/node.ts";
import type { Relay } from "../../src/relay/relay-options.ts";
import { patternBytes, startRangeServer, startRawServer } from "../../src/testing.ts";
import { openZip } from "../../src/zip.ts";
import { head, partial, partialHead, status, until } from "../faults/scenario.node.ts";
import { selfSigned } from "../faults/self-signed.node.ts";
import { expectSameBytes } from "../same-bytes.ts";
import { buildZip, text } from "../zip/build-zip.ts";
import { askRelay, byName, PAGE, startLocalRelay } from "./relay-lab.node.ts";

const file = patternBytes(200_000, 42);
/** What `partial` sends parts of. */
const small = patternBytes(1000, 42);
const files = { file };
const BARE = { "access-control-allow-origin": undefined, "relay-error": undefined };

/** A page's client in Node, where nobody sends an Origin by themselves. */
function pageClient(relay: Relay): typeof fetch {
  return relayClient(relay.url, (url, init) => {
    const headers = new Headers(init?.headers);
    headers.set("origin", PAGE);
    return fetch(url, { ...init, headers });
  });
}

describe("a page reads through the relay", () => {
  it("opens a file, knows its identity, and reads the same bytes by the same requests", async () => {
    await using server = await startRangeServer({ files });
    await using relay = await startLocalRelay([server]);
    // What is widened depends on how long answers take.
    const policy = "lean";
    await using direct = await openSource(`${server.url}/file`, { policy });
    await direct.read([100_000, 100_100]);
    const expected = server.requests.splice(0).map(({ headers }) => headers["range"]);
    await using source = await openSource(byName(server, "/file"), { client: pageClient(relay), policy });
    expectSameBytes(await source.read([100_000, 100_100]), file.slice(100_000, 100_100));
    expect([source.size, source.identity]).toEqual([direct.size, direct.identity]);
    expect(server.requests.map(({ headers }) => headers["range"])).toEqual(expected);
    expect(source.receipt.requests).toBe(2);
  });

  it("lists a zip by its tail and reads a member", async () => {
    const zip = buildZip([
      { name: "big", data: patternBytes(300_000, 1) },
      { name: "small", data: text("here") },
    ]);
    await using server = await startRangeServer({ files: { "a.zip": zip } });
    await using relay = await startLocalRelay([server]);
    await using archive = await openZip(byName(server, "/a.zip"), { client: pageClient(relay) });
    expect(await archive.get("small").text()).toBe("here");
    expectSameBytes(await archive.get("big").bytes(), patternBytes(300_000, 1));
  });

  it("notices a file that changed", async () => {
    await using server = await startRangeServer({ files });
    await using relay = await startLocalRelay([server]);
    await using source = await openSource(byName(server, "/file"), { client: pageClient(relay) });
    server.replace("file", patternBytes(200_000, 43));
    await expect(source.read([150_000, 150_010])).rejects.toMatchObject({ code: "CHANGED" });
  });

  it("is told BLOCKED_ADDRESS once, as an error of its own", async () => {
    await using relay = await startRelay({ origin: PAGE });
    const opening = openSource("http://192.168.1.1/file", { client: pageClient(relay) });
    await expect(opening).rejects.toMatchObject({ code: "BLOCKED_ADDRESS", attempts: 1, retryable: false });
  });

  it("goes on where a body broke off", async () => {
    await using server = await startRawServer([
      { send: partial(0, 10) },
      { send: [partialHead(100, 110), small.slice(100, 104), { close: "reset" }] },
      { expect: { range: "bytes=104-109", headers: { "if-match": '"a"' } }, send: partial(104, 110) },
    ]);
    await using relay = await startLocalRelay([server]);
    const retry = { attempts: 3, baseDelayMs: 1, maxDelayMs: 2 };
    const options = { client: pageClient(relay), retry, probe: [0, 10], cache: false } as const;
    await using source = await openSource(byName(server, "/file"), options);
    expectSameBytes(await source.read([100, 110]), small.slice(100, 110));
  });
});

describe("who may ask", () => {
  it.each([
    ["no Origin", { headers: { origin: undefined } }, 403],
    ["another page", { headers: { origin: "http://evil.example" } }, 403],
    ["the same host on another port", { headers: { origin: "http://127.0.0.1:8081" } }, 403],
    ["a sandboxed page", { headers: { origin: "null" } }, 403],
    ["no token", { path: "/relay?url=http://files.example/" }, 404],
    ["a wrong token", { path: `/relay/${"A".repeat(43)}?url=http://files.example/` }, 404],
    ["half a token", { path: "/relay/A" }, 404],
    ["the root", { path: "/" }, 404],
    ["POST", { method: "POST", body: "x" }, 405],
    ["HEAD", { method: "HEAD" }, 405],
    ["PUT", { method: "PUT" }, 405],
  ])("%s: refused with a bare status, and nothing is sent", async (_name, asking, expected) => {
    await using server = await startRangeServer({ files });
    await using relay = await startLocalRelay([server]);
    const { status: got, headers, body } = await askRelay(relay, byName(server, "/file"), asking);
    expect([got, body.length]).toEqual([expected, 0]);
    expect({ ...BARE, ...headers }).toMatchObject({ ...BARE, "content-type": "application/octet-stream" });
    expect(server.totalConnections).toBe(0);
  });

  it("each relay has a token of its own", async () => {
    await using one = await startRelay({ origin: PAGE });
    await using two = await startRelay({ origin: PAGE });
    expect(one.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/relay\/[\w-]{43}$/);
    expect(new URL(one.url).pathname).not.toBe(new URL(two.url).pathname);
  });

  it("a preflight is granted what relayClient sends, and no more", async () => {
    await using relay = await startRelay({ origin: PAGE });
    const { status: got, headers } = await askRelay(relay, "http://files.example/", {
      method: "OPTIONS",
      headers: { range: undefined, "access-control-request-headers": "range, authorization" },
    });
    expect(got).toBe(204);
    expect(headers).toMatchObject({
      "access-control-allow-origin": PAGE,
      "access-control-allow-methods": "GET",
      "access-control-allow-headers": "range, if-match, if-range",
      vary: "origin",
    });
    expect(headers["access-control-allow-credentials"]).toBeUndefined();
  });

  it("listens on one address of loopback alone", async () => {
    await using relay = await startRelay({ origin: PAGE });
    const port = Number(new URL(relay.url).port);
    const own = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
    const others = own.map(({ address, scopeid }) => (scopeid ? `${address}%${scopeid}` : address));
    // Of Linux, all of 127.0.0.0/8 is this machine.
    if (process.platform === "linux") others.push("127.0.0.2");
    for (const host of others.filter((address) => address !== "127.0.0.1")) {
      const outcome = await new Promise((resolve) => {
        const socket = connect({ host, port }, () => resolve("connected"));
        socket.on("error", () => resolve("refused"));
      });
      expect([host, outcome]).toEqual([host, "refused"]);
    }
  });
});

describe("what may be asked", () => {
  it.each([
    ["no Range", { range: undefined }, "INVALID_RANGE"],
    ["two ranges", { range: "bytes=0-1,4-5" }, "INVALID_RANGE"],
    ["another unit", { range: "items=0-1" }, "INVALID_RANGE"],
    ["a reversed range", { range: "bytes=5-1" }, "INVALID_RANGE"],
    ["a range of more than 16 MiB", { range: "bytes=0-16777216" }, "LIMIT"],
    ["a suffix of more than 16 MiB", { range: "bytes=-16777217" }, "LIMIT"],
    ["a weak condition", { "if-match": 'W/"a"' }, "INVALID_ARGUMENT"],
    ["a body", { "content-length": "1" }, "INVALID_ARGUMENT"],
    ["a body of unknown length", { "transfer-encoding": "chunked" }, "INVALID_ARGUMENT"],
  ])("%s: %s is refused before anything is sent", async (_name, headers, code) => {
    await using server = await startRangeServer({ files });
    await using relay = await startLocalRelay([server]);
    const body = "content-length" in headers || "transfer-encoding" in headers ? "x" : "";
    const answered = await askRelay(relay, byName(server, "/file"), { headers, body });
    expect(answered.code).toBe(code);
    expect(answered.headers["access-control-allow-origin"]).toBe(PAGE);
    expect(server.totalConnections).toBe(0);
  });

  it("two URLs, or one with a password, are INVALID_ARGUMENT", async () => {
    await using relay = await startRelay({ origin: PAGE });
    const { pathname } = new URL(relay.url);
    const path = `${pathname}?url=http://a.example/&url=http://b.example/`;
    expect((await askRelay(relay, "", { path })).code).toBe("INVALID_ARGUMENT");
    expect((await askRelay(relay, "", { path: pathname })).code).toBe("INVALID_ARGUMENT");
    expect((await askRelay(relay, "http://me:hunter2@a.example/")).code).toBe("INVALID_ARGUMENT");
  });

  it("a server gets the range, the condition, and nothing of the page's", async () => {
    await using server = await startRawServer([{ send: partial(0, 10) }]);
    await using relay = await startLocalRelay([server]);
    await askRelay(relay, byName(server, "/a%2Fb?q=1+2"), {
      headers: {
        cookie: "a=1",
        authorization: "Bearer x",
        "x-forwarded-for": "1.1.1.1",
        referer: PAGE,
        "user-agent": "x",
        "accept-encoding": "gzip",
        "if-match": '"a"',
        range: "bytes=00-09",
      },
    });
    const [request] = server.requests;
    expect(request?.target).toBe("/a%2Fb?q=1+2");
    expect(request?.headers).toEqual({
      range: "bytes=0-9",
      "accept-encoding": "identity",
      "if-match": '"a"',
      host: byName(server, "").slice("http://".length),
      connection: "keep-alive",
    });
  });
});

describe("what a server answers", () => {
  const other = (fields: object, line = "206 Partial Content") => ({
    send: [
      head(line, { "Content-Length": 10, "Content-Range": "bytes 0-9/1000", ...fields }),
      file.slice(0, 10),
    ],
  });

  it.each([
    ["the whole file", other({ "Content-Range": undefined }, "200 OK"), "RANGE_IGNORED"],
    ["other positions", other({ "Content-Range": "bytes 100-109/1000" }), "RANGE_MISMATCH"],
    ["no Content-Range", other({ "Content-Range": undefined }), "BAD_RESPONSE"],
    ["two Content-Ranges", other({ "Content-Range": "bytes 0-9/1000, bytes 0-9/1000" }), "BAD_RESPONSE"],
    ["a length that does not fit", other({ "Content-Length": 11 }), "BAD_RESPONSE"],
    ["a coded body", other({ "Content-Encoding": "gzip" }), "ENCODED"],
    ["another success", other({ "Content-Range": undefined }, "203 Transformed"), "BAD_RESPONSE"],
    ["a redirect to nowhere", status("302 Found"), "BAD_RESPONSE"],
    ["a redirect that is none", status("300 Multiple Choices"), "BAD_RESPONSE"],
    ["no HTTP", { send: ["SSH-2.0-OpenSSH\r\n", { close: "end" as const }] }, "BAD_RESPONSE"],
    ["nothing", { send: [{ close: "reset" as const }] }, "NETWORK"],
  ])("%s is %s, and nothing of it is handed on", async (_name, exchange, code) => {
    await using server = await startRawServer([exchange]);
    await using relay = await startLocalRelay([server]);
    const answered = await askRelay(relay, byName(server, "/file"));
    expect([answered.status, answered.code]).toEqual([502, code]);
    expect(JSON.parse(answered.body.toString())).toMatchObject({ code });
  });

  it("a part of more than was allowed is LIMIT, where the range was open", async () => {
    await using server = await startRangeServer({ files });
    await using relay = await startLocalRelay([server], { limits: { maxRangeBytes: 1000 } });
    const ask = (range: string) => askRelay(relay, byName(server, "/file"), { headers: { range } });
    expect((await ask("bytes=0-")).code).toBe("LIMIT");
    expect((await ask("bytes=199000-")).body.length).toBe(1000);
    expect((await ask("bytes=-1000")).headers["content-range"]).toBe("bytes 199000-199999/200000");
  });

  it.each(["401 Unauthorized", "403 Forbidden", "404 Not Found", "412 Failed", "429 Slow", "503 Trouble"])(
    "%s is handed on as a status, without fields and body",
    async (line) => {
      const fields = { "Content-Length": 5, "WWW-Authenticate": "Basic", "Set-Cookie": "a=1", ETag: '"x"' };
      await using server = await startRawServer([{ send: [head(line, fields), "<html"] }]);
      await using relay = await startLocalRelay([server]);
      const { status: got, headers, body, code } = await askRelay(relay, byName(server, "/file"));
      expect([got, body.length, code]).toEqual([Number(line.slice(0, 3)), 0, undefined]);
      for (const name of ["www-authenticate", "set-cookie", "etag"]) expect(headers[name]).toBeUndefined();
    },
  );

  it("416 tells the size", async () => {
    await using server = await startRangeServer({ files });
    await using relay = await startLocalRelay([server]);
    const headers = { range: "bytes=300000-300009" };
    const answered = await askRelay(relay, byName(server, "/file"), { headers });
    expect([answered.status, answered.headers["content-range"]]).toEqual([416, "bytes */200000"]);
  });

  it.each([
    ["ends early", 6],
    ["goes on too long", 14],
  ])("a body that %s breaks the answer off", async (_name, length) => {
    const chunked = [
      head("206 Partial Content", { "Content-Range": "bytes 0-9/1000", "Transfer-Encoding": "chunked" }),
      `${length.toString(16)}\r\n${"x".repeat(length)}\r\n0\r\n\r\n`,
    ];
    await using server = await startRawServer([{ send: chunked }]);
    await using relay = await startLocalRelay([server]);
    await expect(askRelay(relay, byName(server, "/file"))).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  it("redirects are followed, five of them, with the same fields", async () => {
    const hop = { expect: { range: "bytes=0-9" }, ...status("307 Temporary", { Location: "/next" }) };
    const five = [hop, hop, hop, hop, hop];
    await using server = await startRawServer([...five, { send: partial(0, 10) }, ...five, hop]);
    await using relay = await startLocalRelay([server]);
    expect((await askRelay(relay, byName(server, "/file"))).status).toBe(206);
    expect((await askRelay(relay, byName(server, "/file"))).code).toBe("REDIRECT");
    // Short bodies of redirects are taken in, so that the connection serves the next hop.
    expect(server.totalConnections).toBe(1);
  });
});

describe("https", () => {
  async function startTls(): Promise<{ url: string; requests: () => number; close(): void }> {
    let requests = 0;
    const server = createTlsServer(selfSigned, (_, response) => {
      requests++;
      response.writeHead(206, { "content-range": "bytes 0-9/1000" }).end(file.slice(0, 10));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const close = () => {
      server.close();
      server.closeAllConnections();
    };
    return { url: `https://127.0.0.1:${port}`, requests: () => requests, close };
  }

  it("a certificate nobody vouches for is NETWORK, and nothing is sent", async () => {
    const server = await startTls();
    await using relay = await startLocalRelay([server]);
    const { code, body } = await askRelay(relay, `${server.url}/file`);
    expect([code, JSON.parse(body.toString()).retryable]).toEqual(["NETWORK", false]);
    expect(server.requests()).toBe(0);
    server.close();
  });

  it("a certificate is held against the name that was asked for, not against where it led", async () => {
    const server = await startTls();
    await using relay = await startLocalRelay([server], {}, { ca: selfSigned.cert });
    expect((await askRelay(relay, `${server.url}/file`)).status).toBe(206);
    const { code, body } = await askRelay(relay, byName(server, "/file").replace("http:", "https:"));
    expect([code, body.toString().includes("ALTNAME")]).toEqual(["NETWORK", true]);
    expect(server.requests()).toBe(1);
    server.close();
  });

  it("a redirect from https: to http: is REDIRECT", async () => {
    const server = createTlsServer(selfSigned, (_, response) => {
      response.writeHead(302, { location: "http://127.0.0.1/" }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await using relay = await startLocalRelay([{ url }], {}, { ca: selfSigned.cert });
    expect((await askRelay(relay, `${url}/file`)).code).toBe("REDIRECT");
    server.close();
    server.closeAllConnections();
  });
});

describe("nothing is held for longer than it is wanted", () => {
  it("connections are used again", async () => {
    await using server = await startRangeServer({ files });
    await using relay = await startLocalRelay([server]);
    for (let turn = 0; turn < 4; turn++) await askRelay(relay, byName(server, "/file"));
    expect([server.requests.length, server.totalConnections]).toEqual([4, 1]);
  });

  it("a page that leaves ends what it asked for", async () => {
    await using server = await startRangeServer({ files, bytesPerSecond: 10_000 });
    await using silent = await startRangeServer({ files, latencyMs: 60_000 });
    await using relay = await startLocalRelay([server, silent]);
    for (const asked of [server, silent]) {
      const leaving = new AbortController();
      const headers = { range: "bytes=0-199999" };
      const asking = askRelay(relay, byName(asked, "/file"), { headers, signal: leaving.signal });
      await until(() => asked.connections === 1);
      leaving.abort();
      await expect(asking).rejects.toThrow();
      await until(() => asked.connections === 0);
    }
  });

  it("a page that does not read is not read for", async () => {
    const size = 256 * 1024 * 1024;
    let sent = 0;
    const chunk = new Uint8Array(1024 * 1024);
    const server = createServer((_, response) => {
      response.writeHead(206, { "content-range": `bytes 0-${size - 1}/${size}`, "content-length": size });
      const go = (): void => {
        for (let more = true; more && sent < size; sent += chunk.length) more = response.write(chunk);
      };
      response.on("drain", go);
      go();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await using relay = await startLocalRelay([{ url }], { limits: { maxRangeBytes: size } });
    const socket = rawRequest(relay, `${url}/file`, `Range: bytes=0-${size - 1}\r\n`);
    socket.pause();
    // What has been sent fills the buffers of four sockets, and stays there.
    let before = -1;
    while (sent === 0 || before !== sent) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(sent).toBeLessThan(size / 4);
    socket.destroy();
    server.close();
    server.closeAllConnections();
  });

  it("whoever does not say what it wants is sent away", async () => {
    await using relay = await startLocalRelay([], { limits: { headersMs: 100 } });
    const socket = connect(Number(new URL(relay.url).port), "127.0.0.1");
    socket.write("GET /relay HTTP/1.1\r\nX-Slow: ");
    expect(await allOf(socket)).toContain("408 Request Timeout");
  });

  it("a head of more than 16 KiB is refused", async () => {
    await using relay = await startRelay({ origin: PAGE });
    const socket = rawRequest(relay, "http://files.example/", `X-Long: ${"x".repeat(17_000)}\r\n`);
    expect(await allOf(socket)).toContain("431 ");
  });

  it("closing cuts what is under way, twice is fine, and the port is free", async () => {
    await using server = await startRangeServer({ files, latencyMs: 60_000 });
    const relay = await startLocalRelay([server]);
    const asking = askRelay(relay, byName(server, "/file"));
    await until(() => server.connections === 1);
    await Promise.all([relay.close(), relay.close()]);
    await expect(asking).rejects.toThrow();
    await until(() => server.connections === 0);
    const port = Number(new URL(relay.url).port);
    await using again = await startRelay({ origin: PAGE, port });
    expect(new URL(again.url).port).toBe(String(port));
    await expect(startRelay({ origin: PAGE, port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });
});

function rawRequest(relay: Relay, url: string, fields: string): Socket {
  const { host, port, pathname } = new URL(relay.url);
  const socket = connect(Number(port), "127.0.0.1");
  const target = `${pathname}?url=${encodeURIComponent(url)}`;
  socket.write(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nOrigin: ${PAGE}\r\n${fields}\r\n`);
  return socket.on("error", () => undefined);
}

function allOf(socket: Socket): Promise<string> {
  let all = "";
  socket.setEncoding("latin1").on("data", (data: string) => {
    all += data;
  });
  return new Promise((resolve) => socket.on("close", () => resolve(all)));
}

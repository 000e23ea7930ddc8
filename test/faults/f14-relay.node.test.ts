import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { startRelay } from "../../src/node.ts";
import { isPublicAddress } from "../../src/relay/public-address.node.ts";
import { patternBytes, startRangeServer, startRawServer } from "../../src/testing.ts";
import { askRelay, byName, PAGE, startLocalRelay } from "../relay/relay-lab.node.ts";
import { partial, status } from "./scenario.node.ts";

const files = { file: patternBytes(1000, 42) };

/** A server that must not be reached, and how many tried. */
async function startVictim(): Promise<{
  port: number;
  connections: () => number;
  close(): Promise<unknown>;
}> {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "::", resolve));
  const { port } = server.address() as { port: number };
  const close = () => new Promise((resolve) => server.close(resolve));
  return { port, connections: () => connections, close };
}

/** Hosts that lead to this machine, to networks near by or to the metadata of a cloud; PORT is one that may be asked. */
const FORBIDDEN = {
  loopback: ["127.0.0.1", "127.8.8.8", "[::1]", "0.0.0.0", "[::]"],
  "the name of loopback": [
    "localhost",
    "LOCALHOST",
    "localhost.",
    "localhost..",
    "a.localhost",
    "%6cocalhost",
  ],
  "decimal, octal and hex": [
    "2130706433",
    "0177.0.0.1",
    "017700000001",
    "0x7f000001",
    "0x7f.1",
    "127.1",
    "127.0.0.1.",
  ],
  "full-width digits and dots": ["１２７。０。０。１", "①②⑦.⓪.⓪.①"],
  "IPv4 within IPv6": [
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[2002:7f00:1::]",
  ],
  "private networks": [
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.254",
    "192.168.1.1",
    "100.64.0.1",
    "[fd00::1]",
    "[fe80::1]",
  ],
  "metadata of clouds": [
    "169.254.169.254",
    "0xa9fea9fe",
    "[fd00:ec2::254]",
    "metadata.google.internal",
    "metadata",
  ],
  "local names": ["a.internal", "a.INTERNAL.", "printer.local", "nas.home.arpa", "router"],
  "multicast, reserved, broadcast": ["224.0.0.1", "240.0.0.1", "255.255.255.255", "[ff02::1]"],
};

describe("F14: the relay goes to the public internet alone", () => {
  it.each(Object.entries(FORBIDDEN))("213. %s: BLOCKED_ADDRESS, and no connection", async (_name, hosts) => {
    const victim = await startVictim();
    await using relay = await startRelay({ origin: PAGE, upstreamPorts: [victim.port] });
    for (const host of hosts) {
      for (const scheme of ["http", "https"]) {
        const { status: got, code } = await askRelay(relay, `${scheme}://${host}:${victim.port}/file`);
        expect([host, got, code]).toEqual([host, 403, "BLOCKED_ADDRESS"]);
      }
    }
    expect(victim.connections()).toBe(0);
    await victim.close();
  });

  it.each(Object.entries(FORBIDDEN))(
    "213. %s, by a redirect: BLOCKED_ADDRESS, and no connection",
    async (_name, hosts) => {
      const victim = await startVictim();
      for (const host of hosts.filter((name) => /^[ -~]+$/.test(name))) {
        await using server = await startRawServer([
          status("307 Temporary", { Location: "/hop" }),
          status("302 Found", { Location: `http://${host}:${victim.port}/file` }),
        ]);
        // The first server counts as public, where its name is resolved and where the connection stands; then the rules hold.
        let checks = 0;
        const isAllowed = (address: string) => ++checks <= 2 || isPublicAddress(address);
        const upstreamPorts = [victim.port, Number(new URL(server.url).port)];
        await using relay = await startLocalRelay([], { upstreamPorts }, { isAllowed });
        const { status: got, code } = await askRelay(relay, byName(server, "/file"));
        expect([host, got, code]).toEqual([host, 403, "BLOCKED_ADDRESS"]);
      }
      expect(victim.connections()).toBe(0);
      await victim.close();
    },
  );

  it.each([
    ["one that is not public", ["10.0.0.1"]],
    ["two, of which one is not public", ["127.0.0.1", "192.168.0.1"]],
    ["an IPv4-mapped one", ["::ffff:127.0.0.1"]],
    ["none", []],
  ])("213. a name that resolves to %s: BLOCKED_ADDRESS", async (_name, addresses) => {
    await using server = await startRawServer([]);
    const lookup = async () =>
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
    await using relay = await startLocalRelay([server], {}, { lookup });
    const { status: got, code, body } = await askRelay(relay, byName(server, "/file"));
    expect([got, code]).toEqual([403, "BLOCKED_ADDRESS"]);
    // What a name resolves to is nobody's business.
    for (const address of addresses) expect(body.toString()).not.toContain(address);
    expect(server.totalConnections).toBe(0);
  });

  it("213. a name that a redirect leads to is resolved and held against the same rules", async () => {
    await using server = await startRawServer([
      status("302 Found", { Location: "http://inside.example/file" }),
    ]);
    const lookup = async (host: string) => [
      { address: host === "inside.example" ? "10.0.0.1" : "127.0.0.1", family: 4 },
    ];
    await using relay = await startLocalRelay([server], {}, { lookup });
    expect((await askRelay(relay, byName(server, "/file"))).code).toBe("BLOCKED_ADDRESS");
  });

  it("213. what a system says of a name that is its own counts, not the name", async () => {
    await using server = await startRangeServer({ files });
    // As `::1 files.example` in the table of hosts would have it.
    const lookup = async () => [{ address: "::1", family: 6 }];
    await using relay = await startLocalRelay([server], {}, { lookup });
    expect((await askRelay(relay, byName(server, "/file"))).code).toBe("BLOCKED_ADDRESS");
    expect(server.totalConnections).toBe(0);
  });
});

describe("F14: DNS rebinding", () => {
  it("214. a name is resolved once: what it turns to later is not asked", async () => {
    // Each range needs a connection of its own.
    await using server = await startRangeServer({ files, misbehave: "connection-close" });
    let lookups = 0;
    const lookup = async () => [{ address: lookups++ === 0 ? "127.0.0.1" : "10.0.0.1", family: 4 }];
    await using relay = await startLocalRelay([server], {}, { lookup });
    for (const range of ["bytes=0-9", "bytes=10-19", "bytes=20-29"]) {
      expect((await askRelay(relay, byName(server, "/file"), { headers: { range } })).status).toBe(206);
    }
    expect([lookups, server.totalConnections]).toEqual([1, 3]);
  });

  it("214. a name whose address went away is resolved anew, and held against the same rules", async () => {
    const server = await startRangeServer({ files });
    let lookups = 0;
    const lookup = async () => [{ address: lookups++ === 0 ? "127.0.0.1" : "10.0.0.1", family: 4 }];
    await using relay = await startLocalRelay([server], {}, { lookup });
    const url = byName(server, "/file");
    expect((await askRelay(relay, url)).status).toBe(206);
    await server.close();
    const after = [
      (await askRelay(relay, url)).code,
      (await askRelay(relay, url)).code,
      (await askRelay(relay, url)).code,
    ];
    expect(after.at(-1)).toBe("BLOCKED_ADDRESS");
    expect(after.filter((code) => code !== "NETWORK" && code !== "BLOCKED_ADDRESS")).toEqual([]);
  });

  it("214. the address that a connection stands to is checked before a byte goes there", async () => {
    await using server = await startRawServer([]);
    const asked: string[] = [];
    const isAllowed = (address: string) => asked.push(address) === 1;
    await using relay = await startLocalRelay([server], {}, { isAllowed });
    expect((await askRelay(relay, byName(server, "/file"))).code).toBe("BLOCKED_ADDRESS");
    expect(asked).toEqual(["127.0.0.1", "127.0.0.1"]);
    // It would have complained of a request that it did not expect.
    expect([server.totalConnections, server.requests.length]).toEqual([1, 0]);
  });

  it("214. a page that reaches the relay by a name of its own gets nothing", async () => {
    await using server = await startRangeServer({ files });
    await using relay = await startLocalRelay([server]);
    const { port } = new URL(relay.url);
    for (const host of [`evil.example:${port}`, "127.0.0.1", `127.0.0.2:${port}`, `localhost.:${port}`]) {
      const {
        status: got,
        headers,
        body,
      } = await askRelay(relay, byName(server, "/file"), { headers: { host } });
      expect([host, got, headers["access-control-allow-origin"], body.length]).toEqual([
        host,
        403,
        undefined,
        0,
      ]);
    }
    expect(server.requests).toEqual([]);
  });
});

describe("F14: what may be asked, and how much", () => {
  it.each([
    "file:///etc/passwd",
    "ftp://files.example/x",
    "gopher://files.example/",
    "data:,x",
    "//files.example/x",
    "x",
    "",
  ])("215. %j is INVALID_ARGUMENT", async (url) => {
    await using relay = await startRelay({ origin: PAGE });
    const { status: got, code } = await askRelay(relay, url);
    expect([got, code]).toEqual([400, "INVALID_ARGUMENT"]);
  });

  it.each(["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x", "javascript:1", "http://"])(
    "215. a redirect to %s is REDIRECT",
    async (location) => {
      await using server = await startRawServer([status("302 Found", { Location: location })]);
      await using relay = await startLocalRelay([server]);
      expect((await askRelay(relay, byName(server, "/file"))).code).toBe("REDIRECT");
    },
  );

  it.each([22, 25, 6379, 8080, 9200])("216. port %s may not be asked", async (port) => {
    await using relay = await startRelay({ origin: PAGE });
    expect((await askRelay(relay, `http://example.com:${port}/`)).code).toBe("BLOCKED_ADDRESS");
  });

  it("216. a port is refused that a redirect leads to", async () => {
    await using other = await startRawServer([]);
    await using server = await startRawServer([status("302 Found", { Location: `${other.url}/file` })]);
    await using relay = await startLocalRelay([server]);
    expect((await askRelay(relay, byName(server, "/file"))).code).toBe("BLOCKED_ADDRESS");
    expect(other.totalConnections).toBe(0);
  });

  it("216. an answer is bytes, whatever the server calls it", async () => {
    const send = partial(0, 10, {
      "Content-Type": "text/html",
      "Set-Cookie": "a=1",
      "Access-Control-Allow-Origin": "*",
      "Content-Disposition": "inline",
      Refresh: "0;url=http://evil.example",
      "Last-Modified": "Tue, 02 Jan 2024 03:04:05 GMT",
      "Accept-Ranges": "bytes",
    });
    await using server = await startRawServer([{ send }]);
    await using relay = await startLocalRelay([server]);
    const { status: got, headers, body } = await askRelay(relay, byName(server, "/file"));
    const { date: _date, "keep-alive": _keepAlive, connection: _connection, ...rest } = headers;
    expect([got, body.length]).toEqual([206, 10]);
    expect(rest).toEqual({
      "content-type": "application/octet-stream",
      "x-content-type-options": "nosniff",
      "content-security-policy": "sandbox; default-src 'none'",
      "cross-origin-resource-policy": "same-origin",
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "access-control-allow-origin": PAGE,
      "access-control-expose-headers":
        "content-range, content-length, etag, last-modified, accept-ranges, retry-after, relay-error",
      vary: "origin",
      "content-range": "bytes 0-9/1000",
      "content-length": "10",
      etag: '"a"',
      "last-modified": "Tue, 02 Jan 2024 03:04:05 GMT",
      "accept-ranges": "bytes",
    });
  });

  it("216. requests, bytes and requests at once are limited, and it says when to come back", async () => {
    await using server = await startRangeServer({ files });
    const url = byName(server, "/file");
    const codes = async (limits: object): Promise<(string | number)[]> => {
      await using relay = await startLocalRelay([server], { limits });
      const answers = [];
      for (let turn = 0; turn < 3; turn++) answers.push(await askRelay(relay, url));
      for (const { status: got, headers } of answers) {
        if (got === 429) expect(Number(headers["retry-after"])).toBeGreaterThan(0);
      }
      return answers.map(({ status: got, code }) => code ?? got);
    };
    expect(await codes({ requestsPerMinute: 2 })).toEqual([206, 206, "RATE_LIMITED"]);
    expect(await codes({ bytesPerMinute: 25 })).toEqual([206, 206, "RATE_LIMITED"]);
    expect(await codes({ maxRangeBytes: 9 })).toEqual(["LIMIT", "LIMIT", "LIMIT"]);
    await using slow = await startRangeServer({ files, latencyMs: 200 });
    await using relay = await startLocalRelay([slow], { limits: { maxConcurrent: 2 } });
    const together = await Promise.all([1, 2, 3].map(() => askRelay(relay, byName(slow, "/file"))));
    expect(together.map(({ status: got }) => got).sort()).toEqual([206, 206, 429]);
    expect((await askRelay(relay, byName(slow, "/file"))).status).toBe(206);
  });

  it("216. time is limited: to the head of an answer, between its bytes, and in all", async () => {
    const server = await startRawServer([
      { send: [] },
      { send: partial(0, 10).slice(0, 1) },
      { send: partial(0, 10).slice(0, 1) },
    ]);
    const url = byName(server, "/file");
    const codeUnder = async (limits: object): Promise<string> => {
      await using relay = await startLocalRelay([server], { limits });
      return await askRelay(relay, url).then(
        ({ code }) => code ?? "whole",
        () => "broken off",
      );
    };
    expect(await codeUnder({ headersMs: 300 })).toBe("TIMEOUT");
    expect(await codeUnder({ idleMs: 60 })).toBe("broken off");
    expect(await codeUnder({ totalMs: 500 })).toBe("broken off");
    await server.close();
  });
});

describe("F14: the surroundings of the relay", () => {
  it("225. a proxy of the environment is not asked, since it would connect to wherever it likes", async () => {
    await using proxy = await startRawServer([]);
    await using server = await startRangeServer({ files });
    const before = { ...process.env };
    for (const name of ["http_proxy", "HTTP_PROXY", "ALL_PROXY"]) process.env[name] = proxy.url;
    process.env["NODE_USE_ENV_PROXY"] = "1";
    try {
      await using relay = await startLocalRelay([server]);
      expect((await askRelay(relay, byName(server, "/file"))).status).toBe(206);
    } finally {
      process.env = before;
    }
    expect(proxy.totalConnections).toBe(0);
  });

  it("228. errors show no secret of a URL, and no address", async () => {
    const server = await startRawServer([{ send: [{ close: "reset" }] }, status("302 Found")]);
    await using relay = await startLocalRelay([server]);
    const secret = byName(server, "/file?v=1&X-Amz-Signature=hunter2&token=hunter3");
    const answers = [await askRelay(relay, secret), await askRelay(relay, secret)];
    answers.push(await askRelay(relay, secret.replace("http://", "http://me:hunter4@")));
    answers.push(await askRelay(relay, secret.replace("files.example", "10.0.0.1")));
    expect(answers.map(({ code }) => code)).toEqual([
      "NETWORK",
      "BAD_RESPONSE",
      "INVALID_ARGUMENT",
      "BLOCKED_ADDRESS",
    ]);
    for (const { body } of answers) expect(body.toString()).not.toMatch(/hunter|127\.0\.0\.1/);
    await server.close();
  });
});

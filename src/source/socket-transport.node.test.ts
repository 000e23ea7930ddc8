import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { selfSigned } from "../../test/faults/self-signed.node.ts";
import { expectSameBytes } from "../../test/same-bytes.ts";
import { concatBytes } from "../bytes/collect-bytes.ts";
import { patternBytes } from "../testing/pattern-bytes.ts";
import { type RawStep, startRawServer } from "../testing/raw-server.node.ts";
import { Deadlines } from "./deadlines.ts";
import { createTransport } from "./socket-transport.node.ts";
import type { Bytes } from "./source.ts";
import type { Transport, TransportBody, TransportRequest, TransportResponse } from "./transport.ts";

const clock = new Deadlines();
const held: { transport?: Transport } = {};
afterEach(() => {
  held.transport?.close();
  delete held.transport;
  clock.clear();
});

async function ask(url: string, more: Partial<TransportRequest> = {}): Promise<TransportResponse> {
  held.transport ??= createTransport(new URL(url).origin, clock);
  return held.transport.send({
    method: "GET",
    url,
    headers: new Map(),
    signal: new AbortController().signal,
    credentials: undefined,
    redirect: "manual",
    connectMs: 5000,
    headersMs: 5000,
    ...more,
  });
}

async function readAll(body: TransportBody): Promise<Bytes> {
  const chunks: Bytes[] = [];
  for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) chunks.push(chunk);
  return concatBytes(chunks);
}

const textOf = async (response: TransportResponse): Promise<string> =>
  new TextDecoder().decode(await readAll(response.body));

/** What two requests in turn get of a server that sends these answers, where so many connections are idle between them. */
async function askTwice(idle: number, first: readonly RawStep[], second: readonly RawStep[]) {
  await using server = await startRawServer([{ send: first }, { send: second }]);
  const one = await ask(`${server.url}/a`);
  const texts = [await textOf(one)];
  await expect.poll(() => held.transport?.idle).toBe(idle);
  const two = await ask(`${server.url}/b`);
  texts.push(await textOf(two));
  return { one, two, texts, connections: server.totalConnections, requests: server.requests };
}

const answer = (body: string, fields = ""): string =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`;

describe("a connection", () => {
  it("carries one request after the other, and tells which is the first", async () => {
    const got = await askTwice(1, [answer("one")], [answer("two")]);
    expect(got).toMatchObject({ texts: ["one", "two"], connections: 1 });
    expect([got.one.reused, got.two.reused]).toEqual([false, true]);
    expect(got.one.timing?.connectMs).toBeGreaterThan(0);
    expect(got.two.timing?.connectMs).toBeUndefined();
    expect(got.requests.map(({ method, target }) => `${method} ${target}`)).toEqual(["GET /a", "GET /b"]);
  });

  it.each<[why: string, first: RawStep[]]>([
    ["that its server will close", [answer("one", "Connection: close\r\n")]],
    ["that its server closes a second later", [answer("one", "Keep-Alive: timeout=1, max=100\r\n")]],
    ["that its server has closed", [answer("one"), { close: "end" }]],
    ["that its server has reset", [answer("one"), { waitMs: 5 }, { close: "reset" }]],
    ["that ended the body", ["HTTP/1.1 200 OK\r\n\r\none", { close: "end" }]],
    ["of HTTP/1.0", ["HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\none"]],
    ["that said more than its length", [`${answer("one")}more`]],
    ["that said more later", [answer("one"), { waitMs: 5 }, answer("two of another")]],
  ])("%s is not used again", async (_why, first) => {
    const got = await askTwice(0, first, [answer("two")]);
    expect(got).toMatchObject({ texts: ["one", "two"], connections: 2 });
  });

  it("is kept as long as its server says", async () => {
    const got = await askTwice(1, [answer("one", "Keep-Alive: timeout=5\r\n")], [answer("two")]);
    expect(got).toMatchObject({ texts: ["one", "two"], connections: 1 });
  });

  it("is gone when the transport closes, or when its request ends after that", async () => {
    await using server = await startRawServer([{ send: [answer("one")] }, { send: [answer("two")] }]);
    await textOf(await ask(`${server.url}/`));
    const open = await ask(`${server.url}/`);
    held.transport?.close();
    expect(await textOf(open)).toBe("two");
    expect(held.transport).toMatchObject({ idle: 0 });
  });

  it("is not left behind by a request that was given up while it opened", async () => {
    await using server = await startRawServer([]);
    const leaving = new AbortController();
    const asked = ask(`${server.url}/`, { signal: leaving.signal });
    leaving.abort("gone");
    await expect(asked).rejects.toBe("gone");
    expect([held.transport, server.requests]).toMatchObject([{ idle: 0 }, []]);
  });
});

it("what a server says unasked is no answer", async () => {
  const server = createTcpServer((socket) => {
    socket.on("error", () => undefined).write("SSH-2.0-OpenSSH_9.2\r\n\r\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await expect(ask(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({
    code: "BAD_RESPONSE",
    message: expect.stringContaining("SSH-2.0"),
  });
  expect(held.transport).toMatchObject({ idle: 0 });
  server.close();
});

describe("a request", () => {
  it("names the host, unless the caller does, and the path with its query", async () => {
    await using server = await startRawServer([{ send: [answer("")] }, { send: [answer("")] }]);
    await textOf(await ask(`${server.url}/a?b=%20`, { headers: new Map([["x", "y"]]) }));
    await textOf(await ask(`${server.url}/`, { headers: new Map([["host", "other.invalid"]]) }));
    const { host } = new URL(server.url);
    expect(server.requests[0]?.text).toBe(
      `GET /a?b=%20 HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\nx: y\r\n\r\n`,
    );
    expect(server.requests[1]?.headers["host"]).toBe("other.invalid");
  });
});

describe.each(["http", "https"])("a body over %s", (protocol) => {
  const file = patternBytes(9_000_001, 4);
  let server: Server | undefined;
  afterEach(() => {
    server?.close();
    delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
  });

  /** Sends the file in writes of such a size. */
  async function start(size: number): Promise<string> {
    const onConnection = (socket: Socket): void => {
      socket
        .on("error", () => undefined)
        .once("data", async () => {
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${file.byteLength}\r\n\r\n`);
          for (let at = 0; at < file.byteLength; at += size) {
            if (!socket.write(file.subarray(at, at + size)))
              await new Promise((resolve) => socket.once("drain", resolve).once("close", resolve));
          }
        });
    };
    const started =
      protocol === "http" ? createTcpServer(onConnection) : createTlsServer(selfSigned, onConnection);
    server = started;
    await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
    return `${protocol}://127.0.0.1:${(started.address() as AddressInfo).port}`;
  }

  it.each([
    ["large", 4_000_000, 0],
    ["small", 3000, 0],
    ["large, and slowly read,", 4_000_000, 20],
  ])("in %s pieces is in chunks that stay as they were", async (_what, size, pauseMs) => {
    // The certificate's own name is not what is tested here.
    if (protocol === "https") process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    const url = await start(size);
    const { body } = await ask(url);
    const chunks: Bytes[] = [];
    for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
      chunks.push(chunk);
      if (pauseMs > 0 && chunks.length % 8 === 0)
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    expectSameBytes(concatBytes(chunks), file);
  });
});

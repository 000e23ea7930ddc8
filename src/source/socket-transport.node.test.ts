import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
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

  it("that nobody uses is closed in time, and keeps no process alive until then", async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    await using server = await startRawServer([{ send: [answer("one", "Keep-Alive: timeout=2\r\n")] }]);
    const before = timers();
    await textOf(await ask(`${server.url}/`));
    const began = performance.now();
    await expect.poll(() => held.transport?.idle).toBe(1);
    expect(timers()).toBeLessThanOrEqual(before);
    // A second before its server would.
    await expect.poll(() => held.transport?.idle, { timeout: 1900 }).toBe(0);
    expect(performance.now() - began).toBeGreaterThan(900);
  });

  it("is gone when the transport closes, or when its request ends after that, and so is its timer", async () => {
    const begun = vi.spyOn(globalThis, "setTimeout");
    const cleared = vi.spyOn(globalThis, "clearTimeout");
    onTestFinished(() => void vi.restoreAllMocks());
    const late = ["HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nt", { waitMs: 20 }, "wo"];
    await using server = await startRawServer([{ send: [answer("one")] }, { send: late }]);
    await textOf(await ask(`${server.url}/`));
    const open = await ask(`${server.url}/`);
    held.transport?.close();
    expect(await textOf(open)).toBe("two");
    expect(held.transport).toMatchObject({ idle: 0 });
    // Those of an idle connection are the longest.
    const idle = begun.mock.results.filter((_, index) => (begun.mock.calls[index]?.[1] ?? 0) > 25_000);
    expect(idle.length).toBeGreaterThan(1);
    const ended = cleared.mock.calls.map(([timer]) => timer);
    for (const { value } of idle) expect(ended).toContain(value);
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

describe("requests of one pipeline", () => {
  /** Asks for so many at once, on a connection of their own, once the server was seen to be of HTTP/1.1. */
  function askBehind(url: string, count: number, more: Partial<TransportRequest> = {}) {
    const pipeline = {};
    return Array.from({ length: count }, (_, index) => ask(`${url}/${index}`, { pipeline, ...more }));
  }

  const outcomeOf = (asked: Promise<TransportResponse>): Promise<string> =>
    asked
      .then(textOf)
      .catch(
        (error: Error) => `${error.constructor.name} (${error.cause === undefined ? "silent" : "lost"})`,
      );
  const outcomesOf = (asked: Promise<TransportResponse>[]) => Promise.all(asked.map(outcomeOf));

  it("go out before the first is answered, on one connection, which is then free", async () => {
    await using server = await startRawServer([
      { send: [{ waitMs: 40 }, answer("one")] },
      { send: [answer("two")] },
      { send: [answer("three")] },
    ]);
    const asked = askBehind(server.url, 3);
    await expect.poll(() => server.requests.length, { interval: 1 }).toBe(3);
    expect(held.transport).toMatchObject({ pipelines: false, idle: 0 });
    const [first, second] = await Promise.all(asked);
    expect([first?.queued, first?.reused, second?.queued, second?.reused]).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect(first?.timing).toEqual({ connectMs: expect.any(Number), latencyMs: expect.any(Number) });
    expect(second?.timing).toEqual({ connectMs: undefined, latencyMs: undefined });
    expect(await outcomesOf(asked)).toEqual(["one", "two", "three"]);
    expect(held.transport).toMatchObject({ pipelines: true, idle: 1 });
    expect([server.totalConnections, server.requests.map(({ target }) => target)]).toEqual([
      1,
      ["/0", "/1", "/2"],
    ]);
  });

  it.each<[how: string, steps: RawStep[]]>([
    ["in one piece", [answer("one") + answer("") + answer("three")]],
    ["byte by byte", Array.from(answer("one") + answer("") + answer("three"))],
    [
      "in chunks, with trailers",
      [
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n0\r\nX: y\r\n\r\nHTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n",
        answer("three"),
      ],
    ],
  ])("are told apart where their answers come %s", async (_how, steps) => {
    await using server = await startRawServer([{ send: steps }, { send: [] }, { send: [] }]);
    expect(await outcomesOf(askBehind(server.url, 3))).toEqual(["one", "", "three"]);
    expect([held.transport?.idle, server.totalConnections]).toEqual([1, 1]);
  });

  it("wait while whoever is before them reads a long body slowly", async () => {
    const long = "x".repeat(3_000_000);
    await using server = await startRawServer([{ send: [answer(long)] }, { send: [answer("two")] }]);
    const [one, two] = askBehind(server.url, 2);
    const first = await (one as Promise<TransportResponse>);
    const second = outcomeOf(two as Promise<TransportResponse>);
    expect(await Promise.race([second, new Promise((resolve) => setTimeout(resolve, 30, "not yet"))])).toBe(
      "not yet",
    );
    expect([(await textOf(first)).length, await second]).toEqual([long.length, "two"]);
  });

  it.each<[what: string, first: RawStep[], second: RawStep[], outcomes: string[]]>([
    [
      "says that it closes the connection",
      [answer("one", "Connection: close\r\n")],
      [],
      ["one", "PipelineError (lost)", "PipelineError (lost)"],
    ],
    [
      "closes it",
      [answer("one"), { close: "end" }],
      [],
      ["one", "PipelineError (lost)", "PipelineError (lost)"],
    ],
    [
      "resets it",
      [answer("one"), { close: "reset" }],
      [],
      ["one", "PipelineError (lost)", "PipelineError (lost)"],
    ],
    [
      "ends the first body by closing it",
      ["HTTP/1.1 200 OK\r\n\r\none", { close: "end" }],
      [],
      ["one", "PipelineError (lost)", "PipelineError (lost)"],
    ],
    [
      "answers none",
      [{ close: "reset" }],
      [],
      ["HttpError (lost)", "PipelineError (lost)", "PipelineError (lost)"],
    ],
    [
      "is silent after the first",
      [answer("one")],
      [],
      ["one", "PipelineError (silent)", "PipelineError (lost)"],
    ],
    [
      "breaks off within the second head",
      [answer("one")],
      ["HTTP/1.1 200 O", { close: "end" }],
      ["one", "PipelineError (lost)", "PipelineError (lost)"],
    ],
    [
      "sends more than it said",
      [`${answer("one")}and more\r\n\r\n`],
      [],
      ["one", "PipelineError (silent)", "PipelineError (silent)"],
    ],
    [
      "breaks off within the second body",
      [answer("one")],
      ["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ntwo", { close: "end" }],
      ["one", "HttpError (lost)", "PipelineError (lost)"],
    ],
  ])("are told to go by themselves where the server %s", async (_what, first, second, outcomes) => {
    await using server = await startRawServer([{ send: first }, { send: second }, { send: [] }]);
    expect(await outcomesOf(askBehind(server.url, 3, { headersMs: 150 }))).toEqual(outcomes);
    expect(held.transport).toMatchObject({ idle: 0 });
  });

  it("are not to blame where the connection was closed before they came", async () => {
    await using server = await startRawServer([
      { send: [answer("one")] },
      { send: [{ close: "reset" }] },
      { send: [] },
    ]);
    await textOf(await ask(`${server.url}/`));
    expect(await outcomesOf(askBehind(server.url, 2))).toEqual([
      "StaleConnectionError (lost)",
      "StaleConnectionError (lost)",
    ]);
  });

  it("are not to blame where there was no connection", async () => {
    const server = await startRawServer([]);
    await server.close();
    expect(await outcomesOf(askBehind(server.url, 2))).toEqual([
      "HttpError (lost)",
      "StaleConnectionError (lost)",
    ]);
  });

  it("do not hear of one that is given up: its answer passes", async () => {
    await using server = await startRawServer([
      { send: [{ waitMs: 20 }, answer("one")] },
      { send: [answer("two")] },
      { send: [answer("three")] },
    ]);
    const leaving = new AbortController();
    const pipeline = {};
    const one = ask(`${server.url}/0`, { pipeline });
    const two = ask(`${server.url}/1`, { pipeline, signal: leaving.signal });
    const three = ask(`${server.url}/2`, { pipeline });
    leaving.abort("gone");
    await expect(two).rejects.toBe("gone");
    const first = await one;
    await first.body.cancel();
    expect(await outcomeOf(three)).toBe("three");
    expect([held.transport?.idle, server.totalConnections]).toEqual([1, 1]);
  });

  it.each<
    [when: string, leave: (first: Promise<TransportResponse>, leaving: AbortController) => Promise<unknown>]
  >([
    [
      "before its head",
      (first, leaving) => {
        leaving.abort("gone");
        return first.catch(() => undefined);
      },
    ],
    ["after it", async (first) => (await first).body.cancel()],
  ])("do not wait for a long body that is given up %s", async (_when, leave) => {
    const long = `HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n${"x".repeat(100_000)}`;
    await using server = await startRawServer([{ send: [{ waitMs: 20 }, long] }, { send: [answer("two")] }]);
    const leaving = new AbortController();
    const pipeline = {};
    const first = ask(`${server.url}/0`, { pipeline, signal: leaving.signal });
    const second = outcomeOf(ask(`${server.url}/1`, { pipeline }));
    await expect.poll(() => server.requests.length, { interval: 1 }).toBe(2);
    const startedAt = performance.now();
    await leave(first, leaving);
    expect(await second).toBe("PipelineError (lost)");
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  it("end with their connection once nobody wants any of them", async () => {
    await using server = await startRawServer([{ send: [{ waitMs: 2000 }] }, { send: [] }]);
    const leaving = new AbortController();
    const asked = askBehind(server.url, 2, { signal: leaving.signal });
    await expect.poll(() => server.requests.length).toBe(2);
    leaving.abort("gone");
    expect(await Promise.allSettled(asked)).toMatchObject([{ reason: "gone" }, { reason: "gone" }]);
    expect(held.transport).toMatchObject({ idle: 0 });
  });

  it("do not go behind those of somebody else", async () => {
    await using server = await startRawServer([
      { send: [answer("one")] },
      { send: [{ waitMs: 20 }, answer("two")] },
      { send: [answer("three")] },
    ]);
    const pipeline = {};
    await textOf(await ask(`${server.url}/0`, { pipeline }));
    const others = ask(`${server.url}/1`);
    const late = ask(`${server.url}/2`, { pipeline });
    expect(await outcomesOf([others, late])).toEqual(["two", "three"]);
    expect(server.totalConnections).toBe(2);
  });

  it("are not sent to a server of HTTP/1.0, as far as whoever asks heeds that", async () => {
    await using server = await startRawServer([
      { send: ["HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\none"] },
    ]);
    await textOf(await ask(`${server.url}/`));
    expect(held.transport).toMatchObject({ pipelines: false, idle: 1 });
  });
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

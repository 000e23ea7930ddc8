import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { concatBytes } from "../../src/bytes/collect-bytes.ts";
import { capabilitiesOf, type OpenOptions, openSource } from "../../src/index.ts";
import { Deadlines } from "../../src/source/deadlines.ts";
import { originsInUse } from "../../src/source/origin.ts";
import { createTransport } from "../../src/source/socket-transport.node.ts";
import type { TransportRequest } from "../../src/source/transport.ts";
import { patternBytes } from "../../src/testing.ts";
import { expectSameBytes } from "../same-bytes.ts";
import { type LoopbackProxy, type LoopbackProxyOptions, startLoopbackProxy } from "./loopback-proxy.node.ts";
import { type RangeTarget, startRangeTarget } from "./range-target.node.ts";

const bytes = patternBytes(1_000_000, 7);
let plain: RangeTarget;
let secure: RangeTarget;

beforeAll(async () => {
  // Who vouches for the certificate is a matter of the process: see the tests of the command.
  process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
  [plain, secure] = await Promise.all([startRangeTarget(bytes), startRangeTarget(bytes, { secure: true })]);
});
afterAll(async () => {
  delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
  await Promise.all([plain[Symbol.asyncDispose](), secure[Symbol.asyncDispose]()]);
});

const hosts = () => ({
  "files.example:80": plain.port,
  "other.example:80": plain.port,
  "files.example:443": secure.port,
  "other.example:443": secure.port,
});
const start = (more: Partial<LoopbackProxyOptions> = {}): Promise<LoopbackProxy> =>
  startLoopbackProxy({ hosts: hosts(), ...more });
const through = (proxy: { url: string }, more: OpenOptions = {}): OpenOptions => ({
  proxy: () => proxy.url,
  retry: false,
  ...more,
});

const requestOf = (url: string, range: string): TransportRequest => ({
  method: "GET",
  url,
  headers: new Map([["range", range]]),
  signal: new AbortController().signal,
  credentials: undefined,
  redirect: "manual",
  connectMs: 5000,
  headersMs: 5000,
});

describe.each(["http", "https"])("%s: targets", (scheme) => {
  const isSecure = scheme === "https";
  const target = (): RangeTarget => (isSecure ? secure : plain);

  it.each([false, true])("are read through a proxy, TLS to it: %s", async (isProxySecure) => {
    await using proxy = await start({ secure: isProxySecure });
    const before = target().requests.length;
    {
      await using source = await openSource(`${scheme}://files.example/a?b=1`, through(proxy));
      expectSameBytes(await source.read([500_000, 900_000]), bytes.subarray(500_000, 900_000));
      expectSameBytes(await source.read([999_000, 1_000_000]), bytes.subarray(999_000));
    }
    expect(
      target()
        .requests.slice(before)
        .map(({ url, headers }) => [url, headers.host]),
    ).toEqual([
      ["/a?b=1", "files.example"],
      ["/a?b=1", "files.example"],
      ["/a?b=1", "files.example"],
    ]);
    await expect.poll(() => proxy.openConnections).toBe(0);
    expect(originsInUse()).toBe(0);
  });

  it("share a connection to the proxy, one request after the other", async () => {
    await using proxy = await start();
    const options = through(proxy, { maxConnections: 1 });
    await using source = await openSource(`${scheme}://files.example/a`, options);
    for (let at = 100_000; at < 1_000_000; at += 200_000) {
      expectSameBytes(await source.read([at, at + 10]), bytes.subarray(at, at + 10));
    }
    expect(proxy.totalConnections).toBe(1);
    expect(proxy.asked.length).toBe(isSecure ? 1 : source.receipt.requests);
  });

  it("are named to the proxy by CONNECT where TLS protects them, else by whole URLs", async () => {
    await using proxy = await start();
    await using source = await openSource(`${scheme}://files.example/a?b=1`, through(proxy));
    expect(source.size).toBe(1_000_000);
    expect(proxy.asked[0]).toMatchObject(
      isSecure
        ? { method: "CONNECT", target: "files.example:443", headers: { host: "files.example:443" } }
        : { method: "GET", target: "http://files.example/a?b=1", headers: { host: "files.example" } },
    );
  });

  it("never see the credentials of the proxy, nor the proxy those of a tunnel's target", async () => {
    await using proxy = await start({ credentials: "me:p@ss" });
    const url = proxy.url.replace("//", "//me:p%40ss@");
    const before = target().requests.length;
    const headers = { "proxy-authorization": "hunter2", "x-key": "1" };
    await using source = await openSource(`${scheme}://files.example/a`, through({ url }, { headers }));
    expect(source.size).toBe(1_000_000);
    const [seen] = target().requests.slice(before);
    expect(seen?.headers).toMatchObject({ "x-key": "1" });
    expect(seen?.headers).not.toHaveProperty("proxy-authorization");
    expect(proxy.asked[0]?.headers["x-key"]).toBe(isSecure ? undefined : "1");
  });

  it("112. without the credentials that the proxy wants: AUTH, which says so and shows none", async () => {
    await using proxy = await start({ credentials: "me:right" });
    const url = proxy.url.replace("//", "//me:hunter2@");
    const opening = openSource(`${scheme}://files.example/a`, through({ url }));
    await expect(opening).rejects.toMatchObject({ code: "AUTH", status: 407, retryable: false });
    await expect(opening).rejects.toThrow(`status 407 from the proxy ${proxy.url}; `);
    await expect(opening).rejects.not.toThrow("hunter2");
    expect(proxy.asked.length).toBe(1);
    await expect.poll(() => proxy.openConnections).toBe(0);
    expect(originsInUse()).toBe(0);
  });

  it("112. behind a proxy that is not there: NETWORK, which names the proxy", async () => {
    const opening = openSource(
      `${scheme}://files.example/a`,
      through({ url: "http://me:hunter2@127.0.0.1:1" }),
    );
    await expect(opening).rejects.toMatchObject({ code: "NETWORK", retryable: true });
    await expect(opening).rejects.toThrow("no answer from the proxy http://127.0.0.1:1 (ECONNREFUSED)");
    await expect(opening).rejects.not.toThrow("hunter2");
    expect(originsInUse()).toBe(0);
  });

  it("that are elsewhere are asked for by the proxy of that origin, each of which is chosen once", async () => {
    await using one = await start();
    await using two = await start();
    target().location = `${scheme}://other.example/b`;
    const chosen: string[] = [];
    const proxy = (url: string) => {
      chosen.push(url);
      return url.includes("other") ? two.url : one.url;
    };
    {
      await using source = await openSource(`${scheme}://files.example/moved`, { proxy });
      await source.read([900_000, 900_010]);
    }
    expect(chosen).toEqual([`${scheme}://files.example`, `${scheme}://other.example`]);
    expect([one.totalConnections, two.totalConnections]).toEqual([1, 1]);
  });

  it("are reached anew where the proxy closed a connection that waited for work", async () => {
    await using proxy = await start();
    await using source = await openSource(`${scheme}://files.example/a`, through(proxy));
    await expect.poll(() => proxy.openConnections).toBe(1);
    proxy.cut();
    expectSameBytes(await source.read([900_000, 900_010]), bytes.subarray(900_000, 900_010));
    expect(proxy.totalConnections).toBe(2);
  });

  it("are read on where the proxy cut a body", async () => {
    await using proxy = await start();
    const retry = { baseDelayMs: 1 };
    const options = through(proxy, { retry, maxConnections: 1, cache: false });
    await using source = await openSource(`${scheme}://files.example/a`, options);
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    for await (const chunk of source.stream([0, 1_000_000])) {
      chunks.push(chunk);
      if (chunks.length === 1) proxy.cut();
    }
    expectSameBytes(concatBytes(chunks), bytes);
  });

  it("send bodies as fast as they are read, in chunks that stay as they were", async () => {
    await using proxy = await start();
    const transport = createTransport(`${scheme}://files.example`, new Deadlines(), () => proxy.url);
    const { body } = await transport.send(requestOf(`${scheme}://files.example/a`, "bytes=0-999999"));
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
      chunks.push(chunk);
      if (chunks.length % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expectSameBytes(concatBytes(chunks), bytes);
    transport.close();
    await expect.poll(() => proxy.openConnections).toBe(0);
  });

  it("share connections among sources of one function, and of that alone", async () => {
    await using one = await start();
    await using two = await start();
    const options = through(one);
    const url = `${scheme}://files.example/a`;
    await using _first = await openSource(url, options);
    await using _second = await openSource(url, options);
    expect([one.totalConnections, originsInUse()]).toEqual([1, 1]);
    await using _third = await openSource(url, through(two));
    expect([one.totalConnections, two.totalConnections, originsInUse()]).toEqual([1, 1, 2]);
    expect(capabilitiesOf(url, options.proxy)).toMatchObject({ ranges: true });
    expect(capabilitiesOf(url)).toBeUndefined();
  });

  it("go directly where the function gives undefined", async () => {
    const asked: string[] = [];
    const url = `${scheme}://127.0.0.1:${target().port}`;
    await using source = await openSource(`${url}/a`, { proxy: (origin) => void asked.push(origin) });
    expect([source.size, asked]).toEqual([1_000_000, [url]]);
  });
});

describe("a tunnel", () => {
  const url = "https://files.example/a";

  it.each<[why: string, code: string, status: number | undefined, says: string, answer: string]>([
    ["is refused", "HTTP_STATUS", 403, "status 403 from the proxy", "HTTP/1.1 403 No\r\n\r\n"],
    ["cannot be had now", "HTTP_STATUS", 503, "status 503 from the proxy", "HTTP/1.1 503 No\r\n\r\n"],
    ["leads elsewhere", "HTTP_STATUS", 302, "status 302", "HTTP/1.1 302 No\r\nLocation: http://x/\r\n\r\n"],
    ["is cut", "NETWORK", undefined, "no answer from the proxy", ""],
    ["is cut in the head", "NETWORK", undefined, "no answer from the proxy", "HTTP/1.1 200 Y"],
    ["has no head", "BAD_RESPONSE", undefined, "the proxy is broken", "SSH-2.0-x\r\n\r\n"],
    [
      "begins with a body",
      "BAD_RESPONSE",
      undefined,
      "bytes that nobody asked for",
      "HTTP/1.1 200 Yes\r\nContent-Length: 2\r\n\r\nno",
    ],
    [
      "has no end of its head",
      "BAD_RESPONSE",
      undefined,
      "headers of more than",
      `HTTP/1.1 200 Y\r\nx: ${"y".repeat(20_000)}`,
    ],
  ])("112. that %s is %s", async (_why, code, status, says, answer) => {
    await using proxy = await start({ onConnect: (socket) => void socket.end(answer) });
    const opening = openSource(url, through(proxy));
    await expect(opening).rejects.toMatchObject({ code, status, url });
    await expect(opening).rejects.toThrow(says);
    await expect(opening).rejects.toThrow(proxy.url);
    await expect.poll(() => proxy.openConnections).toBe(0);
    expect(originsInUse()).toBe(0);
  });

  it("112. that is cut for a while is opened at the next try", async () => {
    let tries = 0;
    await using flaky = await start({
      onConnect: (socket) => void (++tries < 3 ? socket.destroy() : socket.end("HTTP/1.1 403 No\r\n\r\n")),
    });
    const opening = openSource(url, through(flaky, { retry: { attempts: 5, baseDelayMs: 1 } }));
    await expect(opening).rejects.toMatchObject({ code: "HTTP_STATUS", status: 403 });
    expect(tries).toBe(3);
  });

  it("may be announced by an interim answer, and by a head in pieces", async () => {
    const onConnect = (socket: Socket): void => {
      const steps = ["HTTP/1.1 100 C\r\n\r\nHTTP/1.1 2", "00 Yes\r\nTransfer-Encoding: chunked\r\n", "\r\n"];
      const timer = setInterval(() => {
        const step = steps.shift();
        if (step !== undefined) socket.write(step);
        if (steps.length > 0) return;
        clearInterval(timer);
        connectOnward(socket, secure.port);
      }, 5);
    };
    await using proxy = await start({ onConnect });
    await using source = await openSource(url, through(proxy));
    expect(source.size).toBe(1_000_000);
  });

  it("that does not come in time is TIMEOUT, and gone", async () => {
    await using proxy = await start({ onConnect: (socket) => void socket.resume() });
    const opening = openSource(url, through(proxy, { timeouts: { connectMs: 50 } }));
    await expect(opening).rejects.toMatchObject({ code: "TIMEOUT" });
    await expect.poll(() => proxy.openConnections).toBe(0);
    expect(originsInUse()).toBe(0);
  });

  it("in which no TLS comes is TIMEOUT by the same limit", async () => {
    await using proxy = await start({
      onConnect: (socket) => void socket.resume().write("HTTP/1.1 200 Y\r\n\r\n"),
    });
    const opening = openSource(url, through(proxy, { timeouts: { connectMs: 80 } }));
    await expect(opening).rejects.toMatchObject({ code: "TIMEOUT" });
    await expect.poll(() => proxy.openConnections).toBe(0);
  });

  it("that is no longer wanted is gone, and its opener has the reason", async () => {
    await using proxy = await start({ onConnect: (socket) => void socket.resume() });
    const controller = new AbortController();
    const opening = openSource(url, through(proxy, { signal: controller.signal }));
    const refused = expect(opening).rejects.toBe("enough");
    await expect.poll(() => proxy.asked.length).toBe(1);
    controller.abort("enough");
    await refused;
    await expect.poll(() => proxy.openConnections).toBe(0);
    expect(originsInUse()).toBe(0);
  });

  it("is checked for the certificate of the target, not of the proxy", async () => {
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "1";
    try {
      await using proxy = await start();
      const opening = openSource(url, through(proxy));
      await expect(opening).rejects.toMatchObject({ code: "NETWORK", retryable: false });
      await expect(opening).rejects.toThrow("DEPTH_ZERO_SELF_SIGNED_CERT");
      await expect.poll(() => proxy.openConnections).toBe(0);
    } finally {
      process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    }
  });

  it("is named with brackets for an address of IPv6", async () => {
    await using proxy = await start({ hosts: { "[::1]:8443": secure.port } });
    await using source = await openSource("https://[::1]:8443/a", through(proxy));
    expect([source.size, proxy.asked[0]?.target]).toEqual([1_000_000, "[::1]:8443"]);
  });
});

describe("the option proxy", () => {
  it.each(["socks5://me:hunter2@127.0.0.1:1", "127.0.0.1:8080", "", "hunter2:hunter2@proxy", "ftp://proxy"])(
    "is UNSUPPORTED where it gives %j, before anything is sent",
    async (url) => {
      const opening = openSource("http://files.example/a", through({ url }));
      await expect(opening).rejects.toMatchObject({ code: "UNSUPPORTED" });
      await expect(opening).rejects.not.toThrow("hunter2");
      expect(originsInUse()).toBe(0);
    },
  );

  it("is INVALID_ARGUMENT beside client, and where it is no function", async () => {
    const url = "http://files.example/a";
    const proxy = () => undefined;
    await expect(openSource(url, { proxy, client: fetch })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    const wrong = { proxy: "http://127.0.0.1:1" as never };
    await expect(openSource(url, wrong)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("may throw, which opening does then", async () => {
    const proxy = () => {
      throw new RangeError("no");
    };
    await expect(openSource("http://files.example/a", { proxy })).rejects.toThrow(RangeError);
    expect(originsInUse()).toBe(0);
  });
});

it.each([
  ["http", false],
  ["https", true],
])("whether requests go out behind each other through a proxy, for %s: %s", async (scheme, expected) => {
  await using proxy = await start();
  const transport = createTransport(`${scheme}://files.example`, new Deadlines(), () => proxy.url);
  const { body } = await transport.send(requestOf(`${scheme}://files.example/a`, "bytes=0-9"));
  while ((await body.read()) !== undefined);
  await expect.poll(() => transport.idle).toBe(1);
  expect([transport.pipelines, transport.proxy]).toEqual([expected, proxy.url]);
  transport.close();
});

function connectOnward(socket: Socket, port: number): void {
  const onward = connect(port, "127.0.0.1", () => socket.pipe(onward).pipe(socket));
  onward.on("error", () => socket.destroy()).on("close", () => socket.destroy());
  socket.on("close", () => onward.destroy());
}

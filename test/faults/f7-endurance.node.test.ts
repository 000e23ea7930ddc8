import { getEventListeners } from "node:events";
import { createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { openSource, RangeStream } from "../../src/index.ts";
import { originsInUse } from "../../src/source/origin.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { type RangeServerOptions, startRangeServer } from "../../src/testing/range-server.node.ts";
import { startRawServer } from "../../src/testing/raw-server.node.ts";
import { expectSameBytes } from "../same-bytes.ts";
import { failure, file, opening, partial, partialHead, play, quick, status, until } from "./scenario.node.ts";

const large = patternBytes(2_000_000, 8);
const serve = (options: Partial<RangeServerOptions> = {}) =>
  startRangeServer({ files: { large }, ...options });
const listeners = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;

describe("F7: retry, timeout, abort, concurrency", () => {
  it("114. a refused connection is tried a few times, then NETWORK with its cause", async () => {
    const free = await startRawServer([]);
    const { url } = free;
    await free.close();
    const error = await openSource(`${url}/file`, quick).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "NETWORK", attempts: 3, retryable: true });
    expect((error as { cause: { code: string } }).cause.code).toBe("ECONNREFUSED");
  });

  it("114. a name that does not resolve is NETWORK and named", async () => {
    const error = await openSource("http://no-such-host.invalid/x", { ...quick, retry: false }).catch(
      (caught) => caught,
    );
    expect(error).toMatchObject({ code: "NETWORK" });
    expect(String(error)).toContain("no-such-host.invalid");
  });

  it("115. a connection that died while idle costs another try at once, and is no failure", async () => {
    const server = await startRawServer([
      { send: [...partial(0, 10)] },
      { send: [{ close: "reset" }] },
      { send: partial(100, 110) },
    ]);
    const source = await openSource(`${server.url}/file`, { ...quick, retry: false });
    expectSameBytes(await source.read([100, 110]), file.slice(100, 110));
    expect(source.receipt).toMatchObject({ requests: 3, retries: 0 });
    await source.close();
    await server.close();
  });

  it("116. a connection that never comes about is TIMEOUT by the clock of connecting", async () => {
    // Accepts, and never answers the TLS greeting: over https that is no connection yet.
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket.on("error", () => undefined).resume());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const timeouts = { connectMs: 100, headersMs: 20_000, totalMs: 20_000 };
    const begun = performance.now();
    const opening = openSource(`https://127.0.0.1:${port}/x`, { ...quick, retry: false, timeouts });
    await expect(opening).rejects.toMatchObject({ code: "TIMEOUT", attempts: 1 });
    // Every other clock would have let it hang for twenty seconds.
    expect(performance.now() - begun).toBeLessThan(5000);
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it("117. headers that never come are TIMEOUT (headers), tried again", async () => {
    const timeouts = { headersMs: 80 };
    expect(await play({ answers: [{ send: [] }, { send: partial(100, 110) }], options: { timeouts } })).toBe(
      "bytes",
    );
    expect(await play({ answers: [{ send: [] }], options: { timeouts, retry: false } })).toBe("TIMEOUT");
  });

  it("118. a total limit that falls into a back-off ends at once and says what had failed", async () => {
    const options = {
      retry: { attempts: 9, baseDelayMs: 60_000, maxDelayMs: 60_000 },
      timeouts: { totalMs: 200 },
    };
    const begun = performance.now();
    const outcome = await failure({ answers: [status("503 Trouble")], options });
    expect(outcome).toMatchObject({ code: "HTTP_STATUS", status: 503 });
    expect(performance.now() - begun).toBeLessThan(1500);
  });

  it("119. an abort is its own reason, at once, at every stage, and leaves no listener, timer or socket", async () => {
    await using server = await serve({
      latencyMs: 30,
      misbehave: { name: "stalls", bytes: 1000, path: "/stalling" },
    });
    await using source = await openSource(`${server.url}/large`, {
      cache: false,
      retry: { baseDelayMs: 10_000 },
    });
    const reason = { why: "enough" };
    await expect(source.read([0, 10], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    for (const afterMs of [0, 5, 35, 45]) {
      const controller = new AbortController();
      const reading = source.read([500_000, 1_900_000], { signal: controller.signal });
      const settled = reading.then(
        () => "bytes",
        (error: unknown) => error,
      );
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      const begun = performance.now();
      controller.abort(reason);
      expect([reason, "bytes"]).toContain(await settled);
      expect(performance.now() - begun).toBeLessThan(50);
      expect(listeners(controller.signal)).toBe(0);
    }
    const done = new AbortController();
    await source.read([10, 20], { signal: done.signal });
    done.abort(reason);
    expect(listeners(done.signal)).toBe(0);
    await source.close();
    await until(() => server.connections === 0);
    expect(originsInUse()).toBe(0);
  });

  it("119. an abort during a back-off and while waiting for a connection", async () => {
    await using server = await serve({ misbehave: { name: "status", status: 503, after: 1 } });
    await using source = await openSource(`${server.url}/large`, {
      retry: { baseDelayMs: 60_000, maxDelayMs: 60_000 },
      maxConnections: 1,
    });
    const controller = new AbortController();
    const reads = [0, 1, 2].map((index) =>
      source.read([100_000 * (index + 1), 100_000 * (index + 1) + 5], { signal: controller.signal }),
    );
    const settled = Promise.allSettled(reads);
    await until(() => server.requests.length >= 2);
    controller.abort("enough");
    expect((await settled).map((outcome) => (outcome as PromiseRejectedResult).reason)).toEqual([
      "enough",
      "enough",
      "enough",
    ]);
  });

  it("119. ten thousand reads on one source leave no listener and no growing memory", async () => {
    const warnings: string[] = [];
    const onWarning = (warning: Error) => warnings.push(warning.name);
    process.on("warning", onWarning);
    await using server = await serve();
    await using source = await openSource(`${server.url}/large`);
    const { signal } = new AbortController();
    const heap = (): number => {
      globalThis.gc?.();
      return process.memoryUsage().heapUsed;
    };
    await source.read([0, 1000], { signal });
    const before = heap();
    for (let round = 0; round < 10_000; round++) await source.read([round, round + 100], { signal });
    expect(heap() - before).toBeLessThan(32 * 1024 * 1024);
    await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        source.read([40_000 + index * 100, 40_100 + index * 100], { signal }),
      ),
    );
    expect(listeners(signal)).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 10));
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });

  it("120. an abort of one of two readers of one request leaves the other its bytes; the last cancels the wire", async () => {
    await using server = await serve({ latencyMs: 60 });
    await using source = await openSource(`${server.url}/large`);
    const first = new AbortController();
    const one = source.read([500_000, 500_010], { signal: first.signal });
    const two = source.read([500_000, 500_010]);
    first.abort("enough");
    await expect(one).rejects.toBe("enough");
    expectSameBytes(await two, large.slice(500_000, 500_010));
    expect(server.requests).toHaveLength(2);
    const last = new AbortController();
    const lonely = source.read([700_000, 800_000], { signal: last.signal });
    await until(() => server.requests.length === 3);
    last.abort("enough");
    await expect(lonely).rejects.toBe("enough");
    await until(() => server.requests[2]?.aborted === true || server.connections <= 1);
  });

  it("121. all who share a failed request get its error, and the next read starts afresh", async () => {
    const server = await startRawServer([opening, status("404 Not Found"), { send: partial(100, 110) }]);
    const source = await openSource(`${server.url}/file`, { ...quick, cache: { maxBytes: 1000 } });
    const outcomes = await Promise.allSettled([
      source.read([100, 110]),
      source.read([100, 110]),
      source.read([102, 104]),
    ]);
    expect(outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason.code)).toEqual([
      "CHANGED",
      "CHANGED",
      "CHANGED",
    ]);
    expectSameBytes(await source.read([100, 110]), file.slice(100, 110));
    await source.close();
    await server.close();
  });

  it("122. the reason of an abort is kept as it is, whatever it is", async () => {
    await using server = await serve({ latencyMs: 50 });
    await using source = await openSource(`${server.url}/large`);
    for (const reason of [null, 0, "text", { any: "thing" }]) {
      const controller = new AbortController();
      const reading = source.read([600_000, 600_010], { signal: controller.signal });
      controller.abort(reason);
      await expect(reading).rejects.toBe(reason);
    }
  });

  it.each([500, 503])(
    "123. a thousand reads of a dead server (%i) ask it a bounded number of times in all",
    async (code) => {
      await using server = await serve({ misbehave: { name: "status", status: code, after: 1 } });
      await using source = await openSource(`${server.url}/large`, {
        retry: { baseDelayMs: 1, maxDelayMs: 5 },
      });
      const reads = Array.from({ length: 1000 }, (_, index) =>
        source.read([40_000 + index * 10, 40_005 + index * 10]),
      );
      const outcomes = await Promise.allSettled(reads);
      expect(new Set(outcomes.map(({ status: outcome }) => outcome))).toEqual(new Set(["rejected"]));
      expect(server.requests.length).toBeLessThan(60);
    },
  );

  it("124. a thousand ranges at once stay under the connection limit and come in order", async () => {
    await using server = await serve();
    await using source = await openSource(`${server.url}/large`, { maxConnections: 4 });
    const ranges = Array.from(
      { length: 1000 },
      (_, index) => [1_999_000 - index * 1900, 1_999_010 - index * 1900] as const,
    );
    const all = await source.readMany(ranges);
    all.forEach((bytes, index) =>
      expectSameBytes(bytes, large.slice(...(ranges[index] as [number, number]))),
    );
    expect(server.peakConnections).toBeLessThanOrEqual(4);
  });

  it("125. duplicates, overlaps, nests, neighbours, empty ones, any order: each byte is fetched once", async () => {
    await using server = await serve();
    await using source = await openSource(`${server.url}/large`, { probe: [0, 1], policy: "lean" });
    const ranges = [
      [9000, 10_000],
      [100, 200],
      [100, 200],
      [150, 160],
      [200, 300],
      [500, 500],
      [9500, 11_000],
    ] as const;
    const all = await source.readMany(ranges);
    all.forEach((bytes, index) =>
      expectSameBytes(bytes, large.slice(...(ranges[index] as readonly [number, number]))),
    );
    expect(
      server.requests
        .slice(1)
        .map(({ range }) => range)
        .sort(),
    ).toEqual(["bytes=100-299", "bytes=9000-10999"]);
    expect(source.receipt.bytesReceived).toBe(1 + 200 + 2000);
  });

  it("126. what is no range is refused before anything is sent", async () => {
    await using server = await serve();
    await using source = await openSource(`${server.url}/large`);
    for (const bad of [
      [5, 3],
      [-5, 3],
      [Number.NaN, 3],
      [0, 1.5],
      [0, 2 ** 53],
      [0n, 3n],
      null,
      7,
    ] as never[]) {
      await expect(source.read(bad)).rejects.toMatchObject({ code: "INVALID_RANGE" });
      await expect(source.readMany([[0, 5], bad])).rejects.toMatchObject({ code: "INVALID_RANGE" });
    }
    expect(server.requests).toHaveLength(1);
  });

  it("127. one range outside the file refuses the whole call before anything is sent", async () => {
    await using server = await serve();
    await using source = await openSource(`${server.url}/large`);
    const many = source.readMany([
      [100_000, 100_010],
      [1_999_999, 2_000_001],
    ]);
    await expect(many).rejects.toMatchObject({ code: "OUT_OF_BOUNDS" });
    expect(server.requests).toHaveLength(1);
  });

  it("128. what a caller does to its bytes, nobody else sees; a small piece keeps no large buffer", async () => {
    await using server = await serve();
    await using source = await openSource(`${server.url}/large`);
    const bytes = await source.read([500_000, 900_000]);
    bytes.fill(0);
    const small = await source.read([500_000, 500_010]);
    expectSameBytes(small, large.slice(500_000, 500_010));
    expect(small.buffer.byteLength).toBeLessThan(1000);
  });

  it("131. a server that closes after every answer works", async () => {
    await using server = await serve({ misbehave: "connection-close" });
    await using source = await openSource(`${server.url}/large`, { cache: false });
    for (let start = 100_000; start < 100_005; start++) {
      expectSameBytes(await source.read([start, start + 1000]), large.slice(start, start + 1000));
    }
    expect(server.totalConnections).toBeGreaterThanOrEqual(5);
  });

  it.each([503, 429])(
    "133. a server that bears two connections (else %i) is given fewer, and everything comes",
    async (code) => {
      await using server = await serve({
        latencyMs: 5,
        misbehave: { name: "refuses-many", status: code, limit: 2 },
      });
      await using source = await openSource(`${server.url}/large`, {
        maxConnections: 8,
        retry: { attempts: 20, baseDelayMs: 5, maxDelayMs: 50 },
      });
      const ranges = Array.from(
        { length: 60 },
        (_, index) => [40_000 + index * 1000, 40_010 + index * 1000] as const,
      );
      const all = await Promise.all(ranges.map((range) => source.read(range)));
      all.forEach((bytes, index) =>
        expectSameBytes(bytes, large.slice(...(ranges[index] as [number, number]))),
      );
      // Without adapting, eight at a time of which six fail would take some hundreds.
      expect(server.requests.length).toBeLessThan(200);
    },
  );

  it("closing amid everything rejects what is pending with CLOSED and leaves nothing", async () => {
    await using server = await serve({ latencyMs: 20 });
    const stream = await RangeStream.open(`${server.url}/large`, { maxConnections: 2 });
    const pending = [
      stream.add([100_000, 1_000_000]).read(),
      stream.add([1_000_000, 1_100_000]).read(10),
      stream.source.read([1_500_000, 1_500_010]),
      stream.source.readMany([[1_600_000, 1_600_010]]).then(([bytes]) => bytes),
      new Response(stream.source.stream([0])).arrayBuffer(),
    ];
    const settled = Promise.allSettled(pending);
    await new Promise((resolve) => setTimeout(resolve, 10));
    await stream.close();
    for (const outcome of await settled) {
      expect((outcome as PromiseRejectedResult).reason).toMatchObject({ code: "CLOSED" });
    }
    await until(() => server.connections === 0);
    expect(originsInUse()).toBe(0);
  });

  it("a client that throws, at once or later, is NETWORK with its cause", async () => {
    const cause = new Error("mine");
    for (const client of [
      () => {
        throw cause;
      },
      () => Promise.reject(cause),
    ]) {
      const opening = openSource("http://127.0.0.1:9/x", { client: client as never, retry: false });
      await expect(opening).rejects.toMatchObject({ code: "NETWORK", cause });
    }
  });

  it("a head that is never followed by its body keeps nothing alive after close", async () => {
    const server = await startRawServer([opening, { send: [partialHead(100, 110)] }]);
    const source = await openSource(`${server.url}/file`, quick);
    const reading = source.read([100, 110]).catch((error: { code: string }) => error.code);
    await until(() => server.requests.length === 2);
    await source.close();
    expect(await reading).toBe("CLOSED");
    await server.close();
  });
});

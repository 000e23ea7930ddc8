import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { capabilitiesOf, type OpenOptions, openSource, type PlannedSource } from "../../src/index.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { expectSameBytes } from "../same-bytes.ts";

const file = patternBytes(42_000_000, 78);
/** 40 pages of 4 KiB, too far apart to be read over. */
const pages = Array.from({ length: 40 }, (_, page) => {
  const start = 100_000 + page * 1_000_000;
  return [start, start + 4096] as const;
});
const CONNECTIONS = 4;
/** What a link of such a round trip does to every answer: long enough that a request behind another saves something. */
const LATENCY_MS = 12;

interface Asked {
  readonly range: string;
  /** Which connection it came on, from 1, and how many before it were not yet answered there. */
  readonly connection: number;
  readonly behind: number;
}

/**
 * What becomes of a request: its answer, none at all, a reset, its answer and the end of the connection, a 503, or its answer after that to
 * the next one.
 */
type Fate = "answer" | "forget" | "reset" | "last" | "busy" | "swap";

interface PagesServer extends AsyncDisposable {
  readonly url: string;
  readonly asked: readonly Asked[];
  /** Connections open now, and at a time at most. */
  readonly connections: number;
  readonly mostConnections: number;
}

/** A server of one file, each answer as late as its link; `fate` tells what becomes of each request after the opening. */
async function startPagesServer(fate: (asked: Asked) => Fate): Promise<PagesServer> {
  const asked: Asked[] = [];
  const open = new Set<Socket>();
  let most = 0;
  let count = 0;
  const server = createServer((socket) => {
    const connection = ++count;
    open.add(socket);
    most = Math.max(most, open.size);
    socket.on("error", () => undefined).on("close", () => open.delete(socket));
    let text = "";
    let unanswered = 0;
    let held = "";
    const answer = (range: string, what: Fate): void => {
      unanswered--;
      if (what === "forget" || socket.destroyed) return;
      if (what === "reset") {
        socket.resetAndDestroy();
        return;
      }
      const message =
        what === "busy" ? "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n" : answerTo(range, what);
      const isHeld = what === "swap" && unanswered > 0;
      if (!isHeld) socket.write(message + held, "latin1");
      held = isHeld ? message : "";
      if (what === "last") socket.end();
    };
    socket.on("data", (data) => {
      text += data.toString("latin1");
      for (let end = text.indexOf("\r\n\r\n"); end >= 0; end = text.indexOf("\r\n\r\n")) {
        const range = /^range: bytes=(.*)$/im.exec(text.slice(0, end))?.[1] ?? "";
        text = text.slice(end + 4);
        const one = { range, connection, behind: unanswered++ };
        asked.push(one);
        setTimeout(answer, LATENCY_MS, range, asked.length === 1 ? "answer" : fate(one));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`,
    asked,
    get connections() {
      return open.size;
    },
    get mostConnections() {
      return most;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answerTo(range: string, fate: Fate): string {
  const [start = 0, last = 0] = range.split("-").map(Number);
  const fields = [
    "HTTP/1.1 206 Partial Content",
    'ETag: "one"',
    `Content-Range: bytes ${start}-${last}/${file.byteLength}`,
    `Content-Length: ${last + 1 - start}`,
    ...(fate === "last" ? ["Connection: close"] : []),
  ];
  return `${fields.join("\r\n")}\r\n\r\n${Buffer.from(file.subarray(start, last + 1)).toString("latin1")}`;
}

let source: PlannedSource | undefined;
afterEach(() => source?.close());

async function open({ url }: PagesServer, options: OpenOptions = {}): Promise<PlannedSource> {
  source = await openSource(url, {
    maxConnections: CONNECTIONS,
    policy: "lean",
    retry: { baseDelayMs: 1 },
    ...options,
  });
  return source;
}

async function expectPages(from: PlannedSource): Promise<void> {
  const read = await from.readMany(pages);
  for (const [index, [start, end]] of pages.entries())
    expectSameBytes(read[index] ?? new Uint8Array(0), file.subarray(start, end));
}

describe("many short ranges over few connections", () => {
  it.each(["lean", "balanced", "fast"] as const)(
    "are asked for behind each other with `%s`, each by one request",
    async (policy) => {
      await using server = await startPagesServer(() => "answer");
      const from = await open(server, { policy });
      await expectPages(from);
      expect(from.receipt).toMatchObject({ requests: 41, retries: 0, bytesReceived: 32_768 + 40 * 4096 });
      expect(server.asked.length).toBe(41);
      expect(server.mostConnections).toBe(CONNECTIONS);
      expect(Math.max(...server.asked.map(({ behind }) => behind))).toBe(7);
      expect(capabilitiesOf(server.url)?.pipelining).toBe(true);
    },
  );

  it("are not where the caller says that it does not work", async () => {
    await using server = await startPagesServer(() => "answer");
    await expectPages(await open(server, { capabilities: { pipelining: false } }));
    expect(server.asked.every(({ behind }) => behind === 0)).toBe(true);
    expect(capabilitiesOf(server.url)?.pipelining).toBe(false);
  });

  it("are not by a client of the caller's own", async () => {
    await using server = await startPagesServer(() => "answer");
    await expectPages(await open(server, { client: fetch }));
    expect(server.asked.every(({ behind }) => behind === 0)).toBe(true);
  });
});

describe("a server that does not answer what is behind", () => {
  it.each<[what: string, fate: (asked: Asked) => Fate, mostRequests: number]>([
    ["closes after each answer, as it says", () => "last", 2 * 40 + 1],
    ["resets", ({ behind }) => (behind > 0 ? "reset" : "answer"), 2 * 40 + 1],
    ["forgets it", ({ behind }) => (behind > 0 ? "forget" : "answer"), 2 * 40 + 1],
    ["gives answers in another order", ({ behind }) => (behind === 0 ? "swap" : "answer"), 2 * 40 + 1],
  ])("and %s gets each request by itself, now and from then on", async (_what, fate, mostRequests) => {
    await using server = await startPagesServer(fate);
    const warnings: string[] = [];
    const from = await open(server, {
      onEvent: (event) => {
        if (event.type === "warning") warnings.push(event.message);
      },
    });
    await expectPages(from);
    expect(warnings).toEqual([expect.stringContaining("behind each other on one connection")]);
    expect(capabilitiesOf(server.url)?.pipelining).toBe(false);
    expect(server.asked.length).toBeLessThanOrEqual(mostRequests);
    expect(server.mostConnections).toBeLessThanOrEqual(CONNECTIONS);
    const before = server.asked.length;
    await from.readMany(pages.map(([start, end]) => [start + 500_000, end + 500_000]));
    expect(server.asked.slice(before).every(({ behind }) => behind === 0)).toBe(true);
  });
});

it("a connection that a proven server ends after some requests is no reason to stop", async () => {
  const onConnection = new Map<number, number>();
  await using server = await startPagesServer(({ connection }) => {
    const count = (onConnection.get(connection) ?? 0) + 1;
    onConnection.set(connection, count);
    return count === 6 ? "last" : "answer";
  });
  const from = await open(server);
  await expectPages(from);
  expect(capabilitiesOf(server.url)?.pipelining).toBe(true);
  expect(from.receipt).toMatchObject({ retries: 0, bytesReceived: 32_768 + 40 * 4096 });
});

it("an answer that the server was too busy for is asked for again, and those behind it are not", async () => {
  let isBusy = true;
  await using server = await startPagesServer(({ behind }) => {
    if (behind !== 2 || !isBusy) return "answer";
    isBusy = false;
    return "busy";
  });
  const from = await open(server);
  await expectPages(from);
  expect(from.receipt).toMatchObject({ requests: 42, retries: 1 });
});

it("a read that is given up ends nobody else's", async () => {
  await using server = await startPagesServer(() => "answer");
  const from = await open(server);
  const leaving = new AbortController();
  const reads = pages.map((page, index) =>
    from.read(page, index % 3 === 1 ? { signal: leaving.signal } : {}),
  );
  const settled = Promise.allSettled(reads);
  await expect.poll(() => server.asked.length, { interval: 1 }).toBeGreaterThan(20);
  leaving.abort(new Error("gone"));
  for (const [index, outcome] of (await settled).entries()) {
    const [start, end] = pages[index] as (typeof pages)[number];
    if (index % 3 === 1) expect(outcome).toMatchObject({ status: "rejected", reason: { message: "gone" } });
    else if (outcome.status === "fulfilled") expectSameBytes(outcome.value, file.subarray(start, end));
    else throw outcome.reason;
  }
  expect(server.asked.length).toBeLessThanOrEqual(41);
  expect(server.mostConnections).toBeLessThanOrEqual(CONNECTIONS);
});

it("a source that closes meanwhile says so to all, and leaves no connection", async () => {
  await using server = await startPagesServer(() => "answer");
  const from = await open(server);
  const reading = from.readMany(pages);
  await expect.poll(() => server.asked.length, { interval: 1 }).toBeGreaterThan(8);
  await from.close();
  await expect(reading).rejects.toMatchObject({ code: "CLOSED" });
  // What was on its way when it closed still arrives.
  await new Promise((resolve) => setTimeout(resolve, LATENCY_MS));
  const { length } = server.asked;
  await new Promise((resolve) => setTimeout(resolve, 3 * LATENCY_MS));
  expect(server.asked.length).toBe(length);
  expect([server.connections, capabilitiesOf(server.url)]).toEqual([0, undefined]);
});

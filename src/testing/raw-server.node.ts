import type { AddressInfo, Server, Socket } from "node:net";

/**
 * One step of an answer: a text (sent as Latin-1, so that every byte can be written) or bytes, sent as they are; a pause; or
 * the end of the connection, orderly (`end`) or by a reset. Where no step ends it, the connection stays open.
 */
export type RawStep = string | Uint8Array | { readonly waitMs: number } | { readonly close: "end" | "reset" };

/** What is expected of a request; what is not named may be anything. */
export interface RawExpectation {
  /** The method, such as `GET`. */
  method?: string;
  /** The request target as sent, query included. */
  target?: string;
  /** The Range field as sent; null for none. */
  range?: string | null;
  /** Fields by lower-case name, each as sent; null for none. */
  headers?: Record<string, string | null>;
}

/** One request that is expected, and what is sent to it. */
export interface RawExchange {
  /** What the request must be; one that is not is a problem. Default: anything. */
  expect?: RawExpectation;
  /** The answer, step by step. */
  send: readonly RawStep[];
}

/** A request as it came. */
export interface RawRequest {
  /** The method as sent. */
  readonly method: string;
  /** As sent, query included. */
  readonly target: string;
  /** By lower-case name; the last of several. */
  readonly headers: Record<string, string>;
  /** The Range field as sent. */
  readonly range: string | undefined;
  /** Which connection it came on, from 1. */
  readonly connection: number;
  /** The head, byte for byte, as Latin-1. */
  readonly text: string;
}

/** A scripted server on loopback. */
export interface RawServer extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string;
  /** Every request so far, the unexpected ones included. */
  readonly requests: readonly RawRequest[];
  /** What went against the script so far. */
  readonly problems: readonly string[];
  /** Connections opened so far. */
  readonly totalConnections: number;
  /**
   * Cuts every connection, frees the port, and rejects with all problems, a script that was not played to its end among
   * them. Twice is fine: the outcome is the same.
   */
  close(): Promise<void>;
}

/**
 * Starts a TCP server that plays a script: the nth request, on whatever connection, gets the nth answer, byte for byte. For
 * what no HTTP server would send. A request that is not in the script, or not as expected, is answered by a reset and makes
 * `close()` reject. Requests without a body only. Node only.
 */
export async function startRawServer(script: readonly RawExchange[]): Promise<RawServer> {
  const { createServer } = await import("node:net");
  const run: ScriptRun = { script, requests: [], problems: [], sockets: new Set(), connections: 0 };
  const server = createServer((socket) => acceptConnection(run, socket));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= stop(server, run);
    return closing;
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: run.requests,
    problems: run.problems,
    get totalConnections() {
      return run.connections;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface ScriptRun {
  readonly script: readonly RawExchange[];
  readonly requests: RawRequest[];
  readonly problems: string[];
  readonly sockets: Set<Socket>;
  connections: number;
}

async function stop(server: Server, run: ScriptRun): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  for (const socket of run.sockets) socket.destroy();
  await closed;
  const missing = run.script.length - run.requests.length;
  if (missing > 0) run.problems.push(`${missing} of ${run.script.length} expected requests never came`);
  if (run.problems.length > 0) {
    throw new Error(`The raw server's script was not followed:\n${run.problems.join("\n")}`);
  }
}

// A request head larger than this is no request of a test.
const MAX_HEAD_BYTES = 262_144;

function acceptConnection(run: ScriptRun, socket: Socket): void {
  run.connections += 1;
  const connection = run.connections;
  run.sockets.add(socket);
  socket.setNoDelay(true);
  socket.once("close", () => run.sockets.delete(socket));
  // Clients break off as they please; that is theirs to report.
  socket.on("error", () => undefined);
  let text = "";
  let turn: Promise<void> = Promise.resolve();
  socket.on("data", (data: Uint8Array) => {
    text += fromLatin1(data);
    for (let end = text.indexOf("\r\n\r\n"); end !== -1; end = text.indexOf("\r\n\r\n")) {
      const request = parseHead(text.slice(0, end + 4), connection);
      text = text.slice(end + 4);
      const steps = takeExchange(run, request);
      // One answer after the other on a connection, also where requests were pipelined.
      turn = turn.then(() => play(socket, steps));
    }
    if (text.length > MAX_HEAD_BYTES) {
      run.problems.push(`Connection ${connection} sent ${text.length} bytes and no request`);
      socket.resetAndDestroy();
    }
  });
}

function takeExchange(run: ScriptRun, request: RawRequest): readonly RawStep[] {
  const index = run.requests.length;
  run.requests.push(request);
  const what = `${request.method} ${request.target} (Range: ${request.range ?? "none"})`;
  const exchange = run.script[index];
  if (exchange === undefined) {
    run.problems.push(`Request ${index + 1} was not expected: ${what}`);
    return [{ close: "reset" }];
  }
  const differences = differencesOf(request, exchange.expect ?? {});
  if (differences.length === 0) return exchange.send;
  run.problems.push(`Request ${index + 1}, ${what}, is not as expected: ${differences.join("; ")}`);
  return [{ close: "reset" }];
}

function differencesOf(request: RawRequest, expected: RawExpectation): string[] {
  const pairs: [name: string, expected: string | null | undefined, actual: string | undefined][] = [
    ["method", expected.method, request.method],
    ["target", expected.target, request.target],
    ["range", expected.range, request.range],
  ];
  for (const [name, value] of Object.entries(expected.headers ?? {})) {
    pairs.push([name, value, request.headers[name]]);
  }
  return pairs
    .filter(([, wanted, actual]) => wanted !== undefined && (wanted ?? undefined) !== actual)
    .map(([name, wanted, actual]) => `${name} should be ${wanted ?? "absent"} and is ${actual ?? "absent"}`);
}

function parseHead(text: string, connection: number): RawRequest {
  const [requestLine = "", ...lines] = text.trimEnd().split("\r\n");
  const [method = "", target = ""] = requestLine.split(" ");
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { method, target, headers, range: headers["range"], connection, text };
}

// What was sent before a reset needs a moment to arrive, since a reset discards what is still on its way.
const ARRIVAL_MS = 15;

async function play(socket: Socket, steps: readonly RawStep[]): Promise<void> {
  for (const step of steps) {
    if (socket.destroyed) return;
    if (typeof step === "string" || step instanceof Uint8Array) {
      await write(socket, typeof step === "string" ? toLatin1(step) : step);
    } else if ("waitMs" in step) {
      await pause(socket, step.waitMs);
    } else if (step.close === "end") {
      socket.end();
    } else {
      await pause(socket, ARRIVAL_MS);
      socket.resetAndDestroy();
    }
  }
}

function write(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      socket.off("close", settle);
      resolve();
    };
    socket.once("close", settle);
    socket.write(bytes, settle);
  });
}

function pause(socket: Socket, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      clearTimeout(timer);
      socket.off("close", settle);
      resolve();
    };
    const timer = setTimeout(settle, ms);
    socket.once("close", settle);
  });
}

function toLatin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function fromLatin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

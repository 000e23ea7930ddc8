import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { RequestRecord } from "./exchange.ts";
import { type FileShelf, fileShelf } from "./file-shelf.ts";
import type { ServerProfile } from "./honest-answer.ts";
import { type Misbehaviour, startMisbehaving } from "./misbehaviours.ts";
import {
  acceptsGzip,
  answerExchange,
  encodingOnTheFly,
  openExchange,
  type ServerManners,
} from "./open-exchange.ts";
import type { HeaderRecord } from "./preconditions.ts";
import { createPace, epochNow, sendAnswer } from "./send-answer.node.ts";
import type { FileContent } from "./served-file.ts";

/** Options of {@link startRangeServer}. */
export interface RangeServerOptions {
  /** What is served: `files["a/b.zip"]` at `${url}/a/b.zip`. */
  files: Record<string, FileContent>;
  /** What it does wrong; several apply in order. Default: nothing. */
  misbehave?: Misbehaviour | readonly Misbehaviour[] | undefined;
  /** Milliseconds from a request's arrival to its status line. Default 0. */
  latencyMs?: number | undefined;
  /** Of each answer alone, as where every connection has its own share. Default: unlimited. */
  bytesPerSecond?: number | undefined;
  /** Of all answers together, as where one link is the narrow place. Default: unlimited. */
  linkBytesPerSecond?: number | undefined;
  /** Encodes on the fly for clients that accept gzip, as nginx does: 200, chunked, weak ETag, no ranges. Default false. */
  gzip?: boolean | undefined;
  /** `exposed`: readable in browsers with all headers; `plain`: without Expose-Headers; false: none. Default `exposed`. */
  cors?: false | "plain" | "exposed" | undefined;
  /** Whose answers to give where servers may differ. Default `rfc9110`. */
  profile?: ServerProfile | undefined;
  /** Ranges served in one request; more get a 200, and 0 turns ranges off. Default: unlimited. */
  maxRanges?: number | undefined;
}

/** A running server on loopback. */
export interface RangeServer extends AsyncDisposable {
  /** Without a slash at the end: the file `name` is at `${url}/name`. */
  readonly url: string;
  /** Every request so far, preflights included, live; may be emptied by its reader. */
  readonly requests: RequestRecord[];
  /** Connections open now. */
  readonly connections: number;
  /** Most connections that were open at a time. */
  readonly peakConnections: number;
  /** Connections opened so far. */
  readonly totalConnections: number;
  /** Replaces or adds a file: content, ETag and Last-Modified change for the requests that come later. */
  replace(name: string, content: FileContent): void;
  /** Takes a file away: later requests get a 404. */
  remove(name: string): void;
  /** Cuts every connection and frees the port. Twice is fine. */
  close(): Promise<void>;
}

// Long enough that a test which pauses never meets the race of an idle connection that closes as it is used.
const KEEP_ALIVE_MS = 60_000;
const CHUNK_BYTES = 65_536;
// Paced bodies go in steps of 10 ms, so that a slow link looks like a link and not like bursts.
const PACES_PER_SECOND = 100;

/**
 * Starts a server of files on a free loopback port: RFC 9110 section 13 and 14 in full, unless told to misbehave. It records
 * every request and respects back-pressure. Node only. While it runs it keeps the process alive: `close()` it, or take
 * it with `await using`.
 */
export async function startRangeServer(options: RangeServerOptions): Promise<RangeServer> {
  // Loaded here, so that the rest of this package's testing tools can be imported in a browser.
  const { createServer } = await import("node:http");
  const changesFor = startMisbehaving(options.misbehave);
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS });
  const connections = countConnections(server);
  const requests: RequestRecord[] = [];
  const files = fileShelf(options.files);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.on("request", createHandler({ options, changesFor, url, files, requests, connections }));
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= stop(server);
    return closing;
  };
  return {
    url,
    requests,
    get connections() {
      return connections.open;
    },
    get peakConnections() {
      return connections.peak;
    },
    get totalConnections() {
      return connections.total;
    },
    replace: files.put,
    remove: files.remove,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

interface ConnectionCounts {
  open: number;
  peak: number;
  total: number;
  readonly numbers: WeakMap<Socket, number>;
}

function countConnections(server: Server): ConnectionCounts {
  const counts: ConnectionCounts = { open: 0, peak: 0, total: 0, numbers: new WeakMap() };
  server.on("connection", (socket: Socket) => {
    counts.total += 1;
    counts.open += 1;
    counts.peak = Math.max(counts.peak, counts.open);
    counts.numbers.set(socket, counts.total);
    socket.setNoDelay(true);
    socket.once("close", () => {
      counts.open -= 1;
    });
  });
  return counts;
}

interface Running {
  readonly options: RangeServerOptions;
  readonly changesFor: ReturnType<typeof startMisbehaving>;
  readonly url: string;
  readonly files: FileShelf;
  readonly requests: RequestRecord[];
  readonly connections: ConnectionCounts;
}

function createHandler(running: Running): (message: IncomingMessage, response: ServerResponse) => void {
  const { options, changesFor, requests, connections, files, url } = running;
  const manners = mannersOf(options);
  const linkPaces = options.linkBytesPerSecond === undefined ? [] : [createPace(options.linkBytesPerSecond)];
  let ordinal = 0;
  let concurrent = 0;
  const answer = async (request: RequestRecord, response: ServerResponse) => {
    const file = await files.get(decodePath(request.path));
    const exchange = openExchange({ request, file, origin: url, concurrent }, manners);
    const encodes = manners.gzip && acceptsGzip(request.headers["accept-encoding"]);
    answerExchange(exchange, [...(encodes ? [encodingOnTheFly] : []), ...changesFor(exchange)]);
    const own = options.bytesPerSecond === undefined ? [] : [createPace(options.bytesPerSecond)];
    await sendAnswer(response, exchange, [...own, ...linkPaces]);
  };
  return (message, response) => {
    const request = recordOf(message, ordinal++, connections.numbers.get(message.socket) ?? 0);
    requests.push(request);
    concurrent += 1;
    response.once("finish", () => {
      request.endedAt = epochNow();
    });
    response.once("close", () => {
      concurrent -= 1;
      request.aborted = request.endedAt === undefined;
      request.endedAt ??= epochNow();
    });
    answer(request, response).catch((error: unknown) => failAnswer(response, error));
  };
}

function mannersOf(options: RangeServerOptions): ServerManners {
  const slowest = Math.min(options.bytesPerSecond ?? Infinity, options.linkBytesPerSecond ?? Infinity);
  return {
    latencyMs: options.latencyMs ?? 0,
    gzip: options.gzip ?? false,
    cors: options.cors ?? "exposed",
    profile: options.profile ?? "rfc9110",
    maxRanges: options.maxRanges ?? Number.POSITIVE_INFINITY,
    chunkBytes: Math.min(CHUNK_BYTES, Math.max(1, Math.round(slowest / PACES_PER_SECOND))),
  };
}

// A mistake in a test's own misbehaviour or generator: said on the wire, where the test will meet it.
function failAnswer(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.socket?.destroy();
    return;
  }
  response.writeHead(500, { "Content-Type": "text/plain; charset=utf-8" });
  response.end(`The range server failed: ${error instanceof Error ? error.stack : String(error)}\n`);
}

function recordOf(message: IncomingMessage, ordinal: number, connection: number): RequestRecord {
  const target = message.url ?? "/";
  const question = target.indexOf("?");
  const headers: HeaderRecord = {};
  for (const [name, value] of Object.entries(message.headers)) headers[name] = String(value);
  return {
    ordinal,
    method: message.method ?? "GET",
    path: question === -1 ? target : target.slice(0, question),
    query: question === -1 ? "" : target.slice(question + 1),
    headers,
    range: headers["range"],
    status: 0,
    bytesSent: 0,
    aborted: false,
    connection,
    startedAt: epochNow(),
    endedAt: undefined,
  };
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path.slice(1));
  } catch {
    return path.slice(1);
  }
}

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { HttpError, RangeStreamsError } from "../errors.ts";
import { timeoutError, withTimeout } from "../source/timeout.ts";
import { redactUrl } from "../source/url.ts";
import { type Gate, type RelayAsk, readRelayAsk, refusalOf } from "./admit-request.node.ts";
import { corsFields, describeToPage, ERROR_FIELD, PREFLIGHT_FIELDS, SAFE_FIELDS } from "./relay-answer.ts";
import type { RelayNetwork } from "./relay-network.node.ts";
import { type Relay, type RelayOptions, type RelaySettings, resolveRelaySettings } from "./relay-options.ts";
import { RelayQuota } from "./relay-quota.ts";
import { Upstream } from "./upstream.node.ts";

const HOST = "127.0.0.1";
/** Milliseconds for a request to come in. Whoever takes longer to say what it wants is no browser on the same machine. */
const REQUEST_MS = 5000;
/** Sockets at once, those that say nothing among them. */
const MAX_SOCKETS = 64;

interface RelayRun {
  readonly settings: RelaySettings;
  readonly gate: Gate;
  readonly quota: RelayQuota;
  readonly upstream: Upstream;
}

/** As `startRelay`, over a network of the caller's. */
export async function serveRelay(options: RelayOptions, network: RelayNetwork): Promise<Relay> {
  const settings = resolveRelaySettings(options);
  const hosts = new Set<string>();
  const path = `/relay/${randomBytes(32).toString("base64url")}`;
  const run: RelayRun = {
    settings,
    gate: { hosts, origin: settings.origin, path },
    quota: new RelayQuota(settings.limits),
    upstream: new Upstream(settings, network),
  };
  const requestMs = Math.min(REQUEST_MS, settings.limits.headersMs);
  const limits = {
    headersTimeout: requestMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: requestMs / 5,
    maxHeaderSize: 16 * 1024,
  };
  const server = createServer(limits, (request, response) => void answer(run, request, response));
  server.maxConnections = MAX_SOCKETS;
  server.timeout = settings.limits.idleMs;
  server.listen(settings.port, HOST);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  for (const name of [HOST, "localhost"]) hosts.add(`${name}:${port}`);
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
      run.upstream.close();
    });
    return closing;
  };
  return { url: `http://${HOST}:${port}${path}`, close, [Symbol.asyncDispose]: close };
}

async function answer(run: RelayRun, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeaders(new Map(Object.entries(SAFE_FIELDS)));
  const refusal = refusalOf(run.gate, request);
  if (refusal !== undefined) return end(response, refusal);
  response.setHeaders(new Map(Object.entries(corsFields(run.gate.origin))));
  if (request.method === "OPTIONS") {
    response.setHeaders(new Map(Object.entries(PREFLIGHT_FIELDS)));
    return end(response, 204);
  }
  let leave: (() => void) | undefined;
  try {
    const relayed = readRelayAsk(request, run.settings.limits.maxRangeBytes);
    leave = run.quota.enter();
    await relay(run, relayed, response);
  } catch (error) {
    tellError(response, error);
  } finally {
    leave?.();
  }
}

/** One exchange, as long as the page is there and its time is not over. */
async function relay(run: RelayRun, relayed: RelayAsk, response: ServerResponse): Promise<void> {
  const { headersMs, totalMs } = run.settings.limits;
  const url = redactUrl(relayed.url);
  const ending = new AbortController();
  const { signal } = ending;
  response.once("close", () => ending.abort(new RangeStreamsError("CLOSED", "The page has left")));
  const late = () => ending.abort(timeoutError({ ms: totalMs, phase: "total", url }));
  const timer = setTimeout(late, totalMs);
  try {
    const head = run.upstream.send(relayed, signal);
    const { status, headers, length, body } = await withTimeout(head, {
      ms: headersMs,
      signal,
      phase: "headers",
      url,
    });
    run.quota.charge(length);
    response.writeHead(status, { ...headers, "content-length": length });
    if (length === 0) response.end();
    else await pipeline(body, (chunks) => exactly(chunks, length), response, { signal });
  } catch (error) {
    ending.abort(error);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** The body as long as it was said to be, or an error, which cuts the answer short. */
async function* exactly(chunks: AsyncIterable<Buffer>, length: number): AsyncGenerator<Buffer> {
  let left = length;
  for await (const chunk of chunks) {
    left -= chunk.length;
    if (left < 0) break;
    yield chunk;
  }
  if (left !== 0)
    throw new RangeStreamsError("BAD_RESPONSE", "The body is not as long as its Content-Range says");
}

function tellError(response: ServerResponse, error: unknown): void {
  // Nothing can be taken back: an answer that breaks off is an error for the page as well.
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { status, told } = describeToPage(error);
  response.setHeader(ERROR_FIELD, told.code);
  if (error instanceof HttpError && error.retryAfterMs !== undefined)
    response.setHeader("retry-after", Math.ceil(error.retryAfterMs / 1000));
  end(response, status, JSON.stringify(told));
}

function end(response: ServerResponse, status: number, text = ""): void {
  // Whatever came with a request that is refused is not read: the connection ends with the answer.
  if (status !== 204 && status !== 429) response.setHeader("connection", "close");
  response.writeHead(status, status === 204 ? {} : { "content-length": Buffer.byteLength(text) }).end(text);
}

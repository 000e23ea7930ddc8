import { HttpError, isRangeStreamsError } from "../errors.ts";
import type { Deadlines } from "./deadlines.ts";
import { onAbort } from "./on-abort.ts";
import type { Bytes } from "./source.ts";
import { withTimeout } from "./timeout.ts";
import type { Client, Transport, TransportBody, TransportRequest, TransportResponse } from "./transport.ts";
import { redactUrl } from "./url.ts";

/** Browsers open no more to one host on HTTP/1.1; beyond that a request would wait in them with its clock running. */
const BROWSER_CONNECTIONS = { usual: 6, fast: 6 };
/** As measured for Node's own transport. */
const CONNECTIONS = { usual: 32, fast: 100 };

/** The platform's own transport where no better one is to be had: its `fetch`. */
export function createTransport(_origin: string, _clock: Deadlines): Transport {
  return createFetchTransport(globalThis.fetch);
}

/** The function by which a `client` sends; undefined for what is no client here. */
export function fetchOf(client: Client): typeof fetch | undefined {
  if (typeof client === "function") return client;
  const { fetch: method } = (client ?? {}) as { fetch?: typeof fetch };
  return typeof method === "function" ? method.bind(client) : undefined;
}

/** A transport over any fetch-compatible function. */
export function createFetchTransport(fetchLike: typeof fetch): Transport {
  const browser = isBrowserLike();
  return {
    conditionals: !browser,
    seesRedirects: !browser,
    defaultConnections: browser ? BROWSER_CONNECTIONS : CONNECTIONS,
    pipelines: false,
    idle: undefined,
    send: (request) => sendByFetch(fetchLike, request, browser),
    close: () => undefined,
  };
}

/**
 * Where CORS applies: windows and workers of a browser. There conditional headers force a preflight and switch the HTTP
 * cache off, and redirects are opaque (WHATWG Fetch). Node, Deno and Bun have none of that.
 */
function isBrowserLike(): boolean {
  const scope = globalThis as {
    document?: unknown;
    WorkerGlobalScope?: unknown;
    Deno?: unknown;
    Bun?: unknown;
  };
  if (scope.Deno !== undefined || scope.Bun !== undefined) return false;
  return scope.document !== undefined || scope.WorkerGlobalScope !== undefined;
}

async function sendByFetch(
  fetchLike: typeof fetch,
  request: TransportRequest,
  browser: boolean,
): Promise<TransportResponse> {
  request.signal.throwIfAborted();
  const controller = new AbortController();
  const forget = onAbort(request.signal, () => controller.abort(request.signal.reason));
  try {
    const what = `${request.method} ${redactUrl(request.url)}`;
    const response = await withTimeout(callClient(fetchLike, request, controller.signal), {
      ms: request.headersMs,
      signal: request.signal,
      phase: "headers",
      url: redactUrl(request.url),
    });
    if (response.type === "opaqueredirect") throw hiddenRedirect(request);
    return {
      status: response.status,
      headers: response.headers,
      url: response.url === "" ? request.url : response.url,
      filtered: browser && response.type !== "basic" && response.type !== "default",
      body: bodyOf(response, controller, what),
    };
  } catch (error) {
    controller.abort(error);
    if (request.signal.aborted) throw request.signal.reason;
    if (isRangeStreamsError(error)) throw error;
    throw networkError(request, error, browser);
  } finally {
    forget();
  }
}

/** Awaits the client inside a function of our own, so that one that throws synchronously rejects like any other. */
async function callClient(
  fetchLike: typeof fetch,
  request: TransportRequest,
  signal: AbortSignal,
): Promise<Response> {
  const init: RequestInit = {
    method: request.method,
    headers: Object.fromEntries(request.headers),
    // What `error` rejects with looks like any network failure; what `manual` gives can be told apart.
    redirect: request.redirect === "error" ? "manual" : request.redirect,
    signal,
  };
  if (request.credentials !== undefined) init.credentials = request.credentials;
  if (request.cache !== undefined) init.cache = request.cache;
  return await fetchLike(request.url, init);
}

/** A browser that is not to follow a redirect does not say where it leads either. */
function hiddenRedirect(request: TransportRequest): HttpError {
  const url = redactUrl(request.url);
  const advice = "custom headers and credentials must not go along; open the URL it leads to";
  return new HttpError("REDIRECT", `${request.method} ${url}: got a redirect; ${advice}`, { url });
}

function networkError(request: TransportRequest, cause: unknown, browser: boolean): HttpError {
  const advice = browser
    ? "in a browser this may also be CORS: the server must send Access-Control-Allow-Origin"
    : "check the network and the host name";
  const message = `${request.method} ${redactUrl(request.url)}: got no response (${describeCause(cause)}); ${advice}`;
  return new HttpError("NETWORK", message, { url: redactUrl(request.url), retryable: true, cause });
}

/** The innermost reason a platform gives: fetch says only "fetch failed" and hides the rest in `cause`. */
function describeCause(cause: unknown): string {
  let inner = cause;
  for (let depth = 0; depth < 4 && inner instanceof Error && inner.cause instanceof Error; depth++)
    inner = inner.cause;
  return inner instanceof Error ? inner.message.slice(0, 200) : "unknown reason";
}

function bodyOf(response: Response, controller: AbortController, what: string): TransportBody {
  const reader = response.body?.getReader();
  let finished = reader === undefined;
  return {
    async read(): Promise<Bytes | undefined> {
      if (reader === undefined || finished) return undefined;
      try {
        const { done, value } = await reader.read();
        if (!done) return value;
        finished = true;
        return undefined;
      } catch (cause) {
        finished = true;
        const message = `${what}: got a body that broke off (${describeCause(cause)}); it may pass`;
        const details = { url: redactUrl(response.url), status: response.status, retryable: true, cause };
        throw new HttpError("NETWORK", message, details);
      }
    },
    async cancel(): Promise<void> {
      if (finished) return;
      finished = true;
      // Cancelling the reader alone leaves undici's socket open until the body is collected; aborting closes it.
      reader?.cancel().catch(() => undefined);
      controller.abort(new DOMException("no longer wanted", "AbortError"));
    },
  };
}

import { fetchOf } from "#transport";
import { RangeStreamsError } from "../errors.ts";
import type { Capabilities } from "./capabilities.ts";
import type { HttpSettings, ResolveUrl, Timeouts } from "./http-link.ts";
import type { Meter } from "./meter.ts";
import { DEFAULT_RETRY, NO_RETRY, type RetryPolicy } from "./retry.ts";
import type { SourceEvent } from "./source.ts";
import type { ChooseProxy, Client } from "./transport.ts";
import { parseHttpUrl } from "./url.ts";

/** Options of a source over http(s); other sources have no use for them. */
export interface HttpOptions {
  /**
   * Any fetch-compatible function, or an object with a `fetch` method; in Node and Deno also a Dispatcher of the package undici (an
   * `Agent` with certificates or HTTP/2, a `ProxyAgent`), which stays yours to close. Default: in Node a client of this package over its
   * sockets, elsewhere the platform's `fetch`. What it throws becomes a NETWORK error, with that as `cause`.
   */
  client?: Client | undefined;
  /**
   * Which HTTP proxy requests go through, for Node's own transport alone; elsewhere without effect, and not beside `client`. Called once for
   * each origin, where a redirect leads included, with that origin as URL (`https://files.example`): gives the URL of the proxy,
   * `http://[user:password@]host:port` or `https://…`, or undefined for the direct way. Any other URL is UNSUPPORTED. Sources share
   * connections where they have the very same function. Default: all go directly; `environmentProxy` of `range-streams/node` does as
   * the environment says.
   */
  proxy?: ChooseProxy | undefined;
  /**
   * Sent to the origin of the given URL alone. `Range`, `Accept-Encoding` and fields of the connection are set here: those of the caller
   * are left out.
   */
  headers?: RequestInit["headers"];
  /** As in `fetch`, for the origin of the given URL alone. Without effect in Node, whose own client keeps no cookies. */
  credentials?: RequestInit["credentials"];
  /** `strict` refuses weak or no validators; `ignore` compares nothing, for files that are meant to grow. Default `verify`. */
  identity?: "verify" | "strict" | "ignore" | undefined;
  /**
   * How often one exchange is tried, and the delays between. Default `{ attempts: 5, baseDelayMs: 100, maxDelayMs: 10_000 }`,
   * *unmeasured*; `false` tries once. The count starts again whenever verified bytes have come.
   */
  retry?: Partial<RetryPolicy> | false | undefined;
  /**
   * Milliseconds, each TIMEOUT beyond it; Infinity is no limit. Default `{ connectMs: 10_000, headersMs: 30_000, idleMs: 30_000,
   * totalMs: 600_000 }`, all *unmeasured*.
   */
  timeouts?: Partial<Timeouts> | undefined;
  /**
   * Connections per origin at most. Default 32, and 100 under the policy `fast`, of which only many small reads at once make use
   * (measured: see `socket-transport.node.ts`); in a browser 6, which is all that browsers open to one host on HTTP/1.1.
   */
  maxConnections?: number | undefined;
  /** Gives the URL to ask instead, for instance freshly signed. Called at open, and when what it gave is refused as expired. */
  resolveUrl?: ResolveUrl | undefined;
  /**
   * What is already known of the server, as `capabilitiesOf` or `diagnose` told it. With `multiRange`, short ranges far apart go out in
   * lists of up to 50 a request; with `pipelining` false no request goes out behind another on its connection.
   */
  capabilities?: Capabilities | undefined;
  /**
   * What to do where a server ignores ranges: `throw` RANGE_IGNORED, or `download` the file as one body, as far as it is read,
   * and serve every read from what was kept of it. Default `throw`.
   */
  ifRangesIgnored?: "throw" | "download" | undefined;
  /** With `download`: a larger or endless body is LIMIT. Default 256 MiB, *unmeasured*. */
  maxDownloadBytes?: number | undefined;
  /** Told of every request, answer and warning. */
  onEvent?: ((event: SourceEvent) => void) | undefined;
}

/** What decides of the range, of its coding and of the connection is not the caller's (RFC 9110 sections 7.6.1, 11.7.2 and 14.2). */
const OUR_FIELDS = [
  "range",
  "accept-encoding",
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "content-length",
  "upgrade",
  "expect",
] as const;

const DEFAULT_TIMEOUTS: Timeouts = { connectMs: 10_000, headersMs: 30_000, idleMs: 30_000, totalMs: 600_000 };
const DEFAULT_DOWNLOAD_BYTES = 256 * 1024 * 1024;

/**
 * Checks and completes the options of one http source.
 *
 * @throws INVALID_ARGUMENT for a bad URL or option, before anything is sent.
 */
export function resolveHttpSettings(
  url: string | URL,
  options: HttpOptions & { readonly policy?: string | undefined },
  meter: Meter,
): HttpSettings {
  const { identity = "verify", maxConnections, client, proxy } = options;
  if (!["verify", "strict", "ignore"].includes(identity))
    throw badOption("identity", "'verify', 'strict' or 'ignore'");
  if (client !== undefined && fetchOf(client) === undefined)
    throw badOption("client", "a fetch-compatible function, or an object with a fetch method");
  if (proxy !== undefined && (typeof proxy !== "function" || client !== undefined))
    throw badOption("proxy", "a function, and not beside client");
  return {
    target: parseHttpUrl(url),
    client,
    proxy,
    headers: resolveHeaders(options.headers),
    credentials: options.credentials,
    identity,
    timeouts: resolveTimeouts(options.timeouts),
    retry: resolveRetry(options.retry),
    maxConnections: maxConnections === undefined ? undefined : checkCount("maxConnections", maxConnections),
    isFast: options.policy === "fast",
    capabilities: options.capabilities ?? {},
    resolveUrl: options.resolveUrl,
    maxDownloadBytes: resolveDownload(options),
    meter,
    onEvent: options.onEvent,
  };
}

function resolveDownload({ ifRangesIgnored = "throw", maxDownloadBytes }: HttpOptions): number | undefined {
  if (ifRangesIgnored !== "throw" && ifRangesIgnored !== "download") {
    throw badOption("ifRangesIgnored", "'throw' or 'download'");
  }
  const limit = checkCount("maxDownloadBytes", maxDownloadBytes ?? DEFAULT_DOWNLOAD_BYTES);
  return ifRangesIgnored === "download" ? limit : undefined;
}

function resolveHeaders(init: RequestInit["headers"]): ReadonlyMap<string, string> {
  // Making a Headers costs Node 45 ms of CPU once, in which it loads all of its fetch.
  if (init === undefined) return new Map();
  try {
    const headers = new Headers(init);
    for (const name of OUR_FIELDS) headers.delete(name);
    return new Map(headers);
  } catch {
    // Not echoed, and no cause: the value may be a credential.
    throw badOption("headers", "valid field names, and values without CR, LF or NUL");
  }
}

function resolveTimeouts(timeouts: Partial<Timeouts> = {}): Timeouts {
  const resolved = { ...DEFAULT_TIMEOUTS };
  for (const name of Object.keys(DEFAULT_TIMEOUTS) as (keyof Timeouts)[]) {
    const value = timeouts[name];
    if (value === undefined) continue;
    if (typeof value !== "number" || !(value > 0))
      throw badOption(`timeouts.${name}`, "a positive number of milliseconds");
    resolved[name] = value;
  }
  return resolved;
}

function resolveRetry(retry: Partial<RetryPolicy> | false = {}): RetryPolicy {
  if (retry === false) return NO_RETRY;
  const { attempts, baseDelayMs, maxDelayMs } = { ...DEFAULT_RETRY, ...retry };
  checkCount("retry.attempts", attempts);
  for (const [name, value] of Object.entries({ baseDelayMs, maxDelayMs })) {
    if (typeof value !== "number" || !(value >= 0))
      throw badOption(`retry.${name}`, "a number of milliseconds");
  }
  return { attempts, baseDelayMs, maxDelayMs };
}

function checkCount(name: string, value: number): number {
  if (value !== Number.POSITIVE_INFINITY && (!Number.isSafeInteger(value) || value < 1)) {
    throw badOption(name, "a whole number from 1 on");
  }
  return value;
}

/** The error of an option that cannot be meant. */
export function badOption(name: string, wanted: string): RangeStreamsError {
  return new RangeStreamsError("INVALID_ARGUMENT", `The option ${name} is not usable: it must be ${wanted}`);
}

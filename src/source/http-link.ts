import { HttpError, isRangeStreamsError } from "../errors.ts";
import { formatRangeHeader, type RangeAsk } from "../http/range-header.ts";
import type { Pinned } from "../http/verify-response.ts";
import { closedError } from "./closed-error.ts";
import { Exchange } from "./exchange.ts";
import type { Meter } from "./meter.ts";
import { type Origin, releaseOrigin, retainOrigin } from "./origin.ts";
import type { RetryPolicy } from "./retry.ts";
import type { SourceEvent } from "./source.ts";
import { type Client, StaleConnectionError, type TransportResponse } from "./transport.ts";
import { type HttpTarget, parseHttpUrl, redactUrl } from "./url.ts";

/** Time limits in milliseconds, all of them finite or Infinity. */
export interface Timeouts {
  readonly connectMs: number;
  readonly headersMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
}

/** What every exchange of one http source has in common. */
export interface HttpSettings {
  readonly target: HttpTarget;
  readonly client: Client | undefined;
  /** The caller's own fields, lower-case names; for the origin of the given URL alone. */
  readonly headers: ReadonlyMap<string, string>;
  readonly credentials: RequestCredentials | undefined;
  readonly identity: "verify" | "strict" | "ignore";
  readonly timeouts: Timeouts;
  readonly retry: RetryPolicy;
  readonly maxConnections: number;
  readonly meter: Meter;
  readonly onEvent: ((event: SourceEvent) => void) | undefined;
}

/** One request as its sender sees it. */
export interface HttpRequest {
  readonly method: "GET" | "HEAD";
  /** Undefined asks for the whole. */
  readonly ask: RangeAsk | undefined;
  readonly signal: AbortSignal;
}

/** As many hops as the WHATWG Fetch standard allows is 20; ten is what the fault catalogue calls a loop. */
const MAX_HOPS = 10;
/** Stale idle connections that one request may meet before the network is blamed. */
const MAX_STALE = 3;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * One source's way to its server: which fields go to whom, redirects, the origins it takes part in, and every exchange that
 * is open, so that `close` ends them all.
 */
export class HttpLink {
  readonly settings: HttpSettings;
  /** For messages; secrets removed. */
  readonly name: string;
  /** Set once by the first useful response. */
  pinned: Pinned | undefined;
  /** Where redirects led last time: later requests go there at once. */
  resolvedUrl: string | undefined;
  /** A request under If-Match was answered: from now on a 412 means what it says. */
  conditionProven = false;
  readonly #origins = new Map<string, Origin>();
  readonly #exchanges = new Set<Exchange>();
  readonly #warned = new Set<string>();
  readonly #closing = new AbortController();

  constructor(settings: HttpSettings) {
    this.settings = settings;
    this.name = redactUrl(settings.target.url);
  }

  get closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Aborts with the CLOSED error when the link closes. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** The origin that answers now. */
  get origin(): Origin {
    return this.#originOf(this.resolvedUrl ?? this.settings.target.url);
  }

  emit(event: SourceEvent): void {
    this.settings.onEvent?.(event);
  }

  /** One warning of a kind is enough for one source. */
  warnOnce(kind: string, message: string): void {
    if (this.#warned.has(kind)) return;
    this.#warned.add(kind);
    this.emit({ type: "warning", message });
  }

  /**
   * Sends one request and follows redirects; every hop waits for a connection of its own origin. Resolves at the end of the
   * final answer's headers, whatever its status.
   *
   * @throws NETWORK, TIMEOUT, REDIRECT, BAD_RESPONSE, CLOSED, or the reason of the signal.
   */
  async send(request: HttpRequest): Promise<Exchange> {
    let url = this.resolvedUrl ?? this.settings.target.url;
    for (let hop = 0; hop <= MAX_HOPS; hop++) {
      const exchange = await this.#sendHop(url, request);
      if (!REDIRECTS.has(exchange.status) || !exchange.redirectable) {
        this.resolvedUrl = exchange.url === this.settings.target.url ? undefined : exchange.url;
        return exchange;
      }
      try {
        url = this.#nextHop(url, exchange);
      } finally {
        exchange.discard();
      }
    }
    throw this.#redirectError(url, `more than ${MAX_HOPS} redirects`, "the server sends in circles");
  }

  /** Ends every exchange and gives the origins back. */
  close(): void {
    if (this.closed) return;
    this.#closing.abort(closedError(this.name));
    for (const exchange of this.#exchanges) exchange.cancel();
    for (const { origin } of this.#origins.values()) releaseOrigin(origin, this.settings.client);
    this.#origins.clear();
  }

  #originOf(url: string): Origin {
    const key = new URL(url).origin;
    const known = this.#origins.get(key);
    if (known !== undefined) return known;
    const origin = retainOrigin(key, this.settings.client);
    this.#origins.set(key, origin);
    return origin;
  }

  async #sendHop(url: string, request: HttpRequest): Promise<Exchange> {
    if (this.closed) throw this.closing.reason;
    const origin = this.#originOf(url);
    const slot = await origin.queue.acquire(this.settings.maxConnections, request.signal);
    try {
      const response = await this.#sendFresh(origin, url, request);
      const exchange = new Exchange(response, {
        slot,
        redirectable: origin.transport.seesRedirects,
        name: this.name,
        idleMs: this.settings.timeouts.idleMs,
        meter: this.settings.meter,
        closing: this.closing,
        onEnd: (ended) => this.#exchanges.delete(ended),
      });
      this.#exchanges.add(exchange);
      if (this.closed) exchange.cancel();
      return exchange;
    } catch (error) {
      slot.release();
      throw error;
    }
  }

  /** Sends; a connection that died while idle costs another try at once, which counts as a request and not as a failure. */
  async #sendFresh(origin: Origin, url: string, request: HttpRequest): Promise<TransportResponse> {
    const { timeouts, credentials, meter } = this.settings;
    const foreign = origin.origin !== this.settings.target.origin;
    for (let stale = 0; ; stale++) {
      meter.requests++;
      const range = request.ask === undefined ? undefined : formatRangeHeader(request.ask);
      this.emit({ type: "request", url: redactUrl(url), range });
      try {
        const response = await origin.transport.send({
          method: request.method,
          url,
          headers: this.#fields(origin, request, foreign),
          signal: request.signal,
          credentials: foreign ? undefined : credentials,
          redirect: this.#redirectMode(origin),
          connectMs: timeouts.connectMs,
          headersMs: timeouts.headersMs,
        });
        this.emit({ type: "response", url: redactUrl(url), status: response.status, range });
        return response;
      } catch (error) {
        if (!(error instanceof StaleConnectionError) || stale === MAX_STALE) throw error;
      }
    }
  }

  /**
   * Who gets what: the caller's fields and userinfo go to the origin of the given URL alone; Range, Accept-Encoding and the
   * condition go to every hop, and a caller's own of those are overridden.
   */
  #fields(origin: Origin, request: HttpRequest, foreign: boolean): Map<string, string> {
    const { target, headers } = this.settings;
    const fields = new Map<string, string>();
    if (!foreign) {
      if (target.authorization !== undefined) fields.set("authorization", target.authorization);
      for (const [name, value] of headers) fields.set(name, value);
    }
    fields.set("accept-encoding", "identity");
    fields.delete("range");
    if (request.ask !== undefined) fields.set("range", formatRangeHeader(request.ask));
    const condition = this.#condition(origin);
    if (condition !== undefined && request.method === "GET") fields.set("if-match", condition);
    return fields;
  }

  #condition(origin: Origin): string | undefined {
    if (this.settings.identity === "ignore" || !origin.conditionals) return undefined;
    const validators = this.pinned?.validators;
    return validators?.strength === "strong" ? validators.etag : undefined;
  }

  /** Where redirects are opaque the platform must follow them, and then nothing of the caller's may go along. */
  #redirectMode(origin: Origin): "manual" | "follow" | "error" {
    if (origin.transport.seesRedirects) return "manual";
    const { target, headers, credentials } = this.settings;
    const bare = headers.size === 0 && target.authorization === undefined && credentials === undefined;
    return bare ? "follow" : "error";
  }

  #nextHop(from: string, exchange: Exchange): string {
    const location = exchange.headers.get("location");
    if (location === null || location.trim() === "") {
      const message = `GET ${redactUrl(from)}: got status ${exchange.status} without a Location; the server is broken`;
      throw new HttpError("BAD_RESPONSE", message, { url: redactUrl(from), status: exchange.status });
    }
    let next: HttpTarget;
    try {
      next = parseHttpUrl(new URL(location, from));
    } catch (cause) {
      if (cause instanceof TypeError || isRangeStreamsError(cause, "INVALID_ARGUMENT")) {
        throw this.#redirectError(from, "a redirect to what is no http(s) URL", "it is not followed");
      }
      throw cause;
    }
    if (from.startsWith("https:") && next.url.startsWith("http:")) {
      throw this.#redirectError(
        from,
        "a redirect from https: to http:",
        "open the http: URL itself if that is meant",
      );
    }
    return next.url;
  }

  #redirectError(from: string, got: string, advice: string): HttpError {
    const url = redactUrl(from);
    return new HttpError("REDIRECT", `GET ${url}: got ${got}; ${advice}`, { url });
  }
}

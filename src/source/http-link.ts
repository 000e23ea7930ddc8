import { HttpError, isRangeStreamsError } from "../errors.ts";
import type { Pinned } from "../http/expectation.ts";
import { formatRangeHeader, type ListAsk, type RangeAsk } from "../http/range-header.ts";
import type { BodyTiming } from "./body-timing.ts";
import type { WireCall } from "./call.ts";
import type { Capabilities } from "./capabilities.ts";
import { closedError } from "./closed-error.ts";
import { Exchange } from "./exchange.ts";
import type { LinkEstimate } from "./link-estimate.ts";
import type { Meter } from "./meter.ts";
import { type Origin, releaseOrigin, retainOrigin } from "./origin.ts";
import { LeftAloneError } from "./origin-health.ts";
import type { Pipeline, PipelinePlace } from "./pipeline.ts";
import type { RecoveryWatcher } from "./recovery.ts";
import { isRedirect, redirectError, redirectTarget } from "./redirect.ts";
import { requestFields } from "./request-fields.ts";
import type { QueueRequest, Slot } from "./request-queue.ts";
import type { RetryPolicy } from "./retry.ts";
import type { SourceEvent } from "./source.ts";
import { type StopSignal, toAbortSignal } from "./stop.ts";
import { type ChooseProxy, type Client, StaleConnectionError, type TransportResponse } from "./transport.ts";
import { type HttpTarget, parseHttpUrl, redactUrl } from "./url.ts";

/** Time limits in milliseconds; Infinity for none. */
export interface Timeouts {
  /** Until connected, where the platform tells; else part of `headersMs`. */
  readonly connectMs: number;
  /** From sending to the end of the headers. */
  readonly headersMs: number;
  /** Between body bytes while somebody waits for them. */
  readonly idleMs: number;
  /** One whole call, retries and back-off included; for a stream, one internal read. */
  readonly totalMs: number;
}

/**
 * Gives the URL to ask instead of the one that was opened, for instance with a fresh signature. Called at open, and again when
 * what it gave is refused as expired.
 */
export type ResolveUrl = (
  url: string,
  context: { signal: AbortSignal },
) => string | URL | Promise<string | URL>;

/** What every exchange of one http source has in common. */
export interface HttpSettings {
  readonly target: HttpTarget;
  readonly client: Client | undefined;
  readonly proxy: ChooseProxy | undefined;
  /** The caller's own fields, lower-case names; for the origin of the given URL alone. */
  readonly headers: ReadonlyMap<string, string>;
  readonly credentials: RequestInit["credentials"];
  readonly identity: "verify" | "strict" | "ignore";
  readonly timeouts: Timeouts;
  readonly retry: RetryPolicy;
  /** Undefined leaves it to the transport. */
  readonly maxConnections: number | undefined;
  /** Time is all that counts. */
  readonly isFast: boolean;
  readonly capabilities: Capabilities;
  readonly resolveUrl: ResolveUrl | undefined;
  /** Bytes that a server without ranges may send whole; undefined refuses such a server. */
  readonly maxDownloadBytes: number | undefined;
  readonly meter: Meter;
  readonly onEvent: ((event: SourceEvent) => void) | undefined;
}

/** One request as its sender sees it. */
export interface HttpRequest {
  readonly method: "GET" | "HEAD";
  /** Undefined asks for the whole. */
  readonly ask: RangeAsk | ListAsk | undefined;
  readonly call: WireCall;
}

/** One request to one origin. */
interface Hop {
  readonly origin: Origin;
  readonly url: string;
  readonly request: HttpRequest;
  readonly pipeline?: Pipeline | undefined;
}

/** What an answer has to do with its origin. */
interface Answered {
  readonly slot: Slot;
  readonly bodyTiming: BodyTiming;
}

/** The Fetch standard allows 20 redirects; we stop at 10: nothing honest needs more. *Unmeasured*. */
const MAX_HOPS = 10;
/** Stale idle connections that one request may meet before the network is blamed. */
const MAX_STALE = 3;

/**
 * One source's way to its server: where to ask now, the origins it takes part in, and every exchange that is open, so that
 * `close` ends them all.
 */
export class HttpLink implements RecoveryWatcher {
  readonly settings: HttpSettings;
  /** For messages; secrets removed. */
  readonly name: string;
  /** Set once by the first useful response. */
  pinned: Pinned | undefined;
  /** An answer was of another file: from then on one without a validator proves nothing. */
  sawChange = false;
  /** Bytes of the last answer that was shorter than asked. */
  shortAnswerBytes: number | undefined;
  /** Where `resolveUrl` and redirects led last time: later requests go there at once. */
  #resolved: string | undefined;
  #current: { readonly url: string; readonly origin: Origin } | undefined;
  readonly #origins = new Map<string, Origin>();
  readonly #exchanges = new Set<Exchange>();
  readonly #onEnd = (exchange: Exchange): unknown => this.#exchanges.delete(exchange);
  readonly #warned = new Set<string>();
  readonly #closing = new AbortController();
  #isClosed = false;

  constructor(settings: HttpSettings) {
    this.settings = settings;
    this.name = redactUrl(settings.target.url);
    Object.assign(this.origin.capabilities, settings.capabilities);
  }

  get closed(): boolean {
    return this.#isClosed;
  }

  /** Aborts with the CLOSED error when the link closes. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** The origin that answers now. */
  get origin(): Origin {
    const url = this.#resolved ?? this.settings.target.url;
    if (this.#current?.url !== url) this.#current = { url, origin: this.#originOf(url) };
    return this.#current.origin;
  }

  /** Connections that this source allows at most. */
  get maxConnections(): number {
    return this.#maxConnectionsTo(this.origin);
  }

  /** What is known of the way to the origin that answers now. */
  get estimate(): LinkEstimate {
    const { origin } = this;
    const { link, queue, transport } = origin;
    const connections = Math.max(1, Math.min(this.#maxConnectionsTo(origin), Math.floor(queue.ceiling)));
    return link.estimate({ connections, idle: transport.idle });
  }

  /** Requests carry an If-Match. */
  get sendsConditions(): boolean {
    return this.#condition(this.origin) !== undefined;
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

  /** Verified bytes arrived. */
  progressed(): void {
    this.origin.health.succeeded();
  }

  /** A body came to its right end. */
  answered(): void {
    this.origin.queue.answered();
  }

  retrying(): void {
    this.settings.meter.retries++;
  }

  /** An exchange failed in a way that another may not: the origin takes note for all its sources. */
  failed(failure: HttpError): void {
    if (failure instanceof LeftAloneError) return;
    const { health, queue } = this.origin;
    const unanswered = failure.code === "NETWORK" && failure.status === undefined;
    // A refused connection beside others that work is a limit too.
    const limited = failure.status === 429 || failure.status === 503 || (unanswered && queue.active > 1);
    // A server that bears fewer connections than it got is not down: only what fails on a single one says so.
    const tooMany = limited && queue.ceiling >= 2;
    const down = unanswered || failure.code === "TIMEOUT" || failure.code === "HTTP_STATUS";
    if (down && !tooMany) health.failed(failure);
    if (failure.retryAfterMs !== undefined) queue.pause(failure.retryAfterMs);
    if (limited) queue.complained();
    // Another mirror may answer where this one went away; what it has is held against the pinned identity.
    if (unanswered) this.#resolved = undefined;
  }

  /**
   * Forgets where `url` came from, so that the next request begins at the URL that was given; tells whether it came from
   * anywhere else.
   */
  forgetTarget(url: string): boolean {
    if (this.#resolved === undefined || this.#resolved !== url) return false;
    this.#resolved = undefined;
    return true;
  }

  /**
   * Sends one request and follows redirects; every hop waits for a connection of its own origin. Resolves at the end of the
   * final answer's headers, whatever its status.
   *
   * @throws NETWORK, TIMEOUT, RATE_LIMITED, REDIRECT, BAD_RESPONSE, CLOSED, or the reason of the call's signal.
   */
  async send(request: HttpRequest): Promise<Exchange> {
    const { resolveUrl, target } = this.settings;
    let url = this.#resolved;
    url ??= resolveUrl === undefined ? target.url : await this.#entry(resolveUrl, request.call.signal);
    for (let hop = 0; hop <= MAX_HOPS; hop++) {
      const exchange = await this.#sendHop(url, request);
      if (!isRedirect(exchange.status) || !exchange.redirectable) {
        this.#resolved = exchange.url === this.settings.target.url ? undefined : exchange.url;
        return exchange;
      }
      try {
        url = redirectTarget(url, exchange);
      } finally {
        exchange.discard();
      }
    }
    throw redirectError(url, `more than ${MAX_HOPS} redirects`, "the server sends in circles");
  }

  /** Ends every exchange and gives the origins back. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closing.abort(closedError(this.name));
    for (const exchange of this.#exchanges) exchange.cancel();
    for (const { origin } of this.#origins.values()) releaseOrigin(origin, this.settings);
    this.#origins.clear();
  }

  /** Where a request begins: what `resolveUrl` makes of the URL given. */
  async #entry(resolveUrl: ResolveUrl, signal: StopSignal): Promise<string> {
    try {
      return parseHttpUrl(await resolveUrl(this.settings.target.url, { signal: toAbortSignal(signal) })).url;
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      if (isRangeStreamsError(cause)) throw cause;
      const message = `${this.name}: the option resolveUrl gave no URL; see the cause`;
      throw new HttpError("NETWORK", message, { url: this.name, retryable: true, cause });
    }
  }

  #originOf(url: string): Origin {
    const key = new URL(url).origin;
    const known = this.#origins.get(key);
    if (known !== undefined) return known;
    const origin = retainOrigin(key, this.settings);
    this.#origins.set(key, origin);
    return origin;
  }

  #sendHop(url: string, request: HttpRequest): Promise<Exchange> {
    if (this.closed) throw this.closing.reason;
    const origin = url === this.#current?.url ? this.#current.origin : this.#originOf(url);
    this.#checkOrigin(origin, request.call);
    const { place } = request.call;
    const hop = { origin, url, request };
    return place === undefined ? this.#sendBy(hop) : this.#sendBehind(hop, place);
  }

  async #sendBehind(hop: Hop, place: PipelinePlace): Promise<Exchange> {
    const { capabilities, queue } = hop.origin;
    const behind = { ...hop, pipeline: place.pipeline };
    const way = { queue, capabilities, link: this };
    const sent = await place.send(way, this.#wishFor(hop), (slot) => this.#sendBy(behind, slot));
    return sent ?? this.#sendBy(hop);
  }

  #wishFor({ origin, request }: Hop): QueueRequest {
    const { signal, turn } = request.call;
    return { limit: this.#maxConnectionsTo(origin), signal, turn };
  }

  /**
   * Sends it by the connection that is given, or by one of its own. A connection that died while idle costs another try at once, which counts
   * as a request and not as a failure.
   */
  async #sendBy(hop: Hop, given?: Slot): Promise<Exchange> {
    const { origin, pipeline } = hop;
    const wish = this.#wishFor(hop);
    // The first requests of a plan connect before the last of them are made: no turn of the loop lies between.
    const slot = given ?? origin.queue.tryAcquire(wish) ?? (await origin.queue.acquire(wish));
    try {
      origin.health.check();
      for (let stale = 0; ; stale++) {
        const sent = origin.link.sent();
        try {
          const response = await this.#transmit(hop);
          return this.#toExchange(hop, response, {
            slot,
            bodyTiming: origin.link.answered(sent, response.timing),
          });
        } catch (error) {
          const isStale = error instanceof StaleConnectionError && pipeline === undefined;
          if (!isStale || stale === MAX_STALE) throw error;
        }
      }
    } catch (error) {
      slot.release();
      throw error;
    }
  }

  #transmit({ origin, url, request, pipeline }: Hop): Promise<TransportResponse> {
    const { target, headers, timeouts, credentials, meter, onEvent } = this.settings;
    const { method, ask, call } = request;
    const foreign = origin.origin !== target.origin;
    const condition = method === "GET" ? this.#condition(origin) : undefined;
    meter.requests++;
    if (onEvent !== undefined) this.emit({ type: "request", url: redactUrl(url), range: rangeField(ask) });
    return origin.transport.send({
      method,
      url,
      headers: requestFields({ target, headers, foreign, ask, condition }),
      signal: call.signal,
      credentials: foreign ? undefined : credentials,
      redirect: this.#redirectMode(origin),
      connectMs: timeouts.connectMs,
      headersMs: timeouts.headersMs,
      pipeline,
    });
  }

  #toExchange(
    { origin, url, request }: Hop,
    response: TransportResponse,
    { slot, bodyTiming }: Answered,
  ): Exchange {
    const { timeouts, meter, onEvent } = this.settings;
    if (onEvent !== undefined) {
      const { status } = response;
      this.emit({ type: "response", url: redactUrl(url), status, range: rangeField(request.ask) });
    }
    const exchange = new Exchange(response, {
      slot,
      redirectable: origin.transport.seesRedirects,
      name: this.name,
      hasBody: request.method !== "HEAD",
      idleMs: timeouts.idleMs,
      clock: origin.clock,
      meter,
      bodyTiming,
      closing: this.closing,
      onEnd: this.#onEnd,
    });
    this.#exchanges.add(exchange);
    if (this.closed) exchange.cancel();
    return exchange;
  }

  #maxConnectionsTo({ transport }: Origin): number {
    const { maxConnections, isFast } = this.settings;
    const { usual, fast } = transport.defaultConnections;
    return maxConnections ?? (isFast ? fast : usual);
  }

  /** Refuses at once what the server would have us wait for longer than the call may last. */
  #checkOrigin(origin: Origin, call: WireCall): void {
    const { pausedMs } = origin.queue;
    if (pausedMs < call.remainingMs()) return;
    const message = `GET ${this.name}: the server wants no request for ${Math.ceil(pausedMs / 1000)} s; come back then`;
    throw new HttpError("RATE_LIMITED", message, { url: this.name, retryable: true, retryAfterMs: pausedMs });
  }

  #condition(origin: Origin): string | undefined {
    const possible = origin.transport.conditionals && origin.capabilities.ifMatch !== false;
    if (this.settings.identity === "ignore" || !possible) return undefined;
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
}

function rangeField(ask: HttpRequest["ask"]): string | undefined {
  return ask === undefined ? undefined : formatRangeHeader(ask);
}

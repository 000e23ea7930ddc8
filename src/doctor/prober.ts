import { HttpError } from "../errors.ts";
import { parseDecimal } from "../http/decimal.ts";
import type { ResponseHead } from "../http/expectation.ts";
import type { ListAsk, RangeAsk } from "../http/range-header.ts";
import { parseRetryAfter } from "../http/retry-after.ts";
import { beginCall, type Call } from "../source/call.ts";
import type { HttpSettings } from "../source/http-link.ts";
import { type Origin, releaseOrigin, retainOrigin } from "../source/origin.ts";
import { isRedirect, redirectError, redirectTarget } from "../source/redirect.ts";
import { requestFields } from "../source/request-fields.ts";
import { StaleConnectionError, type TransportRequest, type TransportResponse } from "../source/transport.ts";
import { redactUrl } from "../source/url.ts";
import type { RedirectStep } from "./diagnosis.ts";
import { type TakenBody, takeBody } from "./take-body.ts";

/** One request of the doctor's. */
export interface Probe {
  /** Default GET. */
  readonly method?: TransportRequest["method"];
  /** Undefined sends no Range. */
  readonly ask?: RangeAsk | ListAsk;
  /** Lower-case names; they win over the ordinary ones. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Without anything of the caller's, as a browser sends a preflight. */
  readonly bare?: boolean;
  /** Begins at the URL that was given, not where redirects led last time. */
  readonly fromStart?: boolean;
}

/** An answer, and as much of its body as a probe takes. */
export interface Answer extends ResponseHead {
  readonly body: TakenBody;
  /** The redirects that led here. */
  readonly hops: readonly ResponseHead[];
}

/** A probe that got no answer is a finding too. */
export type Outcome = Answer | HttpError;

const MAX_HOPS = 10;
/** Stale idle connections that one probe may meet before the network is blamed. */
const MAX_STALE = 3;

/**
 * Sends probes, one after the other, each exactly once: nothing is retried, so that what a server does shows. Follows redirects as
 * a source does, and like one remembers where they led.
 */
export class Prober {
  readonly settings: HttpSettings;
  /** For messages; secrets removed. */
  readonly name: string;
  readonly call: Call;
  /** The redirects of the first probe. */
  readonly redirects: RedirectStep[] = [];
  requests = 0;
  /** Of bodies. */
  bytesReceived = 0;
  /** Why no more is asked: the time is up, or the server said that it is too much. */
  stopped: "time" | "rate" | undefined;
  /** One connection served several probes; undefined where nothing showed it. */
  keepAlive: boolean | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #origins = new Map<string, Origin>();
  #url: string;
  /** Where the last answer came from and ended by itself, so that its connection should serve the next one. */
  #idleAt: string | undefined;
  #answers = 0;

  constructor(settings: HttpSettings, signal: AbortSignal | undefined) {
    this.settings = settings;
    this.name = redactUrl(settings.target.url);
    this.#signal = signal;
    this.#url = settings.target.url;
    this.call = beginCall({ signals: [signal], totalMs: settings.timeouts.totalMs, url: this.name });
  }

  /** In a browser what a page may ask and see is limited, and the platform follows redirects. */
  get inBrowser(): boolean {
    return !this.#originOf(this.#url).transport.seesRedirects;
  }

  /** The HTTP proxy of the given URL, without credentials. */
  get proxy(): string | undefined {
    return this.#originOf(this.settings.target.url).transport.proxy;
  }

  /**
   * Sends one probe; a failure of the exchange is an outcome like any other.
   *
   * @throws the reason of the caller's signal.
   */
  async send(probe: Probe): Promise<Outcome> {
    try {
      return await this.#follow(probe);
    } catch (error) {
      if (this.#signal?.aborted) throw this.#signal.reason;
      if (this.call.signal.aborted) this.stopped = "time";
      if (error instanceof HttpError) return error;
      throw error;
    }
  }

  close(): void {
    this.call.end();
    for (const { origin } of this.#origins.values()) releaseOrigin(origin, this.settings);
    this.#origins.clear();
  }

  async #follow(probe: Probe): Promise<Answer> {
    let url = probe.fromStart ? this.settings.target.url : this.#url;
    const first = this.#answers === 0;
    const hops: ResponseHead[] = [];
    for (let hop = 0; hop <= MAX_HOPS; hop++) {
      const response = await this.#sendHop(url, probe);
      const answer = await this.#take(response, url, probe);
      const { seesRedirects } = this.#originOf(url).transport;
      if (!seesRedirects || !isRedirect(answer.status)) {
        if (first && response.url !== url) this.#redirected(undefined, response.url);
        if (probe.method !== "OPTIONS") this.#url = response.url;
        this.#answers++;
        return { ...answer, hops };
      }
      // A browser never follows the redirect of a preflight.
      if (probe.bare) return { ...answer, hops };
      hops.push(answer);
      url = redirectTarget(url, answer);
      if (first) this.#redirected(answer.status, url);
    }
    throw redirectError(url, `more than ${MAX_HOPS} redirects`, "the server sends in circles");
  }

  #redirected(status: number | undefined, url: string): void {
    this.redirects.push({ status, url: redactUrl(url) });
  }

  async #sendHop(url: string, probe: Probe): Promise<TransportResponse> {
    const { transport } = this.#originOf(url);
    const request: TransportRequest = {
      method: probe.method ?? "GET",
      url,
      headers: this.#fieldsFor(url, probe),
      signal: this.call.signal,
      credentials: this.#isForeign(url) || probe.bare ? undefined : this.settings.credentials,
      redirect: transport.seesRedirects ? "manual" : this.#redirectMode(),
      // A browser cuts ranges out of what it has cached, whatever the server would do with them.
      cache: "no-store",
      connectMs: this.settings.timeouts.connectMs,
      headersMs: this.settings.timeouts.headersMs,
    };
    for (let stale = 0; ; stale++) {
      this.requests++;
      try {
        return await transport.send(request);
      } catch (error) {
        if (!(error instanceof StaleConnectionError) || stale === MAX_STALE) throw error;
      }
    }
  }

  async #take(response: TransportResponse, url: string, probe: Probe): Promise<Omit<Answer, "hops">> {
    const { status, headers, filtered, reused } = response;
    const length = headers.get("content-length");
    const body = await takeBody(response.body, {
      // The Content-Length of an answer to HEAD is that of the file.
      declared: probe.method === "HEAD" || length === null ? undefined : parseDecimal(length.trim()),
      idleMs: this.settings.timeouts.idleMs,
      signal: this.call.signal,
      url: this.name,
    });
    this.bytesReceived += body.bytes.byteLength;
    if (this.call.signal.aborted) throw this.call.signal.reason;
    const { origin } = new URL(url);
    // Node's fetch closes the connection of every HEAD by itself, and the server then says so too.
    const asked = (probe.method ?? "GET") === "GET" ? headers.get("connection") : null;
    const closes = asked?.toLowerCase().includes("close") === true;
    if (reused === true) this.keepAlive = true;
    else if (closes || (reused === false && this.#idleAt === origin)) this.keepAlive ??= false;
    this.#idleAt = body.ended ? origin : undefined;
    this.#heedComplaint({ status, headers });
    return { status, headers, filtered, body };
  }

  /** The first answer decides by itself; after it, a server that has enough is asked nothing more. */
  #heedComplaint({ status, headers }: Pick<ResponseHead, "status" | "headers">): void {
    if (this.#answers === 0) return;
    const pause = parseRetryAfter(headers.get("retry-after"), Date.now());
    if (status === 429 || (status === 503 && pause !== undefined)) this.stopped = "rate";
  }

  #fieldsFor(url: string, { ask, fields = {}, bare = false }: Probe): Map<string, string> {
    const { target, headers } = this.settings;
    const foreign = this.#isForeign(url);
    const sent = bare
      ? new Map<string, string>()
      : requestFields({ target, headers, foreign, ask, condition: undefined });
    for (const [name, value] of Object.entries(fields)) sent.set(name, value);
    return sent;
  }

  #isForeign(url: string): boolean {
    return new URL(url).origin !== this.settings.target.origin;
  }

  /** Where redirects are opaque the platform follows them, and then nothing of the caller's may go along. */
  #redirectMode(): "follow" | "error" {
    const { target, headers, credentials } = this.settings;
    const plain = headers.size === 0 && target.authorization === undefined && credentials === undefined;
    return plain ? "follow" : "error";
  }

  #originOf(url: string): Origin {
    const key = new URL(url).origin;
    const known = this.#origins.get(key);
    if (known !== undefined) return known;
    const origin = retainOrigin(key, this.settings);
    this.#origins.set(key, origin);
    return origin;
  }
}

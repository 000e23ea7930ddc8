import { HttpError } from "../errors.ts";
import type { HeaderFields } from "../http/header-fields.ts";
import type { ExchangeTiming } from "./link-estimate.ts";
import type { Bytes } from "./source.ts";
import type { StopSignal } from "./stop.ts";

/** One request without a body, ready to send. `OPTIONS` is for the doctor alone. */
export interface TransportRequest {
  readonly method: "GET" | "HEAD" | "OPTIONS";
  /** Absolute http(s) URL without userinfo or fragment. */
  readonly url: string;
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  /** Aborts the exchange up to the end of the headers; `body.cancel` ends it afterwards. */
  readonly signal: StopSignal;
  readonly credentials: RequestInit["credentials"];
  readonly redirect: "manual" | "follow" | "error";
  /** As in fetch, where the platform has a cache of its own; default: its default. */
  readonly cache?: Request["cache"] | undefined;
  /** Time to a connection, where the platform tells; else part of `headersMs`. */
  readonly connectMs: number;
  /** Time from sending to the end of the headers. */
  readonly headersMs: number;
  /**
   * Requests with the same one go out behind each other on one connection, before the first of them is answered, as long as that
   * lasts (RFC 9112 section 9.3.2); where the transport does not {@link Transport.pipelines}, it is ignored.
   */
  readonly pipeline?: object | undefined;
}

/** The body of a response, pulled chunk by chunk: nothing beyond a small buffer is taken before it is asked for. */
export interface TransportBody {
  /** As {@link TransportBody.read}, where that need not wait: null at the end, undefined where it must. */
  poll?(): Bytes | null | undefined;
  /** The next chunk, which belongs to the caller; undefined at the end. Rejects with NETWORK where the body breaks off. */
  read(): Promise<Bytes | undefined>;
  /** Ends the exchange, and resolves when its connection is gone, as far as the platform tells. After the end it does nothing. */
  cancel(): Promise<void>;
}

/** The head of a response and a body not yet touched. */
export interface TransportResponse {
  readonly status: number;
  readonly headers: HeaderFields;
  /** The URL that answered, where the platform followed redirects by itself; else the one asked. */
  readonly url: string;
  /** The platform hides fields from us: a cross-origin answer in a browser. */
  readonly filtered: boolean;
  /** It came on a connection that had served before; undefined where the platform does not tell. */
  readonly reused?: boolean | undefined;
  /** Its request went out before another was answered on its connection. */
  readonly queued?: boolean | undefined;
  /** Undefined where the platform does not tell. */
  readonly timing?: ExchangeTiming | undefined;
  readonly body: TransportBody;
}

/**
 * A reused idle connection turned out to be dead before any answer came: the server closed it as we sent. No failure of the
 * server, so the same request goes out again at once on another connection.
 */
export class StaleConnectionError extends HttpError {}

/**
 * A request behind another was not answered, although its connection was open then: this server, or what lies before it, takes one at a
 * time. Without a cause where the connection is open still, or what came on it was no answer.
 */
export class PipelineError extends StaleConnectionError {}

/**
 * The seam between us and the network: sends one request and resolves at the end of its headers. Rejects with `signal.reason`
 * on abort, TIMEOUT, or NETWORK with a cause. Never follows a redirect unless told to, never retries, never decodes unless
 * the platform cannot be kept from it.
 */
export interface Transport {
  /** Conditional headers cost nothing here: no preflight, no cache to disable. */
  readonly conditionals: boolean;
  /** Redirects can be seen and followed by us. */
  readonly seesRedirects: boolean;
  /** Connections that are worth having open at once, where nobody says otherwise; `fast`: where time is all that counts. */
  readonly defaultConnections: { readonly usual: number; readonly fast: number };
  /** Several requests may go out on one connection before they are answered; true once an answer has shown a server of HTTP/1.1. */
  readonly pipelines: boolean;
  /** The HTTP proxy that requests go through, without credentials; undefined where there is none, or the platform does not tell. */
  readonly proxy?: string | undefined;
  /** Open connections that wait for work; undefined where the platform does not tell. */
  readonly idle: number | undefined;
  send(request: TransportRequest): Promise<TransportResponse>;
  /** Closes idle connections. */
  close(): void;
}

/** A fetch-compatible function, or an object with a `fetch` method. */
export type FetchClient = typeof fetch | { fetch: typeof fetch };

/** As much of a Dispatcher of undici's (an Agent, a ProxyAgent, a Pool, …) as is used of it. */
export interface Dispatcher {
  /** Tells it from a mere object: nothing is asked by this one. */
  dispatch(...args: never[]): boolean;
  /** Sends one request, and resolves at the end of the headers. */
  request(options: {
    origin: string;
    path: string;
    method: "GET" | "HEAD" | "OPTIONS";
    headers: Record<string, string>;
    signal: AbortSignal;
  }): Promise<DispatchedResponse>;
}

/** What a {@link Dispatcher} resolves with, as much as is used of it. */
export interface DispatchedResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: AsyncIterable<Uint8Array> & { on(event: "error", listener: () => void): unknown };
}

/** Who sends the requests: what is like `fetch`, or in Node and Deno a {@link Dispatcher} of the package undici. */
export type Client = FetchClient | Dispatcher;

/** The URL of the HTTP proxy through which an origin is reached, given as a URL without a path; undefined goes directly. */
export type ChooseProxy = (url: string) => string | undefined;

import type { Dispatcher } from "undici/lib/dispatcher/client.js";
import { HttpError } from "../errors.ts";
import type { HeaderFields } from "../http/header-fields.ts";
import { Connection, type ConnectionUser } from "./connection.node.ts";
import type { Deadline, Deadlines } from "./deadlines.ts";
import type { ExchangeTiming } from "./link-estimate.ts";
import { onAbort } from "./on-abort.ts";
import type { Bytes } from "./source.ts";
import { timeoutError } from "./timeout.ts";
import {
  StaleConnectionError,
  type Transport,
  type TransportBody,
  type TransportRequest,
  type TransportResponse,
} from "./transport.ts";
import { redactUrl } from "./url.ts";
import { warmParser } from "./warm-parser.node.ts";

/**
 * Bytes of a body kept ready ahead of the reader, so that the socket is not paused and resumed for every chunk. Four socket
 * reads of 64 KiB; *unmeasured* beyond that.
 */
const READY_BYTES = 256 * 1024;
/**
 * Where answers are small and far, more connections help as long as there are more. 100 blocks of 4 KiB over 6, 16, 24 and 32: at 100 ms
 * 1914, 761, 530 and 433 ms; at 20 ms 224 with 16 and 167 with 32. Where bytes are what takes time, plans and windows use fewer by
 * themselves: a connection more must gain a twentieth of the time, and a stream takes 16 at most. A server that bears fewer says so,
 * and is then asked over fewer.
 */
const DEFAULT_CONNECTIONS = 32;

/**
 * Node's own transport, over the clients of undici: a small request takes 15 µs of CPU where node:http took 34 and the global fetch
 * several times that, in one run on one machine. The number of sockets is ours to bound; idle ones never keep the process alive.
 */
export function createTransport(origin: string, clock: Deadlines): Transport {
  const free: Connection[] = [];
  const sessions = { latest: undefined };
  // One file is mostly asked for again and again.
  let latest: { readonly url: string; readonly path: string } | undefined;
  let closed = false;

  const drop = (connection: Connection): void => {
    const index = free.indexOf(connection);
    if (index >= 0) free.splice(index, 1);
    void connection.destroy();
  };
  const release = (connection: Connection): void => {
    connection.free();
    if (closed) void connection.destroy();
    else free.push(connection);
  };
  return {
    conditionals: true,
    seesRedirects: true,
    defaultConnections: DEFAULT_CONNECTIONS,
    get idle() {
      return free.length;
    },
    send: (request) => {
      if (request.signal.aborted) return Promise.reject(request.signal.reason);
      if (latest?.url !== request.url) {
        const { pathname, search } = new URL(request.url);
        latest = { url: request.url, path: pathname + search };
      }
      // The one used last is the likeliest to be still open.
      const connection = free.pop() ?? new Connection({ origin, sessions, onClose: drop });
      return new NodeExchange({ request, connection, clock, release }).start(latest.path);
    },
    close: () => {
      closed = true;
      for (const connection of free.splice(0)) void connection.destroy();
    },
  };
}

interface ExchangeParts {
  readonly request: TransportRequest;
  readonly connection: Connection;
  readonly clock: Deadlines;
  /** Takes the connection back, open and free. */
  release(connection: Connection): void;
}

/** One request on a connection, and the body of its answer. */
class NodeExchange implements ConnectionUser, TransportBody {
  readonly #parts: ExchangeParts;
  #resolve!: (response: TransportResponse) => void;
  #reject!: (error: unknown) => void;
  #forget!: () => void;
  #deadline: Deadline | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #status: number | undefined;
  #sentAt = 0;
  #reused = false;
  readonly #ready: Bytes[] = [];
  #readyBytes = 0;
  #waiting: { resolve(chunk: Bytes | undefined): void; reject(error: unknown): void } | undefined;
  /** The body is over, with or without an error. */
  #end: { readonly error: unknown } | undefined;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
  }

  start(path: string): Promise<TransportResponse> {
    const { request, connection } = this.#parts;
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#forget = onAbort(request.signal, () => this.#fail(request.signal.reason));
      const headers: string[] = [];
      for (const [name, value] of request.headers) headers.push(name, value);
      connection.send({ path, method: request.method, headers }, this);
    });
  }

  connecting(): void {
    this.#limit(this.#parts.request.connectMs, "connect");
  }

  connected(): void {
    this.#unlimit();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    const { connection, request } = this.#parts;
    this.#controller = controller;
    connection.sent();
    this.#reused = connection.isReused;
    this.#sentAt = performance.now();
    this.#limit(request.headersMs, "headers");
    warmParser();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    // Informational: the answer itself is still to come.
    if (status < 200) return;
    this.#status = status;
    this.#settle();
    this.#resolve({
      status,
      headers: new NodeHeaderFields(headers),
      url: this.#parts.request.url,
      filtered: false,
      reused: this.#reused,
      timing: this.#timing(),
      body: this,
    });
  }

  onResponseData(controller: Dispatcher.DispatchController, buffer: Buffer): void {
    const chunk = new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.byteLength);
    if (this.#waiting !== undefined) {
      const { resolve } = this.#waiting;
      this.#waiting = undefined;
      resolve(chunk);
      return;
    }
    this.#ready.push(chunk);
    this.#readyBytes += chunk.byteLength;
    if (this.#readyBytes >= READY_BYTES) controller.pause();
  }

  onResponseEnd(): void {
    this.#finish(undefined);
    this.#parts.release(this.#parts.connection);
  }

  onResponseError(_controller: unknown, cause: Error): void {
    const { request, connection } = this.#parts;
    if (this.#status === undefined) this.#fail(describeFailure(request, cause, this.#reused));
    else if (this.#end === undefined) this.#finish(brokenOff(request, this.#status, cause));
    void connection.destroy();
  }

  poll(): Bytes | null | undefined {
    const chunk = this.#ready.shift();
    if (chunk !== undefined) {
      this.#readyBytes -= chunk.byteLength;
      return chunk;
    }
    return this.#end !== undefined && this.#end.error === undefined ? null : undefined;
  }

  read(): Promise<Bytes | undefined> {
    const now = this.poll();
    if (now !== undefined) return Promise.resolve(now ?? undefined);
    if (this.#end !== undefined) return Promise.reject(this.#end.error);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#controller?.resume();
    });
  }

  async cancel(): Promise<void> {
    if (this.#end !== undefined) return;
    await this.#parts.connection.destroy();
    // One turn of the loop later the other side has had the news before a new connection can reach it.
    await new Promise((resolve) => setImmediate(resolve));
  }

  #timing(): ExchangeTiming {
    return { connectMs: this.#parts.connection.connectMs, latencyMs: performance.now() - this.#sentAt };
  }

  #limit(ms: number, phase: "connect" | "headers"): void {
    const { clock, request } = this.#parts;
    this.#deadline = clock.add(ms, () =>
      this.#fail(timeoutError({ ms, phase, url: redactUrl(request.url) })),
    );
  }

  #unlimit(): void {
    if (this.#deadline !== undefined) this.#parts.clock.delete(this.#deadline);
  }

  /** The head has come, or will not. */
  #settle(): void {
    this.#unlimit();
    this.#forget();
  }

  #fail(error: unknown): void {
    this.#settle();
    this.#end ??= { error };
    this.#reject(error);
    void this.#parts.connection.destroy();
  }

  #finish(error: unknown): void {
    this.#end = { error };
    if (this.#waiting === undefined) return;
    const { resolve, reject } = this.#waiting;
    this.#waiting = undefined;
    if (error === undefined) resolve(undefined);
    else reject(error);
  }
}

function describeFailure(request: TransportRequest, cause: Error, reused: boolean): HttpError {
  const url = redactUrl(request.url);
  const { code = "", name } = cause as NodeJS.ErrnoException;
  const asked = `${request.method} ${url}`;
  // Before the end of the headers, what undici calls a mismatch of lengths is a Content-Length that is no number, or not alone.
  if (
    name === "HTTPParserError" ||
    name === "HeadersOverflowError" ||
    name === "ResponseContentLengthMismatchError"
  ) {
    const message = `${asked}: got headers that cannot be parsed (${cause.message}); the server or a proxy is broken`;
    return new HttpError("BAD_RESPONSE", message, { url, cause });
  }
  const message = `${asked}: got no response (${code || cause.message}); check the network and the host name`;
  // Certificates do not mend themselves.
  const retryable = !/CERT|SELF_SIGNED|ALTNAME|UNABLE_TO_VERIFY|ERR_TLS|ERR_SSL|EPROTO/.test(code);
  const stale = reused && (code === "ECONNRESET" || code === "EPIPE" || code === "UND_ERR_SOCKET");
  const details = { url, retryable, cause };
  return stale
    ? new StaleConnectionError("NETWORK", message, details)
    : new HttpError("NETWORK", message, details);
}

/** Header fields by their lower-case names; repeated ones are joined. */
class NodeHeaderFields implements HeaderFields {
  readonly #fields: Record<string, string | string[] | undefined>;

  constructor(fields: Record<string, string | string[] | undefined>) {
    this.#fields = fields;
  }

  get(name: string): string | null {
    const key = name.toLowerCase();
    const value = Object.hasOwn(this.#fields, key) ? this.#fields[key] : undefined;
    if (value === undefined) return null;
    return typeof value === "string" ? value : value.join(", ");
  }
}

function brokenOff(request: TransportRequest, status: number, cause: unknown): HttpError {
  const url = redactUrl(request.url);
  const message = `${request.method} ${url}: got a body that broke off; it may pass`;
  return new HttpError("NETWORK", message, { url, status, retryable: true, cause });
}

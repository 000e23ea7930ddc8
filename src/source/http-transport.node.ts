import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import { urlToHttpOptions } from "node:url";
import { HttpError } from "../errors.ts";
import type { HeaderFields } from "../http/header-fields.ts";
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

/**
 * Bytes of a body kept ready ahead of the reader, so that the socket is not paused and resumed for every chunk. Four socket
 * reads of 64 KiB; *unmeasured* beyond that.
 */
const READY_BYTES = 256 * 1024;
/**
 * Where answers are small and far, more connections help as long as there are more; where bytes are what takes time, no further.
 * Medians on two busy cores over 6, 16, 24 and 32 connections: 100 blocks of 4 KiB at 100 ms 1914, 761, 530 and 433 ms (planned
 * for 16: 489); 20 chunks of 100 KB-2 MB on a link of 50 MB/s 784, 539, 493 and 490; 64 MiB 2181, 1737, 1859 and 2099. So 16,
 * which is also what download tools allow themselves, and what servers that count connections are used to.
 */
const DEFAULT_CONNECTIONS = 16;

/**
 * Node's own transport, over node:http: 0.4 ms of CPU for a small request where the global fetch took 0.9-1.3 ms on the same
 * machine, and the number of its sockets is ours to bound. Connections are kept alive; idle ones never keep the process alive.
 */
export function createTransport(): Transport {
  const options = { keepAlive: true, scheduling: "lifo", maxFreeSockets: 256 } as const;
  // One file is mostly asked for again and again, and parsing its URL costs a tenth of a small request.
  let latest: { readonly url: string; readonly place: ReturnType<typeof urlToHttpOptions> } | undefined;
  const agents = { "http:": new HttpAgent(options), "https:": new HttpsAgent(options) };
  return {
    conditionals: true,
    seesRedirects: true,
    defaultConnections: DEFAULT_CONNECTIONS,
    get idle() {
      return freeSockets(agents["http:"]) + freeSockets(agents["https:"]);
    },
    send: (request) => {
      if (latest?.url !== request.url) {
        latest = { url: request.url, place: urlToHttpOptions(new URL(request.url)) };
      }
      const { place } = latest;
      const secure = place.protocol === "https:";
      const settings = {
        ...place,
        agent: secure ? agents["https:"] : agents["http:"],
        method: request.method,
        headers: Object.fromEntries(request.headers),
      };
      return sendByNode(request, () => (secure ? httpsRequest : httpRequest)(settings));
    },
    close: () => {
      agents["http:"].destroy();
      agents["https:"].destroy();
    },
  };
}

function freeSockets(agent: HttpAgent): number {
  let count = 0;
  for (const name in agent.freeSockets) count += agent.freeSockets[name]?.length ?? 0;
  return count;
}

function sendByNode(request: TransportRequest, start: () => ClientRequest): Promise<TransportResponse> {
  return new Promise((resolve, reject) => {
    if (request.signal.aborted) {
      reject(request.signal.reason);
      return;
    }
    const exchange = start();
    const timers = startTimers(exchange, request, (error) => fail(error));
    const settle = (): void => {
      timers.clear();
      forget();
    };
    const fail = (error: unknown): void => {
      settle();
      exchange.destroy();
      reject(error);
    };
    const forget = onAbort(request.signal, () => fail(request.signal.reason));
    const onError = (cause: NodeJS.ErrnoException): void => fail(describeFailure(exchange, request, cause));
    exchange.on("error", onError);
    exchange.on("response", (message) => {
      settle();
      // From here on the message tells what becomes of its body. What comes after a complete one (bytes that belong to no
      // answer) fails the connection, and must not take the answer with it.
      exchange.off("error", onError).on("error", () => undefined);
      resolve({
        status: message.statusCode ?? 0,
        headers: new NodeHeaderFields(message),
        url: request.url,
        filtered: false,
        reused: exchange.reusedSocket,
        timing: timers.timing(),
        body: bodyOf(message, request),
      });
    });
    exchange.end();
  });
}

/** The clocks of one exchange until its headers have arrived. */
function startTimers(
  exchange: ClientRequest,
  request: TransportRequest,
  fail: (error: unknown) => void,
): { clear(): void; timing(): ExchangeTiming } {
  const arm = (ms: number, phase: "connect" | "headers"): NodeJS.Timeout | undefined =>
    Number.isFinite(ms)
      ? setTimeout(() => fail(timeoutError({ ms, phase, url: redactUrl(request.url) })), ms)
      : undefined;
  let connect: NodeJS.Timeout | undefined;
  let headers: NodeJS.Timeout | undefined;
  let cleared = false;
  let assignedAt = 0;
  let connectedAt = 0;
  const connected = (): void => {
    connectedAt = performance.now();
    clearTimeout(connect);
    if (!cleared) headers ??= arm(request.headersMs, "headers");
  };
  exchange.once("socket", (socket: Socket) => {
    assignedAt = performance.now();
    if (!socket.connecting) {
      connected();
      return;
    }
    if (!cleared) connect = arm(request.connectMs, "connect");
    const event = "encrypted" in socket ? "secureConnect" : "connect";
    socket.once(event, connected);
    // The socket may outlive this exchange and serve many more.
    exchange.once("close", () => socket.off(event, connected));
  });
  return {
    clear(): void {
      cleared = true;
      clearTimeout(connect);
      clearTimeout(headers);
    },
    timing: () => ({
      connectMs: exchange.reusedSocket ? undefined : connectedAt - assignedAt,
      latencyMs: performance.now() - connectedAt,
    }),
  };
}

function describeFailure(
  exchange: ClientRequest,
  request: TransportRequest,
  cause: NodeJS.ErrnoException,
): HttpError {
  const url = redactUrl(request.url);
  const code = cause.code ?? "";
  const asked = `${request.method} ${url}`;
  if (code === "HPE_HEADER_OVERFLOW" || code === "HPE_INVALID_CONTENT_LENGTH") {
    const message = `${asked}: got headers that cannot be parsed (${code}); the server or a proxy is broken`;
    return new HttpError("BAD_RESPONSE", message, { url, cause });
  }
  const message = `${asked}: got no response (${code || cause.message}); check the network and the host name`;
  // Certificates do not mend themselves, and a parser that refused an answer will refuse the next like it.
  const retryable = !/^HPE_|CERT|SELF_SIGNED|ALTNAME|UNABLE_TO_VERIFY|ERR_TLS|ERR_SSL|EPROTO/.test(code);
  const stale = exchange.reusedSocket && (code === "ECONNRESET" || code === "EPIPE");
  const details = { url, retryable, cause };
  return stale
    ? new StaleConnectionError("NETWORK", message, details)
    : new HttpError("NETWORK", message, details);
}

/** Header fields straight from node's raw list: repeated ones are joined, none is dropped as node's own object does. */
class NodeHeaderFields implements HeaderFields {
  readonly #raw: readonly string[];

  constructor(message: IncomingMessage) {
    this.#raw = message.rawHeaders;
  }

  get(name: string): string | null {
    const wanted = name.toLowerCase();
    let value: string | null = null;
    for (let index = 0; index < this.#raw.length; index += 2) {
      if (this.#raw[index]?.toLowerCase() !== wanted) continue;
      const field = this.#raw[index + 1] ?? "";
      value = value === null ? field : `${value}, ${field}`;
    }
    return value;
  }
}

function bodyOf(message: IncomingMessage, request: TransportRequest): TransportBody {
  const ready: Bytes[] = [];
  let readyBytes = 0;
  let waiting: { resolve(chunk: Bytes | undefined): void; reject(error: unknown): void } | undefined;
  let end: { readonly error: unknown } | undefined;

  const finish = (error: unknown): void => {
    end ??= { error };
    if (waiting === undefined) return;
    const { resolve, reject } = waiting;
    waiting = undefined;
    if (end.error === undefined) resolve(undefined);
    else reject(end.error);
  };
  message.on("data", (buffer: Buffer<ArrayBuffer>) => {
    const chunk = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    if (waiting !== undefined) {
      const { resolve } = waiting;
      waiting = undefined;
      resolve(chunk);
      return;
    }
    ready.push(chunk);
    readyBytes += chunk.byteLength;
    if (readyBytes >= READY_BYTES) message.pause();
  });
  message.on("end", () => finish(undefined));
  message.on("error", (cause) => finish(brokenOff(request, message, cause)));
  message.on("close", () => {
    // Nearly every body has ended by now, and an error is costly to make.
    if (end === undefined) finish(brokenOff(request, message, undefined));
  });
  message.pause();

  return {
    read(): Promise<Bytes | undefined> {
      const chunk = ready.shift();
      if (chunk !== undefined) {
        readyBytes -= chunk.byteLength;
        return Promise.resolve(chunk);
      }
      if (end !== undefined)
        return end.error === undefined ? Promise.resolve(undefined) : Promise.reject(end.error);
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        message.resume();
      });
    },
    cancel(): Promise<void> {
      if (end !== undefined) return Promise.resolve();
      const { socket } = message;
      return new Promise((resolve) => {
        // One turn of the loop later the other side has had the news before a new connection can reach it.
        socket.once("close", () => setImmediate(resolve));
        message.destroy();
      });
    },
  };
}

function brokenOff(request: TransportRequest, answer: IncomingMessage, cause: unknown): HttpError {
  const url = redactUrl(request.url);
  const message = `${request.method} ${url}: got a body that broke off; it may pass`;
  return new HttpError("NETWORK", message, { url, status: answer.statusCode, retryable: true, cause });
}

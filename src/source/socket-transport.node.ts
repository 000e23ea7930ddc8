import { type ParsedHead, ResponseSyntaxError } from "../http/response-parser.ts";
import { Connection, type ConnectionParts, type ConnectionUser } from "./connection.node.ts";
import { addressOf } from "./connection-address.ts";
import { type Deadline, Deadlines } from "./deadlines.ts";
import { brokenOff, describeFailure, proxyFailure, unheard } from "./describe-failure.node.ts";
import { onAbort } from "./on-abort.ts";
import { ProxyError, type ProxyServer, resolveProxy, wantsCredentials } from "./proxy-server.node.ts";
import { formatHead, type HeadLines, headLines } from "./request-head.ts";
import type { Bytes } from "./source.ts";
import { timeoutError } from "./timeout.ts";
import type {
  ChooseProxy,
  Transport,
  TransportBody,
  TransportRequest,
  TransportResponse,
} from "./transport.ts";
import { redactUrl } from "./url.ts";

export { fetchOf } from "./dispatcher-fetch.node.ts";

/**
 * Bytes of a body kept ready ahead of the reader, so that the socket is not paused and resumed for every chunk. Four socket
 * reads of 64 KiB; *unmeasured* beyond that.
 */
const READY_BYTES = 256 * 1024;
/**
 * Where answers are small and far, more connections help as long as there are more. 100 blocks of 4 KiB over 6, 16, 24 and 32: at 100 ms
 * 1914, 761, 530 and 433 ms; at 20 ms 224 with 16 and 167 with 32. Where bytes are what takes time, plans and windows use fewer by
 * themselves: a connection more must gain a twentieth of the time, and a stream takes 16 at most. A server that bears fewer says so,
 * and is then asked over fewer. For whom only time counts, 100: with the opening, over 32, 48, 64 and 100, such blocks take 647, 552, 551 and
 * 450 ms at 100 ms, 159, 140, 145 and 133 at 20. Clients without any bound open as many: zarrita takes 527 and 175.
 */
const CONNECTIONS = { usual: 32, fast: 100 };
/**
 * A server that answered what came before, and then not what came behind it within this, has most likely thrown that away. On a link
 * of the slowest kind an answer takes half of it; *unmeasured* beyond that.
 */
const PIPELINE_MS = 2000;

/**
 * Node's own transport: sockets, and our own reading of HTTP/1.1 (docs/decisions/017). The number of sockets is ours to bound; idle ones
 * never keep the process alive. `proxy` is asked once, here.
 *
 * @throws UNSUPPORTED for a proxy that is none of HTTP, and whatever `proxy` throws.
 */
export function createTransport(origin: string, clock: Deadlines, proxy?: ChooseProxy): Transport {
  const server = resolveProxy(proxy, origin);
  if (server === undefined || origin.startsWith("https:"))
    return new SocketTransport(origin, clock, { tunnelProxy: server });
  return new ForwardedTransport(origin, clock, server);
}

/** How connections and requests differ where a proxy lies between. */
interface Way {
  /** Each connection is a tunnel through it. */
  readonly tunnelProxy?: ProxyServer | undefined;
  /** Connections lead to it, and it forwards what is asked. */
  readonly forwardingProxy?: ProxyServer | undefined;
}

/** The connections to one origin that wait for work, and what goes out on them. */
class SocketTransport implements Transport {
  readonly conditionals = true;
  readonly seesRedirects = true;
  readonly defaultConnections: Transport["defaultConnections"] = CONNECTIONS;
  readonly proxy: string | undefined;
  readonly #lines: HeadLines;
  readonly #clock: Deadlines;
  readonly #parts: ConnectionParts;
  /** In the order of use: the last one is the likeliest to be still open. */
  readonly #free: Connection[] = [];
  /** Where the requests of a pipeline go. */
  readonly #pipelined = new WeakMap<object, Connection>();
  /** One file is mostly asked for again and again. */
  #latest: { readonly url: string; readonly target: string } | undefined;
  #pipelines = false;
  #isClosed = false;

  constructor(origin: string, clock: Deadlines, { tunnelProxy, forwardingProxy }: Way) {
    this.proxy = (tunnelProxy ?? forwardingProxy)?.name;
    this.#lines = headLines(origin, forwardingProxy?.authorization);
    this.#clock = clock;
    this.#parts = {
      address: forwardingProxy?.address ?? addressOf(origin),
      proxy: tunnelProxy,
      sessions: { latest: undefined },
      idleClock: new Deadlines({ background: true }),
      onClose: (connection) => this.#remove(connection),
    };
  }

  get idle(): number {
    return this.#free.length;
  }

  get pipelines(): boolean {
    return this.#pipelines;
  }

  /** The proxy that forwards requests: connections end there. */
  get forwardedBy(): string | undefined {
    return undefined;
  }

  send(request: TransportRequest): Promise<TransportResponse> {
    if (request.signal.aborted) return Promise.reject(request.signal.reason);
    if (this.#latest?.url !== request.url) {
      this.#latest = { url: request.url, target: this.requestTarget(request.url) };
    }
    const { pipeline } = request;
    const connection = this.#connectionOf(pipeline) ?? this.#free.pop() ?? new Connection(this.#parts);
    connection.pipeline = pipeline;
    if (pipeline !== undefined) this.#pipelined.set(pipeline, connection);
    const exchange = new NodeExchange({ request, connection, clock: this.#clock, transport: this });
    return exchange.start(formatHead(request, this.#latest.target, this.#lines));
  }

  /** Takes a connection back when a response on it is over. */
  release(connection: Connection): void {
    if (connection.closed || connection.isBusy) return;
    this.#pipelines = connection.isHttp11;
    if (this.#isClosed) {
      void connection.destroy();
      this.#parts.idleClock.clear();
    } else this.#free.push(connection);
  }

  close(): void {
    this.#isClosed = true;
    for (const connection of this.#free.splice(0)) void connection.destroy();
    this.#parts.idleClock.clear();
  }

  /** What follows the method in the head of a request: the origin-form (RFC 9112 section 3.2.1). */
  protected requestTarget(url: string): string {
    const { pathname, search } = new URL(url);
    return pathname + search;
  }

  /** The connection of those that a request goes behind, as long as nobody else has a request there. */
  #connectionOf(pipeline: object | undefined): Connection | undefined {
    const connection = pipeline && this.#pipelined.get(pipeline);
    if (connection === undefined || connection.closed || connection.pipeline !== pipeline) return undefined;
    if (!connection.isBusy) this.#remove(connection);
    return connection;
  }

  #remove(connection: Connection): void {
    const index = this.#free.indexOf(connection);
    if (index >= 0) this.#free.splice(index, 1);
  }
}

/**
 * Over a proxy that forwards requests to the origin, which no TLS protects. What comes may be the proxy's own word.
 */
class ForwardedTransport extends SocketTransport {
  readonly #proxy: ProxyServer;

  constructor(origin: string, clock: Deadlines, proxy: ProxyServer) {
    super(origin, clock, { forwardingProxy: proxy });
    this.#proxy = proxy;
  }

  override get forwardedBy(): string {
    return this.#proxy.name;
  }

  /**
   * Never: that the proxy speaks HTTP/1.1 says nothing of whether it keeps the order of requests that it forwards over several
   * connections, and to find out costs a lost connection each time (docs/decisions/020).
   */
  override get pipelines(): boolean {
    return false;
  }

  override async send(request: TransportRequest): Promise<TransportResponse> {
    const response = await super.send(request);
    if (response.status !== 407) return response;
    await response.body.cancel();
    throw proxyFailure(request, new ProxyError(...wantsCredentials(this.#proxy.name)));
  }

  /** The absolute-form (RFC 9112 section 3.2.2). */
  protected override requestTarget(url: string): string {
    return url;
  }
}

interface ExchangeParts {
  readonly request: TransportRequest;
  readonly connection: Connection;
  readonly clock: Deadlines;
  readonly transport: SocketTransport;
}

/** One request on a connection, and the body of its answer. */
class NodeExchange implements ConnectionUser, TransportBody {
  readonly #parts: ExchangeParts;
  #resolve!: (response: TransportResponse) => void;
  #reject!: (error: unknown) => void;
  #forget!: () => void;
  #deadline: Deadline | undefined;
  #status: number | undefined;
  #sentAt = 0;
  /** As its connection was when it went out. */
  #isReused = false;
  #connectMs: number | undefined;
  /** It went out behind others. */
  readonly #isQueued: boolean;
  /** Nobody wants its answer any more. */
  #isLeft = false;
  readonly #ready: Bytes[] = [];
  #readyBytes = 0;
  #waiting: { resolve(chunk: Bytes | undefined): void; reject(error: unknown): void } | undefined;
  /** The body is over, with or without an error. */
  #end: { readonly error: unknown } | undefined;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
    this.#isQueued = parts.connection.isBusy;
  }

  start(head: string): Promise<TransportResponse> {
    const { request, connection } = this.#parts;
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#forget = onAbort(request.signal, () => {
        this.#giveUp(request.signal.reason);
        void this.#leave();
      });
      connection.send(head, request.method, this);
    });
  }

  onConnecting(): void {
    this.#limit(this.#parts.request.connectMs, "connect");
  }

  onSent(): void {
    this.#unlimit();
    this.#sentAt = performance.now();
    const { connection } = this.#parts;
    this.#isReused = connection.isReused;
    this.#connectMs = connection.connectMs;
  }

  onTurn(): void {
    const { request } = this.#parts;
    if (this.#isLeft) void this.#leave();
    else if (!this.#isQueued) this.#limit(request.headersMs, "headers");
    else this.#expire(Math.min(PIPELINE_MS, request.headersMs), () => this.#failQueued());
  }

  onHead({ status, headers }: ParsedHead): void {
    if (this.#isLeft) return;
    this.#status = status;
    this.#settle();
    const timing = this.#isQueued
      ? { connectMs: undefined, latencyMs: undefined }
      : { connectMs: this.#connectMs, latencyMs: performance.now() - this.#sentAt };
    this.#resolve({
      status,
      headers,
      url: this.#parts.request.url,
      filtered: false,
      reused: this.#isReused,
      queued: this.#isQueued,
      timing,
      body: this,
    });
  }

  onData(chunk: Bytes): void {
    if (this.#isLeft) return;
    if (this.#waiting !== undefined) {
      const { resolve } = this.#waiting;
      this.#waiting = undefined;
      resolve(chunk);
      return;
    }
    this.#ready.push(chunk);
    this.#readyBytes += chunk.byteLength;
    if (this.#readyBytes >= READY_BYTES) this.#parts.connection.pause();
  }

  onEnd(): void {
    this.#unlimit();
    if (!this.#isLeft) this.#finish(undefined);
    this.#parts.transport.release(this.#parts.connection);
  }

  onError(cause: Error, unanswered: boolean): void {
    this.#unlimit();
    if (this.#isLeft) return;
    const { request, connection, transport } = this.#parts;
    if (this.#status === undefined && this.#isQueued) {
      const isLost = !(cause instanceof ResponseSyntaxError);
      const wasAlive = connection.wasAlive || !unanswered;
      this.#failQueued(isLost ? { cause, wasAlive } : undefined);
    } else if (this.#status === undefined) {
      const { forwardedBy } = transport;
      this.#fail(describeFailure(request, { cause, unused: unanswered && this.#isReused, forwardedBy }));
    } else if (this.#end === undefined) this.#finish(brokenOff(request, this.#status, cause));
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
      this.#parts.connection.resume();
    });
  }

  async cancel(): Promise<void> {
    if (this.#end === undefined) await this.#leave();
  }

  #limit(ms: number, phase: "connect" | "headers"): void {
    this.#expire(ms, () => this.#fail(timeoutError({ ms, phase, url: redactUrl(this.#parts.request.url) })));
  }

  #expire(ms: number, expire: () => void): void {
    this.#unlimit();
    this.#deadline = this.#parts.clock.add(ms, expire);
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
    this.#giveUp(error);
    void this.#parts.connection.destroy(this);
  }

  /** It is to be sent again, once its connection is gone. */
  #failQueued(lost?: { cause: Error; wasAlive: boolean }): void {
    const { request, connection } = this.#parts;
    void connection.destroy(this).then(() => this.#giveUp(unheard(request, lost)));
  }

  #giveUp(error: unknown): void {
    this.#settle();
    this.#end ??= { error };
    this.#reject(error);
  }

  /** Its answer may pass, if it does so soon: others on the connection wait for theirs. */
  async #leave(): Promise<void> {
    const { connection } = this.#parts;
    this.#isLeft = true;
    this.#expire(PIPELINE_MS, () => void connection.destroy(this));
    await connection.leave(this);
    if (connection.closed) this.#unlimit();
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

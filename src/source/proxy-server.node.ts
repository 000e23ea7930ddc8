import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type ErrorCode, RangeStreamsError } from "../errors.ts";
import { type ParsedHead, ResponseParser } from "../http/response-parser.ts";
import { addressOf, type ConnectionAddress } from "./connection-address.ts";
import type { ChooseProxy } from "./transport.ts";
import { type HttpTarget, parseHttpUrl } from "./url.ts";

/** An HTTP proxy that requests go through. */
export interface ProxyServer {
  /** `scheme://host:port`, for messages: without the credentials of its URL. */
  readonly name: string;
  readonly address: ConnectionAddress;
  /** The value of `Proxy-Authorization`; for the proxy alone. */
  readonly authorization: string | undefined;
}

/**
 * The proxy of an origin; undefined where its requests go directly.
 *
 * @throws UNSUPPORTED for what is no http(s) URL, and whatever `proxy` throws.
 */
export function resolveProxy(proxy: ChooseProxy | undefined, origin: string): ProxyServer | undefined {
  const url = proxy?.(origin);
  if (url === undefined) return undefined;
  const { origin: name, authorization } = parseProxyUrl(url, origin);
  return { name, address: addressOf(name), authorization };
}

function parseProxyUrl(url: string, origin: string): HttpTarget {
  try {
    // Only absolute URLs: in a runtime with a `location`, a text that is none would name a path of it.
    return parseHttpUrl(new URL(url));
  } catch {
    // Not echoed beyond its scheme, and no cause: it may hold a password.
    const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1];
    const got = scheme === undefined ? "what is no URL" : `a ${scheme}: URL`;
    const advice = "give http://host:port or https://host:port";
    throw new RangeStreamsError("UNSUPPORTED", `Asked for the proxy of ${origin}: got ${got}; ${advice}`);
  }
}

/** Statuses of a refused tunnel that may pass. */
const TRANSIENT: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** What a {@link ProxyError} tells besides its message, which says what came. */
interface ProxyErrorDetails {
  readonly code: ErrorCode;
  readonly advice: string;
  readonly status?: number | undefined;
  readonly retryable?: boolean | undefined;
  readonly cause?: unknown;
}

/** A proxy opened no tunnel: the server itself was not reached. */
export class ProxyError extends Error {
  readonly code: ErrorCode;
  readonly advice: string;
  readonly status: number | undefined;
  readonly retryable: boolean;

  constructor(got: string, details: ProxyErrorDetails) {
    super(got, { cause: details.cause });
    this.code = details.code;
    this.advice = details.advice;
    this.status = details.status;
    this.retryable = details.retryable ?? false;
  }
}

/** Where a tunnel leads, and through which proxy. */
export interface Tunnel {
  readonly proxy: ProxyServer;
  readonly target: ConnectionAddress;
}

/**
 * Opens a tunnel (CONNECT, RFC 9110 section 9.3.6): gives the socket to the proxy at once, and calls `onOpen` when bytes go through it to
 * the target, or with the error. Until then its owner only destroys it; an error that comes later shows as its end.
 */
export function openTunnel({ proxy, target }: Tunnel, onOpen: (error?: ProxyError) => void): Socket {
  let cause: NodeJS.ErrnoException | undefined;
  let head: ParsedHead | undefined;
  const parser = new ResponseParser({
    onHead: (answered) => {
      head = answered;
    },
    onData: () => undefined,
  });
  // As with HEAD no body is due: what opens a tunnel has none, whatever its fields say, and that of a refusal is of no use.
  parser.begin("HEAD");
  const socket = connectProxy(proxy.address);
  const settle = (error?: ProxyError): void => {
    socket.off("data", onData).off("close", onClose).pause();
    onOpen(error);
  };
  const onClose = (): void => settle(unanswered(proxy, cause));
  const onData = (chunk: Buffer): void => {
    let left: number;
    try {
      left = chunk.byteLength - parser.push(new Uint8Array(chunk));
    } catch (error) {
      settle(broken(proxy, (error as Error).message));
      return;
    }
    if (head === undefined) return;
    if (head.status >= 300) settle(refused(proxy, target, head.status));
    else settle(left > 0 ? broken(proxy, "bytes that nobody asked for") : undefined);
  };
  socket.once(proxy.address.secure ? "secureConnect" : "connect", () => {
    socket.write(formatConnect(proxy, target), "latin1");
  });
  socket.on("error", (error) => {
    cause = error;
  });
  return socket.on("data", onData).on("close", onClose);
}

function connectProxy({ secure, host, port }: ConnectionAddress): Socket {
  if (!secure) return connectTcp({ host, port });
  return connectTls({ host, port, servername: isIP(host) === 0 ? host : "", ALPNProtocols: ["http/1.1"] });
}

function formatConnect({ authorization }: ProxyServer, { host, port }: ConnectionAddress): string {
  const authority = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const credentials = authorization === undefined ? "" : `proxy-authorization: ${authorization}\r\n`;
  return `CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n${credentials}\r\n`;
}

function unanswered({ name }: ProxyServer, cause: NodeJS.ErrnoException | undefined): ProxyError {
  const code = cause?.code ?? "ECONNRESET";
  const advice = "check that it runs, and its address";
  return new ProxyError(`no answer from the proxy ${name} (${code})`, {
    code: "NETWORK",
    advice,
    retryable: isTransientCode(code),
    cause,
  });
}

function broken({ name }: ProxyServer, why: string): ProxyError {
  const advice = "the proxy is broken, or is no HTTP proxy";
  return new ProxyError(`an answer to CONNECT from the proxy ${name} that cannot be used (${why})`, {
    code: "BAD_RESPONSE",
    advice,
  });
}

function refused({ name }: ProxyServer, { host, port }: ConnectionAddress, status: number): ProxyError {
  if (status === 407) return new ProxyError(...wantsCredentials(name));
  return new ProxyError(`status ${status} from the proxy ${name}`, {
    code: "HTTP_STATUS",
    advice: `the proxy opens no tunnel to ${host}:${port}`,
    status,
    retryable: TRANSIENT.has(status),
  });
}

/** What is said of a 407, be it to CONNECT or to a request that the proxy was to forward. */
export function wantsCredentials(name: string): [got: string, details: ProxyErrorDetails] {
  const advice = "give user and password in the URL of the proxy, or others";
  return [`status 407 from the proxy ${name}`, { code: "AUTH", advice, status: 407 }];
}

/** Certificates do not mend themselves. */
export function isTransientCode(code: string): boolean {
  return !/CERT|SELF_SIGNED|ALTNAME|UNABLE_TO_VERIFY|ERR_TLS|ERR_SSL|EPROTO/.test(code);
}

import type { TransportRequest } from "./transport.ts";

/** What is the same in the head of every request to an origin. */
export interface HeadLines {
  /** The origin as the `host` field names it. */
  readonly host: string;
  /** Fields of the connection. */
  readonly hop: string;
}

/** `proxyAuthorization`: of a proxy that the request is sent to itself. */
export function headLines(origin: string, proxyAuthorization: string | undefined): HeadLines {
  const { host } = new URL(origin);
  const credentials =
    proxyAuthorization === undefined ? "" : `proxy-authorization: ${proxyAuthorization}\r\n`;
  return { host, hop: `connection: keep-alive\r\n${credentials}` };
}

/** The head of a request (RFC 9112 section 3). Names and values were checked when the source was opened. */
export function formatHead(
  { method, headers }: TransportRequest,
  target: string,
  { host, hop }: HeadLines,
): string {
  let head = `${method} ${target} HTTP/1.1\r\nhost: ${headers.get("host") ?? host}\r\n${hop}`;
  headers.forEach((value, name) => {
    if (name !== "host") head += `${name}: ${value}\r\n`;
  });
  return `${head}\r\n`;
}

import { timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { RangeStreamsError } from "../errors.ts";
import { parseRangeHeader, type RangeAsk } from "../http/range-header.ts";
import { isStrongEntityTag } from "../http/validators.ts";
import { parseHttpUrl } from "../source/url.ts";

/** Who may ask, and where. */
export interface Gate {
  /** What the Host field may say: a page that reached us by a name of its own (DNS rebinding) says something else. */
  readonly hosts: ReadonlySet<string>;
  /** Of the page. */
  readonly origin: string;
  /** `/relay/TOKEN` */
  readonly path: string;
}

/** What a page asks for. */
export interface RelayAsk {
  /** An http(s) URL without userinfo or fragment. */
  readonly url: string;
  readonly ask: RangeAsk;
  /** Conditions by lower-case name: strong entity-tags. */
  readonly conditions: Readonly<Record<string, string>>;
}

/**
 * Whether a request may be looked at: the right host, the token, the page, the method. What does not come from our page, or is none
 * that a page need send, is told nothing but a status.
 */
export function refusalOf({ hosts, path, origin }: Gate, asked: IncomingMessage): number | undefined {
  const { method, url = "", headers } = asked;
  if (!hosts.has(headers.host ?? "")) return 403;
  if (!isEqual(url.split("?", 1)[0] ?? "", path)) return 404;
  // Pages send no Origin only with requests whose answers they could not read.
  if (headers.origin !== origin) return 403;
  return method === "GET" || method === "OPTIONS" ? undefined : 405;
}

/** In a time that does not tell where they differ. */
function isEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/**
 * What a request that was admitted asks for. Of its fields only these are looked at: Range, If-Match and If-Range.
 *
 * @throws INVALID_ARGUMENT for a body, for no URL, several, one that is not http(s) or holds a password, and for other conditions
 * than strong entity-tags; INVALID_RANGE without one range of bytes; LIMIT for one of more than `maxRangeBytes`.
 */
export function readRelayAsk(
  { url: target = "", headers }: IncomingMessage,
  maxRangeBytes: number,
): RelayAsk {
  if (headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) !== 0)
    throw badRequest("a body where none belongs");
  const [url, ...others] = new URL(target, "http://relay").searchParams.getAll("url");
  if (url === undefined || others.length > 0) throw badRequest("no URL, or several");
  const parsed = parseHttpUrl(url);
  if (parsed.authorization !== undefined) throw badRequest("a URL with a password: the relay passes none on");
  const ask = parseRangeHeader(headers.range ?? "");
  if (ask === undefined) {
    const got = "no Range of one span; a relay hands on ranges alone";
    throw new RangeStreamsError("INVALID_RANGE", `Asked the relay: got ${got}`);
  }
  if (askedBytes(ask) > maxRangeBytes) {
    const message = `Asked the relay for ${askedBytes(ask)} bytes: it hands on ${maxRangeBytes} at a time; ask for less`;
    throw new RangeStreamsError("LIMIT", message);
  }
  return { url: parsed.url, ask, conditions: readConditions(headers) };
}

/** Of an open range the answer tells. */
function askedBytes(ask: RangeAsk): number {
  if (ask.kind === "from") return 0;
  return ask.kind === "span" ? ask.range.length : ask.length;
}

function readConditions(headers: IncomingHttpHeaders): Record<string, string> {
  const conditions: Record<string, string> = {};
  for (const name of ["if-match", "if-range"]) {
    const value = headers[name];
    if (value === undefined) continue;
    if (typeof value !== "string" || !isStrongEntityTag(value))
      throw badRequest(`an ${name} that is no strong ETag`);
    conditions[name] = value;
  }
  return conditions;
}

function badRequest(got: string): RangeStreamsError {
  return new RangeStreamsError("INVALID_ARGUMENT", `Asked the relay: got ${got}`);
}

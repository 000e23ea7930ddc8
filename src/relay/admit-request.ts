import { RangeStreamsError } from "../errors.ts";
import { parseRangeHeader, type RangeAsk } from "../http/range-header.ts";
import { isStrongEntityTag } from "../http/validators.ts";
import { parseHttpUrl } from "../source/url.ts";

/** The head of a request, as a page sent it. */
export interface PageRequest {
  readonly method: string;
  /** The request target, query included. */
  readonly target: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Who may ask, and where. */
export interface Gate {
  /** What the Host field may say: a page that reached us by a name of its own (DNS rebinding) says something else. */
  readonly hosts: ReadonlySet<string>;
  /** Of the page. */
  readonly origin: string;
  /** `/relay/TOKEN` */
  readonly path: string;
  /** Whether two texts are equal, in a time that does not tell where they differ. */
  isEqual(a: string, b: string): boolean;
}

/** A request that does not come from our page, or is none that a page need send: it is told nothing but a status. */
export interface Refused {
  readonly status: 403 | 404 | 405;
}

/** What a page asks for. */
export interface RelayAsk {
  /** An http(s) URL without userinfo or fragment. */
  readonly url: string;
  readonly ask: RangeAsk;
  /** Conditions by lower-case name: strong entity-tags. */
  readonly conditions: Readonly<Record<string, string>>;
}

/** Whether a request may be looked at: the right host, the token, the page, the method. */
export function admitRequest(gate: Gate, { method, target, headers }: PageRequest): Refused | undefined {
  if (!gate.hosts.has(String(headers["host"]))) return { status: 403 };
  if (!gate.isEqual(target.split("?", 1)[0] ?? "", gate.path)) return { status: 404 };
  // Pages send no Origin only with requests whose answers they could not read.
  if (headers["origin"] !== gate.origin) return { status: 403 };
  return method === "GET" || method === "OPTIONS" ? undefined : { status: 405 };
}

/**
 * What a request that was admitted asks for. Of its fields only these are looked at: Range, If-Match and If-Range.
 *
 * @throws INVALID_ARGUMENT for a body, for no URL, several, one that is not http(s) or holds a password, and for other conditions
 * than strong entity-tags; INVALID_RANGE without one range of bytes; LIMIT for one of more than `maxRangeBytes`.
 */
export function readRelayAsk({ target, headers }: PageRequest, maxRangeBytes: number): RelayAsk {
  if (headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) !== 0)
    throw badRequest("a body where none belongs");
  const [url, ...others] = new URL(target, "http://relay").searchParams.getAll("url");
  if (url === undefined || others.length > 0) throw badRequest("no URL, or several");
  const parsed = parseHttpUrl(url);
  if (parsed.authorization !== undefined) throw badRequest("a URL with a password: the relay passes none on");
  const ask = parseRangeHeader(String(headers["range"] ?? ""));
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

function readConditions(headers: PageRequest["headers"]): Record<string, string> {
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

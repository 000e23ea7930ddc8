import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { request as requestTls } from "node:https";
import { HttpError, isRangeStreamsError } from "../errors.ts";
import { formatContentRange, parseContentRange } from "../http/content-range.ts";
import { parseDecimal } from "../http/decimal.ts";
import type { ResponseHead } from "../http/expectation.ts";
import type { HeaderFields } from "../http/header-fields.ts";
import { formatRangeHeader } from "../http/range-header.ts";
import { refuse } from "../http/refusal.ts";
import { verifyResponse } from "../http/verify-response.ts";
import { isRedirect, redirectError, redirectTarget } from "../source/redirect.ts";
import { redactUrl } from "../source/url.ts";
import type { RelayAsk } from "./admit-request.node.ts";
import { type CheckedAgents, checkedAgents } from "./checked-agents.node.ts";
import { isPublicName } from "./public-address.node.ts";
import { blockedError, type RelayNetwork } from "./relay-network.node.ts";
import type { RelaySettings } from "./relay-options.ts";

/** As in the fetch standard it would be 20; nothing that serves files needs more than a few. */
const MAX_REDIRECTS = 5;
/** The body of a redirect is worth this many bytes: what a new connection would cost. *Unmeasured*. */
const MAX_DISCARDED = 16 * 1024;
/** Fields of an answer that are handed on as they are; all else of it stays here. */
const HANDED_ON: readonly string[] = ["etag", "last-modified", "accept-ranges"];

/** What a server answered, as far as it is handed on. */
export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of the body; 0 where none is handed on. */
  readonly length: number;
  readonly body: IncomingMessage;
}

/** Asks servers for ranges: each hop of a redirect under the same rules, and no body that is not the range. */
export class Upstream {
  readonly #settings: RelaySettings;
  readonly #agents: CheckedAgents;

  constructor(settings: RelaySettings, network: RelayNetwork) {
    this.#settings = settings;
    this.#agents = checkedAgents(network, settings.limits.idleMs);
  }

  /** Closes every connection. */
  close(): void {
    this.#agents.destroy();
  }

  /**
   * The answer that comes after all redirects. The caller reads its body, or ends it by the signal.
   *
   * @throws BLOCKED_ADDRESS, LIMIT, NETWORK, TIMEOUT, REDIRECT, RANGE_IGNORED, RANGE_MISMATCH, BAD_RESPONSE, ENCODED, or the reason of the signal.
   */
  async send(relayed: RelayAsk, signal: AbortSignal): Promise<UpstreamAnswer> {
    let { url } = relayed;
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const body = await this.#ask({ ...relayed, url }, signal);
      const head = { status: body.statusCode ?? 0, headers: fieldsOf(body), filtered: false };
      try {
        if (!isRedirect(head.status)) return this.#judge({ ...relayed, url }, head, body);
        url = redirectTarget(url, head);
        await discard(body);
      } catch (error) {
        body.destroy();
        throw isRangeStreamsError(error) ? error : describeFailure(url, error as Error);
      }
    }
    throw redirectError(relayed.url, `more than ${MAX_REDIRECTS} redirects`, "open the final URL itself");
  }

  #ask({ url, ask, conditions }: RelayAsk, signal: AbortSignal): Promise<IncomingMessage> {
    const { protocol, hostname, port, pathname, search } = new URL(url);
    const secure = protocol === "https:";
    const place = { host: plainHost(hostname), port: Number(port) || (secure ? 443 : 80) };
    if (!this.#settings.upstreamPorts.has(place.port) || !isPublicName(place.host)) throw blockedError(url);
    const agent = secure ? this.#agents.https : this.#agents.http;
    const headers = { range: formatRangeHeader(ask), "accept-encoding": "identity", ...conditions };
    return new Promise((resolve, reject) => {
      const send = secure ? requestTls : request;
      send({ ...place, path: pathname + search, headers, agent, signal }, resolve)
        .on("error", (error) => reject(signal.aborted ? signal.reason : describeFailure(url, error)))
        .end();
    });
  }

  #judge({ url, ask }: RelayAsk, head: ResponseHead, body: IncomingMessage): UpstreamAnswer {
    const { status, headers } = head;
    if (status >= 400) {
      body.destroy();
      const range = headers.get("content-range") ?? "";
      const told: Record<string, string> = parseContentRange(range) ? { "content-range": range } : {};
      return { status, headers: told, length: 0, body };
    }
    const expected = { url: redactUrl(url), ask, identity: "ignore" } as const;
    const { body: span, total } = verifyResponse(expected, head);
    const { maxRangeBytes } = this.#settings.limits;
    if (span.length > maxRangeBytes) {
      const advice = `the relay hands on ${maxRangeBytes} at a time`;
      throw refuse(expected, status, { code: "LIMIT", got: `${span.length} bytes`, advice });
    }
    const handed: Record<string, string> = { "content-range": formatContentRange(span, total) };
    for (const name of HANDED_ON) {
      const value = headers.get(name);
      if (value !== null) handed[name] = value;
    }
    return { status, headers: handed, length: span.length, body };
  }
}

/** Takes a short body in, so that its connection serves the next hop; ends the connection for any other. */
async function discard(body: IncomingMessage): Promise<void> {
  const length = parseDecimal(body.headers["content-length"] ?? "");
  if (length === undefined || length > MAX_DISCARDED) body.destroy();
  else await once(body.resume(), "end");
}

/** A host as it is looked up: an IPv6 address without brackets, a name without dots at its end. */
function plainHost(hostname: string): string {
  if (hostname.startsWith("[")) return hostname.slice(1, -1);
  let host = hostname;
  while (host.endsWith(".")) host = host.slice(0, -1);
  return host;
}

function fieldsOf({ headers }: IncomingMessage): HeaderFields {
  return {
    get: (name) => {
      const value = headers[name.toLowerCase()];
      return value === undefined ? null : String(value);
    },
  };
}

function describeFailure(target: string, cause: Error): HttpError {
  if (isRangeStreamsError(cause, "BLOCKED_ADDRESS")) return blockedError(target);
  const url = redactUrl(target);
  const { code = "" } = cause as NodeJS.ErrnoException;
  if (isRangeStreamsError(cause))
    return new HttpError(cause.code, cause.message, { url, cause, retryable: true });
  if (code.startsWith("HPE_")) {
    const got = "headers that cannot be parsed; the server or a proxy is broken";
    return new HttpError("BAD_RESPONSE", `GET ${url}: got ${got}`, { url, cause });
  }
  // Certificates do not mend themselves.
  const retryable = !/CERT|SELF_SIGNED|ALTNAME|UNABLE_TO_VERIFY|ERR_TLS|ERR_SSL|EPROTO/.test(code);
  const message = `GET ${url}: got no answer (${code || cause.name}); check the network and the name`;
  return new HttpError("NETWORK", message, { url, cause, retryable });
}

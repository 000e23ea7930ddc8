import type { RangeAsk } from "../http/range-header.ts";
import { beginCall, type Call } from "./call.ts";
import type { Exchange } from "./exchange.ts";
import { HttpLink, type HttpSettings } from "./http-link.ts";
import { type LeadingRequest, sendLeadingRequest } from "./leading-request.ts";

/** What the first request asks for. */
export interface FirstAsk {
  readonly ask: RangeAsk;
  /** The very range somebody wants (else a probe, which is clamped to the file). */
  readonly exact: boolean;
  /** Beside a suffix: the leading bytes of the file are worth a request of their own, which saves a small file its second round trip. */
  readonly withLeading?: boolean | undefined;
}

/** The first request of a source, on its way. To send it takes a fraction of what it takes to make a source of its answer. */
export interface FirstRequest {
  readonly link: HttpLink;
  readonly first: FirstAsk;
  /** Ends with the link. */
  readonly call: Call;
  /** Undefined where the server is known not to answer such a request. */
  readonly sent: Promise<Exchange> | undefined;
  /** Whoever takes the answer uses it or gives it up. */
  readonly leading: LeadingRequest | undefined;
}

/** Sends the first request at once. Whoever has no use for what comes of it ends the call and closes the link. */
export function sendFirst(
  settings: HttpSettings,
  first: FirstAsk,
  signal: AbortSignal | undefined,
): FirstRequest {
  const link = new HttpLink(settings);
  const { totalMs } = settings.timeouts;
  const call = beginCall({ signals: [signal, link.closing], totalMs, url: link.name });
  const refused = first.ask.kind === "suffix" && link.origin.capabilities.suffix === false;
  const sent = refused ? undefined : link.send({ method: "GET", ask: first.ask, call });
  // How it failed is seen by whoever takes the answer.
  sent?.catch(() => undefined);
  return {
    link,
    first,
    call,
    sent,
    leading: sent !== undefined && mayAskForLeading(link, first) ? sendLeadingRequest(link) : undefined,
  };
}

/** In a page a suffix has a preflight, and the browser's cache has requests for one URL go one after the other. */
function mayAskForLeading(
  { origin, maxConnections }: HttpLink,
  { ask, withLeading = false }: FirstAsk,
): boolean {
  return withLeading && ask.kind === "suffix" && maxConnections >= 2 && origin.transport.conditionals;
}

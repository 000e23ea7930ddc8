import { Range } from "../ranges/range.ts";
import type { WireCall } from "./call.ts";
import { closedError } from "./closed-error.ts";
import type { Exchange } from "./exchange.ts";
import type { HttpLink } from "./http-link.ts";
import { onAbort } from "./on-abort.ts";
import { Stop } from "./stop.ts";

/** What the second request asks for: as much as one connection brings within a round trip or two. *Unmeasured*. */
const LEADING_BYTES = 1024 * 1024;

/** A request for the leading bytes of a file, sent beside the first one, which asks for its tail. */
export interface LeadingRequest {
  readonly range: Range;
  readonly sent: Promise<Exchange>;
  /** Nobody has a use for it: what is on its way is ended. */
  giveUp(): void;
}

/**
 * Sends it, without waiting for the first: a file that turns out to be small is then there whole after one round trip, and of a larger one
 * this is given up as soon as the first answer tells its size. Nothing of its body is anybody's before that answer has pinned what it
 * must be of.
 */
export function sendLeadingRequest(link: HttpLink): LeadingRequest {
  const stop = new Stop();
  const startedAt = performance.now();
  const range = new Range(0, LEADING_BYTES);
  const call: WireCall = {
    signal: stop,
    remainingMs: () => link.settings.timeouts.totalMs - (performance.now() - startedAt),
  };
  const forget = onAbort(link.closing, () => stop.abort(closedError(link.name)));
  const sent = link.send({ method: "GET", ask: { kind: "span", range }, call });
  // How it failed does not matter: what it was to bring is asked for again.
  sent.then(forget, forget);
  return {
    range,
    sent,
    giveUp: () => {
      stop.abort(new DOMException("no longer wanted", "AbortError"));
      sent.then(
        (exchange) => exchange.cancel(),
        () => undefined,
      );
    },
  };
}

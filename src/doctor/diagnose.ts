import { RangeStreamsError } from "../errors.ts";
import { badOption, resolveHttpSettings } from "../source/http-options.ts";
import { Meter } from "../source/meter.ts";
import { findCors } from "./cors-rules.ts";
import { findDelivery } from "./delivery-rules.ts";
import type { DiagnoseOptions, Diagnosis, Finding } from "./diagnosis.ts";
import { FINDINGS } from "./finding-names.ts";
import { probeFirst } from "./first-contact.ts";
import { findIdentity } from "./identity-rules.ts";
import type { Observed } from "./observations.ts";
import { probeCoding, probeCondition } from "./probe-conditions.ts";
import { probeCors } from "./probe-cors.ts";
import { probeHead } from "./probe-head.ts";
import { probeAgain, probeList, probeSuffix } from "./probe-ranges.ts";
import { Prober } from "./prober.ts";
import { findRanges } from "./range-rules.ts";
import { findServices } from "./service-rules.ts";
import { settleCapabilities, settleFacts, settleVerdict } from "./settle-facts.ts";

const TIMEOUTS = { connectMs: 10_000, headersMs: 15_000, idleMs: 15_000, totalMs: 60_000 } as const;

/**
 * Finds out what a server does with ranges of one URL, and says in plain words what is wrong, what it costs and what mends it. Sends
 * up to 10 requests one after the other, 2 more with `origin`, redirects and connections found dead beside; of no body more than
 * 64 KiB is taken. Each is sent once: a probe that fails is a finding.
 *
 * @throws INVALID_ARGUMENT for a bad URL or option; UNSUPPORTED for a proxy that is none of HTTP; where the first contact already fails NETWORK, TIMEOUT, AUTH, NOT_FOUND,
 * RATE_LIMITED, REDIRECT, BAD_RESPONSE or HTTP_STATUS; the reason of `signal` where that aborts.
 */
export async function diagnose(url: string | URL, options: DiagnoseOptions = {}): Promise<Diagnosis> {
  const { client, proxy, headers, credentials, signal } = options;
  const timeouts = { ...TIMEOUTS, ...options.timeouts };
  const settings = resolveHttpSettings(url, { client, proxy, headers, credentials, timeouts }, new Meter());
  const origin = options.origin === undefined ? undefined : resolveOrigin(options.origin);
  signal?.throwIfAborted();
  const prober = new Prober(settings, signal);
  try {
    if (origin !== undefined && prober.inBrowser) throw foreignOrigin();
    const observed = await observe(prober, origin);
    const facts = settleFacts(observed);
    const findings = sortFindings([
      ...findRanges(observed),
      ...findIdentity(observed),
      ...findServices(observed, facts),
      ...findDelivery(observed, facts),
      ...findCors(observed),
    ]);
    const capabilities = settleCapabilities(observed, facts);
    const verdict = settleVerdict(findings);
    const { name, requests, bytesReceived } = prober;
    return { url: name, verdict, facts, findings, capabilities, requests, bytesReceived };
  } finally {
    prober.close();
  }
}

/** One probe after the other, as long as there is time and the server bears it, and each only where it can tell something. */
async function observe(prober: Prober, origin: string | undefined): Promise<Observed> {
  const contact = await probeFirst(prober);
  const { first, empty } = contact;
  const seen: { -readonly [Key in keyof Observed]?: Observed[Key] } = {};
  const attempt = async (possible: boolean, probe: () => Promise<void>): Promise<void> => {
    if (possible && prober.stopped === undefined) await probe();
  };
  await attempt(!empty && contact.plain === undefined, async () => {
    seen.second = await probeAgain(prober, first);
  });
  const ranged = first.span !== undefined;
  await attempt(true, async () => {
    seen.head = await probeHead(prober);
  });
  await attempt(ranged, async () => {
    seen.suffix = await probeSuffix(prober, first.total);
  });
  const { total = 0, validators } = first;
  await attempt(ranged && total > 2, async () => {
    seen.list = await probeList(prober, total);
  });
  const etag =
    validators.strength === "strong" && seen.second?.fault === undefined && !seen.second?.unproven
      ? validators.etag
      : undefined;
  if (ranged && etag !== undefined) {
    await attempt(true, async () => {
      const { right, wrong } = await probeCondition(prober, "if-match", etag);
      Object.assign(seen, { rightIfMatch: right, wrongIfMatch: wrong });
    });
    await attempt(true, async () => {
      const { right, wrong } = await probeCondition(prober, "if-range", etag);
      Object.assign(seen, { rightIfRange: right, wrongIfRange: wrong });
    });
  }
  await attempt(ranged && !prober.inBrowser, async () => {
    seen.coded = await probeCoding(prober);
  });
  if (origin !== undefined) {
    await attempt(true, async () => {
      seen.cors = await probeCors(prober, origin);
    });
  }
  const { redirects, proxy, keepAlive, stopped } = prober;
  const { filtered, plain } = contact;
  return {
    ...seen,
    first,
    empty,
    plain,
    filtered,
    redirects,
    proxy,
    keepAlive,
    stopped,
    pageExpected: isPage(prober),
  };
}

function isPage(prober: Prober): boolean {
  const { pathname } = new URL(prober.settings.target.url);
  return /(?:\/|\.x?html?)$/i.test(pathname);
}

function sortFindings(findings: readonly Finding[]): Finding[] {
  const order = Object.keys(FINDINGS);
  return findings.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
}

function resolveOrigin(text: string): string {
  try {
    const { origin, protocol } = new URL(text);
    if (protocol === "http:" || protocol === "https:") return origin;
  } catch {
    // The same error as for other schemes.
  }
  throw badOption("origin", "an http(s) origin such as https://app.example");
}

function foreignOrigin(): RangeStreamsError {
  const advice = "run `range-streams doctor` in Node instead";
  return new RangeStreamsError(
    "INVALID_ARGUMENT",
    `Asked to speak for another origin: a browser lets no page do that; ${advice}`,
  );
}

import { HttpError } from "../errors.ts";
import { Range } from "../ranges/range.ts";
import { pickFields, seeOutcome } from "./judge-answer.ts";
import type { CorsSeen } from "./observations.ts";
import type { Prober } from "./prober.ts";

/** Request fields that need no preflight, whatever their (short, plain) value (WHATWG Fetch, CORS-safelisted request-header). */
const SAFELISTED: ReadonlySet<string> = new Set(["accept", "accept-language", "content-language"]);

/** What a page of `origin` would meet: a simple ranged GET, and the preflight that a suffix or a header of the caller's needs. */
export async function probeCors(prober: Prober, origin: string): Promise<CorsSeen> {
  const { headers, target } = prober.settings;
  const names = new Set([...headers.keys()].filter((name) => !SAFELISTED.has(name)));
  if (target.authorization !== undefined) names.add("authorization");
  const custom = [...names].sort();
  const ask = { kind: "span", range: new Range(0, 1) } as const;
  const outcome = await prober.send({ ask, fields: { origin }, fromStart: true });
  const get = seeOutcome("bytes=0-0", outcome);
  const hops = outcome instanceof HttpError ? [] : outcome.hops.map((hop) => pickFields(hop.headers));
  if (prober.stopped !== undefined) return { origin, get, hops, preflight: undefined, custom };
  const fields = {
    origin,
    "access-control-request-method": "GET",
    "access-control-request-headers": [...custom, "range"].sort().join(","),
  };
  const preflight = seeOutcome("OPTIONS", await prober.send({ method: "OPTIONS", bare: true, fields }));
  return { origin, get, hops, preflight, custom };
}

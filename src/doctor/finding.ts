import type { Finding } from "./diagnosis.ts";
import { FINDINGS, type FindingName } from "./finding-names.ts";
import type { Seen } from "./observations.ts";

/** What a finding says. */
export type FindingWords = Pick<Finding, "what" | "cost" | "remedy">;

/** A finding of that name, its level and topic looked up. */
export function finding(name: FindingName, words: FindingWords): Finding {
  const [level, topic] = FINDINGS[name];
  return { name, level, topic, ...words };
}

/** What came back, in words. */
export function describeSeen({ status, fault, fields }: Seen): string {
  if (status === undefined) return `no answer (${fault})`;
  const shown = ["content-range", "content-encoding"].flatMap((name) => {
    const value = fields[name];
    return value === undefined ? [] : [`${fieldName(name)}: ${value.slice(0, 80)}`];
  });
  return shown.length === 0 ? `status ${status}` : `status ${status} (${shown.join("; ")})`;
}

/** `content-range` as people write it. */
export function fieldName(name: string): string {
  if (name === "etag") return "ETag";
  return name.replaceAll(/(^|-)[a-z]/g, (first) => first.toUpperCase());
}

/** Faults of the way and not of what was asked: they say nothing about what a server can do. */
const UNTOLD: ReadonlySet<string | undefined> = new Set(["NETWORK", "TIMEOUT", "RATE_LIMITED", "SHORT_BODY"]);

/** The answer says nothing about what was asked: it did not come, or the server was not able to serve anything. */
export function isUntold({ status, fault }: Seen): boolean {
  // A file that changed between two probes; a 412 is what a condition was sent for.
  if (fault === "CHANGED" && status !== 412) return true;
  return UNTOLD.has(fault) || status === 429 || (status !== undefined && status >= 500 && status !== 501);
}

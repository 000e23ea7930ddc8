import { parseDecimal } from "../http/decimal.ts";
import type { Capabilities } from "../source/capabilities.ts";
import { settleCors } from "./cors-rules.ts";
import type { Diagnosis, DiagnosisFacts, Finding } from "./diagnosis.ts";
import { isUntold } from "./finding.ts";
import type { FindingName } from "./finding-names.ts";
import { agree } from "./judge-answer.ts";
import type { Observed, RangeSeen, Seen } from "./observations.ts";

/** What observations add up to. */
export function settleFacts(observed: Observed): DiagnosisFacts {
  const { first, second, head, coded, cors } = observed;
  const size = settleSize(observed);
  return {
    size,
    contentType: first.fields["content-type"],
    server: first.fields["server"],
    validators: first.validators,
    stable:
      second === undefined || isSilent(second) ? undefined : second.fault !== "CHANGED" && !second.unproven,
    ranges: settleRanges(observed),
    suffix: hides(observed, observed.suffix) ? undefined : works(observed.suffix),
    multiRange: observed.list === undefined || isUntold(observed.list) ? undefined : observed.list.parts,
    head: head === undefined || isUntold(head) ? undefined : head.status === 200 && head.length === size,
    ifMatch: settleCondition(observed.rightIfMatch, observed.wrongIfMatch, 412),
    ifRange: settleCondition(observed.rightIfRange, observed.wrongIfRange, 200),
    coding: { always: codingOf(first), onRequest: coded === undefined ? undefined : codingOf(coded) },
    redirects: observed.redirects,
    proxy: observed.proxy,
    keepAlive: observed.keepAlive,
    ...(cors === undefined ? {} : { cors: settleCors(cors) }),
  };
}

/** Findings that leave no part of the file to be read. */
const UNUSABLE: ReadonlySet<FindingName> = new Set<FindingName>([
  "web-page",
  "ranges-ignored",
  "ranges-refused",
  "ranges-wrong",
  "ranges-unproven",
  "bytes-disagree",
  "body-long",
  "coded",
  "validators-change",
  "cors-blocked",
  "cors-refuses-headers",
]);

/** What findings mean for a reader. */
export function settleVerdict(findings: readonly Finding[]): Diagnosis["verdict"] {
  if (findings.some(({ name }) => UNUSABLE.has(name))) return "unusable";
  return findings.some(({ level }) => level === "problem") ? "limited" : "good";
}

/** What a source need not learn again. */
export function settleCapabilities(observed: Observed, facts: DiagnosisFacts): Capabilities {
  const { first, rightIfMatch, filtered } = observed;
  const { ranges, suffix, multiRange, head } = facts;
  const due = Math.min(first.range?.length ?? 0, first.total ?? 0);
  const capped = first.wanted !== undefined && first.wanted.length < due;
  return {
    ranges,
    suffix,
    multiRange,
    head,
    ifMatch: works(rightIfMatch),
    visibleHeaders: filtered ? first.fields["content-range"] !== undefined : undefined,
    maxRangeBytes: capped ? first.wanted?.length : undefined,
  };
}

function settleSize({ first, second, suffix, plain, empty, head }: Observed): number | undefined {
  if (empty) return 0;
  const total = first.total ?? second?.total ?? suffix?.total;
  if (total !== undefined) return total;
  const whole = [first, plain, head].find((seen) => isWhole(seen));
  const length = whole?.fields["content-length"];
  return length === undefined ? undefined : parseDecimal(length.trim());
}

/** A Content-Length that is the size. */
function isWhole(seen: Seen | undefined): boolean {
  if (seen?.status !== 200 || codingOf(seen) !== undefined) return false;
  return seen.fields["content-range"] === undefined;
}

function settleRanges({ first, second, empty }: Observed): boolean | undefined {
  if (empty) return undefined;
  const told = [first, second].filter((seen) => seen !== undefined && !isUntold(seen));
  const taken = told.filter((seen) => seen?.fault === undefined && seen?.body !== "long");
  if (told.length === 0) return undefined;
  if (taken.length === 0) return false;
  if (taken.length < told.length) return undefined;
  return second === undefined || agree(first, second);
}

/** CORS hides where the bytes lie: whether they are the last ones cannot be told. */
function hides({ filtered }: Observed, seen: RangeSeen | undefined): boolean {
  return filtered && seen?.status === 206 && seen.fields["content-range"] === undefined;
}

function works(seen: RangeSeen | undefined): boolean | undefined {
  return seen === undefined || isUntold(seen) ? undefined : seen.fault === undefined;
}

function settleCondition(
  right: RangeSeen | undefined,
  wrong: RangeSeen | undefined,
  due: number,
): boolean | undefined {
  if (right === undefined || wrong === undefined || isUntold(right) || isUntold(wrong)) return undefined;
  return right.fault === undefined && wrong.status === due;
}

function isSilent(seen: RangeSeen): boolean {
  return seen.fault !== "CHANGED" && isUntold(seen);
}

function codingOf({ fields }: Seen): string | undefined {
  const coding = fields["content-encoding"]?.trim().toLowerCase() ?? "";
  return coding === "" || coding === "identity" ? undefined : coding;
}

/** How bad it is. */
export type FindingLevel = "problem" | "advice" | "note";

/** What a finding is about. */
export type FindingTopic =
  | "ranges"
  | "size"
  | "body"
  | "suffix"
  | "multi-range"
  | "head"
  | "validators"
  | "conditions"
  | "coding"
  | "redirects"
  | "keep-alive"
  | "cors"
  | "probing";

/** Everything that can be found, in the order of a report. */
export const FINDINGS = {
  "web-page": ["problem", "ranges"],
  "ranges-ignored": ["problem", "ranges"],
  "ranges-refused": ["problem", "ranges"],
  "ranges-wrong": ["problem", "ranges"],
  "ranges-unproven": ["problem", "ranges"],
  "ranges-unreliable": ["problem", "ranges"],
  "bytes-disagree": ["problem", "ranges"],
  "body-long": ["problem", "body"],
  "body-short": ["problem", "body"],
  coded: ["problem", "coding"],
  "size-hidden": ["problem", "size"],
  "no-validators": ["problem", "validators"],
  "validators-change": ["problem", "validators"],
  "validators-vanish": ["problem", "validators"],
  "no-keep-alive": ["problem", "keep-alive"],
  "cors-blocked": ["problem", "cors"],
  "cors-hides-fields": ["problem", "cors"],
  "cors-refuses-headers": ["problem", "cors"],
  "no-answer": ["problem", "probing"],
  "weak-validators": ["advice", "validators"],
  "unquoted-etag": ["advice", "validators"],
  "no-suffix": ["advice", "suffix"],
  "if-match-refused": ["advice", "conditions"],
  "if-range-ignored": ["advice", "conditions"],
  "head-wrong-size": ["advice", "head"],
  "coded-on-request": ["advice", "coding"],
  "moved-permanently": ["advice", "redirects"],
  "cors-refuses-preflight": ["advice", "cors"],
  "cors-without-vary": ["advice", "cors"],
  "empty-file": ["note", "ranges"],
  "ranges-capped": ["note", "ranges"],
  "ranges-padded": ["note", "ranges"],
  "part-for-range": ["note", "ranges"],
  "accept-ranges-none": ["note", "ranges"],
  "no-multi-range": ["note", "multi-range"],
  "head-refused": ["note", "head"],
  "head-without-size": ["note", "head"],
  "if-match-ignored": ["note", "conditions"],
  "if-range-refused": ["note", "conditions"],
  redirected: ["note", "redirects"],
  "cors-hides-accept-ranges": ["note", "cors"],
  "stopped-early": ["note", "probing"],
} as const satisfies Record<string, readonly [level: FindingLevel, topic: FindingTopic]>;

/** The name of a finding: what to program against. */
export type FindingName = keyof typeof FINDINGS;

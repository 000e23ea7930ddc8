import type { CorsFacts, Finding } from "./diagnosis.ts";
import { describeSeen, fieldName, finding, isUntold } from "./finding.ts";
import type { CorsSeen, Observed, Seen } from "./observations.ts";

/**
 * Response fields that a reader looks at. A page sees Content-Length without being told (WHATWG Fetch, CORS-safelisted
 * response-header name), and the others only where Access-Control-Expose-Headers names them.
 */
const LOOKED_AT = ["content-range", "etag", "accept-ranges", "content-length"] as const;
const ALWAYS_VISIBLE: ReadonlySet<string> = new Set(["content-length"]);

/** What the two CORS probes settled. */
export function settleCors(seen: CorsSeen): CorsFacts {
  const { origin, get, preflight, hops } = seen;
  const allowed =
    get.status === undefined ? undefined : [...hops, get.fields].every((fields) => allows(fields, origin));
  const exposed = listOf(get.fields["access-control-expose-headers"]);
  const hidden = LOOKED_AT.filter(
    (name) =>
      get.fields[name] !== undefined && !ALWAYS_VISIBLE.has(name) && !exposed.has(name) && !exposed.has("*"),
  ).map(fieldName);
  const granted =
    preflight === undefined || isUntold(preflight)
      ? undefined
      : grants(preflight, origin) && refused(seen).length === 0;
  return { origin, allowed, hidden, preflight: granted };
}

/** What a page of the given origin would meet. */
export function findCors({ cors, filtered, first }: Observed): Finding[] {
  if (cors === undefined) {
    const hidden = filtered && first.status === 206 && first.fields["content-range"] === undefined;
    return hidden ? [hiddenFields("a page of this origin", ["Content-Range"])] : [];
  }
  const facts = settleCors(cors);
  if (facts.allowed === undefined) return [];
  if (!facts.allowed) return [blocked(cors)];
  const found: Finding[] = [];
  const page = `a page of ${cors.origin}`;
  const needed = facts.hidden.filter((name) => name !== "Accept-Ranges");
  if (needed.length > 0) found.push(hiddenFields(page, needed));
  else if (facts.hidden.length > 0) found.push(hiddenAcceptRanges(page));
  return [...found, ...findPreflight(cors, facts), ...findVary(cors)];
}

function blocked({ origin, get, hops }: CorsSeen): Finding {
  const refusing = [...hops, get.fields].find((fields) => !allows(fields, origin)) ?? {};
  const value = refusing["access-control-allow-origin"];
  const where = refusing === get.fields ? "the answer" : "a redirect on the way";
  return finding("cors-blocked", {
    what: `A page of ${origin} cannot read the file: ${where} ${value === undefined ? "has no Access-Control-Allow-Origin" : `says Access-Control-Allow-Origin: ${value}`}.`,
    cost: "Every read from that page fails; a browser shows it as a network error.",
    remedy: `Send \`Access-Control-Allow-Origin: ${origin}\` (or \`*\`) with every answer, 206 and 416 and redirects included, and \`Access-Control-Expose-Headers: Content-Range, ETag, Accept-Ranges\`.`,
  });
}

function hiddenFields(page: string, names: readonly string[]): Finding {
  const range = names.includes("Content-Range");
  const etag = names.includes("ETag");
  const costs = [
    range ? "one more request (a HEAD) to learn the size" : "",
    etag || range ? "identity is at most weak, so a change may go unnoticed" : "",
  ].filter((text) => text !== "");
  return finding("cors-hides-fields", {
    what: `${page.charAt(0).toUpperCase()}${page.slice(1)} cannot see ${names.join(" and ")}.`,
    cost: `There ${costs.join(", and ")}.`,
    remedy: "Send `Access-Control-Expose-Headers: Content-Range, ETag, Accept-Ranges`.",
  });
}

function hiddenAcceptRanges(page: string): Finding {
  return finding("cors-hides-accept-ranges", {
    what: `${page.charAt(0).toUpperCase()}${page.slice(1)} cannot see Accept-Ranges.`,
    cost: "None here, where evidence counts; PDF.js and others take the whole file then.",
    remedy: "Add it: `Access-Control-Expose-Headers: Content-Range, ETag, Accept-Ranges`.",
  });
}

function findPreflight(cors: CorsSeen, facts: CorsFacts): Finding[] {
  const { preflight, custom, origin } = cors;
  if (preflight === undefined || facts.preflight !== false) return [];
  const names = ["Range", ...custom.map(fieldName)].join(", ");
  const missing = refused(cors).map(fieldName);
  const got =
    grants(preflight, origin) && missing.length > 0
      ? `Access-Control-Allow-Headers lacks ${missing.join(" and ")}`
      : describeSeen(preflight);
  const words = {
    what: `The preflight (OPTIONS) for ${names} is not granted to ${origin}: ${got}.`,
    remedy: `Answer OPTIONS with status 204, \`Access-Control-Allow-Origin: ${origin}\`, \`Access-Control-Allow-Methods: GET, HEAD\` and \`Access-Control-Allow-Headers: ${names}\`.`,
  };
  if (
    custom.length === 0 ||
    (missing.length > 0 && missing.every((name) => name === "Range") && grants(preflight, origin))
  ) {
    const cost =
      "`bytes=-n` fails there, so opening what ends with its directory takes up to two requests more; plain ranges need no preflight.";
    return [finding("cors-refuses-preflight", { ...words, cost })];
  }
  return [
    finding("cors-refuses-headers", {
      ...words,
      cost: "Every request with these headers fails in that page.",
    }),
  ];
}

function findVary({ get }: CorsSeen): Finding[] {
  const allowed = get.fields["access-control-allow-origin"];
  const vary = listOf(get.fields["vary"]);
  if (allowed === undefined || allowed === "*" || vary.has("origin") || vary.has("*")) return [];
  return [
    finding("cors-without-vary", {
      what: `Access-Control-Allow-Origin names one origin (${allowed}), and Vary does not name Origin.`,
      cost: "A shared cache may give a page the permission of another one, and that page then cannot read the file.",
      remedy: "Send `Vary: Origin` with every answer, or allow `*`.",
    }),
  ];
}

function allows(fields: Seen["fields"], origin: string): boolean {
  const value = fields["access-control-allow-origin"]?.trim();
  return value === "*" || value === origin;
}

function grants({ status = 0, fields }: Seen, origin: string): boolean {
  return status >= 200 && status < 300 && allows(fields, origin);
}

/** The request fields that the preflight does not grant, lower-case. `*` does not cover Authorization. */
function refused({ preflight, custom }: CorsSeen): string[] {
  const granted = listOf(preflight?.fields["access-control-allow-headers"]);
  return ["range", ...custom].filter(
    (name) => !granted.has(name) && !(granted.has("*") && name !== "authorization"),
  );
}

function listOf(field: string | undefined): ReadonlySet<string> {
  return new Set((field ?? "").split(",").map((name) => name.trim().toLowerCase()));
}

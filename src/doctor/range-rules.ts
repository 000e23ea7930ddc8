import type { Finding } from "./diagnosis.ts";
import { describeSeen, type FindingWords, finding, isUntold } from "./finding.ts";
import type { FindingName } from "./finding-names.ts";
import { agree } from "./judge-answer.ts";
import type { Observed, RangeSeen } from "./observations.ts";

/** What the answers to plain ranges say. */
export function findRanges(observed: Observed): Finding[] {
  const { first, second, empty } = observed;
  if (empty) return [emptyFile];
  const unreliable = second === undefined ? undefined : findUnreliable(first, second);
  if (unreliable !== undefined) return [unreliable];
  const fault = first.fault === undefined ? (second ?? first) : first;
  const refusal = findFault(fault, observed);
  if (refusal !== undefined) return [refusal];
  return [...findDisagreement(observed), ...findBodies(observed), ...findManners(first)];
}

const emptyFile: Finding = finding("empty-file", {
  what: "The file is empty, so there is nothing to ask a range of.",
  cost: "Nothing; but what the server does with ranges cannot be told from it.",
  remedy: "Diagnose a file with content on the same server.",
});

/** One answer honours its range and the other ignores or refuses it: several servers behind one name. */
function findUnreliable(first: RangeSeen, second: RangeSeen): Finding | undefined {
  const told = !isUntold(first) && !isUntold(second);
  const ignored = [first, second].find(({ fault }) => fault === "RANGE_IGNORED" || fault === "HTTP_STATUS");
  if (!told || ignored === undefined || (first.fault === undefined) === (second.fault === undefined))
    return undefined;
  return finding("ranges-unreliable", {
    what: `Ranges are honoured now and then: ${ignored.asked} was answered by ${describeSeen(ignored)}, another range by a part.`,
    cost: "Every request that meets the wrong server is tried again, and some reads fail.",
    remedy: "Make all servers or cache nodes behind this name alike: ranges on in each of them.",
  });
}

function findFault(seen: RangeSeen, observed: Observed): Finding | undefined {
  const { fault, status, fields, asked } = seen;
  if (fault === undefined || (isUntold(seen) && observed.plain === undefined)) return undefined;
  if (status === 200) return findIgnored(seen, observed);
  const got = `${asked} was answered by ${describeSeen(seen)}`;
  if (fault === "ENCODED") return undefined;
  if (fault === "RANGE_MISMATCH") {
    return finding("ranges-wrong", {
      what: `Other bytes come than were asked for: ${got}.`,
      cost: "No byte of this server can be used; a reader that does not compare gets wrong ones.",
      remedy:
        "Mend the range handling of the server, or switch off the proxy or cache that mixes answers up.",
    });
  }
  if (fault === "BAD_RESPONSE" && status === 206) return finding("ranges-unproven", unproven(seen));
  return finding("ranges-refused", {
    what: `A range is refused and the whole file is not: ${got}${observed.plain === undefined ? "" : ", a GET without Range by status 200"}.`,
    cost: "Parts cannot be read, only the whole file.",
    remedy: `Let the server, and every proxy, firewall and function before it, pass the Range header${fields["server"] === undefined ? "" : ` (Server: ${fields["server"]})`}.`,
  });
}

function unproven({ fields, asked }: RangeSeen): FindingWords {
  const range = fields["content-range"];
  const says = range === undefined ? "has no Content-Range" : `says Content-Range: ${range.slice(0, 80)}`;
  const length = fields["content-length"];
  return {
    what: `A 206 does not prove which bytes it holds: the answer to ${asked} ${says}${length === undefined ? "" : ` and Content-Length: ${length}`}.`,
    cost: "No byte of this server can be used: where they lie would be a guess.",
    remedy:
      "Send one `Content-Range: bytes FIRST-LAST/TOTAL` and a Content-Length of LAST - FIRST + 1 with every 206 (RFC 9110 section 15.3.7).",
  };
}

function findIgnored(seen: RangeSeen, { pageExpected }: Observed): Finding {
  const { asked, fields } = seen;
  const type = fields["content-type"]?.split(";")[0]?.trim().toLowerCase();
  if (type === "text/html" && !pageExpected) {
    return finding("web-page", {
      what: `A web page comes instead of a part of the file: ${asked} was answered by status 200 with Content-Type: text/html.`,
      cost: "The file cannot be read at all from here.",
      remedy:
        "It is perhaps a login, error or landing page: give credentials with `headers`, or the direct URL of the file.",
    });
  }
  const advertised = fields["accept-ranges"]?.toLowerCase() === "bytes";
  const partly =
    fields["content-range"] === undefined ? "" : " (with a Content-Range, which means nothing there)";
  return finding("ranges-ignored", {
    what: `Range is ignored: ${asked} was answered by status 200 with the whole file${partly}${advertised ? ", although it says Accept-Ranges: bytes" : ""}.`,
    cost: "Every read would cost the whole file; `ifRangesIgnored: 'download'` takes it once.",
    remedy: remedyByServer(fields["server"] ?? ""),
  });
}

/** What switches ranges off in servers that have them. */
const REMEDIES: readonly [server: RegExp, remedy: string][] = [
  [
    /nginx|openresty/i,
    "In nginx remove `max_ranges 0`, set `proxy_force_ranges on` for proxied content, and turn `gzip` off for this type.",
  ],
  [
    /apache/i,
    "In Apache remove `MaxRanges none`, and serve the file itself rather than by a script or a filter.",
  ],
  [/simplehttp|python/i, "Python's http.server has no ranges: serve the file by nginx, Apache or Caddy."],
  [
    /cloudflare/i,
    "Let Cloudflare cache the file (a cacheable type, below the size limit), or serve it from a name that it does not proxy.",
  ],
];

function remedyByServer(server: string): string {
  const known = REMEDIES.find(([pattern]) => pattern.test(server));
  return (
    known?.[1] ??
    "Serve the file as a file: nginx, Apache, Caddy and object stores have ranges unless they are switched off; generated or compressed answers and some proxies have none."
  );
}

function findDisagreement({ first, second }: Observed): Finding[] {
  if (second === undefined || agree(first, second)) return [];
  return [
    finding("bytes-disagree", {
      what: `Two answers hold different bytes for the same positions (${first.asked} and ${second.asked}), under the same validators.`,
      cost: "No byte of this server can be trusted.",
      remedy:
        "Mend the server or the cache that cuts the parts; check that all servers behind this name hold the same file.",
    }),
  ];
}

function findBodies({ first, second }: Observed): Finding[] {
  const seen = [first, ...(second === undefined ? [] : [second])];
  const long = seen.find(({ body }) => body === "long");
  const short = seen.find(({ body }) => body === "short");
  if (long !== undefined) {
    const what = `The body is longer than its Content-Range says: ${long.bytes.byteLength} bytes or more for ${long.asked}.`;
    const remedy = "Send exactly the bytes of the range, with their number as Content-Length.";
    return [
      finding("body-long", {
        what,
        cost: "Which of the bytes are meant cannot be told; none is used.",
        remedy,
      }),
    ];
  }
  if (short === undefined) return [];
  return [
    finding("body-short", {
      what: `The body ends early, or stalls: ${short.bytes.byteLength} of ${short.span?.length} bytes came for ${short.asked}.`,
      cost: "One more request each time to ask for the rest; readers that do not count get a cut file.",
      remedy:
        "Look for a proxy or load balancer with a short time limit or a broken connection; send Content-Length, so that all readers notice.",
    }),
  ];
}

/** What is allowed, and differs from the ordinary. */
function findManners(first: RangeSeen): Finding[] {
  const { range, span, wanted, total, asked, fields } = first;
  const found: [FindingName, FindingWords][] = [];
  if (span === undefined || wanted === undefined) return [];
  // Where CORS hides all of Content-Range, that is another finding.
  const told = fields["content-range"] !== undefined || first.asPart;
  if (total === undefined && told) found.push(["size-hidden", sizeHidden]);
  // What was asked for begins at 0, so that its end is a length.
  const due = Math.min(total ?? 0, range?.end ?? 0);
  if (wanted.end < due) {
    const what = `Answers are shorter than asked: ${wanted.length} of ${due} bytes for ${asked}. That is allowed.`;
    const cost = "One more request for every such piece of a longer read.";
    found.push([
      "ranges-capped",
      { what, cost, remedy: "Raise the server's or proxy's limit for one part." },
    ]);
  }
  if (span.length > wanted.length) {
    const what = `Answers hold more than asked: ${span} for ${wanted}.`;
    const remedy = "Switch off the block alignment of the cache or proxy, if the bytes matter.";
    found.push([
      "ranges-padded",
      { what, cost: `${span.length - wanted.length} bytes more each time.`, remedy },
    ]);
  }
  if (first.asPart) {
    const what = "A single range comes as a multipart body, which RFC 9110 section 15.3.7.2 forbids.";
    const cost = "About 100 bytes each time, and most other clients fail.";
    found.push([
      "part-for-range",
      { what, cost, remedy: "Answer one range by one plain 206 with Content-Range." },
    ]);
  }
  if (fields["accept-ranges"]?.toLowerCase() === "none") {
    const what = "It says Accept-Ranges: none, and serves ranges all the same.";
    const cost = "None here, where evidence counts; clients that believe it take the whole file.";
    found.push(["accept-ranges-none", { what, cost, remedy: "Send `Accept-Ranges: bytes`." }]);
  }
  return found.map(([name, words]) => finding(name, words));
}

const sizeHidden: FindingWords = {
  what: "The size of the file stays hidden: Content-Range ends with `/*`.",
  cost: "Only bounded reads from the front work: nothing can be read from the end, no zip listed.",
  remedy: "Send the total in Content-Range: `bytes FIRST-LAST/TOTAL`.",
};

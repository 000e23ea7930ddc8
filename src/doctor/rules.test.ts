import { describe, expect, it } from "vitest";
import { Range } from "../ranges/range.ts";
import { findCors, settleCors } from "./cors-rules.ts";
import { findDelivery } from "./delivery-rules.ts";
import type { Finding } from "./diagnosis.ts";
import { findIdentity } from "./identity-rules.ts";
import type { CorsSeen, HeadSeen, Observed, RangeSeen, Seen } from "./observations.ts";
import { findRanges } from "./range-rules.ts";
import { findServices } from "./service-rules.ts";
import { settleFacts, settleVerdict } from "./settle-facts.ts";

const BYTES = new Uint8Array(1000);

/** A right answer to `bytes=start-(end - 1)` of a file of 1,000 bytes, but for what is given. */
function part(start: number, end: number, given: Partial<RangeSeen> = {}): RangeSeen {
  const range = new Range(start, end);
  const fields = { "content-range": `bytes ${start}-${end - 1}/1000`, etag: '"a"' };
  return {
    asked: `bytes=${start}-${end - 1}`,
    status: 206,
    fault: undefined,
    range,
    span: range,
    wanted: range,
    total: 1000,
    validators: { strength: "strong", etag: '"a"' },
    unproven: false,
    asPart: false,
    body: "whole",
    bytes: BYTES.subarray(start, end),
    ...given,
    fields: { ...fields, ...given.fields },
  };
}

/** An answer that no reader takes. */
function refused(status: number | undefined, fault: Seen["fault"], fields: Seen["fields"] = {}): RangeSeen {
  const empty = { span: undefined, wanted: undefined, total: undefined, bytes: new Uint8Array() };
  return { ...part(0, 10), ...empty, status, fault, fields, body: "left" };
}

function head(given: Partial<HeadSeen> = {}): HeadSeen {
  return { asked: "HEAD", status: 200, fault: undefined, fields: {}, length: 1000, ...given };
}

function observe(given: Partial<Observed>): Observed {
  return {
    first: part(0, 100, { range: new Range(0, 100) }),
    second: part(1, 9),
    empty: false,
    pageExpected: false,
    redirects: [],
    keepAlive: true,
    filtered: false,
    stopped: undefined,
    ...given,
  };
}

function find(observed: Observed): Finding[] {
  const facts = settleFacts(observed);
  return [
    ...findRanges(observed),
    ...findIdentity(observed),
    ...findServices(observed, facts),
    ...findDelivery(observed, facts),
    ...findCors(observed),
  ];
}

const names = (observed: Observed): string[] => find(observed).map(({ name }) => name);
const html = { "content-type": "text/html; charset=utf-8" };
const whole = refused(200, "RANGE_IGNORED", { "content-length": "1000" });
const stopped = refused(412, "CHANGED");
const silent = refused(undefined, "TIMEOUT");

describe("observations are turned into findings:", () => {
  const rows: [given: Partial<Observed>, expected: string[]][] = [
    [{}, []],
    [{ first: whole, second: whole }, ["ranges-ignored"]],
    [{ first: refused(200, "RANGE_IGNORED", html), second: undefined }, ["web-page"]],
    [
      { first: refused(200, "RANGE_IGNORED", html), second: undefined, pageExpected: true },
      ["ranges-ignored"],
    ],
    [{ first: refused(501, "HTTP_STATUS"), plain: head(), second: undefined }, ["ranges-refused"]],
    [{ first: refused(206, "RANGE_MISMATCH"), second: undefined }, ["ranges-wrong"]],
    [{ first: refused(206, "BAD_RESPONSE"), second: undefined }, ["ranges-unproven"]],
    [{ first: refused(206, "ENCODED", { "content-encoding": "br" }), second: undefined }, ["coded"]],
    [{ second: whole }, ["ranges-unreliable"]],
    [{ first: whole, second: part(0, 1) }, ["ranges-unreliable"]],
    [{ second: refused(206, "RANGE_MISMATCH") }, ["ranges-wrong"]],
    [{ second: silent }, ["no-answer"]],
    [{ second: part(1, 9, { bytes: new Uint8Array(8).fill(1) }) }, ["bytes-disagree"]],
    [{ second: part(1, 9, { body: "short", bytes: new Uint8Array(3) }) }, ["body-short"]],
    [{ second: part(1, 9, { body: "long", bytes: new Uint8Array(9) }) }, ["body-long"]],
    [
      { first: part(0, 100, { total: undefined, fields: { "content-range": "bytes 0-99/*" } }) },
      ["size-hidden"],
    ],
    [{ first: part(0, 50, { range: new Range(0, 100) }) }, ["ranges-capped"]],
    [{ first: part(0, 1000, { range: new Range(0, 5000) }) }, []],
    [{ first: part(0, 120, { range: new Range(0, 100), wanted: new Range(0, 100) }) }, ["ranges-padded"]],
    [{ first: part(0, 100, { asPart: true }) }, ["part-for-range"]],
    [{ first: part(0, 100, { fields: { "accept-ranges": "none" } }) }, ["accept-ranges-none"]],
    [{ empty: true, first: refused(416, "HTTP_STATUS"), second: undefined }, ["empty-file"]],
    [{ first: part(0, 100, { validators: { strength: "none" } }) }, ["no-validators"]],
    [{ first: part(0, 100, { validators: { strength: "weak", etag: 'W/"a"' } }) }, ["weak-validators"]],
    [{ first: part(0, 100, { validators: { strength: "weak", lastModified: "x" } }) }, ["weak-validators"]],
    [{ first: part(0, 100, { validators: { strength: "weak", etag: "0x8D" } }) }, ["unquoted-etag"]],
    [{ second: refused(206, "CHANGED") }, ["validators-change"]],
    [{ second: part(1, 9, { unproven: true }) }, ["validators-vanish"]],
    [{ suffix: part(992, 1000) }, []],
    [{ suffix: refused(501, "HTTP_STATUS") }, ["no-suffix"]],
    [{ suffix: refused(503, "HTTP_STATUS") }, ["no-answer"]],
    [{ suffix: whole }, ["no-suffix"]],
    [{ list: { ...whole, parts: false } }, ["no-multi-range"]],
    [{ list: { ...part(0, 1), parts: true } }, []],
    [{ head: head() }, []],
    [{ head: head({ status: 403 }) }, ["head-refused"]],
    [{ head: head({ length: undefined }) }, ["head-without-size"]],
    [{ head: head({ length: 0 }) }, ["head-wrong-size"]],
    [{ rightIfMatch: part(0, 1), wrongIfMatch: stopped }, []],
    [{ rightIfMatch: stopped, wrongIfMatch: stopped }, ["if-match-refused"]],
    [{ rightIfMatch: part(0, 1), wrongIfMatch: part(0, 1) }, ["if-match-ignored"]],
    [{ rightIfRange: part(0, 1), wrongIfRange: whole }, []],
    [{ rightIfRange: part(0, 1), wrongIfRange: part(0, 1) }, ["if-range-ignored"]],
    [{ rightIfRange: whole, wrongIfRange: whole }, ["if-range-refused"]],
    [{ coded: part(0, 1) }, []],
    [{ coded: refused(200, "RANGE_IGNORED", { "content-encoding": "gzip" }) }, ["coded-on-request"]],
    [{ coded: refused(206, "ENCODED", { "content-encoding": "gzip" }) }, ["coded-on-request"]],
    [{ keepAlive: false }, ["no-keep-alive"]],
    [{ keepAlive: undefined }, []],
    [{ redirects: [{ status: 302, url: "https://b.example/x" }] }, ["redirected"]],
    [{ redirects: [{ status: undefined, url: "https://b.example/x" }] }, ["redirected"]],
    [{ redirects: [{ status: 308, url: "https://b.example/x" }] }, ["moved-permanently"]],
    [
      {
        redirects: [
          { status: 301, url: "https://b.example/x" },
          { status: 302, url: "https://c.example/x" },
        ],
      },
      ["redirected"],
    ],
    [{ stopped: "time" }, ["stopped-early"]],
    [{ stopped: "rate" }, ["stopped-early"]],
  ];
  it.each(rows.map(([given, expected]) => [expected, given] as const))("%j, row %#", (expected, given) => {
    expect(names(observe(given))).toEqual(expected);
  });

  it("a known server gets the words for its own settings", () => {
    const remedy = (server: string): string | undefined =>
      find(observe({ first: refused(200, "RANGE_IGNORED", { server }), second: undefined }))[0]?.remedy;
    expect(remedy("nginx/1.22.1")).toContain("proxy_force_ranges");
    expect(remedy("Apache/2.4.57 (Debian)")).toContain("MaxRanges");
    expect(remedy("SimpleHTTP/0.6 Python/3.11.2")).toContain("http.server");
    expect(remedy("cloudflare")).toContain("Cloudflare");
    expect(remedy("Frobnicator/1")).toContain("Serve the file as a file");
  });
});

describe("CORS answers are turned into findings:", () => {
  const origin = "https://app.example";
  const exposed = "Content-Range, ETag, Accept-Ranges";
  const answer = { "content-range": "bytes 0-0/1000", etag: '"a"', "accept-ranges": "bytes" };
  const cors = (
    allow: Record<string, string>,
    preflight?: Record<string, string>,
    given: Partial<CorsSeen> = {},
  ) => ({
    origin,
    hops: [],
    custom: [],
    get: { asked: "bytes=0-0", status: 206, fault: undefined, fields: { ...answer, ...allow } },
    preflight: { asked: "OPTIONS", status: 204, fault: undefined, fields: preflight ?? granted },
    ...given,
  });
  const any = { "access-control-allow-origin": "*", "access-control-expose-headers": exposed };
  const own = { ...any, "access-control-allow-origin": origin };
  const granted = { "access-control-allow-origin": "*", "access-control-allow-headers": "Range, X-Key" };
  const wild = { ...granted, "access-control-allow-headers": "*" };

  const rows: [seen: CorsSeen, expected: string[]][] = [
    [cors(any), []],
    [cors({ ...any, "access-control-expose-headers": "*" }), []],
    [cors({ ...own, vary: "Accept-Encoding, origin" }), []],
    [cors(own), ["cors-without-vary"]],
    [cors({}), ["cors-blocked"]],
    [cors({ ...any, "access-control-allow-origin": "https://app.example/" }), ["cors-blocked"]],
    [cors(any, granted, { hops: [{}] }), ["cors-blocked"]],
    [cors(any, granted, { hops: [any] }), []],
    [cors({ "access-control-allow-origin": "*" }), ["cors-hides-fields"]],
    [cors({ ...any, "access-control-expose-headers": "etag" }), ["cors-hides-fields"]],
    [cors({ ...any, "access-control-expose-headers": "content-range,etag" }), ["cors-hides-accept-ranges"]],
    [cors(any, {}), ["cors-refuses-preflight"]],
    [cors(any, { ...granted, "access-control-allow-headers": "x-key" }), ["cors-refuses-preflight"]],
    [cors(any, granted, { custom: ["x-key"] }), []],
    [cors(any, granted, { custom: ["x-other"] }), ["cors-refuses-headers"]],
    [cors(any, wild, { custom: ["x-other"] }), []],
    [cors(any, wild, { custom: ["authorization"] }), ["cors-refuses-headers"]],
    [cors(any, { "access-control-allow-headers": "*" }, { custom: ["x-key"] }), ["cors-refuses-headers"]],
    [cors(any, granted, { preflight: { ...head(), status: undefined, fault: "TIMEOUT" } }), ["no-answer"]],
    [cors(any, granted, { preflight: undefined }), []],
  ];
  it.each(rows.map(([seen, expected]) => [expected, seen] as const))("%j, row %#", (expected, seen) => {
    expect(names(observe({ cors: seen }))).toEqual(expected);
  });

  it("a wildcard and a list mean the same, and Content-Length is never hidden", () => {
    const long = { ...any, "access-control-expose-headers": "", "content-length": "1" };
    expect(settleCors(cors(long)).hidden).toEqual(["Content-Range", "ETag", "Accept-Ranges"]);
  });
});

describe("the verdict", () => {
  it("is unusable by one finding, limited by a problem, good with advice and notes", () => {
    const verdictOf = (given: Partial<Observed>): string => settleVerdict(find(observe(given)));
    expect(verdictOf({})).toBe("good");
    expect(verdictOf({ head: head({ status: 403 }), suffix: whole })).toBe("good");
    expect(verdictOf({ keepAlive: false })).toBe("limited");
    expect(verdictOf({ keepAlive: false, first: whole, second: whole })).toBe("unusable");
  });
});

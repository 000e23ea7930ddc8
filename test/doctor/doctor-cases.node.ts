import { type DiagnoseOptions, type Diagnosis, diagnose } from "../../src/doctor.ts";
import {
  type FileContent,
  type Misbehaviour,
  patternBytes,
  type RangeServer,
  type RangeServerOptions,
  setHeader,
  startRangeServer,
} from "../../src/testing.ts";

const BYTES = patternBytes(20_000_000, 3);
/** The file that is diagnosed: large, so that a download would show; its ETag need not be made of all that. */
const FILE: FileContent = { bytes: BYTES, etag: '"v1"' };
/** Its bytes. */
export const SIZE: number = BYTES.length;
/** Time limits that make silence short. */
export const QUICK = { connectMs: 2000, headersMs: 500, idleMs: 500, totalMs: 3000 } as const;
export const ORIGIN = "https://app.example";

/** A server, what it serves, and how the doctor is called. */
export interface Setting extends Partial<RangeServerOptions> {
  file?: FileContent;
  name?: string;
  options?: DiagnoseOptions;
}

/** A setting, and what must be found there. */
export interface DoctorCase {
  title: string;
  setting: Setting;
  verdict: Diagnosis["verdict"];
  findings: string[];
}

/** Diagnoses a setting; `check` looks at the server before it goes. */
export async function examine(
  setting: Setting,
  check?: (server: RangeServer, diagnosis: Diagnosis) => void,
): Promise<Diagnosis> {
  const { file = FILE, name = "file.bin", options, ...server } = setting;
  await using running = await startRangeServer({ ...server, files: { [name]: file } });
  const diagnosis = await diagnose(`${running.url}/${name}`, { timeouts: QUICK, ...options });
  check?.(running, diagnosis);
  return diagnosis;
}

/** A header field in every answer. */
function field(name: string, value: string): Misbehaviour {
  const change: Misbehaviour = (exchange) => setHeader(exchange, name, value);
  return Object.assign(change, { toJSON: () => `${name}: ${value}` });
}

type Row = [misbehave: Misbehaviour | Misbehaviour[], verdict: Diagnosis["verdict"], findings: string[]];

const misbehaving: Row[] = [
  ["ignores-range", "unusable", ["ranges-ignored"]],
  ["200-for-206", "unusable", ["ranges-ignored"]],
  ["html-login", "unusable", ["web-page"]],
  [{ name: "status", status: 501, on: ({ range }) => range !== undefined }, "unusable", ["ranges-refused"]],
  [{ name: "status", status: 416, on: ({ range }) => range !== undefined }, "unusable", ["ranges-refused"]],
  ["wrong-range", "unusable", ["ranges-wrong"]],
  ["long-body", "unusable", ["ranges-unproven"]],
  ["short-length", "unusable", ["ranges-unproven"]],
  ["no-content-range", "unusable", ["ranges-unproven"]],
  ["wrong-unit", "unusable", ["ranges-unproven"]],
  ["duplicate-content-range", "unusable", ["ranges-unproven"]],
  ["garbage-content-range", "unusable", ["ranges-unproven"]],
  ["gzips", "unusable", ["coded"]],
  [{ name: "ignores-range", after: 1, times: 1 }, "limited", ["ranges-unreliable"]],
  [{ name: "shifted-body", after: 1, times: 1 }, "unusable", ["bytes-disagree"]],
  [["long-body", "chunked"], "unusable", ["body-long", "head-without-size"]],
  ["etag-changes", "unusable", ["validators-change"]],
  ["file-changes", "unusable", ["validators-change"]],
  ["etag-vanishes", "limited", ["validators-vanish"]],
  ["no-validators", "limited", ["no-validators"]],
  ["no-etag", "good", ["weak-validators"]],
  ["weak-etag", "good", ["weak-validators"]],
  ["unquoted-etag", "good", ["unquoted-etag"]],
  ["no-total", "limited", ["size-hidden"]],
  ["short-range", "good", ["ranges-capped"]],
  ["superset-range", "good", ["no-suffix", "ranges-padded"]],
  ["multipart", "good", ["part-for-range"]],
  ["accept-ranges-none", "good", ["accept-ranges-none"]],
  ["no-suffix", "good", ["no-suffix"]],
  [
    { name: "ignores-range", on: ({ range }) => range?.startsWith("bytes=-") === true },
    "good",
    ["no-suffix"],
  ],
  ["head-forbidden", "good", ["head-refused"]],
  ["head-without-length", "good", ["head-without-size"]],
  ["head-zero-length", "good", ["head-wrong-size"]],
  ["refuses-if-match", "good", ["if-match-refused"]],
  ["ignores-conditions", "good", ["if-range-ignored", "if-match-ignored"]],
  [
    { name: "ignores-range", on: ({ headers }) => headers["if-range"] !== undefined },
    "good",
    ["if-range-refused"],
  ],
  ["redirects", "good", ["redirected"]],
  [{ name: "redirects", status: 301 }, "good", ["moved-permanently"]],
  ["short-body", "limited", ["body-short", "no-answer"]],
  ["drops-mid-body", "limited", ["body-short", "no-answer"]],
  ["close-delimited", "limited", ["no-keep-alive", "head-without-size"]],
  ["connection-close", "limited", ["no-keep-alive"]],
  [{ name: "drops-before-headers", after: 1, times: 2 }, "limited", ["no-answer"]],
  [{ name: "silent", method: "HEAD" }, "limited", ["no-answer"]],
  [{ name: "status", status: 503, after: 2, times: 1 }, "limited", ["no-answer"]],
  [{ name: "429-then-ok", after: 3 }, "limited", ["no-answer", "stopped-early"]],
];

const forPages: [...Row, server?: Partial<RangeServerOptions>][] = [
  ["no-cors", "unusable", ["cors-blocked"]],
  [[], "unusable", ["cors-blocked"], { cors: false }],
  [[], "limited", ["cors-hides-fields"], { cors: "plain" }],
  ["hidden-headers", "limited", ["cors-hides-fields"]],
  [field("Access-Control-Expose-Headers", "Content-Range, ETag"), "good", ["cors-hides-accept-ranges"]],
  [field("Access-Control-Expose-Headers", "*"), "good", []],
  [field("Access-Control-Allow-Origin", ORIGIN), "good", ["cors-without-vary"]],
  [field("Access-Control-Allow-Origin", "https://other.example"), "unusable", ["cors-blocked"]],
  [{ name: "status", status: 405, method: "OPTIONS" }, "good", ["cors-refuses-preflight"]],
  [{ name: "silent", method: "OPTIONS" }, "limited", ["no-answer"]],
  [{ name: "redirects", method: "OPTIONS" }, "good", ["cors-refuses-preflight"]],
];

const others: DoctorCase[] = [
  { title: "ranges off", setting: { maxRanges: 0 }, verdict: "unusable", findings: ["ranges-ignored"] },
  { title: "no lists", setting: { maxRanges: 1 }, verdict: "good", findings: ["no-multi-range"] },
  {
    title: "compression for whoever accepts it",
    setting: { gzip: true, file: patternBytes(200_000, 3) },
    verdict: "good",
    findings: ["coded-on-request"],
  },
  {
    title: "an object that a cloud store unpacks on the way",
    setting: {
      maxRanges: 0,
      file: { bytes: "plain", headers: { "x-goog-stored-content-encoding": "gzip" } },
    },
    verdict: "unusable",
    findings: ["ranges-ignored", "coded"],
  },
  { title: "an empty file", setting: { file: "" }, verdict: "good", findings: ["empty-file"] },
  {
    title: "an empty file behind nginx",
    setting: { file: "", profile: "nginx" },
    verdict: "good",
    findings: ["empty-file"],
  },
  {
    title: "a page where a page is meant",
    setting: { name: "a.html", file: "<!doctype html>", maxRanges: 0 },
    verdict: "unusable",
    findings: ["ranges-ignored"],
  },
  {
    title: "a header that pages may not send",
    setting: {
      misbehave: field("Access-Control-Allow-Headers", "Range"),
      options: { origin: ORIGIN, headers: { "x-api-key": "hunter2" } },
    },
    verdict: "unusable",
    findings: ["cors-refuses-headers"],
  },
];

/** Everything that can be found, each at least once. */
export const doctorCases: readonly DoctorCase[] = [
  ...misbehaving.map(([misbehave, verdict, findings]) => ({
    title: JSON.stringify(misbehave),
    setting: { misbehave },
    verdict,
    findings,
  })),
  ...forPages.map(([misbehave, verdict, findings, server]) => ({
    title: `for a page: ${JSON.stringify([misbehave, server])}`,
    setting: { ...server, misbehave, options: { origin: `${ORIGIN}/some/page` } },
    verdict,
    findings,
  })),
  ...others,
];

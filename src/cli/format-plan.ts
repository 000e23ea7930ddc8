import { type PlannedSource, Range, RangeSet } from "../index.ts";
import { escapeText } from "./escape-text.ts";
import { formatBytes } from "./format-bytes.ts";
import { formatShare, type ReceiptReport, reportReceipt } from "./format-receipt.ts";
import { formatStrip } from "./format-strip.ts";

/** What would be fetched, as `plan --json` prints it. */
export interface PlanReport {
  url: string;
  /** Bytes of the file; null where the server keeps it secret. */
  size: number | null;
  /** What was spent on learning all this: the opening, and the directory where members were named. */
  opening: ReceiptReport;
  /** Half-open: one request each. */
  requests: [start: number, end: number][];
  /** Distinct bytes asked for, those held included. */
  bytesWanted: number;
  /** Bytes of all requests, gaps that are read over included. */
  bytesRequested: number;
  /** Bytes requested for each byte of the file. */
  share: number | null;
  predictedMs: number;
  /** The file as a line: what would have been fetched by then, opening included. */
  map: string | null;
}

/** What `readMany` of these ranges would fetch now. Sends nothing. */
export function reportPlan(source: PlannedSource, ranges: readonly Range[]): PlanReport {
  const { requests, bytesWanted, bytesRequested, predictedMs } = source.plan(ranges);
  const known = Number.isFinite(source.size);
  const fetched = source.receipt.ranges.union(new RangeSet(requests));
  return {
    url: source.name,
    size: known ? source.size : null,
    opening: reportReceipt(source),
    requests: requests.map(({ start, end }) => [start, end]),
    bytesWanted,
    bytesRequested,
    share: known && source.size > 0 ? bytesRequested / source.size : null,
    predictedMs,
    map: known ? formatStrip(fetched, source.size) : null,
  };
}

/** Requests that are listed one by one. */
const SHOWN_REQUESTS = 20;

/** A plan as lines for people. */
export function formatPlan(report: PlanReport): string {
  const { size, opening, requests, bytesWanted, bytesRequested, share, predictedMs, map } = report;
  const ofFile = share === null || size === null ? "" : `, ${formatShare(share)} of ${formatBytes(size)}`;
  const lines = [
    ["name", escapeText(report.url)],
    ["opening", `${formatCount(opening.requests)}, ${formatBytes(opening.bytesReceived)}, sent to plan this`],
    ["planned", requests.length === 0 ? "no request: all of it is here" : formatCount(requests.length)],
    ["wanted", formatBytes(bytesWanted)],
    ["requested", `${formatBytes(bytesRequested)}${ofFile}`],
    ["predicted", formatDuration(predictedMs)],
  ].map(([key, value]) => `${`${key}:`.padEnd(11)}${value}`);
  if (map !== null) lines.push("", `0 ${map} ${formatBytes(size ?? 0)}`);
  if (requests.length > 0) lines.push("", ...formatRequests(requests));
  return `${lines.join("\n")}\n`;
}

function formatRequests(requests: PlanReport["requests"]): string[] {
  const shown = requests.slice(0, SHOWN_REQUESTS).map(([start, end]) => new Range(start, end));
  const width = Math.max(...shown.map((range) => String(range).length));
  const lines = shown.map((range) => `${String(range).padEnd(width)}  ${formatBytes(range.length)}`);
  const more = requests.length - shown.length;
  return more === 0 ? lines : [...lines, `… and ${more} more, which --json lists`];
}

function formatCount(requests: number): string {
  return `${requests} ${requests === 1 ? "request" : "requests"}`;
}

function formatDuration(ms: number): string {
  if (ms === 0) return "0 ms";
  if (ms < 1) return "< 1 ms";
  return ms < 9950 ? `${Math.round(ms)} ms` : `${Math.round(ms / 1000)} s`;
}

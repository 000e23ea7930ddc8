import type { PlannedSource } from "range-streams";
import { element } from "./element.ts";
import type { LoggedRequest, RequestLog } from "./request-log.ts";
import { formatBytes, formatCount, formatDuration, formatShare } from "./text.ts";

/** Lines of the log that are shown: the newest. */
const SHOWN_REQUESTS = 100;

/** Shows what the file has cost so far, beside what all of it would have. */
export function showReceipt(root: HTMLElement, source: PlannedSource, log: RequestLog): void {
  const { requests, bytesReceived } = source.receipt;
  const rows: (readonly [string, string])[] = [
    ["Requests", formatCount(requests)],
    ["Bytes moved", formatBytes(bytesReceived)],
    ["Share of the file", formatShare(bytesReceived, source.size)],
    ["Time saved", savedTime(source, log)],
  ];
  root.replaceChildren(
    ...rows.map(([name, value]) =>
      element("div", {}, element("dt", {}, name), element("dd", { class: "numbers" }, value)),
    ),
  );
}

/** How long all of the file would take at the rate at which parts came, less what was waited. A rough figure: short bodies come slowly. */
function savedTime(source: PlannedSource, log: RequestLog): string {
  const now = performance.now();
  const rate = log.rate(now);
  if (rate === undefined || rate === 0 || !Number.isFinite(source.size)) return "not known yet";
  const saved = source.size / rate - log.busyMs(now);
  return saved <= 0 ? "none" : `about ${formatDuration(saved)}`;
}

/** Shows the requests, the newest first. */
export function showLog(body: HTMLElement, { requests }: RequestLog): void {
  const newest = requests.slice(-SHOWN_REQUESTS).reverse();
  body.replaceChildren(...newest.map(logLine));
  if (newest.length > 0) return;
  const none = element("td", { class: "quiet" }, "None: a file of this device is read without any.");
  none.colSpan = 5;
  body.append(element("tr", {}, none));
}

function logLine({ number, range, status, bytes, startedAt, endedAt, outcome }: LoggedRequest): HTMLElement {
  const state = outcome === "running" ? "…" : outcome === "left" ? "left early" : "failed";
  const said =
    outcome === "done" ? String(status) : [status, state].filter((part) => part !== undefined).join(", ");
  const cells = [
    String(number),
    range === "" ? "the whole file" : range.replace(/^bytes=/, ""),
    said,
    formatBytes(bytes),
    endedAt === undefined ? "" : formatDuration(endedAt - startedAt),
  ];
  return element(
    "tr",
    { "data-outcome": outcome },
    ...cells.map((text) => element("td", { class: "numbers" }, text)),
  );
}

import { type Diagnosis, type DiagnosisFacts, diagnose, type Finding } from "../../doctor.ts";
import { environmentProxy, findEnvironmentProxy } from "../../node.ts";
import { EarlyEnd } from "../early-end.ts";
import { escapeText, formatJson } from "../escape-text.ts";
import { EXIT_BY_CODE } from "../exit-codes.ts";
import { formatBytes } from "../format-bytes.ts";
import { formatReceipt, type ReceiptReport } from "../format-receipt.ts";
import type { CommandContext } from "../output.ts";
import { parseHeader } from "../source-options.ts";

/** Options of `doctor`. */
export interface DoctorOptions {
  json?: boolean | undefined;
  receipt?: boolean | undefined;
  origin?: string | undefined;
  /** Lines as curl takes them: `Name: value`. */
  header?: readonly string[] | undefined;
}

/** `doctor URL`: what a server does right and wrong, and the headers to add. A server that is of no use is exit code 6. */
export async function runDoctor(url: string, options: DoctorOptions, context: CommandContext): Promise<void> {
  const { output, signal } = context;
  const headers = (options.header ?? []).map(parseHeader);
  const asked = { headers, signal, origin: options.origin, proxy: environmentProxy };
  const diagnosis = await diagnose(url, asked);
  const report = { ...diagnosis, proxyVariable: findEnvironmentProxy(url).variable };
  const receipt = receiptOf(diagnosis);
  if (options.json) {
    const document = withNulls(report) as object;
    await output.write(formatJson(options.receipt ? { ...document, receipt } : document));
  } else {
    await output.write(formatReport(report));
    if (options.receipt) output.note(formatReceipt(receipt));
  }
  if (diagnosis.verdict === "unusable") throw new EarlyEnd(EXIT_BY_CODE.RANGE_IGNORED);
}

/** Probes want nothing of the file, and are sent once each. */
function receiptOf({ facts, requests, bytesReceived }: Diagnosis): ReceiptReport {
  const { size = null } = facts;
  const share = size !== null && size > 0 ? bytesReceived / size : null;
  return { requests, retries: 0, bytesReceived, bytesWanted: 0, size, share };
}

/** What is printed. */
interface Report extends Diagnosis {
  /** The variable of the environment that decided of the proxy; undefined where none did. */
  readonly proxyVariable: string | undefined;
}

function formatReport({ url, verdict, facts, findings, requests, proxyVariable }: Report): string {
  const lines = formatFacts(facts, proxyVariable).map(
    ([key, value]) => `${`${key}:`.padEnd(13)}${escapeText(value)}`,
  );
  const meaning = {
    good: "parts of this file can be read well",
    limited: "parts of this file can be read, at a cost",
    unusable: "parts of this file cannot be read from here",
  }[verdict];
  const head = [escapeText(url), `${verdict}: ${meaning} (${requests} requests)`];
  return `${[...head, "", ...lines, ...findings.flatMap(formatFinding)].join("\n")}\n`;
}

function formatFinding({ level, name, what, cost, remedy }: Finding): string[] {
  return [
    "",
    `${level} (${name}): ${escapeText(what)}`,
    `  cost:   ${escapeText(cost)}`,
    `  remedy: ${escapeText(remedy)}`,
  ];
}

function formatFacts(
  facts: DiagnosisFacts,
  proxyVariable: string | undefined,
): [key: string, value: string][] {
  const { size, validators, coding, redirects, cors } = facts;
  const { strength, etag, lastModified } = validators;
  const identity = [etag && `ETag ${etag}`, lastModified && `Last-Modified ${lastModified}`].filter(Boolean);
  const onRequest = coding.onRequest === undefined ? "none" : `${coding.onRequest}, for who accepts it`;
  const rows: [string, string][] = [
    ["size", size === undefined ? "unknown" : `${formatBytes(size)} (${size} bytes)`],
    ["type", facts.contentType ?? "not said"],
    ["server", facts.server ?? "not said"],
    ["identity", identity.length === 0 ? strength : `${strength} (${identity.join(", ")})`],
    ["ranges", yesOrNo(facts.ranges)],
    ["suffix", yesOrNo(facts.suffix)],
    ["multi-range", yesOrNo(facts.multiRange)],
    ["HEAD", yesOrNo(facts.head)],
    ["If-Match", yesOrNo(facts.ifMatch)],
    ["If-Range", yesOrNo(facts.ifRange)],
    ["coding", coding.always ?? onRequest],
    ["redirects", redirects.length === 0 ? "none" : redirects.map(({ url }) => url).join(" → ")],
    ["proxy", `${facts.proxy ?? "none"}${proxyVariable === undefined ? "" : ` (${proxyVariable})`}`],
    ["keep-alive", yesOrNo(facts.keepAlive)],
  ];
  if (cors === undefined) return rows;
  const hidden = cors.hidden.length === 0 ? "nothing hidden" : `hidden: ${cors.hidden.join(", ")}`;
  const allowed = cors.allowed
    ? `readable, ${hidden}`
    : cors.allowed === false
      ? "not readable"
      : "not known";
  const said = `${cors.origin}: ${allowed}; preflight: ${yesOrNo(cors.preflight)}`;
  return [...rows, ["CORS", said]];
}

function yesOrNo(fact: boolean | undefined): string {
  return fact === undefined ? "not known" : fact ? "yes" : "no";
}

/** What is not known is null in JSON, not missing. */
function withNulls(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(withNulls);
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, withNulls(entry)]));
}

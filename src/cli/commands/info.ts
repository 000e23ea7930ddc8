import type { Identity, PlannedSource } from "../../index.ts";
import { escapeText, formatJson } from "../escape-text.ts";
import type { FileFacts } from "../file-facts/facts.ts";
import { fileFacts } from "../file-facts/file-facts.ts";
import { nameMismatch } from "../file-facts/name-mismatch.ts";
import { formatBytes } from "../format-bytes.ts";
import { formatReceipt, reportReceipt } from "../format-receipt.ts";
import { openInput } from "../open-input.ts";
import type { CommandContext } from "../output.ts";
import { sniffType } from "../sniff-type.ts";
import { parseSourceOptions, type SourceOptions } from "../source-options.ts";
import type { ReportOptions } from "./ls.ts";

/** What opening asks for, as the package does by default. */
const HEAD_BYTES = 32 * 1024;

/**
 * `info URL`: name, size, identity, range support, type and what the file's own head says of it, from the one request of opening.
 * The type is that of the bytes, never of the name; where the two contradict each other it says so.
 */
export async function runInfo(
  url: string,
  options: ReportOptions & SourceOptions,
  context: CommandContext,
): Promise<void> {
  const { output, signal } = context;
  await using input = await openInput(url, { signal, ...parseSourceOptions(options, context) });
  const { source, local } = input;
  const { name, size, identity } = source;
  const head = await readHead(source, signal);
  const type = sniffType(head);
  const facts = fileFacts(type, head, size);
  const mismatch = nameMismatch(name, type);
  const receipt = reportReceipt(source);
  if (options.json) {
    const known = Number.isFinite(size);
    const report = {
      url: name,
      size: known ? size : null,
      identity,
      ranges: true,
      type: type ?? null,
      mismatch,
      ...facts,
    };
    await output.write(formatJson(options.receipt ? { ...report, receipt } : report));
    return;
  }
  const rows: readonly Row[] = [
    ["name", name],
    ["size", size < 1000 ? formatBytes(size) : `${formatBytes(size)} (${size} bytes)`],
    ["identity", formatIdentity(identity)],
    // Opening a URL succeeds only where the server answered with a range.
    ["ranges", local ? "yes (local file)" : "yes"],
    ["type", type ?? "unknown"],
    ...(mismatch === undefined ? [] : ([["mismatch", mismatch]] as const)),
    ...factRows(facts),
  ];
  await output.write(formatRows(rows));
  if (options.receipt) output.note(formatReceipt(receipt));
}

type Row = readonly [key: string, value: string];

/** The bytes that opening brought, however few a limit allowed; of a local file, whose opening reads none, as many. */
async function readHead(source: PlannedSource, signal: AbortSignal): Promise<Uint8Array> {
  const held = source.spans.rangeAt(0)?.end ?? HEAD_BYTES;
  const end = Math.min(held, HEAD_BYTES, source.size);
  return source.tryRead([0, end]) ?? (await source.read([0, end], { signal }));
}

function factRows({ width, height, details = {}, note }: FileFacts): readonly Row[] {
  return [
    ...(width === undefined ? [] : ([["pixels", `${width} x ${height}`]] as const)),
    ...Object.entries(details).map(([key, value]): Row => [inWords(key), formatValue(value)]),
    ...(note === undefined ? [] : ([["note", note]] as const)),
  ];
}

/** `durationSeconds` as `duration seconds`: a row bears the name that it has as JSON. */
function inWords(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function formatValue(value: string | number | boolean | readonly string[]): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "object" ? value.join(", ") : String(value);
}

function formatRows(rows: readonly Row[]): string {
  return rows.map(([key, value]) => `${`${key}: `.padEnd(10)}${escapeText(value)}\n`).join("");
}

function formatIdentity({ strength, etag, lastModified }: Identity): string {
  const validators = [etag && `ETag ${etag}`, lastModified && `Last-Modified ${lastModified}`].filter(
    Boolean,
  );
  return validators.length === 0 ? strength : `${strength} (${validators.join(", ")})`;
}

import type { Archive } from "../../archive.ts";
import { isRangeStreamsError, RangeStreamsError } from "../../index.ts";
import { EarlyEnd } from "../early-end.ts";
import { escapeText, formatJson } from "../escape-text.ts";
import { exitCodeOf } from "../exit-codes.ts";
import { formatEntries, formatLongEntries, reportEntry, reportLongEntry } from "../format-entries.ts";
import { formatReceipt, reportReceipt } from "../format-receipt.ts";
import { type ListedEntry, listNested, MAX_DEPTH } from "../list-nested.ts";
import { type IndexOption, openArchiveInput } from "../open-archive-input.ts";
import type { CommandContext, Output } from "../output.ts";
import type { SourceOptions } from "../source-options.ts";

/** Options that all commands share. */
export interface ReportOptions {
  json?: boolean | undefined;
  receipt?: boolean | undefined;
}

/** What `ls` is told. */
export interface LsOptions extends ReportOptions, SourceOptions, IndexOption {
  /** Modes, stored sizes, checksums and targets of links as well. */
  long?: boolean | undefined;
  /** Also what is in archives in the archive. */
  recursive?: boolean | undefined;
  /** How deep to go then. */
  maxDepth?: string | undefined;
  /** One JSON object a line. */
  ndjson?: boolean | undefined;
}

/** Lines that are written at once. */
const LINES_AT_ONCE = 1000;

/** `ls URL`: what is in an archive, and with `--recursive` in archives in it. */
export async function runLs(url: string, options: LsOptions, context: CommandContext): Promise<void> {
  const { output, signal } = context;
  const maxDepth = parseDepth(options);
  if (options.json && options.ndjson) {
    const message = "Asked for --json and --ndjson, which is one document or many; give one of them";
    throw new RangeStreamsError("INVALID_ARGUMENT", message);
  }
  await using opened = await openArchiveInput(url, options, context);
  const { archive } = opened;
  const listed: ListedEntry[] = [];
  for await (const entry of listNested(archive, { maxDepth, signal })) listed.push(entry);
  await writeListed(archive, listed, { options, output });
  tellFailed(listed, output);
}

interface Writing {
  readonly options: LsOptions;
  readonly output: Output;
}

async function writeListed(
  { source, format }: Archive,
  listed: readonly ListedEntry[],
  { options, output }: Writing,
): Promise<void> {
  const receipt = reportReceipt(source);
  if (options.json) {
    const report = { url: source.name, format, entries: listed.map((entry) => reportListed(entry, options)) };
    await output.write(formatJson(options.receipt ? { ...report, receipt } : report));
    return;
  }
  if (options.ndjson) await writeLines(listed, { options, output });
  else await output.write(formatListed(listed, options));
  if (options.receipt)
    output.note(options.ndjson ? formatJson({ receipt }, 0).trimEnd() : formatReceipt(receipt));
}

async function writeLines(listed: readonly ListedEntry[], { options, output }: Writing): Promise<void> {
  for (let start = 0; start < listed.length; start += LINES_AT_ONCE) {
    const some = listed.slice(start, start + LINES_AT_ONCE);
    await output.write(some.map((entry) => formatJson(reportListed(entry, options), 0)).join(""));
  }
}

/** An entry as JSON; with `--recursive` also where it lies, and the code of what went wrong with it. */
function reportListed({ entry, inside, error }: ListedEntry, { long, recursive }: LsOptions): object {
  const report = long ? reportLongEntry(entry) : reportEntry(entry);
  if (!recursive) return report;
  return { ...report, inside, error: isRangeStreamsError(error) ? error.code : null };
}

/** With where it lies before its name, as Java writes it: `outer.zip!/inner.txt`. */
function formatListed(listed: readonly ListedEntry[], { long }: LsOptions): string {
  const name = ({ entry, inside }: ListedEntry): string => [...inside, entry.name].join("!/");
  return long
    ? formatLongEntries(listed.map((one) => ({ ...reportLongEntry(one.entry), name: name(one) })))
    : formatEntries(listed.map((one) => ({ ...reportEntry(one.entry), name: name(one) })));
}

/** All the rest is listed; that something is missing is told, and is the exit code of the first. */
function tellFailed(listed: readonly ListedEntry[], output: Output): void {
  const failed = listed.filter(({ error }) => error !== undefined);
  for (const { error } of failed) {
    const { code, message } = error as RangeStreamsError;
    output.note(`range-streams: ${escapeText(`${code}: ${message}`)}`);
  }
  const [first] = failed;
  if (first !== undefined) throw new EarlyEnd(exitCodeOf(first.error));
}

function parseDepth({ recursive, maxDepth }: LsOptions): number {
  if (maxDepth === undefined) return recursive ? MAX_DEPTH : 0;
  const depth = /^\d{1,2}$/.test(maxDepth) ? Number(maxDepth) : Number.NaN;
  if (recursive && depth <= MAX_DEPTH) return depth;
  const message = `Asked for --max-depth ${maxDepth}: got no depth from 0 to ${MAX_DEPTH}, or no --recursive; give both`;
  throw new RangeStreamsError("INVALID_ARGUMENT", message);
}

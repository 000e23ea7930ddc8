import { formatJson } from "../escape-text.ts";
import { formatEntries, formatLongEntries, reportEntry, reportLongEntry } from "../format-entries.ts";
import { formatReceipt, reportReceipt } from "../format-receipt.ts";
import { type IndexOption, openArchiveInput } from "../open-archive-input.ts";
import type { CommandContext } from "../output.ts";
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
}

/** `ls URL`: what is in an archive. */
export async function runLs(url: string, options: LsOptions, context: CommandContext): Promise<void> {
  const { output } = context;
  await using opened = await openArchiveInput(url, options, context);
  const { archive } = opened;
  const { source, format } = archive;
  const receipt = reportReceipt(source);
  if (options.json) {
    const entries = archive.entries.map(options.long ? reportLongEntry : reportEntry);
    const report = { url: source.name, format, entries };
    await output.write(formatJson(options.receipt ? { ...report, receipt } : report));
    return;
  }
  const listed = options.long
    ? formatLongEntries(archive.entries.map(reportLongEntry))
    : formatEntries(archive.entries.map(reportEntry));
  await output.write(listed);
  if (options.receipt) output.note(formatReceipt(receipt));
}

import { openZip } from "../../zip.ts";
import { formatJson } from "../escape-text.ts";
import { formatEntries, reportEntry } from "../format-entries.ts";
import { formatReceipt, reportReceipt } from "../format-receipt.ts";
import { openInput } from "../open-input.ts";
import type { CommandContext } from "../output.ts";
import { parseSourceOptions, type SourceOptions } from "../source-options.ts";

/** Options that all commands share. */
export interface ReportOptions {
  json?: boolean | undefined;
  receipt?: boolean | undefined;
}

/** The tail that a zip's directory is in; see `openZip`. */
export const ZIP_PROBE = { suffix: 64 * 1024 } as const;

/** `ls URL`: what is in an archive. */
export async function runLs(
  url: string,
  options: ReportOptions & SourceOptions,
  context: CommandContext,
): Promise<void> {
  const { output, signal } = context;
  await using input = await openInput(url, {
    probe: ZIP_PROBE,
    signal,
    ...parseSourceOptions(options, context),
  });
  const { source } = input;
  await using archive = await openZip(source, { signal });
  const entries = archive.entries.map(reportEntry);
  const receipt = reportReceipt(source);
  if (options.json) {
    const report = { url: source.name, format: archive.format, entries };
    await output.write(formatJson(options.receipt ? { ...report, receipt } : report));
    return;
  }
  await output.write(formatEntries(entries));
  if (options.receipt) output.note(formatReceipt(receipt));
}

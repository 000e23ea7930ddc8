import { formatJson } from "../escape-text.ts";
import { formatReceipt, reportReceipt } from "../format-receipt.ts";
import { openArchiveInput } from "../open-archive-input.ts";
import type { CommandContext } from "../output.ts";
import { saveFile } from "../save-file.ts";
import type { SourceOptions } from "../source-options.ts";
import type { ReportOptions } from "./ls.ts";

/** What `index` is told. */
export interface IndexCommandOptions extends ReportOptions, SourceOptions {
  /** The file to write; standard output for `-` and where it is left out. */
  output?: string | undefined;
  overwrite?: boolean | undefined;
}

/** `index URL [-o FILE]`: where each member lies and what it is, as JSON that `--index` of other commands opens from. */
export async function runIndex(
  url: string,
  options: IndexCommandOptions,
  context: CommandContext,
): Promise<void> {
  const { output, signal } = context;
  await using opened = await openArchiveInput(url, options, context);
  const { archive } = opened;
  const json = formatJson(archive.toIndex(), 0);
  if (options.output === undefined || options.output === "-") await output.write(json);
  else await saveFile(options.output, json, { overwrite: options.overwrite ?? false, signal });
  if (options.receipt) {
    const receipt = reportReceipt(archive.source);
    output.note(options.json ? formatJson({ receipt }).trimEnd() : formatReceipt(receipt));
  }
}

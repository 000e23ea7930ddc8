import { type PlannedSource, Range, RangeStreamsError } from "../../index.ts";
import { type Archive, type Entry, openZip } from "../../zip.ts";
import { formatJson } from "../escape-text.ts";
import { formatPlan, reportPlan } from "../format-plan.ts";
import { formatReceipt } from "../format-receipt.ts";
import { openInput } from "../open-input.ts";
import type { CommandContext } from "../output.ts";
import { parseHttpRange } from "../parse-extent.ts";
import { parseSourceOptions, type SourceOptions } from "../source-options.ts";
import { type ReportOptions, ZIP_PROBE } from "./ls.ts";

/** What `plan` is told. */
export interface PlanOptions extends ReportOptions, SourceOptions {
  /** Members of the archive; the file itself where there are none. */
  members?: readonly string[] | undefined;
  /** As in HTTP and curl, both ends included; several with commas, or in several texts. The whole file where there are none. */
  range?: readonly string[] | undefined;
}

/**
 * `plan URL [MEMBER…]`: what would be fetched for members, ranges or all of a file. Sends no more than the opening; where
 * members are named that is their directory. A plan beyond `--max-bytes` is printed, and ends with LIMIT.
 */
export async function runPlan(url: string, options: PlanOptions, context: CommandContext): Promise<void> {
  const { output, signal } = context;
  const { members = [], range: texts = [] } = options;
  if (members.length > 0 && texts.length > 0) {
    const message = "Asked to plan members and ranges together; give members, or ranges of the file";
    throw new RangeStreamsError("INVALID_ARGUMENT", message);
  }
  const wanted = texts.flatMap((text) => text.split(",")).map(parseHttpRange);
  const how = parseSourceOptions(options, context);
  const probe = members.length > 0 ? ZIP_PROBE : undefined;
  await using input = await openInput(url, { probe, signal, ...how });
  const { source } = input;
  const ranges =
    members.length > 0
      ? await placeMembers(source, members, signal)
      : (wanted.length > 0 ? wanted : [[0] as const]).map((range) => Range.from(range, source.size));
  const report = reportPlan(source, ranges);
  const { opening: receipt } = report;
  if (options.json) await output.write(formatJson(options.receipt ? { ...report, receipt } : report));
  else {
    await output.write(formatPlan(report));
    if (options.receipt) output.note(formatReceipt(receipt));
  }
  checkLimit(source, report.bytesRequested, how.maxBytes);
}

/** Where members lie, each from its own header to the next: one look at the directory, and no request for a header. */
async function placeMembers(
  source: PlannedSource,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Range[]> {
  await using archive = await openZip(source, { signal });
  const places = new Map<Entry, Range>([...archive.ranges].map(([range, entry]) => [entry, range]));
  return names.map((name) => placeOf(archive, name, places));
}

function placeOf(archive: Archive, name: string, places: ReadonlyMap<Entry, Range>): Range {
  const place = places.get(archive.get(name));
  if (place !== undefined) return place;
  const message = `Asked to plan ${name} in ${archive.source.name}: got no place of its own; the archive is damaged or deceives`;
  throw new RangeStreamsError("FORMAT", message);
}

function checkLimit({ name, receipt }: PlannedSource, bytesRequested: number, maxBytes = Infinity): void {
  const total = receipt.bytesReceived + bytesRequested;
  if (total <= maxBytes) return;
  const message = `${name}: planned ${total} bytes, the opening included, where ${maxBytes} are allowed; raise --max-bytes or ask for less`;
  throw new RangeStreamsError("LIMIT", message);
}

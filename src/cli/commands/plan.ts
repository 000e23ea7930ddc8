import type { Archive, Entry } from "../../archive.ts";
import { type PlannedSource, Range, RangeStreamsError } from "../../index.ts";
import { formatJson } from "../escape-text.ts";
import { formatPlan, reportPlan } from "../format-plan.ts";
import { formatReceipt } from "../format-receipt.ts";
import { selectMembers } from "../match-members.ts";
import { type IndexOption, openArchiveInput } from "../open-archive-input.ts";
import { openInput } from "../open-input.ts";
import type { CommandContext, Output } from "../output.ts";
import { parseHttpRange } from "../parse-extent.ts";
import { parseSourceOptions, type SourceOptions } from "../source-options.ts";
import type { ReportOptions } from "./ls.ts";

/** What `plan` is told. */
export interface PlanOptions extends ReportOptions, SourceOptions, IndexOption {
  /** Names or patterns of members, as `extract` takes them; the file itself where there are none. */
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
  if (members.length > 0) {
    await using opened = await openArchiveInput(url, options, context);
    const { archive, how } = opened;
    await writePlan(
      { ...how, source: archive.source, ranges: placeMembers(archive, members) },
      options,
      output,
    );
    return;
  }
  if (options.index !== undefined) {
    const message = "Asked for --index without members, which it would tell the places of; name members";
    throw new RangeStreamsError("INVALID_ARGUMENT", message);
  }
  const how = parseSourceOptions(options, context);
  const wanted = texts.flatMap((text) => text.split(",")).map(parseHttpRange);
  await using input = await openInput(url, { signal, ...how });
  const { source } = input;
  const ranges = (wanted.length > 0 ? wanted : [[0] as const]).map((range) => Range.from(range, source.size));
  await writePlan({ ...how, source, ranges }, options, output);
}

interface Wanted {
  readonly source: PlannedSource;
  readonly ranges: readonly Range[];
  readonly maxBytes?: number;
}

async function writePlan(
  { source, ranges, maxBytes }: Wanted,
  options: ReportOptions,
  output: Output,
): Promise<void> {
  const report = reportPlan(source, ranges);
  const { opening: receipt } = report;
  if (options.json) await output.write(formatJson(options.receipt ? { ...report, receipt } : report));
  else {
    await output.write(formatPlan(report));
    if (options.receipt) output.note(formatReceipt(receipt));
  }
  checkLimit(source, report.bytesRequested, maxBytes);
}

/** Where members lie, each from its own header to the next: no request for a header. */
function placeMembers(archive: Archive, wanted: readonly string[]): Range[] {
  const places = placesOf(archive);
  return selectMembers(archive.entries, wanted, archive.source.name)
    .filter(({ kind }) => kind !== "directory")
    .map((entry) => {
      const place = places.get(entry);
      if (place !== undefined) return place;
      const message = `Asked to plan ${entry.name} in ${archive.source.name}: got no place of its own; the archive is damaged or deceives`;
      throw new RangeStreamsError("FORMAT", message);
    });
}

/** In a tar that is compressed as a whole no member has a place of its own; what an index says is what is gone through for it. */
function placesOf(archive: Archive): Map<Entry, Range> {
  if (archive.ranges.size > 0) return new Map([...archive.ranges].map(([range, entry]) => [entry, range]));
  const indexed = archive.toIndex().entries;
  return new Map(
    archive.entries.flatMap((entry, index): [Entry, Range][] => {
      const range = indexed[index]?.range;
      return range === undefined ? [] : [[entry, new Range(...range)]];
    }),
  );
}

function checkLimit({ name, receipt }: PlannedSource, bytesRequested: number, maxBytes = Infinity): void {
  const total = receipt.bytesReceived + bytesRequested;
  if (total <= maxBytes) return;
  const message = `${name}: planned ${total} bytes, the opening included, where ${maxBytes} are allowed; raise --max-bytes or ask for less`;
  throw new RangeStreamsError("LIMIT", message);
}

import type { Archive, Entry } from "../../archive.ts";
import { type PlannedSource, type Range, type RangeInput, RangeStreamsError } from "../../index.ts";
import { formatJson } from "../escape-text.ts";
import { openFirstMembers, pickFirst, walkFirst } from "../first-members.ts";
import { formatReceipt, reportReceipt } from "../format-receipt.ts";
import { selectMembers } from "../match-members.ts";
import { type IndexOption, openArchiveInput } from "../open-archive-input.ts";
import { openInput, openRange } from "../open-input.ts";
import { type CommandContext, type Output, writeStream } from "../output.ts";
import { type Extent, type ExtentOptions, parseExtent } from "../parse-extent.ts";
import { type ParsedSourceOptions, parseSourceOptions, type SourceOptions } from "../source-options.ts";
import type { ReportOptions } from "./ls.ts";

/** Members up to this size are written when all of them is proven, header and data from one request. *Unmeasured*. */
const WHOLE_BYTES = 1024 * 1024;

/** What `cat` is told. */
export interface CatOptions extends ReportOptions, ExtentOptions, SourceOptions, IndexOption {
  /** Exact names or patterns of members of the archive; the file itself where there are none. */
  members?: readonly string[] | undefined;
  /** Of several members of one name the first; a compressed tar is read no further than that. Names are exact then. */
  first?: boolean | undefined;
}

/** `cat URL [MEMBER…]`: the bytes of a file or of members, all or a part of one, to standard output. */
export async function runCat(url: string, options: CatOptions, context: CommandContext): Promise<void> {
  const { members = [] } = options;
  const extent = parseExtent(options);
  if (members.length === 0 && options.index !== undefined) {
    const message = "Asked for --index without a member, which it would tell the place of; name a member";
    throw new RangeStreamsError("INVALID_ARGUMENT", message);
  }
  if (members.length === 0 && options.first) {
    const message = "Asked for the --first of no member; name a member";
    throw new RangeStreamsError("INVALID_ARGUMENT", message);
  }
  const report = (source: PlannedSource): void => {
    if (!options.receipt) return;
    const receipt = reportReceipt(source);
    context.output.note(options.json ? formatJson({ receipt }).trimEnd() : formatReceipt(receipt));
  };
  if (members.length > 0) {
    const named = { ...options, members, extent };
    return options.first
      ? catFirst(url, named, { context, report })
      : catMembers(url, named, { context, report });
  }
  const how = parseSourceOptions(options, context);
  // Where there is a store, it may have the range already: then the first request is not for all of it.
  if (extent.exact !== undefined && !how.cache) return catRange(url, extent.exact, { context, how, report });
  const { output, signal } = context;
  await using input = await openInput(url, { probe: extent.probe, signal, ...how });
  const { source } = input;
  await writeStream(source.stream(extent.resolve(source.size), { signal }), output);
  report(source);
}

interface Reporting {
  readonly context: CommandContext;
  readonly how: ParsedSourceOptions;
  report(source: PlannedSource): void;
}

async function catRange(url: string, range: RangeInput, { context, how, report }: Reporting): Promise<void> {
  const { output, signal } = context;
  await using opened = await openRange(url, { range, signal, ...how });
  const { stream } = opened;
  // An empty range is in no view and has nothing to write.
  if (stream.activeRange !== undefined) await writeStream(stream.activeResponse.stream({ signal }), output);
  report(stream.source);
}

interface NamedMembers extends CatOptions {
  readonly members: readonly string[];
  readonly extent: Extent;
}

async function catFirst(
  url: string,
  options: NamedMembers,
  { context, report }: Pick<Reporting, "context" | "report">,
): Promise<void> {
  const { members, extent } = options;
  checkPart(options, members.length);
  await using opened = await openFirstMembers(url, options, context);
  const { source, archive } = opened;
  const chosen = archive && pickFirst(archive.entries, members, source.name);
  if (archive !== undefined && chosen !== undefined && chosen.length > 1)
    await writeMembers(archive, chosen, context);
  else {
    for await (const entry of chosen ?? walkFirst(source, members, context.signal))
      await writeMember(entry, { source, extent }, context);
  }
  report(source);
}

async function catMembers(
  url: string,
  options: NamedMembers,
  { context, report }: Pick<Reporting, "context" | "report">,
): Promise<void> {
  await using opened = await openArchiveInput(url, options, context);
  const { archive } = opened;
  const { source } = archive;
  const chosen = options.members.flatMap((text) => chooseMembers(archive, text));
  checkPart(options, chosen.length);
  const [only] = chosen;
  if (only !== undefined && chosen.length === 1)
    await writeMember(only, { source, extent: options.extent }, context);
  else await writeMembers(archive, chosen, context);
  report(source);
}

function checkPart({ range, head, tail }: ExtentOptions, count: number): void {
  const isPart = [range, head, tail].some((option) => option !== undefined);
  if (!isPart || count <= 1) return;
  const message = `Asked for a part of ${count} members together; name one of them`;
  throw new RangeStreamsError("INVALID_ARGUMENT", message);
}

/** Whole members in the order asked. Those that follow each other in the archive too come by one way through it. */
async function writeMembers(
  archive: Archive,
  chosen: readonly Entry[],
  { output, signal }: CommandContext,
): Promise<void> {
  for (const run of splitRuns(archive, chosen))
    for await (const { stream } of archive.streamEach(run, { signal })) await writeStream(stream, output);
}

/** Divides members so that each run is in the order in which `streamEach` gives it. */
function splitRuns(archive: Archive, chosen: readonly Entry[]): Entry[][] {
  // A tar that is compressed as a whole has no ranges; its entries are as they lie there.
  const placed = archive.ranges.size > 0 ? [...archive.ranges.values()] : archive.entries;
  const places = new Map(placed.map((entry, place) => [entry, place]));
  const runs: Entry[][] = [];
  let last = Number.POSITIVE_INFINITY;
  for (const entry of chosen) {
    // A hard link comes where its target lies, which is nowhere told.
    const place = entry.kind === "other" ? Number.NaN : (places.get(entry) ?? Number.NaN);
    if (place > last) runs.at(-1)?.push(entry);
    else runs.push([entry]);
    last = place;
  }
  return runs;
}

/** The entry of exactly this name, else what a pattern means, folders left out: they have no bytes. */
function chooseMembers(archive: Archive, text: string): readonly Entry[] {
  const isExact = !/[*?[\\]/.test(text) || archive.entries.some(({ name }) => name === text);
  if (isExact) return [archive.get(text)];
  const found = selectMembers(archive.entries, [text], archive.source.name);
  // Of several entries of one name none is the right one: `get` says so.
  return found.filter(({ kind }) => kind !== "directory").map(({ name }) => archive.get(name));
}

/**
 * A whole member is decoded and its checksum verified. A part of a stored one is read in place, without the rest; a part of another
 * one is cut out of the decoded stream, which ends there.
 */
async function writeMember(
  entry: Entry,
  { source, extent }: { source: PlannedSource; extent: Extent },
  { output, signal }: CommandContext,
): Promise<void> {
  const part = extent.resolve(entry.size);
  if (part.length === entry.size && entry.size <= WHOLE_BYTES)
    return output.write(await entry.bytes({ signal }));
  if (part.length === entry.size) return writeStream(entry.stream({ signal }), output);
  if (entry.method === "store" && entry.size === entry.storedSize) {
    const place = await entry.range({ signal });
    const range = { start: place.start + part.start, end: place.start + part.end };
    return writeStream(source.stream(range, { signal }), output);
  }
  await writePart(entry.stream({ signal }), part, output);
}

async function writePart(stream: ReadableStream<Uint8Array>, part: Range, output: Output): Promise<void> {
  const reader = stream.getReader();
  try {
    for (let position = 0; position < part.end; ) {
      const { value } = await reader.read();
      if (value === undefined) return;
      const wanted = value.subarray(Math.max(0, part.start - position), part.end - position);
      position += value.length;
      if (wanted.length > 0) await output.write(wanted);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

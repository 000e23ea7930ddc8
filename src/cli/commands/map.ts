import type { Archive } from "../../archive.ts";
import { isRangeStreamsError, type PlannedSource, RangeStreamsError } from "../../index.ts";
import { escapeText, formatJson } from "../escape-text.ts";
import { formatBytes } from "../format-bytes.ts";
import { formatReceipt } from "../format-receipt.ts";
import { formatStrip } from "../format-strip.ts";
import { formatSvg } from "../map/format-svg.ts";
import { type FileMap, type MapPart, mapFile } from "../map/map-model.ts";
import { selectMembers } from "../match-members.ts";
import { type IndexOption, openArchiveInput } from "../open-archive-input.ts";
import { openInput } from "../open-input.ts";
import type { CommandContext } from "../output.ts";
import { parseHttpRange } from "../parse-extent.ts";
import { saveFile } from "../save-file.ts";
import { parseSourceOptions, type SourceOptions } from "../source-options.ts";
import type { ReportOptions } from "./ls.ts";

/** What `map` is told. */
export interface MapOptions extends ReportOptions, SourceOptions, IndexOption {
  /** Names or patterns of members, which are read first. */
  members?: readonly string[] | undefined;
  /** Parts of the file, which are read first: as `plan` takes them. */
  range?: readonly string[] | undefined;
  /** The picture to write, `-` for standard output. */
  svg?: string | undefined;
  overwrite?: boolean | undefined;
}

/** Parts that are listed one by one. */
const SHOWN_PARTS = 20;
const KINDS = { member: "", directory: "(directory)", gap: "(gap)" } as const;

/** `map URL [MEMBER…] [--svg FILE]`: what lies where in a file, and what was fetched of it for reading those members. */
export async function runMap(url: string, options: MapOptions, context: CommandContext): Promise<void> {
  const map = await readMap(url, options, context);
  const { output, signal } = context;
  if (options.svg === "-") await output.write(formatSvg(map));
  else if (options.svg !== undefined) {
    await saveFile(options.svg, formatSvg(map), { overwrite: options.overwrite ?? false, signal });
  }
  if (options.json && options.svg !== "-") await output.write(formatJson(withReceipt(map, options)));
  else if (options.svg === undefined) await output.write(formatMap(map));
  if (options.receipt && !options.json) output.note(formatReceipt(map.receipt));
}

function withReceipt({ receipt, ...map }: FileMap, options: MapOptions): object {
  return options.receipt ? { ...map, receipt } : map;
}

async function readMap(url: string, options: MapOptions, context: CommandContext): Promise<FileMap> {
  const { members = [], range = [] } = options;
  const { signal } = context;
  const ranges = range.flatMap((text) => text.split(",")).map(parseHttpRange);
  const read = async (source: PlannedSource, archive: Archive | undefined): Promise<FileMap> => {
    if (archive !== undefined) await readMembers(archive, members, signal);
    if (ranges.length > 0) await source.readMany(ranges, { signal });
    if (Number.isFinite(source.size)) return mapFile(source, archive);
    const message = `${source.name}: asked to draw it, got no size; use another server`;
    throw new RangeStreamsError("UNKNOWN_SIZE", message);
  };
  try {
    await using opened = await openArchiveInput(url, options, context);
    return await read(opened.archive.source, opened.archive);
  } catch (error) {
    // Of what is no archive there is a map too: of what was fetched.
    const isAny = members.length === 0 && options.index === undefined;
    if (!isAny || !isRangeStreamsError(error, "FORMAT")) throw error;
  }
  await using input = await openInput(url, { signal, ...parseSourceOptions(options, context) });
  return await read(input.source, undefined);
}

async function readMembers(archive: Archive, members: readonly string[], signal: AbortSignal): Promise<void> {
  const chosen = selectMembers(archive.entries, members, archive.source.name).filter(
    ({ kind }) => kind !== "directory",
  );
  for await (const { stream } of archive.streamEach(chosen, { signal })) {
    const reader = stream.getReader();
    while (!(await reader.read()).done);
  }
}

function formatMap({ url, size, parts, fetched }: FileMap): string {
  const ranges = fetched.map(([start, end]) => ({ start, end }));
  const members = parts.filter(({ kind }) => kind === "member");
  const lines = [escapeText(url), ""];
  if (parts.length > 0) lines.push(`members  0 ${formatStrip(members, size)} ${formatBytes(size)}`);
  lines.push(`fetched  0 ${formatStrip(ranges, size)} ${formatBytes(size)}`, "");
  const shown = parts.slice(0, SHOWN_PARTS).map((part) => [`[${part.start}, ${part.end})`, part] as const);
  const width = Math.max(0, ...shown.map(([range]) => range.length));
  lines.push(...shown.map(([range, part]) => `${range.padEnd(width)}  ${formatPart(part)}`));
  const more = parts.length - shown.length;
  if (more > 0) lines.push(`… and ${more} more, which --json lists`);
  return `${lines.join("\n").trimEnd()}\n`;
}

function formatPart({ kind, name, start, end }: MapPart): string {
  return `${formatBytes(end - start)}  ${kind === "member" ? escapeText(name) : KINDS[kind]}`;
}

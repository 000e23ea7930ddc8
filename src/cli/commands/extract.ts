import { resolve } from "node:path";
import type { Archive, Entry } from "../../archive.ts";
import { type PlannedSource, RangeStreamsError } from "../../index.ts";
import { type ExtractOptions, type ExtractProgress, type ExtractResult, extract } from "../../node.ts";
import { escapeText, formatJson } from "../escape-text.ts";
import { archiveOf, type FirstMembers, openFirstMembers, pickFirst, walkFirst } from "../first-members.ts";
import { formatBytes } from "../format-bytes.ts";
import { formatReceipt, reportReceipt } from "../format-receipt.ts";
import { plainPath, selectMembers } from "../match-members.ts";
import { type IndexOption, openArchiveInput } from "../open-archive-input.ts";
import type { CommandContext, Output } from "../output.ts";
import type { SourceOptions } from "../source-options.ts";
import type { ReportOptions } from "./ls.ts";

/** What `extract` is told. */
export interface ExtractCommandOptions extends ReportOptions, SourceOptions, IndexOption {
  /** Names or patterns of members; all of them where there are none. */
  members?: readonly string[] | undefined;
  /** Of several members of one name the first; a compressed tar is read no further than that. Names are exact then. */
  first?: boolean | undefined;
  directory: string;
  overwrite?: boolean | undefined;
  skipUnsafe?: boolean | undefined;
  links?: boolean | undefined;
  localNames?: boolean | undefined;
}

/** Entries that were left out and are told of one by one. */
const SHOWN_SKIPPED = 20;
/** The line on the terminal is written anew this often at most. */
const PROGRESS_MS = 100;

/** `extract URL [MEMBER…] -d DIR`: members as files, whole or not at all; run again, it goes on. */
export async function runExtract(
  url: string,
  options: ExtractCommandOptions,
  context: CommandContext,
): Promise<void> {
  const { output, signal } = context;
  const { members = [], directory, overwrite, skipUnsafe, links, localNames, quiet } = options;
  if (options.first && members.length === 0) {
    const message = "Asked for the --first of no member; name a member";
    throw new RangeStreamsError("INVALID_ARGUMENT", message);
  }
  await using opened = await openChosen(url, { ...options, members }, context);
  const { source, format } = opened;
  const progress = new ProgressLine(quiet ? undefined : output.progress);
  let result: ExtractResult;
  try {
    result = await extractEach(opened, directory, {
      signal,
      overwrite,
      skipUnsafe,
      links,
      names: localNames ? "local" : "portable",
      filter: opened.filter,
      onProgress: (state) => progress.show(state),
    });
  } catch (error) {
    progress.clear();
    if (!quiet) for (const line of progress.describeStop(isToldApart(opened))) output.note(line);
    throw error;
  }
  progress.clear();
  const receipt = reportReceipt(source);
  if (options.json) {
    const report = { url: source.name, format, directory: resolve(directory), ...result };
    await output.write(formatJson(options.receipt ? { ...report, receipt } : report));
    return;
  }
  if (!quiet) {
    await output.write(formatResult(result, directory));
    noteSkipped(result, output);
  }
  if (options.receipt) output.note(formatReceipt(receipt));
}

/** What is to be extracted. */
interface ChosenMembers extends AsyncDisposable {
  readonly source: PlannedSource;
  readonly format: string;
  /** The archive, or each member that is going by as one of its own. */
  readonly archives: AsyncIterable<Archive> | readonly Archive[];
  /** How many archives these are. */
  readonly count: number;
  readonly filter: ((entry: Entry) => boolean) | undefined;
}

async function openChosen(
  url: string,
  options: ExtractCommandOptions & { readonly members: readonly string[] },
  context: CommandContext,
): Promise<ChosenMembers> {
  const { members } = options;
  if (options.first) {
    const opened = await openFirstMembers(url, options, context);
    const { archive, source, format } = opened;
    const close = (): PromiseLike<void> => opened[Symbol.asyncDispose]();
    const archives = archive === undefined ? eachFirst(opened, members, context.signal) : [archive];
    const count = archive === undefined ? new Set(members.map(plainPath)).size : 1;
    const about = { source, format, archives, count, [Symbol.asyncDispose]: close };
    if (archive === undefined) return { ...about, filter: undefined };
    const first = await closingOnError(
      close,
      () => new Set(pickFirst(archive.entries, members, source.name)),
    );
    return { ...about, filter: (entry) => first.has(entry) };
  }
  const opened = await openArchiveInput(url, options, context);
  const { archive } = opened;
  const { source, format } = archive;
  const close = (): PromiseLike<void> => opened[Symbol.asyncDispose]();
  const about = { source, format, archives: [archive], count: 1, [Symbol.asyncDispose]: close };
  if (members.length === 0) return { ...about, filter: undefined };
  const chosen = await closingOnError(
    close,
    () => new Set<Entry>(selectMembers(archive.entries, members, source.name)),
  );
  return { ...about, filter: (entry) => chosen.has(entry) };
}

/** Whether files of an earlier run are known as complete: by checksums in the archive, which tars do not hold, or by notes of its version. */
function isToldApart({ source, format }: Pick<ChosenMembers, "source" | "format">): boolean {
  return !format.startsWith("tar") || source.identity.strength !== "none";
}

async function closingOnError<T>(close: () => PromiseLike<void>, choose: () => T): Promise<T> {
  try {
    return choose();
  } catch (error) {
    await close();
    throw error;
  }
}

async function* eachFirst(
  opened: FirstMembers,
  members: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Archive, void, void> {
  for await (const entry of walkFirst(opened.source, members, signal)) yield archiveOf(entry, opened);
}

/** Those of several that are complete are known as that by a run which goes on, until all of them are. */
async function extractEach(
  { archives, count }: Pick<ChosenMembers, "archives" | "count">,
  directory: string,
  options: ExtractOptions,
): Promise<ExtractResult> {
  let left = count;
  let total: ExtractResult = { files: 0, directories: 0, links: 0, kept: 0, bytes: 0, skipped: [] };
  for await (const archive of archives) {
    left -= 1;
    const result = await extract(archive, directory, { ...options, keepNotes: left > 0 });
    const { files, directories, links, kept, bytes, skipped } = result;
    total = {
      files: total.files + files,
      directories: total.directories + directories,
      links: total.links + links,
      kept: total.kept + kept,
      bytes: total.bytes + bytes,
      skipped: [...total.skipped, ...skipped],
    };
  }
  return total;
}

/** How far it is, on a terminal. */
class ProgressLine {
  readonly #write: Output["progress"];
  #shownAt = Number.NEGATIVE_INFINITY;
  #last: ExtractProgress | undefined;

  constructor(write: Output["progress"]) {
    this.#write = write;
  }

  show(progress: ExtractProgress): void {
    this.#last = progress;
    const now = performance.now();
    if (this.#write === undefined || now - this.#shownAt < PROGRESS_MS) return;
    this.#shownAt = now;
    const { bytes, totalBytes, files, totalFiles, entry } = progress;
    const share = totalBytes === 0 ? 100 : Math.floor((bytes / totalBytes) * 100);
    const far = `${share} %  ${formatBytes(bytes)} of ${formatBytes(totalBytes)}  ${files} of ${totalFiles}`;
    this.#write(`${far}  ${escapeText(entry.name)}`);
  }

  clear(): void {
    if (this.#shownAt >= 0) this.#write?.("");
  }

  /** What is there and how to go on, where anything was begun. */
  describeStop(goesOn: boolean): string[] {
    if (this.#last === undefined) return [];
    const { files, totalFiles } = this.#last;
    const how = goesOn
      ? "the same command goes on from here"
      : "nothing tells versions of this archive apart, so that it begins anew, with --overwrite";
    return [`range-streams: ${files} of ${totalFiles} files are there, whole; ${how}`];
  }
}

function formatResult({ files, directories, links, kept, bytes }: ExtractResult, directory: string): string {
  const made = [
    `${count(files, "file")} (${formatBytes(bytes)})`,
    ...(directories > 0 ? [count(directories, "folder")] : []),
    ...(links > 0 ? [count(links, "link")] : []),
    ...(kept > 0 ? [`${kept} there already`] : []),
  ];
  return `${made.join(", ")} in ${escapeText(directory)}\n`;
}

function noteSkipped({ skipped }: ExtractResult, output: Output): void {
  for (const { name, reason } of skipped.slice(0, SHOWN_SKIPPED)) {
    output.note(`left out: ${escapeText(name)}: ${escapeText(reason)}`);
  }
  const more = skipped.length - SHOWN_SKIPPED;
  if (more > 0) output.note(`left out: ${more} more, which --json lists`);
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

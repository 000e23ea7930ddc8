import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { type Identity, isRangeStreamsError, type PlannedSource, RangeStreamsError } from "../../index.ts";
import { escapeText, formatJson } from "../escape-text.ts";
import { formatBytes } from "../format-bytes.ts";
import { formatReceipt, type ReceiptReport, reportReceipt } from "../format-receipt.ts";
import { DownloadBar } from "../get/download-bar.ts";
import { PartFile } from "../get/part-file.ts";
import { lockPart } from "../get/part-lock.ts";
import { checkTarget, nameOfInput } from "../get/target-path.ts";
import { type OpenedInput, openInput } from "../open-input.ts";
import type { CommandContext } from "../output.ts";
import { parseSourceOptions, type SourceOptions } from "../source-options.ts";
import type { ReportOptions } from "./ls.ts";

/** What `get` is told. */
export interface GetOptions extends ReportOptions, SourceOptions {
  /** The file to write, or `-` for standard output; where it is left out, named as the URL's path ends. */
  output?: string | undefined;
  /** Replace a file or a link that is there. */
  overwrite?: boolean | undefined;
  /** Forget what an earlier run left. */
  restart?: boolean | undefined;
  /** 64 hexadecimal digits: the file gets its name only where this is its SHA-256. */
  sha256?: string | undefined;
}

/** What `get --json` prints. */
interface GetReport {
  url: string;
  /** Absolute. */
  path: string;
  size: number;
  /** Bytes that earlier runs had left, and that were right. */
  resumedBytes: number;
  identity: Identity;
  /** What was checked; null where none was given. */
  sha256: string | null;
  receipt?: ReceiptReport;
}

/**
 * What is on its way over several connections is held until its turn comes: 8 MiB, the most that a stream has ahead, may be half of what is
 * kept. Nothing that was written is read again.
 */
const IN_FLIGHT = { maxBytes: 16 * 1024 * 1024 } as const;

/** A server that gives no ranges gives all of it in one body, as any downloader takes it. */
function openAll(url: string, { options, context }: Asked): Promise<OpenedInput> {
  const { cache, ...how } = parseSourceOptions(options, context);
  return openInput(url, {
    ...how,
    cache: cache || IN_FLIGHT,
    ifRangesIgnored: "download",
    maxDownloadBytes: Number.MAX_SAFE_INTEGER,
    signal: context.signal,
  });
}

/** `get URL [-o FILE]`: all of a file, over several connections where they pay; whole under its name, or not at all. */
export async function runGet(url: string, options: GetOptions, context: CommandContext): Promise<void> {
  const expected = parseSha256(options.sha256);
  if (options.output === "-") return writeOut(url, expected, { options, context });
  const { output, signal } = context;
  const target = options.output ?? nameOfInput(url);
  const overwrite = options.overwrite ?? false;
  await checkTarget(target, overwrite);
  await using _lock = await lockPart(`${target}.part`);
  await using input = await openAll(url, { options, context });
  const { source } = input;
  const { name, size, identity } = requireSize(source);
  const note = (line: string): void => {
    if (!options.quiet) output.note(`range-streams: ${escapeText(line)}`);
  };
  const opening = { restart: options.restart ?? false, note, signal };
  const part = await PartFile.open(`${target}.part`, { url: name, size, identity }, opening);
  const { resumedBytes } = part;
  try {
    await fill(part, source, { options, context });
    checkSha256(expected, expected && (await part.sha256(signal)), `${name}: it is kept in ${part.path}`);
    signal.throwIfAborted();
    await part.place(target, overwrite);
  } catch (error) {
    const far = `${formatBytes(part.writtenBytes)} of ${formatBytes(size)} are in ${part.path}`;
    if (part.writtenBytes > 0 && part.missing().length > 0) note(`${far}; ${describeNext(error)}`);
    throw error;
  } finally {
    await part.close();
  }
  const report: GetReport = {
    url: name,
    path: resolve(target),
    size,
    resumedBytes,
    identity,
    sha256: expected ?? null,
  };
  await tell(report, { source, target }, { options, context });
}

interface Asked {
  readonly options: GetOptions;
  readonly context: CommandContext;
}

async function fill(part: PartFile, source: PlannedSource, { options, context }: Asked): Promise<void> {
  const { output, signal } = context;
  const bar = new DownloadBar(options.quiet ? undefined : output.progress);
  const state = (): { bytes: number; totalBytes: number; parts: number } => ({
    bytes: part.writtenBytes,
    totalBytes: source.size,
    parts: [...source.spans.values()].filter((span) => span === "pending").length,
  });
  try {
    for (const range of part.missing()) {
      let position = range.start;
      for await (const chunk of source.stream(range, { signal })) {
        await part.write(position, chunk);
        position += chunk.byteLength;
        bar.show(state);
      }
    }
    await part.flush();
  } catch (error) {
    // What cannot be noted any more is fetched again: the reason it ends for is the one to tell.
    await part.flush().catch(() => undefined);
    throw error;
  } finally {
    bar.clear();
  }
}

async function tell(
  report: GetReport,
  { source, target }: { source: PlannedSource; target: string },
  { options, context: { output } }: Asked,
): Promise<void> {
  const receipt = reportReceipt(source);
  if (options.json) {
    await output.write(formatJson(options.receipt ? { ...report, receipt } : report));
    return;
  }
  if (!options.quiet) {
    const resumed =
      report.resumedBytes > 0 ? `, ${formatBytes(report.resumedBytes)} of it there already` : "";
    const proven = report.sha256 === null ? "" : ", SHA-256 as given";
    await output.write(`${formatBytes(report.size)} in ${escapeText(target)}${resumed}${proven}\n`);
  }
  if (options.receipt) output.note(formatReceipt(receipt));
}

/** To standard output nothing can be taken back: a SHA-256 that is wrong is told at the end. */
async function writeOut(
  url: string,
  expected: string | undefined,
  { options, context }: Asked,
): Promise<void> {
  const { output, signal } = context;
  await using input = await openAll(url, { options, context });
  const { source } = input;
  const hash = createHash("sha256");
  for await (const chunk of requireSize(source).stream([0], { signal })) {
    if (expected !== undefined) hash.update(chunk);
    await output.write(chunk);
  }
  checkSha256(expected, hash.digest("hex"), `${source.name}: what was written is wrong`);
  if (!options.receipt) return;
  const receipt = reportReceipt(source);
  output.note(options.json ? formatJson({ receipt }).trimEnd() : formatReceipt(receipt));
}

function describeNext(error: unknown): string {
  return isRangeStreamsError(error, "CHANGED")
    ? "that version is gone: --restart fetches the one of now from its start"
    : "the same command goes on from there";
}

function requireSize(source: PlannedSource): PlannedSource {
  if (Number.isFinite(source.size)) return source;
  const message = `${source.name}: asked to get all of it, got no size, so that its end could not be told from a connection that broke; use another server`;
  throw new RangeStreamsError("UNKNOWN_SIZE", message);
}

function parseSha256(text: string | undefined): string | undefined {
  if (text === undefined || /^[0-9a-f]{64}$/i.test(text)) return text?.toLowerCase();
  throw new RangeStreamsError(
    "INVALID_ARGUMENT",
    "Asked for a --sha256 that is none; give 64 hexadecimal digits",
  );
}

function checkSha256(expected: string | undefined, found: string | undefined, where: string): void {
  if (expected === undefined || found === expected) return;
  const message = `${where}, for its SHA-256 is ${found}, where ${expected} was given; look for the right one, or use another server`;
  throw new RangeStreamsError("CHECKSUM", message);
}

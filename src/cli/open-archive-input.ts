import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { type AnyArchive, type ArchiveIndex, type ArchiveOptions, openArchive } from "../archive.ts";
import { isRangeStreamsError, openSource, RangeStreamsError } from "../index.ts";
import { openZip } from "../zip.ts";
import { hideSecrets } from "./hide-secrets.ts";
import { closeTarget, closingOnError, resolveInput } from "./open-input.ts";
import type { CommandContext } from "./output.ts";
import { type ParsedSourceOptions, parseSourceOptions, type SourceOptions } from "./source-options.ts";

/** The option of all commands that open archives. */
export interface IndexOption {
  /** A file that `index` wrote. */
  index?: string | undefined;
}

/** An archive and what closes all that was opened for it. */
export interface OpenedArchive extends AsyncDisposable {
  readonly archive: AnyArchive;
  /** What opening was told. */
  readonly how: ParsedSourceOptions;
}

/** The tail that a zip's directory is in; see `openZip`. */
const ZIP_PROBE = { suffix: 64 * 1024 } as const;
/** An index holds the directory of its archive, 128 MiB at most, as base64, and what it says of members besides. */
const MAX_INDEX_BYTES = 2 ** 29;

/**
 * Opens the archive that was named on the command line. With an index nothing is sent; else what `openArchive` sends, but one request
 * for a URL that ends in `.zip`, of which the end is looked at first.
 *
 * @throws NOT_FOUND, FORMAT, LIMIT for the index, and whatever opening throws.
 */
export async function openArchiveInput(
  url: string,
  options: SourceOptions & IndexOption,
  context: CommandContext,
): Promise<OpenedArchive> {
  const how = parseSourceOptions(options, context);
  const index = options.index === undefined ? undefined : await readIndexFile(options.index);
  const target = await resolveInput(url);
  const opening = { ...how, index, signal: context.signal };
  const isZip = index === undefined && typeof target === "string" && isNamedZip(target);
  const opened = isZip ? openNamedZip(target, opening) : openArchive(target, opening);
  const archive = await closingOnError(target, opened);
  const close = async (): Promise<void> => {
    await archive.close();
    await archive.source.close();
    await closeTarget(target);
  };
  return { archive, how, [Symbol.asyncDispose]: close };
}

/** A URL whose path ends in `.zip`. */
export function isNamedZip(url: string): boolean {
  return URL.canParse(url) && new URL(url).pathname.toLowerCase().endsWith(".zip");
}

/** The name says where to look first, the bytes what it is: a zip that begins with the file begins with a member of its own. */
async function openNamedZip(url: string, options: ArchiveOptions): Promise<AnyArchive> {
  const source = await openSource(url, { ...options, probe: ZIP_PROBE });
  try {
    const zip = await openZip(source, options).catch((error: unknown) => {
      if (isRangeStreamsError(error, "FORMAT")) return undefined;
      throw error;
    });
    return zip?.ranges.rangeAt(0) === undefined ? await openArchive(source, options) : zip;
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function readIndexFile(path: string): Promise<ArchiveIndex> {
  let text: string;
  // A URL in its place is no file, and may hold a password.
  const shown = hideSecrets(path);
  try {
    const file = await open(path, constants.O_RDONLY);
    try {
      const { size } = await file.stat();
      if (size > MAX_INDEX_BYTES) {
        const message = `${shown}: got ${size} bytes for an index, where ${MAX_INDEX_BYTES} are read; index the archive anew`;
        throw new RangeStreamsError("LIMIT", message);
      }
      text = await file.readFile("utf8");
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (isRangeStreamsError(cause)) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    const message = `${shown}: asked to read the index there, got ${code}; check the path`;
    throw new RangeStreamsError(code === "ENOENT" ? "NOT_FOUND" : "AUTH", message, { cause });
  }
  try {
    // The openers check all of it.
    return JSON.parse(text) as ArchiveIndex;
  } catch (cause) {
    throw new RangeStreamsError("FORMAT", `${shown}: got no JSON for an index; index the archive anew`, {
      cause,
    });
  }
}

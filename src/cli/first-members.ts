import { type Archive, type Entry, openArchive } from "../archive.ts";
import { type PlannedSource, RangeDict, RangeStreamsError } from "../index.ts";
import { walkTar } from "../tar.ts";
import { plainPath } from "./match-members.ts";
import { type IndexOption, isNamedZip, openArchiveInput } from "./open-archive-input.ts";
import { openInput } from "./open-input.ts";
import type { CommandContext } from "./output.ts";
import { parseSourceOptions, type SourceOptions } from "./source-options.ts";

/** By what a file begins that may be a tar, compressed as a whole. */
const COMPRESSED: readonly (readonly [format: string, magic: readonly number[]])[] = [
  ["tar.gz", [0x1f, 0x8b]],
  ["tar.zst", [0x28, 0xb5, 0x2f, 0xfd]],
  ["tar.bz2", [0x42, 0x5a, 0x68]],
  ["tar.xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
];
const MAGIC_BYTES = 6;

/** An archive of which the first member of each name is wanted. */
export interface FirstMembers extends AsyncDisposable {
  readonly source: PlannedSource;
  /** Undefined where it is a compressed tar, which is gone through as it comes. */
  readonly archive: Archive | undefined;
  readonly format: string;
}

/**
 * Opens an archive for `--first`. A compressed tar is not listed, for which all of it would be read.
 *
 * @throws whatever opening throws.
 */
export async function openFirstMembers(
  url: string,
  options: SourceOptions & IndexOption,
  context: CommandContext,
): Promise<FirstMembers> {
  if (options.index !== undefined || isNamedZip(url)) {
    const opened = await openArchiveInput(url, options, context);
    const { archive } = opened;
    const close = (): PromiseLike<void> => opened[Symbol.asyncDispose]();
    return { source: archive.source, archive, format: archive.format, [Symbol.asyncDispose]: close };
  }
  const { signal } = context;
  const how = parseSourceOptions(options, context);
  const input = await openInput(url, { ...how, signal });
  const { source } = input;
  const close = (): PromiseLike<void> => input[Symbol.asyncDispose]();
  try {
    const head = await source.read([0, Math.min(MAGIC_BYTES, source.size)], { signal });
    const [format] = COMPRESSED.find(([, magic]) => magic.every((byte, at) => head[at] === byte)) ?? [];
    if (format !== undefined) return { source, archive: undefined, format, [Symbol.asyncDispose]: close };
    const archive = await openArchive(source, { ...how, signal });
    return { source, archive, format: archive.format, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The first entry of each name, in the order of the archive. @throws NOT_FOUND for a name that no entry bears. */
export function pickFirst(entries: readonly Entry[], names: readonly string[], archive: string): Entry[] {
  const left = new Set(names.map(plainPath));
  const found = entries.filter(({ name }) => left.delete(plainPath(name)));
  checkFound(left, archive);
  return found;
}

/**
 * The first entry of each name in a compressed tar as it comes, each readable until the next step. It ends with the last of them, and the
 * wire with it.
 *
 * @throws NOT_FOUND at the end of the archive for a name that no entry bears, and whatever `walkTar` throws.
 */
export async function* walkFirst(
  source: PlannedSource,
  names: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Entry, void, void> {
  const left = new Set(names.map(plainPath));
  for await (const entry of walkTar(source, { signal })) {
    if (!left.delete(plainPath(entry.name))) continue;
    yield entry;
    if (left.size === 0) return;
  }
  checkFound(left, source.name);
}

/** An archive of one member that is going by, for `extract`. */
export function archiveOf(entry: Entry, { source, format }: FirstMembers): Archive {
  return {
    format,
    source,
    entries: [entry],
    ranges: new RangeDict(),
    get: () => entry,
    toIndex: () => {
      throw new RangeStreamsError("UNSUPPORTED", `Asked to index ${source.name}, of which a part went by`);
    },
    readMany: (entries, how) => Promise.all(entries.map((each) => each.bytes(how))),
    async *streamEach(entries, how) {
      for (const each of entries) yield { entry: each, stream: each.stream(how) };
    },
    close: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function checkFound(left: Iterable<string>, archive: string): void {
  const [name] = left;
  if (name === undefined) return;
  const message = `Asked for the first ${name} in ${archive}: got no entry of exactly that name; see ls`;
  throw new RangeStreamsError("NOT_FOUND", message);
}

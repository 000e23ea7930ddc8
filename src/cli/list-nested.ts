import { type Archive, type Entry, openArchive } from "../archive.ts";
import { isRangeStreamsError, type PlannedSource, RangeStreamsError } from "../index.ts";
import { exitCodeOf } from "./exit-codes.ts";

/** An entry, and in which archives within the archive it lies. */
export interface ListedEntry {
  readonly entry: Entry;
  /** Names of archives, the outermost first; empty for an entry of the archive itself. */
  readonly inside: readonly string[];
  /** Why what is in it could not be listed. */
  readonly error?: unknown;
}

/** How archives in archives are listed. */
export interface NestedOptions {
  /** How deep to go: 0 lists the archive itself alone. */
  readonly maxDepth: number;
  readonly signal: AbortSignal;
}

/** As deep as archives are opened in one another. */
export const MAX_DEPTH = 16;
/** Entries in all: as many as one archive may have. Small archives can hold one another many times over. */
const MAX_ENTRIES = 1_000_000;
/** Archives in all. *Unmeasured*. */
const MAX_ARCHIVES = 10_000;
/** Names of what is looked into: a file is read for it, so not everything is. Its bytes decide what it is then. */
const ARCHIVE_NAME =
  /\.(?:zip|jar|war|ear|apk|aar|whl|conda|egg|epub|nupkg|vsix|xpi|crx|docx|xlsx|pptx|odt|ods|odp|kmz|cbz|npz|tar|tgz|tbz2?|txz|tzst|tar\.(?:gz|bz2|xz|zst))$/i;

/**
 * Entries in the order of the archive, behind each archive among them what is in it. What has the name of an archive and is none is listed
 * as what it is; one that cannot be read bears its error.
 *
 * @throws LIMIT for too many entries or archives in all; and what the network or the server fails with.
 */
export async function* listNested(
  archive: Archive,
  options: NestedOptions,
): AsyncGenerator<ListedEntry, void, undefined> {
  yield* listInside(archive, [], { ...options, left: { entries: MAX_ENTRIES, archives: MAX_ARCHIVES } });
}

interface Listing extends NestedOptions {
  readonly left: { entries: number; archives: number };
}

async function* listInside(
  archive: Archive,
  inside: readonly string[],
  listing: Listing,
): AsyncGenerator<ListedEntry, void, undefined> {
  const { maxDepth, left } = listing;
  for (const entry of archive.entries) {
    if (left.entries-- === 0) throw tooMany(archive, "entries");
    if (entry.kind !== "file" || inside.length >= maxDepth || !ARCHIVE_NAME.test(entry.name)) {
      yield { entry, inside };
      continue;
    }
    if (left.archives-- === 0) throw tooMany(archive, "archives");
    await using opened = await openNested(entry, listing.signal);
    yield { entry, inside, error: opened.error };
    if (opened.archive !== undefined) yield* listInside(opened.archive, [...inside, entry.name], listing);
  }
}

interface Nested extends AsyncDisposable {
  /** Undefined for what is no archive, or cannot be read. */
  readonly archive: Archive | undefined;
  readonly error?: unknown;
}

async function openNested(entry: Entry, signal: AbortSignal): Promise<Nested> {
  let source: PlannedSource;
  try {
    source = await entry.source({ signal });
  } catch (error) {
    return unopened(ofMember(error, signal));
  }
  try {
    const archive = await openArchive(source, { signal });
    const close = async (): Promise<void> => {
      await archive.close();
      await source.close();
    };
    return { archive, [Symbol.asyncDispose]: close };
  } catch (error) {
    await source.close();
    // A name promises nothing: what is no archive is a file like others.
    return isRangeStreamsError(error, "FORMAT") ? unopened() : unopened(ofMember(error, signal));
  }
}

function unopened(error?: unknown): Nested {
  return { archive: undefined, error, [Symbol.asyncDispose]: async () => undefined };
}

/** What one member is to blame for: it deceives, is damaged, encrypted or too large. Others are listed all the same. */
function ofMember(error: unknown, signal: AbortSignal): unknown {
  if (!signal.aborted && isRangeStreamsError(error) && [9, 10, 11].includes(exitCodeOf(error))) return error;
  throw error;
}

function tooMany(archive: Archive, what: string): RangeStreamsError {
  const most = what === "entries" ? MAX_ENTRIES : MAX_ARCHIVES;
  const message = `${archive.source.name}: asked to list archives in archives, got more than ${most} ${what}; give a lower --max-depth`;
  return new RangeStreamsError("LIMIT", message);
}

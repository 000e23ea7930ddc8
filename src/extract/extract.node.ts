import { constants } from "node:fs";
import { access, realpath } from "node:fs/promises";
import { dirname, resolve, sep } from "node:path";
import type { Archive, Entry } from "../codecs/archive.ts";
import { RangeStreamsError } from "../errors.ts";
import { makeFolders } from "../source/make-folders.node.ts";
import {
  type ExtractOptions,
  type ExtractResult,
  type ResolvedOptions,
  resolveExtractOptions,
} from "./extract-options.ts";
import { fileSystemError } from "./file-system-error.node.ts";
import { type ExtractionPlan, planExtraction } from "./plan-extraction.ts";
import { type Notes, Staging } from "./staging.node.ts";
import { checkLongest, findRoot, surveyDirectory } from "./survey.node.ts";
import { writeExtraction } from "./write-extraction.node.ts";

/** A target of a symlink: what file systems take. */
const MAX_TARGET_BYTES = 4096;
const NO_NOTES: Notes = { files: new Map(), folders: new Set() };
/** Unsafe entries that a message names. */
const NAMED = 3;

/**
 * Writes the members of an archive into a directory, which is made where it is missing. It decides first and writes then: one unsafe name,
 * one file in the way, or more than the limits, and nothing is written at all. No link is followed, and no `..`; files are made in a
 * private folder in the directory and moved into place whole, so that an abort or a crash leaves no partial file under a name.
 *
 * Run again after that it goes on: what is complete stays, told by size and CRC-32 (of the archive, or where that has none as
 * a tar, of notes which the earlier run left in its private folder and which hold for the same representation of the archive alone).
 *
 * Permissions are those of the archive, less this process's umask; dates of files and of folders made here are set. Costs few requests: see
 * `Archive.streamEach`; nothing for what is complete.
 *
 * @throws before anything is written: UNSAFE_PATH for an unsafe name, unless `skipUnsafe` leaves it out; EXISTS for what is in the way, unless
 * `overwrite` replaces it (never a folder); LIMIT for more than `maxBytes` or `maxEntries`; INVALID_ARGUMENT for bad options. Later: LIMIT for
 * a full disk, AUTH for a directory that may not be written, EXISTS for what came there meanwhile, UNSUPPORTED for an encrypted member,
 * before any file is written; and whatever reading members throws, CHECKSUM and CHANGED among it.
 */
export async function extract(
  archive: Archive,
  directory: string,
  options: ExtractOptions = {},
): Promise<ExtractResult> {
  const resolved = resolveExtractOptions(options, archive, process.platform);
  checkDirectory(directory);
  resolved.signal?.throwIfAborted();
  const plan = await decide(archive, resolved);
  const root = await findRoot(directory);
  await checkLongest(plan, root ?? resolve(directory));
  const earlier = new Staging(root ?? directory, archive.source);
  const { signal, overwrite } = resolved;
  const notes = root === undefined ? NO_NOTES : await earlier.readNotes();
  const survey = await surveyDirectory(plan, { root, overwrite, notes, signal });
  if (root === undefined) await checkNewRoot(directory);
  const openStaging = async (): Promise<Staging> =>
    root === undefined ? new Staging(await makeRoot(directory), archive.source) : earlier;
  const written = await writeExtraction(archive, survey, { openStaging, notes, options: resolved });
  return { ...written, kept: survey.kept, skipped: [...plan.unsafe, ...plan.left] };
}

/** An empty path, as of a variable that is not set, would be the folder that this process is in. */
function checkDirectory(directory: string): void {
  if (directory !== "" && !directory.includes("\0")) return;
  const message = `Asked to extract into ${JSON.stringify(directory)}: that is no path; give a directory, . for this one`;
  throw new RangeStreamsError("INVALID_ARGUMENT", message);
}

/** What is to be written, going by the archive alone. */
async function decide(archive: Archive, options: ResolvedOptions): Promise<ExtractionPlan> {
  const chosen = archive.entries.filter(options.filter);
  if (options.links) await readTargets(archive, chosen, options);
  const plan = planExtraction(chosen, archive.entries, options);
  if (plan.unsafe.length > 0 && !options.skipUnsafe) throw unsafeNames(archive, plan);
  const { maxBytes } = options;
  const total = [...plan.files, ...plan.copies].reduce((sum, { entry }) => sum + entry.size, 0);
  if (total <= maxBytes) return plan;
  const got = `${total} bytes where ${maxBytes} may be written`;
  throw new RangeStreamsError("LIMIT", `Asked to extract ${archive.source.name}: got ${got}; raise maxBytes`);
}

/** The target of a zip's symlink is its data, and is known once that was read. One that is too long is not. */
async function readTargets(
  archive: Archive,
  chosen: readonly Entry[],
  { signal }: ResolvedOptions,
): Promise<void> {
  const isUnknown = ({ kind, linkTarget, size }: Entry): boolean =>
    kind === "symlink" && linkTarget === undefined && size <= MAX_TARGET_BYTES;
  await archive.readMany(chosen.filter(isUnknown), { signal });
}

/** Looks whether a directory that is not there yet could be made, before anything is fetched for it. */
async function checkNewRoot(directory: string): Promise<void> {
  for (let path = dirname(resolve(directory)); ; path = dirname(path)) {
    try {
      // With a separator behind it, a file is no such path.
      return await access(`${path}${sep}`, constants.W_OK);
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
      if (!isMissing || path === dirname(path)) throw fileSystemError(error, directory);
    }
  }
}

async function makeRoot(directory: string): Promise<string> {
  try {
    await makeFolders(directory);
    return await realpath(directory);
  } catch (error) {
    throw fileSystemError(error, directory);
  }
}

function unsafeNames({ source }: Archive, { unsafe }: ExtractionPlan): RangeStreamsError {
  const named = unsafe.slice(0, NAMED).map(({ name, reason }) => `${JSON.stringify(name)} (${reason})`);
  const more = unsafe.length - named.length;
  const got = `${named.join(", ")}${more > 0 ? ` and ${more} more unsafe names` : ""}`;
  const message = `Asked to extract ${source.name}: got ${got}; nothing was written; skipUnsafe leaves such entries out`;
  return new RangeStreamsError("UNSAFE_PATH", message);
}

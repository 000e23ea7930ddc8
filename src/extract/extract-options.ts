import { type Archive, type Entry, resolveLimit } from "../codecs/archive.ts";
import { RangeStreamsError } from "../errors.ts";
import type { ReadOptions } from "../source/source.ts";
import type { LeftOut } from "./plan-extraction.ts";
import type { NameRules } from "./safe-path.ts";

/** How far an extraction has come. */
export interface ExtractProgress {
  /** The entry at work. */
  readonly entry: Entry;
  /** Bytes of files that are written, those that were complete before included. */
  readonly bytes: number;
  /** Bytes of all files of the call together, decoded; those that were complete before included. */
  readonly totalBytes: number;
  /** Files and links that are complete. */
  readonly files: number;
  /** Files and links of the call together. */
  readonly totalFiles: number;
}

/** Options of `extract`. */
export interface ExtractOptions extends ReadOptions {
  /** Which entries to extract. Default: all. */
  filter?: ((entry: Entry) => boolean) | undefined;
  /** Replaces files and links that are there and differ; never folders. Default false: one such is EXISTS, and nothing is written. */
  overwrite?: boolean | undefined;
  /** Leaves unsafe entries out and says so, in `skipped`. Default false: one such is UNSAFE_PATH, and nothing is written. */
  skipUnsafe?: boolean | undefined;
  /** Makes symlinks, those that lead inside and stay there, after all else. Default false: they are left out, and `skipped` says so. */
  links?: boolean | undefined;
  /**
   * `portable`, the default, refuses what any usual file system takes for something else: `CON`, `a:b`, a dot at the end, names that
   * differ in case alone. `local` refuses what this one does; on Linux it takes all of these.
   */
  names?: "portable" | "local" | undefined;
  /** Bytes of all files together. Default 64 GiB; beyond it LIMIT, and nothing is written. */
  maxBytes?: number | undefined;
  /** Files, folders and links. Default 1,000,000; beyond it LIMIT, and nothing is written. */
  maxEntries?: number | undefined;
  /** Each file is on the disk (`fsync`) before it has its name. Default false: it may be lost, if not torn, when the power fails. */
  sync?: boolean | undefined;
  /**
   * Another call for the same archive and directory follows: the notes of what was written stay for it, and for the one that goes on
   * where either was interrupted. Default false: they are gone when all is done.
   */
  keepNotes?: boolean | undefined;
  /** Is told after each piece that was written, and each file. */
  onProgress?: ((progress: ExtractProgress) => void) | undefined;
}

/** What an extraction came to. */
export interface ExtractResult {
  /** Files that were written. */
  readonly files: number;
  /** Folders that were made. */
  readonly directories: number;
  /** Symlinks that were made. */
  readonly links: number;
  /** Files and symlinks that were there already, complete. */
  readonly kept: number;
  /** Bytes of the files that were written. */
  readonly bytes: number;
  /** Entries that were left out, and why. Names as stored: escape them before they are shown. */
  readonly skipped: readonly LeftOut[];
}

/** Chosen, not measured: more than most disks have room for. */
const MAX_BYTES = 64 * 2 ** 30;
const MAX_ENTRIES = 1_000_000;

/** Options with everything decided. */
export interface ResolvedOptions {
  readonly filter: (entry: Entry) => boolean;
  readonly overwrite: boolean;
  readonly skipUnsafe: boolean;
  readonly links: boolean;
  readonly sync: boolean;
  readonly keepNotes: boolean;
  readonly maxBytes: number;
  readonly maxEntries: number;
  readonly rules: NameRules;
  readonly exactCase: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: ExtractProgress) => void) | undefined;
}

/** @throws INVALID_ARGUMENT for names that are neither, and limits that are no numbers. */
export function resolveExtractOptions(
  options: ExtractOptions,
  { format }: Pick<Archive, "format">,
  platform: string,
): ResolvedOptions {
  const { filter = () => true, overwrite = false, skipUnsafe = false, links = false, sync = false } = options;
  const { names = "portable", keepNotes = false, signal, onProgress } = options;
  if (names !== "portable" && names !== "local") {
    const message = `Asked to extract with names ${String(names)}: give "portable" or "local"`;
    throw new RangeStreamsError("INVALID_ARGUMENT", message);
  }
  const portable = names === "portable";
  return {
    filter,
    overwrite,
    skipUnsafe,
    links,
    sync,
    keepNotes,
    maxBytes: resolveLimit("maxBytes", options.maxBytes, MAX_BYTES),
    maxEntries: resolveLimit("maxEntries", options.maxEntries, MAX_ENTRIES),
    rules: { portable, windows: platform === "win32", dotSlash: format.startsWith("tar") },
    exactCase: !portable && platform !== "win32" && platform !== "darwin",
    signal,
    onProgress,
  };
}

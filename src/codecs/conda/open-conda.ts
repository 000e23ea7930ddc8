import { isRangeStreamsError } from "../../errors.ts";
import { type OpenInput, openSource } from "../../open.ts";
import { Range } from "../../ranges/range.ts";
import type { PlannedSource } from "../../source/source.ts";
import { type ArchiveIndex, resolveLimits } from "../archive.ts";
import { closeOnFailure } from "../archive-source.ts";
import { detectCompression } from "../tar/compression.ts";
import { openIndexedTar, type TarWalkOptions } from "../tar/open-tar.ts";
import { BLOCK_BYTES } from "../tar/tar-format.ts";
import { openZip, readZip } from "../zip/open-zip.ts";
import { TAIL_BYTES } from "../zip/read-directory.ts";
import type { ZipArchive } from "../zip/zip-archive.ts";
import { zipIndexOf } from "../zip/zip-package.ts";
import type { CondaPackage } from "./conda-package.ts";
import { findCondaParts, notConda } from "./conda-parts.ts";
import { CondaTar } from "./conda-tar.ts";
import { CondaZip } from "./conda-zip.ts";

/**
 * Options of {@link openConda}: those of opening, and how much of a stranger's package is believed; its parts have the same limits. There
 * is no `probe`: the first request is always for the end of the file.
 */
export interface CondaOptions extends Omit<TarWalkOptions, "probe"> {
  /**
   * An index of this package, made by `toIndex()`: opening from it sends nothing, the first read opens the source. It must still have the
   * size and the validators of the index, else reads reject with CHANGED.
   */
  index?: ArchiveIndex | undefined;
}

/**
 * Opens a conda package, recognised by its bytes: a `.conda` from one request for its last 64 KiB, which hold its directory; a `.tar.bz2`
 * from that and one for its head, and what its members are is read when it is asked for. Reading metadata, index and info sends
 * one request each as a rule (an info part of more than 8 MiB several) and, past the opening, none for the
 * pkg part. A source handed in stays open when the package closes.
 *
 * @throws FORMAT for what is neither, for a `.conda` that lacks one of its three members or has parts of two packages, AMBIGUOUS where it has
 * two of a kind; INVALID_ARGUMENT for bad options; and whatever `openZip`, `openTar` and `openSource` throw.
 */
export async function openConda(input: OpenInput, options: CondaOptions = {}): Promise<CondaPackage> {
  resolveLimits(options);
  if (options.index !== undefined) return openIndexedConda(input, options, options.index);
  const source = await openSource(input, { ...options, probe: { suffix: TAIL_BYTES } });
  // A PlannedSource comes back as it is: that one is not ours to close.
  const owned = source !== input;
  return closeOnFailure(owned ? source : undefined, () => readConda(source, options, { owned }));
}

async function openIndexedConda(
  input: OpenInput,
  options: CondaOptions,
  index: ArchiveIndex,
): Promise<CondaPackage> {
  const directory: unknown = (index as Partial<ArchiveIndex> | null)?.directory;
  if (typeof directory === "object" && directory !== null && "records" in directory) {
    const format = index.format === "conda" ? "tar.bz2" : index.format;
    const listed = await openIndexedTar(input, options, { ...index, format });
    // The tar closes the source where it is ours.
    return new CondaTar(listed.source, { options, owned: false, listed });
  }
  const zip = await openZip(input, { ...options, index: zipIndexOf(index, "conda") });
  return closeOnFailure(zip, () => new CondaZip(zip, { parts: findCondaParts(zip), options, owned: false }));
}

async function readConda(
  source: PlannedSource,
  options: CondaOptions,
  { owned }: { readonly owned: boolean },
): Promise<CondaPackage> {
  const zip = await readZipUnlessTar(source, options);
  if (zip !== undefined) return new CondaZip(zip, { parts: findCondaParts(zip), options, owned });
  const conda = new CondaTar(source, { options, owned });
  if (source.size <= TAIL_BYTES) await conda.list({ signal: options.signal });
  return conda;
}

/** Undefined for a tar.bz2, which no zip ends. */
async function readZipUnlessTar(
  source: PlannedSource,
  options: CondaOptions,
): Promise<ZipArchive | undefined> {
  try {
    return await readZip(source, options, { owned: false });
  } catch (error) {
    if (!isRangeStreamsError(error, "FORMAT", "UNKNOWN_SIZE")) throw error;
    const end = Math.min(source.size, BLOCK_BYTES);
    const head = await source.read(new Range(0, end), { signal: options.signal });
    if (detectCompression(head)?.format === "tar.bz2") return undefined;
    if (head[0] === 0x50 && head[1] === 0x4b) throw error;
    throw notConda(source.name, "neither a zip nor a tar.bz2", error);
  }
}

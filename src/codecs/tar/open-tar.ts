import { type OpenInput, type OpenOptions, openSource } from "../../open.ts";
import { Range } from "../../ranges/range.ts";
import type { Bytes, PlannedSource } from "../../source/source.ts";
import { type ArchiveIndex, type ArchiveLimits, type ResolvedLimits, resolveLimits } from "../archive.ts";
import { closeOnFailure, openIndexedSource } from "../archive-source.ts";
import { bytesInHand } from "./bytes-data.ts";
import { type Compression, compressionOf, detectCompression } from "./compression.ts";
import { listTar, resolveSpacing } from "./list-tar.ts";
import { OpenedTar } from "./opened-tar.ts";
import type { WalkOptions } from "./record-walk.ts";
import type { TarArchive } from "./tar-archive.ts";
import { BLOCK_BYTES, isTarHeader } from "./tar-format.ts";
import { parseTarIndex } from "./tar-index.ts";

/** Options of {@link openTar} and `walkTar`: those of opening, and how much of a stranger's archive is believed. */
export interface TarWalkOptions extends OpenOptions, ArchiveLimits {
  /**
   * Accepts a tar that ends after its last member, without the blocks of zeros; one that was cut short there looks the same.
   * Default false: that is FORMAT.
   */
  allowMissingEnd?: boolean | undefined;
}

/** Options of {@link openTar}. */
export interface TarOptions extends TarWalkOptions {
  /**
   * An index of this archive, made by `toIndex()`: opening from it sends nothing, the first read opens the source. The archive must
   * still have the size and the validators of the index, else reads reject with CHANGED. Each member is checked against its header.
   */
  index?: ArchiveIndex | undefined;
  /**
   * Of a tar that is compressed by gzip, or by zstd in several frames: how many of its bytes lie between checkpoints at least. They are
   * made while it is read through for its headers, and then members are reached from the nearest. Default 1 MiB, or a 1,024th of an
   * archive above 1 GiB. Infinity makes none, and opening gzip in Node takes half the time.
   */
  checkpointBytes?: number | undefined;
}

/**
 * Opens a tar (POSIX ustar and pax, GNU, old ones) and reads every header: plain, it hops from one to the next, one request each at
 * worst and far fewer where the source reads ahead; compressed as a whole (gzip, zstd, bzip2, xz; recognised by the bytes), it is
 * read and checked to its end once, with flat memory, unless it is zstd in the seekable format, of which the frames with headers are
 * read alone. Members of a plain tar are read in place, one request each. Those of gzip, and of zstd in several frames, are read from
 * the checkpoint before them, one request each; of any other compressed tar each call reads from the start up to the last member it
 * wants. A plain tar that is given as bytes is read in place, and nothing of it through its source. A source handed in stays open when
 * the archive closes.
 *
 * @throws FORMAT for what is no tar, is cut short or contradicts itself; AMBIGUOUS for what readers would see differently; LIMIT;
 * CHECKSUM, UNSUPPORTED for a compression; CHANGED for a source that is not the one of the index; INVALID_ARGUMENT for bad options,
 * and whatever `openSource` throws.
 */
export async function openTar(input: OpenInput, options: TarOptions = {}): Promise<TarArchive> {
  if (options.index !== undefined) return openIndexedTar(input, options, options.index);
  resolveLimits(options);
  resolveSpacing(0, options.checkpointBytes);
  const source = await openSource(input, options);
  // A PlannedSource comes back as it is: that one is not ours to close.
  return readTar(source, options, { owned: source !== input, bytes: bytesInHand(input) });
}

/** A tar whose members an index knows. Errors as those of {@link openTar}. */
export async function openIndexedTar(
  input: OpenInput,
  options: TarWalkOptions,
  index: ArchiveIndex,
): Promise<OpenedTar> {
  const limits = resolveLimits(options);
  const { records, map, ...expected } = parseTarIndex(index, limits);
  const source = await openIndexedSource(input, options, expected);
  const walk = walkOptions(source, options, limits);
  const compression = compressionOf(expected.format);
  const owned = source !== input;
  const bytes = bytesInHand(input);
  return new OpenedTar(source, records, { walk, limits, compression, map, bytes, owned, isIndexed: true });
}

/** A source that is already open. */
export interface TarSource {
  /** The archive closes it. */
  readonly owned: boolean;
  /** What {@link bytesInHand} says of the input: then nothing is read from the source. */
  readonly bytes?: Bytes | undefined;
}

/** A tar in a source that is already open. Errors as those of {@link openTar}. */
export async function readTar(
  source: PlannedSource,
  options: Omit<TarOptions, "index">,
  { owned, bytes }: TarSource,
): Promise<OpenedTar> {
  return closeOnFailure(owned ? source : undefined, async () => {
    const limits = resolveLimits(options);
    const walk = walkOptions(source, options, limits);
    const { signal } = options;
    const compression = await sniffCompression(source, { signal, bytes });
    const spacing = resolveSpacing(source.size, options.checkpointBytes);
    const how = { walk, limits, compression, bytes };
    const { records, map } = await listTar(source, { ...how, spacing, signal });
    return new OpenedTar(source, records, { ...how, map, owned, isIndexed: false });
  });
}

/** What a walk over this source is told. */
export function walkOptions(
  source: PlannedSource,
  { allowMissingEnd }: TarWalkOptions,
  limits: ResolvedLimits,
): WalkOptions {
  return { name: source.name, limits, allowMissingEnd };
}

/** What the tar is compressed with, told from its first bytes; undefined where it is plain, or none. */
export async function sniffCompression(
  source: PlannedSource,
  { signal, bytes }: Pick<TarSource, "bytes"> & { readonly signal: AbortSignal | undefined },
): Promise<Compression | undefined> {
  signal?.throwIfAborted();
  const range = new Range(0, Math.min(source.size, BLOCK_BYTES));
  const head = bytes?.subarray(range.start, range.end) ?? (await source.read(range, { signal }));
  // The name of the first member may begin like anything.
  return isTarHeader(head) ? undefined : detectCompression(head);
}

import { type OpenInput, type OpenOptions, openSource } from "../../open.ts";
import { Range } from "../../ranges/range.ts";
import { beginCall } from "../../source/call.ts";
import type { PlannedSource } from "../../source/source.ts";
import { redactUrl } from "../../source/url.ts";
import { type ArchiveIndex, type ArchiveLimits, type ResolvedLimits, resolveLimits } from "../archive.ts";
import { checkIndexed, deferSource } from "../deferred-source.ts";
import { type Compression, compressionOf, decompressSource, detectCompression } from "./compression.ts";
import { OpenedTar } from "./opened-tar.ts";
import { readRecords, type WalkOptions } from "./read-records.ts";
import { sourceInput } from "./source-input.ts";
import { StreamInput } from "./stream-input.ts";
import type { TarArchive } from "./tar-archive.ts";
import { BLOCK_BYTES, isTarHeader } from "./tar-format.ts";
import { type IndexedTar, parseTarIndex } from "./tar-index.ts";
import type { TarRecord } from "./tar-record.ts";

/** Options of {@link openTar} and `walkTar`: those of opening, and how much of a stranger's archive is believed. */
export interface TarWalkOptions extends OpenOptions, ArchiveLimits {
  /**
   * Goes along with a tar that ends after its last member instead of with blocks of zeros, as one that is cut short there does too.
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
}

/**
 * Opens a tar (POSIX ustar and pax, GNU, old ones) and reads every header: plain, it hops from one to the next, one request each at
 * worst and far fewer where the source reads ahead; compressed as a whole (gzip, zstd, bzip2, xz; told from the bytes), it is
 * read and checked to its end once, with flat memory. Members of a plain tar are read in place, one request each. Of a compressed
 * one each call reads from the start up to the last member it wants. A source handed in stays open when the archive closes.
 *
 * @throws FORMAT for what is no tar, is cut short or contradicts itself; AMBIGUOUS for what readers would see differently; LIMIT;
 * CHECKSUM, UNSUPPORTED for a compression; CHANGED for a source that is not the one of the index; INVALID_ARGUMENT for bad options,
 * and whatever `openSource` throws.
 */
export async function openTar(input: OpenInput, options: TarOptions = {}): Promise<TarArchive> {
  const limits = resolveLimits(options);
  const indexed = options.index === undefined ? undefined : parseTarIndex(options.index, limits);
  if (indexed === undefined) {
    const source = await openSource(input, options);
    // A PlannedSource comes back as it is: that one is not ours to close.
    return readTar(source, options, { owned: source !== input });
  }
  const source = await openIndexed(input, options, indexed);
  const walk = walkOptions(source, options, limits);
  const compression = compressionOf(indexed.format);
  return new OpenedTar(source, indexed.records, {
    walk,
    limits,
    compression,
    owned: source !== input,
    isIndexed: true,
  });
}

/** A tar in a source that is already open, which the archive closes where it is `owned`. Errors as those of {@link openTar}. */
export async function readTar(
  source: PlannedSource,
  options: TarWalkOptions,
  { owned }: { readonly owned: boolean },
): Promise<OpenedTar> {
  try {
    const limits = resolveLimits(options);
    const walk = walkOptions(source, options, limits);
    const { signal } = options;
    const compression = await sniffCompression(source, signal);
    const records = await listRecords(source, walk, { compression, limits, signal });
    return new OpenedTar(source, records, { walk, limits, compression, owned, isIndexed: false });
  } catch (error) {
    if (owned) await source.close();
    throw error;
  }
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
  signal: AbortSignal | undefined,
): Promise<Compression | undefined> {
  const head = await source.read(new Range(0, Math.min(source.size, BLOCK_BYTES)), { signal });
  // The name of the first member may begin like anything.
  return isTarHeader(head) ? undefined : detectCompression(head);
}

interface ListOptions {
  readonly compression: Compression | undefined;
  readonly limits: ResolvedLimits;
  readonly signal: AbortSignal | undefined;
}

async function listRecords(
  source: PlannedSource,
  walk: WalkOptions,
  { compression, limits, signal }: ListOptions,
): Promise<TarRecord[]> {
  const records: TarRecord[] = [];
  if (compression === undefined) {
    for await (const record of readRecords(sourceInput(source, signal), walk)) records.push(record);
    return records;
  }
  const own = new AbortController();
  const signals = [own.signal, signal];
  const call = beginCall({ signals, totalMs: Number.POSITIVE_INFINITY, url: source.name });
  const { maxRatio } = limits;
  const reading = { compression, signal: call.signal, maxRatio };
  const input = new StreamInput(decompressSource(source, reading));
  try {
    for await (const record of readRecords(input, walk)) records.push(record);
    await input.drain();
    return records;
  } finally {
    own.abort();
    call.end();
    input.end();
  }
}

/** The source of an indexed archive: what costs a request is opened by its first read. */
async function openIndexed(
  input: OpenInput,
  options: OpenOptions,
  expected: IndexedTar,
): Promise<PlannedSource> {
  options.signal?.throwIfAborted();
  if (typeof input === "string" || input instanceof URL) {
    const { size, identity } = expected;
    // The signal governs opening, which is over before the first request.
    const { signal: _, ...rest } = options;
    return deferSource({
      name: redactUrl(input),
      size,
      identity,
      open: (probe) => openSource(input, { ...rest, probe }),
    });
  }
  const source = await openSource(input, options);
  try {
    checkIndexed(source, expected);
    return source;
  } catch (error) {
    if (source !== input) await source.close();
    throw error;
  }
}

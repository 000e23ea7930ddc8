import { RangeStreamsError } from "../errors.ts";
import type { Range } from "../ranges/range.ts";
import type { RangeDict } from "../ranges/range-dict.ts";
import type { Bytes, Identity, PlannedSource, ReadOptions } from "../source/source.ts";

/** What an entry stands for. A hard link or a device is `other`. */
export type EntryKind = "file" | "directory" | "symlink" | "other";

/** Options of reading a member whole. */
export interface EntryReadOptions extends ReadOptions {
  /** The most bytes to hold, decoded. Default: what the archive was opened with, 256 MiB. */
  maxBytes?: number | undefined;
}

/** How much of a stranger's archive is believed. Each is a LIMIT error when passed; Infinity is no limit. */
export interface ArchiveLimits {
  /** Entries of the archive; of a compressed tar also checkpoints of an index, and frames in a zstd seek table. Default 1,000,000. */
  maxEntries?: number | undefined;
  /** Bytes of one name. Default 4,096. */
  maxNameBytes?: number | undefined;
  /**
   * Bytes of a zip's directory; of a tar bytes of extended headers, of an index's checkpoints, of a zstd seek table. Default 128 MiB.
   */
  maxDirectoryBytes?: number | undefined;
  /** Bytes of one member, decoded, when it is read whole. Streams have no such limit. Default 256 MiB. */
  maxEntryBytes?: number | undefined;
  /**
   * How many bytes one stored byte may become, after the first MiB. Default 1,100 for deflate and gzip, which reach 1,032 at most, and
   * 20,000 for other methods.
   */
  maxRatio?: number | undefined;
  /** Bytes of all members together that this archive hands out decoded, whichever way they are read. Default: no limit. */
  maxTotalBytes?: number | undefined;
  /** How deep archives opened by {@link Entry.source} may lie in one another; the outermost has depth 0. Default 16. */
  maxNesting?: number | undefined;
}

/** One member of an archive. A thin object: its fields are decoded when they are read. */
export interface Entry {
  /** As stored: a directory of a zip keeps its `/`. Untrusted: it may hold `..`, control characters, anything. */
  readonly name: string;
  /** What it stands for, as the archive says. */
  readonly kind: EntryKind;
  /** Bytes once decoded, as the directory promises. */
  readonly size: number;
  /** Bytes as stored in the archive; of a tar that is compressed as a whole, in the tar. */
  readonly storedSize: number;
  /** `store`, `deflate`, `deflate64`, `bzip2`, `lzma`, `zstd`, `xz` or `unknown(n)`. */
  readonly method: string;
  /** When it was last changed, where the archive tells a possible date. */
  readonly modified: Date | undefined;
  /** Unix permissions, where the archive tells them: the nine bits of `rwxrwxrwx`. Set-uid, set-gid and sticky never show. */
  readonly mode?: number | undefined;
  /** Where a link points. Of a zip's symlink it is known once its bytes were read. */
  readonly linkTarget?: string | undefined;
  /** CRC-32 of its bytes, where the archive tells one. */
  readonly crc32?: number | undefined;
  /**
   * Where its stored bytes lie in the archive, half-open, header excluded. One small request, rarely two (a zip whose local extra field
   * is long); none once it is known.
   *
   * @throws FORMAT, AMBIGUOUS where its own header is no header or of another member; UNSUPPORTED in a tar that is compressed as a whole;
   * CLOSED, and whatever the source reports.
   */
  range(options?: ReadOptions): Promise<Range>;
  /**
   * All its bytes, decoded and checked; they belong to the caller. Of a member in place one request at most for header and data
   * together, up to 8 MiB and with the policy `lean` of any size (above 8 MiB two, where an index opened the archive); one more where the
   * local extra field of a zip is longer than the directory lets expect.
   *
   * @throws LIMIT for a member larger than `maxBytes` or too dense; UNSUPPORTED for a method or an encryption not read here;
   * FORMAT, AMBIGUOUS, CHECKSUM where the archive contradicts itself; CLOSED, and whatever the source reports.
   */
  bytes(options?: EntryReadOptions): Promise<Bytes>;
  /**
   * Its bytes as UTF-8 text, a byte order mark left out.
   *
   * @throws FORMAT for what is no UTF-8, and all that {@link Entry.bytes} throws.
   */
  text(options?: EntryReadOptions): Promise<string>;
  /**
   * Its bytes as they are decoded, with back-pressure; each chunk belongs to the consumer. The checksum is known at the end:
   * until the stream has closed without an error, what came is not proven. Requests as those of {@link Entry.bytes}.
   *
   * @throws (through the stream) what {@link Entry.bytes} throws, except LIMIT for `maxBytes`.
   */
  stream(options?: ReadOptions): ReadableStream<Bytes>;
  /**
   * Random access inside it, for another `open…`. Close it when done.
   *
   * - A stored member is read in place: a view of the archive's source, without a checksum. Costs what {@link Entry.range} does.
   * - A member of more than 4 MiB in a compressed tar with checkpoints or a seek table is not held whole: each read decompresses the parts
   *   it needs.
   * - Any other is decoded whole and held in memory, and anew for each call. Costs what {@link Entry.bytes} does.
   *
   * @throws LIMIT for one deeper than `maxNesting`, and all that {@link Entry.range} or {@link Entry.bytes} throws.
   */
  source(options?: EntryReadOptions): Promise<PlannedSource>;
}

/** One of several members that are read in one go. */
export interface EntryStream {
  /** The member, one of those that were asked for. */
  readonly entry: Entry;
  /** As {@link Entry.stream}. To be read until the next step: then it is CLOSED. */
  readonly stream: ReadableStream<Bytes>;
}

/** What an index says of one member, for people and other programs. */
export interface IndexedEntry {
  /** As {@link Entry.name}: untrusted. */
  readonly name: string;
  /** As {@link Entry.kind}. */
  readonly kind: EntryKind;
  /** From its own header to the next known one, half-open: one request for that brings it. */
  readonly range: readonly [start: number, end: number];
  /** Bytes once decoded. */
  readonly size: number;
  /** Bytes as stored. */
  readonly storedSize: number;
  /** As {@link Entry.method}. */
  readonly method: string;
  /** CRC-32 of its bytes, eight hexadecimal digits. */
  readonly crc32?: string | undefined;
}

/** All that is needed to open an archive again without a request: plain JSON. */
export interface ArchiveIndex {
  /** Of this layout. */
  readonly version: 1;
  /** As {@link Archive.format}. */
  readonly format: string;
  /** Bytes of the archive that was indexed: one of another size is CHANGED. */
  readonly size: number;
  /** The validators of the representation that was indexed: another one is CHANGED. */
  readonly identity: Identity;
  /** What it holds, for people and other programs: nothing is opened from this. */
  readonly entries: readonly IndexedEntry[];
  /** What the format's own reader opens from: it alone is believed. */
  readonly directory: Readonly<Record<string, string | number>>;
}

/** A remote archive, its directory read: members are read in place. */
export interface Archive extends AsyncDisposable {
  /** `zip`, `tar`, `tar.gz`, `tar.bz2`, `tar.xz`, `tar.zst`, `conda` or `wheel`. */
  readonly format: string;
  /** What it is read from: its `receipt` tells what the archive has cost. It is closed with the archive, unless it was handed in. */
  readonly source: PlannedSource;
  /** In directory order, duplicates included. */
  readonly entries: readonly Entry[];
  /**
   * Which member owns which bytes, from its own header to the end of its data (zip: to the next known header). Made on first
   * use, without a request.
   */
  readonly ranges: RangeDict<Entry>;
  /**
   * The entry of exactly this name. Sends nothing.
   *
   * @throws NOT_FOUND; AMBIGUOUS where several entries bear the name.
   */
  get(name: string): Entry;
  /**
   * An index of it as plain JSON, for the option `index`: opening from it sends nothing. Sends nothing either.
   */
  toIndex(): ArchiveIndex;
  /**
   * The bytes of several members, in the order asked; the source fetches neighbours together, in two requests at most up to 16 MiB. All or
   * nothing: the first failure rejects the call.
   *
   * @throws INVALID_ARGUMENT for an entry of another archive, and all that {@link Entry.bytes} throws.
   */
  readMany(entries: readonly Entry[], options?: EntryReadOptions): Promise<Bytes[]>;
  /**
   * Any number of members, one after the other and each as a stream, with flat memory (some MiB) and few requests: small neighbours are
   * fetched together, the next of them while you read; large ones flow as they are read; a tar that is compressed as a whole is gone
   * through once. They come as they lie in the archive, not in the order asked; one asked for twice comes twice. Leaving the loop ends
   * what is on its way. Sends nothing before the first step, and nothing where one of the members cannot be read at all.
   *
   * @throws (from the loop, or through the stream) what {@link Entry.stream} throws; (from the loop) INVALID_ARGUMENT for an entry of
   * another archive.
   */
  streamEach(entries: readonly Entry[], options?: ReadOptions): AsyncIterable<EntryStream>;
  /** Pending and later reads reject with CLOSED. Closes the source too, unless it was handed in. Closing twice is fine. */
  close(): Promise<void>;
}

/** {@link ArchiveLimits} with every number decided; `maxRatio` is undefined where the method decides. */
export type ResolvedLimits = { readonly [Name in Exclude<keyof ArchiveLimits, "maxRatio">]-?: number } & {
  readonly maxRatio: number | undefined;
};

/** Chosen, not measured: a generous multiple of what honest archives need. */
const DEFAULT_LIMITS: Omit<ResolvedLimits, "maxRatio"> = {
  maxEntries: 1_000_000,
  maxNameBytes: 4096,
  maxDirectoryBytes: 128 * 1024 * 1024,
  maxEntryBytes: 256 * 1024 * 1024,
  maxTotalBytes: Number.POSITIVE_INFINITY,
  maxNesting: 16,
};

/**
 * Fills in the defaults.
 *
 * @throws INVALID_ARGUMENT for what is no number from 0 on: a NaN would switch a limit off.
 */
export function resolveLimits(limits: ArchiveLimits): ResolvedLimits {
  const resolved = { ...DEFAULT_LIMITS };
  for (const name of Object.keys(DEFAULT_LIMITS) as (keyof typeof DEFAULT_LIMITS)[]) {
    resolved[name] = resolveLimit(name, limits[name], DEFAULT_LIMITS[name]);
  }
  const { maxRatio } = limits;
  return {
    ...resolved,
    maxRatio: maxRatio === undefined ? undefined : resolveLimit("maxRatio", maxRatio, 0),
  };
}

/** @throws INVALID_ARGUMENT for what is no number from 0 on. */
export function resolveLimit(name: string, value: number | undefined, byDefault: number): number {
  if (value === undefined) return byDefault;
  if (typeof value === "number" && value >= 0) return value;
  const message = `Asked for ${name}: ${String(value)}; got no number from 0 on; give one, or Infinity for no limit`;
  throw new RangeStreamsError("INVALID_ARGUMENT", message);
}

/** Bytes over a buffer of their own kind; never a shared one. */
export type Chunk = Uint8Array<ArrayBuffer>;

/** What the directory of an archive promises of a member, and how far it is believed. */
export interface DecodeOptions {
  /** For messages: whose bytes these are, such as `a.txt in x.zip`. */
  what: string;
  /** Bytes as stored. The chunks given must come to exactly that. */
  storedSize: number;
  /** Bytes once decoded. */
  size: number;
  /** CRC-32 of the decoded bytes, where one is known. */
  crc32?: number | undefined;
  /** How many bytes one stored byte may become, beyond the first MiB. */
  maxRatio: number;
}

/**
 * Decodes one member: pulls stored chunks as output is pulled, so that back-pressure reaches the wire. Yields at most `size`
 * bytes and ends only when exactly those came out and their checksum is right. Each chunk belongs to the consumer. Returning
 * early ends the input too; whoever may have to wait for the wire there aborts it first.
 *
 * Throws FORMAT for data that is not what `what` promises (garbage, cut short, too long, something after the end), LIMIT
 * for too high a ratio or for what needs too much memory, UNSUPPORTED for a variant not read here, CHECKSUM at the end for
 * wrong bytes, and whatever the input throws, as it is.
 */
export type Decode = (
  stored: AsyncIterable<Chunk>,
  options: DecodeOptions,
) => AsyncGenerator<Chunk, void, void>;

/**
 * Decodes one member as {@link Decode} does, into one array: for whoever wants all of it, as that spares copies. What was allocated is
 * the promised size, which the caller has checked against its limits.
 */
export type DecodeWhole = (stored: AsyncIterable<Chunk>, options: DecodeOptions) => Promise<Chunk>;

/**
 * Decodes one member all of whose stored bytes are here, without a promise; the bytes belong to the caller. Undefined where that is
 * not possible, or would hold up all else for too long. Stored bytes that are ours may be given back as they are; others are only
 * read. Throws as {@link Decode}.
 */
export type DecodeNow = (stored: Chunk, options: DecodeOptions, isOurs: boolean) => Chunk | undefined;

/** What a decompressor is told. */
export interface DecompressOptions {
  /** For messages: whose bytes these are. */
  what: string;
  /** Bytes once decompressed, where somebody promised: it spares memory, and is checked elsewhere. */
  size?: number | undefined;
  /** Told of each place where one may begin again, in ascending order and before any byte that follows it is yielded. */
  onRestart?: ((place: RestartPlace) => void) | undefined;
}

/** A place of a compressed stream from which on it can be decompressed by itself (gzip: each block; zstd: each frame). */
export interface RestartPlace {
  /** In the stored stream: its byte, and how many of the lowest bits of that belong to what was before. */
  readonly byte: number;
  readonly bit: number;
  /** Bytes decompressed before it. */
  readonly position: number;
  /** Inside a deflate stream: makes a copy of what may be referred to. Undefined where a gzip member or a zstd frame starts. */
  readonly copyWindow: (() => Chunk) | undefined;
}

/** What a decompressor of a part is told. */
export interface PartOptions extends DecompressOptions {
  /** Where the part starts inside a deflate stream: its first bit in the first byte, and the window. */
  start?: { readonly bit: number; readonly window: Chunk } | undefined;
  /** Where the part ends inside a deflate stream: how many bits of the last byte are its own, 0 for all eight. */
  end?: { readonly bit: number } | undefined;
}

/**
 * Decompresses what lies between two restart places, or one and the end: exactly the bytes of that part. Takes over the chunks it is
 * given, whose edges it mends. Throws as {@link Decompress}; the checksum of a gzip member that is there in part is not known.
 */
export type DecompressPart = (
  stored: AsyncIterable<Chunk>,
  options: PartOptions,
) => AsyncGenerator<Chunk, void, void>;

/**
 * Decompresses one stream to its very end, of whatever size, as {@link Decode} does; only the stream's own checksums are checked.
 * Throws as that.
 */
export type Decompress = (
  stored: AsyncIterable<Chunk>,
  options: DecompressOptions,
) => AsyncGenerator<Chunk, void, void>;

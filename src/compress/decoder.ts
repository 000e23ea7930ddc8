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

/** What a decompressor is told. */
export interface DecompressOptions {
  /** For messages: whose bytes these are. */
  what: string;
  /** Bytes once decompressed, where somebody promised: it spares memory, and is checked elsewhere. */
  size?: number | undefined;
}

/**
 * Decompresses one stream to its very end, of whatever size, as {@link Decode} does; only the stream's own checksums are checked.
 * Throws as that.
 */
export type Decompress = (
  stored: AsyncIterable<Chunk>,
  options: DecompressOptions,
) => AsyncGenerator<Chunk, void, void>;

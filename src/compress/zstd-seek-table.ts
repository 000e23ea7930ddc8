import { ByteCursor } from "../bytes/byte-cursor.ts";
import type { RangeStreamsError } from "../errors.ts";
import { brokenStream } from "./broken-stream.ts";
import type { Chunk } from "./decoder.ts";

// The seekable format of zstd (contrib/seekable_format/zstd_seekable_compression_format.md, 0.1.0, in zstd's repository): a skippable
// frame at the very end holds the length of every frame, as stored and decompressed, and maybe its checksum; its last nine bytes tell
// how many there are. All little-endian.

/** Bytes of the end, by which a table is known. */
export const SEEK_FOOTER_BYTES = 9;
const FOOTER_MAGIC = 0x8f92eab1;
/** Magic number and length of the skippable frame. */
const HEADER_BYTES = 8;
const SKIPPABLE_MAGIC = 0x184d2a5e;

/** What the end tells of the table. */
export interface SeekFooter {
  readonly frames: number;
  readonly hasChecksums: boolean;
  /** Of the whole skippable frame. */
  readonly byteLength: number;
}

/** A frame, by the table. */
export interface SeekFrame {
  readonly storedSize: number;
  readonly size: number;
  /** The low half of the XXH64 of what it decompresses to. */
  readonly checksum: number | undefined;
}

/**
 * What the last nine bytes of a file say; undefined where they are not the end of a table.
 *
 * @throws FORMAT for bits that must not be set.
 */
export function parseSeekFooter(footer: Chunk, what: string): SeekFooter | undefined {
  const cursor = new ByteCursor(footer, { what });
  const frames = cursor.u32();
  const flags = cursor.u8();
  if (cursor.u32() !== FOOTER_MAGIC) return undefined;
  if ((flags & 0b0111_1100) !== 0) throw brokenTable(what, "reserved bits that are set");
  const hasChecksums = (flags & 0b1000_0000) !== 0;
  const byteLength = HEADER_BYTES + frames * (hasChecksums ? 12 : 8) + SEEK_FOOTER_BYTES;
  return { frames, hasChecksums, byteLength };
}

/**
 * The frames in their order, out of the whole skippable frame, in front of which `dataBytes` lie.
 *
 * @throws FORMAT for a table that does not account for exactly these.
 */
export function parseSeekTable(
  table: Chunk,
  { frames, hasChecksums, byteLength }: SeekFooter,
  { what, dataBytes }: { readonly what: string; readonly dataBytes: number },
): SeekFrame[] {
  const cursor = new ByteCursor(table, { what });
  if (cursor.u32() !== SKIPPABLE_MAGIC || cursor.u32() !== byteLength - HEADER_BYTES) {
    throw brokenTable(what, "no skippable frame of its length");
  }
  let stored = 0;
  const list = Array.from({ length: frames }, () => {
    const storedSize = cursor.u32();
    stored += storedSize;
    return { storedSize, size: cursor.u32(), checksum: hasChecksums ? cursor.u32() : undefined };
  });
  if (stored !== dataBytes) throw brokenTable(what, `frames of ${stored} bytes where there are ${dataBytes}`);
  return list;
}

function brokenTable(what: string, got: string): RangeStreamsError {
  return brokenStream(what, `a zstd seek table with ${got}`);
}

import { type FileFacts, known } from "./facts.ts";
import type { HeadView } from "./head-view.ts";

/** What is looked through for the end of a file's name. Chosen, not measured. */
const MAX_NAME_BYTES = 4096;
/** Decoders refuse such a file. */
const MEANINGLESS_BIT = "damaged: a bit of its header is set that has no meaning";

/** Name and time of the file that was compressed (RFC 1952 section 2.3), and whether it is in blocks (BGZF). */
export function gzipFacts(head: HeadView): FileFacts {
  if (!head.covers(0, 10)) return { note: head.missing(10) };
  const [flags, seconds] = [head.uint8(3), head.uint32(4, true)];
  if ((flags & 0xe0) !== 0) return { note: MEANINGLESS_BIT };
  const modified = seconds === 0 ? undefined : new Date(seconds * 1000).toISOString();
  let at = 10;
  let variant: string | undefined;
  if ((flags & 4) !== 0) {
    if (!head.covers(at, 2)) return { ...known({ modified }), note: head.missing(at + 2) };
    const length = head.uint16(at, true);
    // The SAM/BAM specification, section 4.1: a subfield BC of two bytes, here looked for where writers put it: first.
    if (length >= 6 && head.covers(at, 6) && head.uint32(at + 2, true) === 0x24342) variant = "bgzf";
    at += 2 + length;
  }
  if ((flags & 8) === 0) return known({ modified, variant });
  const name = textUpToZero(head, at);
  // It may end right behind the head; that it lies beyond the file is certain only where that ends there too.
  if (name === undefined)
    return { ...known({ modified, variant }), note: head.missing(Math.max(at, head.length) + 1) };
  return known({ fileName: name, modified, variant });
}

function textUpToZero(head: HeadView, start: number): string | undefined {
  for (let end = start; end < start + MAX_NAME_BYTES && head.covers(end, 1); end++) {
    if (head.uint8(end) === 0) return head.text(start, end - start);
  }
  return undefined;
}

/** Where the frames end that a reader skips (RFC 8878 section 3.1.2). Those of LZ4 look the same: only what follows tells which it is. */
export function endOfSkipped(head: HeadView): number {
  let at = 0;
  while (head.covers(at, 8) && (head.uint32(at, true) & 0xfffffff0) === 0x184d2a50) {
    at += 8 + head.uint32(at + 4, true);
  }
  return at;
}

/** The header of the first frame that is not skipped (RFC 8878 section 3.1.1.1). */
export function zstdFacts(head: HeadView): FileFacts {
  const start = endOfSkipped(head);
  if (!head.covers(start, 5)) return { note: head.missing(start + 5) };
  const descriptor = head.uint8(start + 4);
  if ((descriptor & 8) !== 0) return { note: MEANINGLESS_BIT };
  const isSingle = (descriptor & 0x20) !== 0;
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  const idBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const sizeAt = start + 5 + (isSingle ? 0 : 1) + idBytes;
  if (!head.covers(sizeAt, sizeBytes)) return { note: head.missing(sizeAt + sizeBytes) };
  const contentBytes = zstdContentBytes(head, sizeAt, sizeBytes);
  const windowBytes = isSingle ? contentBytes : zstdWindowBytes(head.uint8(start + 5));
  return known({ contentBytes, windowBytes, checksum: (descriptor & 4) !== 0 });
}

function zstdContentBytes(head: HeadView, at: number, length: number): number | undefined {
  if (length === 1) return head.uint8(at);
  if (length === 2) return head.uint16(at, true) + 256;
  if (length === 4) return head.uint32(at, true);
  return length === 8 ? head.uint64(at, true) : undefined;
}

function zstdWindowBytes(byte: number): number {
  const base = 2 ** (10 + (byte >> 3));
  return base + (base / 8) * (byte & 7);
}

/** The size of its blocks, before compression; the mark of a block, or of the end, is what told the type. */
export function bzip2Facts(head: HeadView): FileFacts {
  if (!head.covers(0, 4)) return { note: head.missing(4) };
  const level = head.uint8(3) - 0x30;
  if (level < 1 || level > 9) return { note: "damaged: its blocks have no possible size" };
  return known({ blockBytes: level * 100_000 });
}

/** The check that its stream header (The .xz File Format, section 2.1.1) names. */
export function xzFacts(head: HeadView): FileFacts {
  if (!head.covers(0, 12)) return { note: head.missing(12) };
  const checks: Readonly<Record<number, string>> = { 0: "none", 1: "crc32", 4: "crc64", 10: "sha256" };
  const flags = head.uint8(7);
  if (head.uint8(6) !== 0 || flags > 15) return { note: "damaged: its flags have no meaning" };
  return known({ check: checks[flags] ?? `unknown(${flags})` });
}

/** Version and the place of its directory (7zFormat.txt of the LZMA SDK, «SignatureHeader»). */
export function sevenZipFacts(head: HeadView): FileFacts {
  if (!head.covers(0, 32)) return { note: head.missing(32) };
  const version = `${head.uint8(6)}.${head.uint8(7)}`;
  const [headerStart, headerBytes] = [32 + head.uint64(12, true), head.uint64(20, true)];
  if (headerStart + headerBytes > head.fileSize) {
    return { ...known({ version }), note: "damaged: its directory reaches beyond its end" };
  }
  return known({ version, headerStart, headerBytes });
}

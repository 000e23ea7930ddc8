import { type Crc32, createCrc32 } from "#crc32";
import { exceedsRatio, tooDense } from "../../compress/check-decoded.ts";
import type { Decompress, DecompressPart } from "../../compress/decoder.ts";
import type { Bytes, PlannedSource } from "../../source/source.ts";
import { chunksOf } from "../../source/stream-chunks.ts";
import type { SeekCheck } from "./seek-map.ts";
import type { SeekRecorder } from "./seek-recorder.ts";

/** What a tar as a whole may be compressed with. */
export interface Compression {
  readonly format: "tar.gz" | "tar.zst" | "tar.bz2" | "tar.xz";
  /** As `Entry.method` says it. */
  readonly method: string;
  readonly maxRatio: number;
  load(): Promise<Decompress>;
  /** Where it can begin again in the middle. */
  loadPart?(): Promise<DecompressPart>;
}

/** Deflate cannot reach 1,033. Chosen, not measured, for the others. */
const RATIOS = { deflate: 1_100, other: 20_000 } as const;
const BZIP2_BLOCK = [0x31, 0x41, 0x59, 0x26, 0x53, 0x59];
const BZIP2_END = [0x17, 0x72, 0x45, 0x38, 0x50, 0x90];

const COMPRESSIONS: readonly (Compression & { readonly matches: (head: Uint8Array) => boolean })[] = [
  {
    format: "tar.gz",
    method: "deflate",
    maxRatio: RATIOS.deflate,
    matches: (head) => startsWith(head, [0x1f, 0x8b]),
    load: async () => (await import("../../compress/gzip.ts")).decompressGzip,
    loadPart: async () => (await import("../../compress/gzip.ts")).decompressGzipPart,
  },
  {
    format: "tar.zst",
    method: "zstd",
    maxRatio: RATIOS.other,
    // A frame, or one of the sixteen that are skipped (RFC 8878, 3.1.2).
    matches: (head) =>
      startsWith(head, [0x28, 0xb5, 0x2f, 0xfd]) ||
      (((head[0] ?? 0) & 0xf0) === 0x50 && startsWith(head.subarray(1), [0x2a, 0x4d, 0x18])),
    load: async () => (await import("../../compress/zstd.ts")).decompressZstd,
    // Frames are whole by themselves.
    loadPart: async () => (await import("../../compress/zstd.ts")).decompressZstd,
  },
  {
    format: "tar.bz2",
    method: "bzip2",
    maxRatio: RATIOS.other,
    matches: (head) =>
      startsWith(head, [0x42, 0x5a, 0x68]) &&
      [BZIP2_BLOCK, BZIP2_END].some((magic) => startsWith(head.subarray(4), magic)),
    load: async () => (await import("../../compress/bzip2.ts")).decompressBzip2,
  },
  {
    format: "tar.xz",
    method: "xz",
    maxRatio: RATIOS.other,
    matches: (head) => startsWith(head, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]),
    load: async () => (await import("../../compress/xz.ts")).decompressXz,
  },
];

/** Told from the first bytes, never from a name. */
export function detectCompression(head: Uint8Array): Compression | undefined {
  return COMPRESSIONS.find(({ matches }) => matches(head));
}

/** By what `Archive.format` says; undefined for a plain tar and for anything else. */
export function compressionOf(format: string): Compression | undefined {
  return COMPRESSIONS.find((compression) => compression.format === format);
}

/** What starts a checksum of a map. */
export async function loadChecksum(check: SeekCheck): Promise<() => Crc32> {
  return check === "crc32" ? createCrc32 : (await import("../../compress/xxhash64.ts")).loadXxhash64();
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}

/** How a compressed tar is read. */
export interface DecompressionOptions {
  readonly compression: Compression;
  readonly signal: AbortSignal;
  /** Instead of the ratio of the method. */
  readonly maxRatio: number | undefined;
  /** As the option of `PlannedSource.stream`: 0 where little of it will be read. */
  readonly aheadBytes?: number | undefined;
  /** Learns where it can begin again. */
  readonly recorder?: SeekRecorder | undefined;
}

/**
 * The whole of a compressed source, decompressed as it comes, with its checksums checked. Errors as those of {@link Decompress}, LIMIT
 * for what grows too much, and whatever the source reports.
 */
export async function* decompressSource(
  source: PlannedSource,
  { compression, signal, maxRatio = compression.maxRatio, aheadBytes, recorder }: DecompressionOptions,
): AsyncGenerator<Bytes, void, void> {
  const what = source.name;
  const decompress = await compression.load();
  let [taken, given] = [0, 0];
  async function* counted(): AsyncGenerator<Bytes, void, void> {
    for await (const chunk of chunksOf(source.stream([0], { signal, aheadBytes }))) {
      taken += chunk.length;
      yield chunk;
    }
  }
  for await (const chunk of decompress(counted(), { what, onRestart: recorder?.onRestart })) {
    given += chunk.length;
    if (exceedsRatio(given, taken, maxRatio)) throw tooDense({ what, maxRatio });
    await recorder?.take(chunk);
    yield chunk;
  }
}

import { beginCall } from "../../source/call.ts";
import type { Bytes, PlannedSource } from "../../source/source.ts";
import { type ResolvedLimits, resolveLimit } from "../archive.ts";
import { type Compression, decompressSource } from "./compression.ts";
import { listRecords, parseRecords } from "./read-records.ts";
import type { WalkOptions } from "./record-walk.ts";
import type { SeekMap } from "./seek-map.ts";
import { SeekRecorder } from "./seek-recorder.ts";
import { readSeekableZstd } from "./seekable-zstd.ts";
import { seekingInput } from "./seeking-input.ts";
import { sourceInput } from "./source-input.ts";
import { StreamInput } from "./stream-input.ts";
import type { TarRecord } from "./tar-record.ts";

/**
 * Bytes of an archive between checkpoints, unless they would be too many. Of a tar.gz of 474 MB with 57,000 libraries, fonts and texts
 * a member took 15 ms from a file in Node, and the windows 22 kB a checkpoint of the index, 2 % of the archive; with 256 KiB between
 * them 6 ms and 8 %.
 */
const CHECKPOINT_BYTES = 1024 * 1024;
/** So many windows are held at most, by default: 32 MiB. Chosen, not measured. */
const MAX_CHECKPOINTS = 1024;

/**
 * How far apart checkpoints of an archive of this size are; Infinity where its size is not known.
 *
 * @throws INVALID_ARGUMENT for an option that is no number from 0 on.
 */
export function resolveSpacing(size: number, checkpointBytes: number | undefined): number {
  const byDefault = Math.max(CHECKPOINT_BYTES, Math.ceil(size / MAX_CHECKPOINTS));
  return resolveLimit("checkpointBytes", checkpointBytes, byDefault);
}

/** What is known of a tar once it is open. */
export interface ListedTar {
  readonly records: readonly TarRecord[];
  /** Of a compressed tar, where it can be entered in its middle. */
  readonly map: SeekMap | undefined;
}

/** How a tar is listed. */
export interface ListOptions {
  readonly walk: WalkOptions;
  readonly limits: ResolvedLimits;
  /** Undefined for a plain tar. */
  readonly compression: Compression | undefined;
  /** Bytes of the archive between checkpoints. */
  readonly spacing: number;
  /** All of the archive, where it is in memory. */
  readonly bytes: Bytes | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Reads every header: of a compressed tar all of it, or of one that holds a map of itself the spans with headers. */
export async function listTar(source: PlannedSource, options: ListOptions): Promise<ListedTar> {
  const { walk, compression, bytes, signal } = options;
  if (compression === undefined) {
    const records =
      bytes === undefined
        ? await listRecords(sourceInput(source, signal), walk)
        : [...parseRecords({ bytes, start: 0, size: bytes.length }, walk)];
    return { records, map: undefined };
  }
  const own = new AbortController();
  const signals = [own.signal, signal];
  const call = beginCall({ signals, totalMs: Number.POSITIVE_INFINITY, url: source.name });
  try {
    return await listCompressed(source, compression, { ...options, signal: call.signal });
  } finally {
    own.abort();
    call.end();
  }
}

async function listCompressed(
  source: PlannedSource,
  compression: Compression,
  { walk, limits, spacing, signal }: ListOptions & { readonly signal: AbortSignal },
): Promise<ListedTar> {
  const { maxRatio } = limits;
  // One span would be all of it.
  const isLarge = source.size > spacing && compression.loadPart !== undefined;
  if (isLarge && compression.method === "zstd") {
    const map = await readSeekableZstd(source, limits, signal);
    if (map !== undefined) {
      const input = seekingInput({ source, compression, map, maxRatio }, signal);
      try {
        const records = await listRecords(input, walk);
        await input.finish();
        return { records, map };
      } finally {
        input.end();
      }
    }
  }
  const recorder = isLarge ? new SeekRecorder(spacing) : undefined;
  const input = new StreamInput(decompressSource(source, { compression, signal, maxRatio, recorder }));
  try {
    const records = await listRecords(input, walk);
    await input.drain();
    return { records, map: await recorder?.finish(source.size) };
  } finally {
    input.end();
  }
}

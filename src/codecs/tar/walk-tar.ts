import { type OpenInput, openSource } from "../../open.ts";
import { beginCall } from "../../source/call.ts";
import { closedError } from "../../source/closed-error.ts";
import type { Bytes, PlannedSource } from "../../source/source.ts";
import { type ResolvedLimits, resolveLimits } from "../archive.ts";
import { bytesData, bytesInHand, bytesInput } from "./bytes-data.ts";
import { decompressSource } from "./compression.ts";
import { sniffCompression, type TarWalkOptions, walkOptions } from "./open-tar.ts";
import { readRecords } from "./read-records.ts";
import { sourceInput } from "./source-input.ts";
import { StreamInput } from "./stream-input.ts";
import type { TarEntry } from "./tar-archive.ts";
import { passingData, plainData, type TarData } from "./tar-data.ts";
import { TarMember, type TarShared } from "./tar-member.ts";

/**
 * The members of a tar as they come, plain or compressed as those of `openTar`, with flat memory. Each may be read until the next step
 * (of a compressed tar once), then it is CLOSED. Leaving the loop closes the wire; a source handed in stays open. A compressed tar
 * that was walked to its end has been checked to its end. The option `signal` ends the walk at any time. A hard link tells the size 0 and
 * is UNSUPPORTED to read: its target went by.
 *
 * Sends nothing before the first step. Plain, it costs what `openTar` costs as far as it is walked, and one request for each member that
 * is read, as a rule; compressed, one way through, as far as it is walked, reading included.
 *
 * @throws (from the loop) what `openTar` throws.
 */
export async function* walkTar(
  input: OpenInput,
  options: TarWalkOptions = {},
): AsyncGenerator<TarEntry, void, void> {
  const limits = resolveLimits(options);
  const source = await openSource(input, options);
  const own = new AbortController();
  const signals = [own.signal, options.signal];
  const call = beginCall({ signals, totalMs: Number.POSITIVE_INFINITY, url: source.name });
  try {
    yield* walkSource(source, { options, limits, signal: call.signal, bytes: bytesInHand(input) });
  } finally {
    own.abort();
    call.end();
    // A PlannedSource comes back as it is: that one is not ours to close.
    if (source !== input) await source.close();
  }
}

/** How an open source is walked. */
export interface SourceWalk {
  readonly options: TarWalkOptions;
  readonly limits: ResolvedLimits;
  /** Of a compressed tar: 0 where the walk will be left early. */
  readonly aheadBytes?: number | undefined;
  /** All of the archive, where it is in memory. */
  readonly bytes?: Bytes | undefined;
  /** Ends what is on its way. */
  readonly signal: AbortSignal;
}

/** The members of a tar in a source that is already open, as {@link walkTar} gives them. */
export async function* walkSource(
  source: PlannedSource,
  { options, limits, aheadBytes, bytes, signal }: SourceWalk,
): AsyncGenerator<TarEntry, void, void> {
  const walk = walkOptions(source, options, limits);
  const compression = await sniffCompression(source, { signal, bytes });
  const { maxRatio } = limits;
  const stream =
    compression && new StreamInput(decompressSource(source, { compression, signal, maxRatio, aheadBytes }));
  const about = { source, walk, isIndexed: false };
  const input = stream ?? (bytes === undefined ? sourceInput(source, signal) : bytesInput(bytes));
  const plain = (): TarData => (bytes === undefined ? plainData(about) : bytesData(bytes, about));
  const data = stream === undefined ? plain() : passingData(stream, source.name);
  const budget = { left: limits.maxTotalBytes };
  try {
    for await (const record of readRecords(input, walk)) {
      const step = new AbortController();
      const shared: TarShared = {
        source,
        archive: source.name,
        data,
        method: compression?.method ?? "store",
        limits,
        budget,
        closed: step.signal,
        target: () => undefined,
        isIndexed: false,
        isWalk: true,
      };
      try {
        yield new TarMember(shared, record);
      } finally {
        step.abort(closedError(`${record.name} in ${source.name}`));
      }
      signal.throwIfAborted();
    }
    await stream?.drain();
  } finally {
    stream?.end();
  }
}

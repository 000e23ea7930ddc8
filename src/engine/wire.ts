import type { Range } from "../ranges/range.ts";
import type { WireCall } from "../source/call.ts";
import type { LinkEstimate } from "../source/link-estimate.ts";
import type { ReadParts } from "../source/multi-range.ts";
import type { Bytes, Source } from "../source/source.ts";
import { toAbortSignal } from "../source/stop.ts";

/** The body of one range, opened on its first read. One reader at a time. */
export interface WireBody {
  /** The next chunk, which belongs to the caller; undefined at the end. */
  readWithin(call: WireCall): Promise<Bytes | undefined>;
  cancel(): void;
}

/** What a store has of the bytes that come over a wire. */
export interface WireStore {
  /** The body of a range, out of what is stored and, where that has gaps, of what `open` brings. */
  openBody(range: Range, open: (range: Range) => WireBody): WireBody;
  /** Takes over a copy of verified bytes. Never throws. */
  save(range: Range, bytes: Bytes): void;
  /** Resolves when what was saved is written, or given up. Never rejects. */
  flush(): Promise<void>;
}

/** A source whose requests the engine can plan: it tells what they cost, and takes an order for them. */
export interface WireSource extends Source {
  /** `streamed`: it is pulled as somebody reads it, and not as a whole. */
  openBody(range: Range, streamed: boolean): WireBody;
  /** What the way to the server is like now. */
  linkEstimate(): LinkEstimate;
  /** Short requests may go out behind each other on one connection. */
  readonly pipelines?: boolean | undefined;
  /** Milliseconds that one call may take. */
  readonly totalMs: number;
  /** There as long as the server is known to answer requests of several ranges. */
  readonly readParts?: ReadParts | undefined;
}

/**
 * What reads of a source that tells nothing of itself are planned by: memory, a file, or whatever somebody wrote. Without
 * latency there is no reason to merge, to split or to read ahead, so it is asked for what is wanted and no more.
 */
const NEAR: LinkEstimate = {
  latencyMs: 0,
  connectMs: 0,
  bytesPerSecond: 1e9,
  totalBytesPerSecond: 1e9,
  connections: Number.POSITIVE_INFINITY,
  idle: Number.POSITIVE_INFINITY,
  measured: true,
};

/** Gives a plain Source the form of one on a wire. */
export function wireSource(source: Source): WireSource {
  if ("openBody" in source) return source as WireSource;
  return {
    name: source.name,
    size: source.size,
    identity: source.identity,
    totalMs: Number.POSITIVE_INFINITY,
    linkEstimate: () => NEAR,
    openBody: (range, streamed) => (streamed ? readStream(source, range) : readOnce(source, range)),
    read: (range, options) => source.read(range, options),
    stream: (range, options) => source.stream(range, options),
    close: () => source.close(),
    [Symbol.asyncDispose]: () => source.close(),
  };
}

function readOnce(source: Source, range: Range): WireBody {
  let given = false;
  return {
    async readWithin(call) {
      if (given) return undefined;
      given = true;
      return source.read(range, { signal: toAbortSignal(call.signal) });
    },
    cancel: () => undefined,
  };
}

function readStream(source: Source, range: Range): WireBody {
  let reader: ReadableStreamDefaultReader<Bytes> | undefined;
  return {
    async readWithin() {
      reader ??= source.stream(range).getReader();
      return (await reader.read()).value;
    },
    cancel() {
      reader?.cancel().catch(() => undefined);
    },
  };
}

import { concatBytes } from "../../bytes/collect-bytes.ts";
import { type RangeInput, resolveRange } from "../../ranges/range-input.ts";
import { beginCall } from "../../source/call.ts";
import { closedError } from "../../source/closed-error.ts";
import type { Bytes, ReadOptions, Source } from "../../source/source.ts";
import { type ChunkReader, streamChunks } from "../../source/stream-chunks.ts";
import type { MemberReader } from "./tar-data.ts";

/** A member whose bytes are decompressed when they are asked for. */
export interface InsideMember {
  readonly name: string;
  readonly size: number;
  /** Aborts with CLOSED when the archive closes. */
  readonly closed: AbortSignal;
  readonly read: MemberReader;
  /** Counts bytes that are given. @throws LIMIT */
  spend(byteLength: number): void;
}

/** Random access inside a member: each read decompresses what it needs anew. */
export function insideSource({ name, size, closed, read, spend }: InsideMember): Source {
  const closing = new AbortController();
  const chunksOf = async function* (
    input: RangeInput,
    signal?: AbortSignal,
  ): AsyncGenerator<Bytes, void, void> {
    closing.signal.throwIfAborted();
    const range = resolveRange(input, size);
    if (range.isEmpty()) return;
    const own = new AbortController();
    const signals = [closed, closing.signal, signal, own.signal];
    const call = beginCall({ signals, totalMs: Number.POSITIVE_INFINITY, url: name });
    try {
      call.signal.throwIfAborted();
      for await (const chunk of read(range, call.signal)) {
        spend(chunk.length);
        yield chunk;
      }
    } finally {
      own.abort();
      call.end();
    }
  };
  const close = async (): Promise<void> => {
    if (!closing.signal.aborted) closing.abort(closedError(name));
  };
  return {
    name,
    size,
    // Checksums of the index vouch for its bytes, but no server ever did.
    identity: { strength: "none" },
    async read(input: RangeInput, { signal }: ReadOptions = {}): Promise<Bytes> {
      const chunks: Bytes[] = [];
      for await (const chunk of chunksOf(input, signal)) chunks.push(chunk);
      return concatBytes(chunks);
    },
    stream(input: RangeInput = [0], { signal }: ReadOptions = {}): ReadableStream<Bytes> {
      const own = new AbortController();
      const chunks = chunksOf(input, own.signal);
      const open = (): ChunkReader => ({
        read: async () => (await chunks.next()).value ?? undefined,
        cancel: () => own.abort(),
      });
      return streamChunks(open, signal);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

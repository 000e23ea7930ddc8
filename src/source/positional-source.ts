import { Range } from "../ranges/range.ts";
import { type RangeInput, resolveRange } from "../ranges/range-input.ts";
import { closedError } from "./closed-error.ts";
import { HELD_BYTES, type InMemory } from "./held-view.ts";
import type { Bytes, Identity, ReadOptions, Source } from "./source.ts";
import { streamChunks } from "./stream-chunks.ts";
import { waitFor } from "./wait-for.ts";

/** The piece in which a stream over a local source reads; large enough that the call around it does not matter. *Unmeasured*. */
const PIECE_BYTES = 256 * 1024;

/** The one thing that differs between local sources: how bytes at a position come to be. */
export interface PositionalReader {
  readonly name: string;
  readonly size: number;
  readonly identity: Identity;
  /** Exactly the bytes of a range inside the size, over a buffer of their own. */
  readAt(range: Range): Promise<Bytes>;
  /** All bytes, where they are in memory. */
  readonly bytes?: Uint8Array | undefined;
  close?(): Promise<void>;
}

/** A Source over anything that reads by position and needs no planning: bytes in memory, a Blob, a file. */
export function positionalSource(reader: PositionalReader): Source & InMemory {
  let isClosed = false;
  /** Made for the first read: of a source that is only looked at, nobody ever waits for it. */
  let closing: AbortController | undefined;
  const resolve = (input: RangeInput): Range => {
    if (isClosed) throw closedError(reader.name);
    return resolveRange(input, reader.size);
  };
  const readRange = (range: Range, signal: AbortSignal | undefined): Promise<Bytes> => {
    if (range.isEmpty()) return Promise.resolve(new Uint8Array(0));
    closing ??= new AbortController();
    return waitFor(reader.readAt(range), [signal, closing.signal]);
  };
  const close = async (): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    closing?.abort(closedError(reader.name));
    await reader.close?.();
  };
  return {
    name: reader.name,
    size: reader.size,
    identity: reader.identity,
    async read(input: RangeInput, options: ReadOptions = {}): Promise<Bytes> {
      options.signal?.throwIfAborted();
      return readRange(resolve(input), options.signal);
    },
    stream(input: RangeInput = [0], options: ReadOptions = {}): ReadableStream<Bytes> {
      return streamChunks(() => pieces(resolve(input), readRange), options.signal);
    },
    [HELD_BYTES]: reader.bytes,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function pieces(
  range: Range,
  read: (piece: Range, signal: AbortSignal | undefined) => Promise<Bytes>,
): { read(signal?: AbortSignal): Promise<Bytes | undefined>; cancel(): void } {
  let position = range.start;
  return {
    async read(signal) {
      if (position === range.end) return undefined;
      const piece = new Range(position, Math.min(range.end, position + PIECE_BYTES));
      const bytes = await read(piece, signal);
      position = piece.end;
      return bytes;
    },
    cancel: () => undefined,
  };
}

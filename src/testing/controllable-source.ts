import { RangeStreamsError } from "../errors.ts";
import type { Range } from "../ranges/range.ts";
import { type RangeInput, resolveRange } from "../ranges/range-input.ts";
import type { Bytes, ReadOptions, Source } from "../source/source.ts";

/** A read that waits for the test. */
export interface HeldRead {
  /** What was asked for, half-open. */
  readonly range: Range;
  /** Resolved, rejected, aborted or closed: what comes later has no effect. */
  readonly isSettled: boolean;
  /** Gives `bytes`; by default the right ones. */
  resolve(bytes?: Bytes): void;
  /** Fails it with `error`. */
  reject(error: unknown): void;
}

/** A stream whose chunks wait for the test. */
export interface HeldStream {
  /** What was asked for, half-open. */
  readonly range: Range;
  /** Bytes delivered so far. */
  readonly delivered: number;
  /** The consumer waits for bytes: it has taken all that was delivered and asked for more. */
  readonly isWanted: boolean;
  /** Ended, failed, cancelled, aborted or closed: what comes later has no effect. */
  readonly isSettled: boolean;
  /** The consumer or its signal left. */
  readonly isCancelled: boolean;
  /** Gives the next `byteLength` bytes as one chunk (default: all that is left), and ends the stream after the last. */
  deliver(byteLength?: number): void;
  /** Ends the stream, also where bytes are missing. */
  end(): void;
  /** Fails the stream with `error`. */
  fail(error: unknown): void;
}

/** A source in which nothing happens until the test says so. */
export interface ControllableSource extends Source {
  /** Every read so far, live. */
  readonly reads: readonly HeldRead[];
  /** Every stream so far, live. */
  readonly streams: readonly HeldStream[];
  /** Whether it was closed. */
  readonly isClosed: boolean;
  /** The read with that index, from 0, once it was asked for. */
  readAt(index: number): Promise<HeldRead>;
  /** The stream with that index, from 0, once it was asked for. */
  streamAt(index: number): Promise<HeldStream>;
}

/** Options of {@link controllableSource}. */
export interface ControllableSourceOptions {
  /** The identity told; default none. */
  identity?: Source["identity"];
  /** The size told, in bytes; default that of the bytes. */
  size?: number;
}

/** A Source over bytes whose every read and stream is held until the test resolves, delivers or fails it. */
export function controllableSource(
  bytes: Uint8Array,
  options: ControllableSourceOptions = {},
): ControllableSource {
  const size = options.size ?? bytes.length;
  const closing = new AbortController();
  const reads = arrivals<HeldRead>();
  const streams = arrivals<HeldStream>();
  const begin = (input: RangeInput, signal: AbortSignal | undefined): Begun => {
    if (closing.signal.aborted) throw closing.signal.reason;
    signal?.throwIfAborted();
    const range = resolveRange(input, size);
    const content = new Uint8Array(bytes.subarray(range.start, range.end));
    return { range, content, leaving: AbortSignal.any(signal ? [signal, closing.signal] : [closing.signal]) };
  };
  const close = async () => {
    closing.abort(
      new RangeStreamsError("CLOSED", "Asked of a controllable source that is closed; open another"),
    );
  };
  return {
    name: "controllable source",
    size,
    identity: options.identity ?? { strength: "none" },
    reads: reads.all,
    streams: streams.all,
    get isClosed() {
      return closing.signal.aborted;
    },
    readAt: reads.at,
    streamAt: streams.at,
    async read(input: RangeInput, { signal }: ReadOptions = {}): Promise<Bytes> {
      const begun = begin(input, signal);
      return await new Promise<Bytes>((resolve, reject) => reads.add(holdRead(begun, resolve, reject)));
    },
    stream(input: RangeInput = [0], { signal }: ReadOptions = {}): ReadableStream<Bytes> {
      return heldStream(() => begin(input, signal), streams.add);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface Begun {
  readonly range: Range;
  readonly content: Bytes;
  readonly leaving: AbortSignal;
}

function holdRead(
  { range, content, leaving }: Begun,
  resolve: (bytes: Bytes) => void,
  reject: (error: unknown) => void,
): HeldRead {
  let isSettled = false;
  const settle = (how: () => void) => {
    if (isSettled) return;
    isSettled = true;
    leaving.removeEventListener("abort", leave);
    how();
  };
  const leave = () => settle(() => reject(leaving.reason));
  leaving.addEventListener("abort", leave);
  return {
    range,
    get isSettled() {
      return isSettled;
    },
    resolve: (given = content) => settle(() => resolve(given)),
    reject: (error) => settle(() => reject(error)),
  };
}

function heldStream(begin: () => Begun, add: (held: HeldStream) => void): ReadableStream<Bytes> {
  let held: (HeldStream & { want(): void; cancel(): void }) | undefined;
  return new ReadableStream<Bytes>(
    {
      start: (controller) => {
        try {
          held = holdStream(begin(), controller);
          add(held);
        } catch (error) {
          // What `start` throws would be thrown by stream(), but errors belong into the stream.
          controller.error(error);
        }
      },
      pull: () => held?.want(),
      cancel: () => held?.cancel(),
    },
    { highWaterMark: 0 },
  );
}

function holdStream(
  { range, content, leaving }: Begun,
  controller: ReadableStreamDefaultController<Bytes>,
): HeldStream & { want(): void; cancel(): void } {
  let delivered = 0;
  let isWanted = false;
  let isSettled = false;
  let isCancelled = false;
  const settle = (how: () => void) => {
    if (isSettled) return;
    isSettled = true;
    isWanted = false;
    leaving.removeEventListener("abort", leave);
    how();
  };
  const leave = () => {
    settle(() => {
      isCancelled = true;
      controller.error(leaving.reason);
    });
  };
  leaving.addEventListener("abort", leave);
  const end = () => settle(() => controller.close());
  return {
    range,
    get delivered() {
      return delivered;
    },
    get isWanted() {
      return isWanted;
    },
    get isSettled() {
      return isSettled;
    },
    get isCancelled() {
      return isCancelled;
    },
    want: () => {
      isWanted = !isSettled;
    },
    cancel: () => {
      settle(() => {
        isCancelled = true;
      });
    },
    deliver: (byteLength = content.length - delivered) => {
      if (isSettled) return;
      const chunk = content.slice(delivered, delivered + byteLength);
      delivered += chunk.length;
      isWanted = false;
      if (chunk.length > 0) controller.enqueue(chunk);
      if (delivered === content.length) end();
    },
    end,
    fail: (error) => settle(() => controller.error(error)),
  };
}

interface Arrivals<T> {
  readonly all: T[];
  add(item: T): void;
  at(index: number): Promise<T>;
}

function arrivals<T>(): Arrivals<T> {
  const all: T[] = [];
  const waiting: { index: number; resolve: (item: T) => void }[] = [];
  return {
    all,
    add: (item) => {
      all.push(item);
      for (const { resolve } of waiting.filter(({ index }) => index === all.length - 1)) resolve(item);
    },
    at: (index) => {
      const item = all[index];
      if (item !== undefined) return Promise.resolve(item);
      return new Promise((resolve) => waiting.push({ index, resolve }));
    },
  };
}

import { OutOfBoundsError, RangeStreamsError } from "../errors.ts";
import { INSPECT } from "../ranges/inspect.ts";
import { Range } from "../ranges/range.ts";
import { closedError } from "../source/closed-error.ts";
import type { Bytes, PlannedSource, ReadOptions } from "../source/source.ts";
import { waitFor } from "../source/wait-for.ts";
import { handOverStream } from "./hand-over-stream.ts";
import { ResponseBody } from "./response-body.ts";

/** From where `seek` counts. */
export type Whence = "start" | "current" | "end";

/** One thing to read, once the reads begun before are over. */
interface ReadStep<T> {
  /** Up to where bytes are needed; comes nearer when `add` trims the range meanwhile. */
  goal(start: number): number;
  /** Takes them out of the buffer and moves the position. */
  take(start: number): T;
}

/** What a handle needs of the stream it belongs to. */
export interface ResponseHost {
  readonly source: PlannedSource;
  /** For `toString`: `'name' from domain`, or `'name'` where there is no domain. */
  readonly label: string;
  /** The handle's unread part is another than before. */
  moved(response: RangeResponse, before: Range): void;
  /** The handle was closed. */
  closed(response: RangeResponse): void;
}

/**
 * One range of a file as something to read: nothing is asked of the server before the first read, then its body streams with
 * back-pressure. Positions are relative to the start of `range`. Reads begun together are answered in the order of their calls.
 */
export class RangeResponse implements AsyncIterable<Bytes>, AsyncDisposable {
  /** As asked for; never changes. */
  readonly range: Range;
  /** What it was called in `add`; empty where it was not. */
  readonly name: string;
  readonly #host: ResponseHost;
  readonly #body: ResponseBody;
  readonly #closing = new AbortController();
  /** The positions that are this handle's own: later ranges may have taken some at either end. */
  #owned: Range;
  /** Absolute. */
  #position: number;
  /** Resolves when the last read begun so far is over. */
  #turn: Promise<void> = Promise.resolve();
  #pendingReads = 0;
  /** Wakes a read whose range was trimmed meanwhile. */
  #wake: (() => void) | undefined;

  /** @internal Handles are made by `RangeStream.add`. */
  constructor(host: ResponseHost, range: Range, name: string) {
    this.#host = host;
    this.range = range;
    this.name = name;
    this.#owned = range;
    this.#position = range.start;
    this.#body = new ResponseBody(host.source);
  }

  /** Still to read: after the position, before the tail mark. Absolute, as `range` is. */
  get remaining(): Range {
    return new Range(this.#position, this.#owned.end);
  }

  /** Bytes that later ranges cut off the end of `range`. */
  get tailMark(): number {
    return this.range.end - this.#owned.end;
  }

  /** Whether nothing remains to be read. */
  get isConsumed(): boolean {
    return this.#position === this.#owned.end;
  }

  /** Whether it was closed: by `close`, with its stream, or because another range took its place. Reading it is CLOSED. */
  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** @internal The positions that are this handle's own. */
  get owned(): Range {
    return this.#owned;
  }

  /**
   * Exactly the next min(`length`, what remains) bytes, which belong to the caller; all that remains if `length` is left out,
   * none at the end. A failed or aborted read moves nothing; what had come is kept, up to 4 MiB. At most one request, unless the
   * body was interrupted.
   *
   * @throws INVALID_ARGUMENT for a length that is no whole number of bytes, CLOSED, `signal.reason` itself, and whatever the source
   * reports.
   */
  async read(length?: number, options: ReadOptions = {}): Promise<Bytes> {
    if (length !== undefined && (!Number.isSafeInteger(length) || length < 0)) {
      throw badArgument(
        `${this}: asked to read ${String(length)} bytes; a length is a whole number from 0 on`,
      );
    }
    const goal = (start: number): number => Math.min(start + (length ?? Infinity), this.#owned.end);
    const take = (start: number): Bytes => {
      const taken = this.#body.take(start, goal(start) - start);
      this.#moveTo(start + taken.byteLength);
      return taken;
    };
    return this.#inTurn({ goal, take }, options.signal);
  }

  /**
   * Moves the position and tells it, relative to the start of `range`. `end` counts from the tail mark. Sends nothing: the next
   * read goes on from there, and `ranges` shows what is unread from there.
   *
   * @throws INVALID_ARGUMENT for a position before the start, a fraction, or while a read is pending; OUT_OF_BOUNDS past the
   * trimmed end (the end itself is allowed); OVERLAP for positions that another range took; CLOSED.
   */
  seek(offset: number, whence: Whence = "start"): number {
    if (this.isClosed) throw this.#closing.signal.reason;
    const target = this.#target(offset, whence);
    if (this.#pendingReads > 0)
      throw badArgument(`${this}: asked to seek while a read is pending; await it first`);
    if (target < this.#owned.start) {
      const message = `${this}: asked to seek to ${target - this.range.start}, which another range took over; read it there`;
      throw new RangeStreamsError("OVERLAP", message);
    }
    this.#moveTo(target);
    return this.tell();
  }

  /** The position, in bytes from the start of `range`. */
  tell(): number {
    return this.#position - this.range.start;
  }

  /**
   * What remains, chunk by chunk, with back-pressure; each chunk moves the position and belongs to the consumer. Cancelling ends
   * the request, unless a read waits for it, and leaves the rest unread.
   *
   * @throws (through the stream) what {@link RangeResponse.read} throws.
   */
  stream(options: ReadOptions = {}): ReadableStream<Bytes> {
    return handOverStream({
      handOver: (give, leaving) => this.#nextChunk(give, leaving),
      left: () => this.#releaseIdle(),
      signal: options.signal,
    });
  }

  /**
   * What remains, chunk by chunk, as {@link RangeResponse.stream} gives it. Leaving the loop leaves the rest unread.
   *
   * @throws (from the loop) what {@link RangeResponse.read} throws.
   */
  async *[Symbol.asyncIterator](): AsyncIterator<Bytes> {
    const same = (chunk: Bytes): Bytes => chunk;
    for (let chunk = await this.#nextChunk(same); chunk !== undefined; chunk = await this.#nextChunk(same))
      yield chunk;
  }

  /** Frees the connection and takes the handle out of both views. Pending and later reads reject with CLOSED. Twice is fine. */
  async close(): Promise<void> {
    this.shut();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal Closes at once. */
  shut(): void {
    if (this.isClosed) return;
    this.#closing.abort(closedError(String(this)));
    this.#body.discard();
    this.#host.closed(this);
  }

  /** @internal A later range took positions: only these are left. A pending read is shortened to them. */
  trimTo(owned: Range): void {
    this.#owned = owned;
    // A consumed handle whose end was taken stays consumed.
    this.#position = Math.min(this.#position, owned.end);
    if (this.isConsumed && this.#pendingReads === 0) this.#body.discard();
    this.#wake?.();
  }

  /** `RangeResponse ⠶ "name" [0, 3) @ 'file' from host`; always the range as asked for, and no host where the input was no URL. */
  toString(): string {
    const name = this.name === "" ? "" : `${JSON.stringify(this.name)} `;
    return `RangeResponse ⠶ ${name}${this.range} @ ${this.#host.label}`;
  }

  /** The same, for `console.log`. */
  [INSPECT](): string {
    return this.toString();
  }

  /** Waits for the reads begun before, then reads; those begun later wait for both. */
  async #inTurn<T>(step: ReadStep<T>, leaving: AbortSignal | undefined): Promise<T> {
    const signals = [leaving, this.#closing.signal];
    checkSignals(signals);
    const before = this.#turn;
    let over = (): void => undefined;
    const ours = new Promise<void>((resolve) => {
      over = resolve;
    });
    this.#turn = before.then(() => ours);
    this.#pendingReads++;
    let isTaken = false;
    try {
      await waitFor(before, signals);
      const taken = await this.#fillAndTake(step, signals);
      isTaken = true;
      return taken;
    } finally {
      this.#pendingReads--;
      // An abort ends the request when the last reader left; what had come is kept for the next.
      if (!isTaken || leaving?.aborted) this.#releaseIdle();
      over();
    }
  }

  /** Ends the request if nobody waits for it. */
  #releaseIdle(): void {
    if (this.#pendingReads === 0) this.#body.release();
  }

  /** The next chunk, through `pass` in the same step in which the position moves past it; undefined at the end. */
  #nextChunk<T>(pass: (chunk: Bytes) => T, leaving?: AbortSignal): Promise<T | undefined> {
    const goal = (start: number): number => Math.min(start + 1, this.#owned.end);
    const take = (start: number): T | undefined => {
      if (start === this.#owned.end) return undefined;
      const chunk = this.#body.takeChunk(start, this.#owned.end - start);
      this.#moveTo(start + chunk.byteLength);
      return pass(chunk);
    };
    return this.#inTurn({ goal, take }, leaving);
  }

  async #fillAndTake<T>(step: ReadStep<T>, signals: readonly (AbortSignal | undefined)[]): Promise<T> {
    const start = this.#position;
    for (;;) {
      // Between the arrival of a chunk and this step somebody may have left, trimmed or closed; nobody can before it is taken.
      checkSignals(signals);
      if (start + this.#body.buffered(start) >= step.goal(start)) return step.take(start);
      const trimmed = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      try {
        await waitFor(Promise.race([this.#body.fill(this.#owned.end), trimmed]), signals);
      } finally {
        this.#wake = undefined;
      }
    }
  }

  #target(offset: number, whence: Whence): number {
    const bases: Record<string, number> = {
      start: this.range.start,
      current: this.#position,
      end: this.#owned.end,
    };
    const base = Object.hasOwn(bases, whence) ? bases[whence] : undefined;
    if (base === undefined)
      throw badArgument(`${this}: asked to seek from ${String(whence)}; use start, current or end`);
    const target = base + offset;
    if (!Number.isSafeInteger(offset) || target < this.range.start) {
      throw badArgument(
        `${this}: asked to seek to ${String(offset)} from its ${whence}; positions begin at 0`,
      );
    }
    if (target <= this.#owned.end) return target;
    const { start, end } = this.#owned;
    const message = `${this}: asked to seek to ${target - this.range.start}, past its end at ${end - this.range.start}`;
    const { size } = this.#host.source;
    throw new OutOfBoundsError(
      `${message}; stay within it`,
      { start, end },
      Number.isFinite(size) ? size : undefined,
    );
  }

  #moveTo(position: number): void {
    const before = this.remaining;
    this.#position = position;
    if (this.isConsumed) this.#body.discard();
    if (position !== before.start) this.#host.moved(this, before);
  }
}

function checkSignals(signals: readonly (AbortSignal | undefined)[]): void {
  for (const signal of signals) signal?.throwIfAborted();
}

function badArgument(message: string): RangeStreamsError {
  return new RangeStreamsError("INVALID_ARGUMENT", message);
}

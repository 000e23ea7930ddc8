import type { Range } from "../ranges/range.ts";
import type { Deadline, Deadlines } from "../source/deadlines.ts";
import { onAbort } from "../source/on-abort.ts";
import type { Bytes } from "../source/source.ts";
import { timeoutError } from "../source/timeout.ts";
import type { Flow } from "./flow.ts";
import type { ReadHints } from "./read-ahead.ts";
import { ReadCall } from "./read-call.ts";
import type { SpanMap } from "./span-map.ts";

/** What ends a group early, and what it tells. */
export interface ReadGroupOptions {
  readonly hints: ReadHints;
  readonly signal: AbortSignal | undefined;
  readonly totalMs: number;
  readonly clock: Deadlines;
  /** For messages; secrets removed. */
  readonly name: string;
  /** Told of each range as its bytes are complete. */
  readonly onBytes?: ((index: number, bytes: Bytes) => void) | undefined;
  /** Called once, however it ended. */
  readonly onEnd: (group: ReadGroup) => void;
}

/** Ranges that one caller wants together: all of them, or the first failure. */
export class ReadGroup {
  readonly ranges: readonly Range[];
  readonly hints: ReadHints;
  /** All bytes, in the order asked. */
  readonly done: Promise<Bytes[]>;
  readonly #options: ReadGroupOptions;
  readonly #calls: ReadCall[];
  readonly #forget: () => void;
  readonly #deadline: Deadline;
  #left: number;
  #isEnded = false;
  #resolve!: (bytes: Bytes[]) => void;
  #reject!: (error: unknown) => void;

  constructor(ranges: readonly Range[], options: ReadGroupOptions) {
    this.ranges = ranges;
    this.hints = options.hints;
    this.#options = options;
    this.#left = ranges.length;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#calls = ranges.map(
      (range, index) => new ReadCall(range, (call, error) => this.#settled(index, call, error)),
    );
    const { signal, totalMs, name: url } = options;
    this.#forget = onAbort(signal, () => this.fail(signal?.reason));
    const onTimeout = (): void => this.fail(timeoutError({ ms: totalMs, phase: "total", url }));
    this.#deadline = options.clock.add(totalMs, onTimeout);
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Takes what is held, and joins what is in flight; nothing of the ranges may be missing on the map. */
  start(map: SpanMap<Flow>): void {
    for (const call of this.#calls) {
      if (this.#isEnded) return;
      call.start(map);
    }
  }

  /** Ends it early: what only this group wanted is cancelled. */
  fail(error: unknown): void {
    if (this.#isEnded) return;
    this.#end();
    for (const call of this.#calls) call.stop(error);
    this.#reject(error);
  }

  #settled(index: number, call: ReadCall, error: unknown): void {
    if (this.#isEnded) return;
    if (error !== undefined) {
      this.fail(error);
      return;
    }
    this.#left--;
    this.#options.onBytes?.(index, call.bytes);
    if (this.#left > 0) return;
    this.#end();
    this.#resolve(this.#calls.map(({ bytes }) => bytes));
  }

  #end(): void {
    this.#isEnded = true;
    this.#options.clock.delete(this.#deadline);
    this.#forget();
    this.#options.onEnd(this);
  }
}

import type { Range } from "../ranges/range.ts";
import type { Deadline, Deadlines } from "../source/deadlines.ts";
import { onAbort } from "../source/on-abort.ts";
import type { Bytes } from "../source/source.ts";
import { timeoutError } from "../source/timeout.ts";
import type { Flow } from "./flow.ts";
import type { ReadHints } from "./read-ahead.ts";
import { ReadCall, type ReadCallOwner } from "./read-call.ts";
import type { SpanMap } from "./span-map.ts";

/** What all groups of a source have in common. */
export interface ReadGroupHost {
  readonly totalMs: number;
  readonly clock: Deadlines;
  /** For messages; secrets removed. */
  readonly name: string;
  /** Called once, however it ended. */
  readonly onEnd: (group: ReadGroup) => void;
}

/** What ends a group early, and what it tells. */
interface ReadGroupOptions extends ReadHints {
  readonly signal?: AbortSignal | undefined;
}

/** What a {@link ReadGroup} is made of. */
export interface ReadGroupParts {
  readonly host: ReadGroupHost;
  readonly options: ReadGroupOptions;
  readonly onBytes?: ((index: number, bytes: Bytes) => void) | undefined;
}

/** Ranges that one caller wants together: all of them, or the first failure. */
export class ReadGroup implements ReadCallOwner {
  readonly ranges: readonly Range[];
  readonly hints: ReadHints;
  /** All bytes, in the order asked. */
  readonly done: Promise<Bytes[]>;
  readonly #host: ReadGroupHost;
  /** Told of each range as its bytes are complete. */
  readonly #onBytes: ((index: number, bytes: Bytes) => void) | undefined;
  readonly #calls: ReadCall[] = [];
  readonly #bytes: Bytes[] = [];
  readonly #forget: (() => void) | undefined;
  readonly #deadline: Deadline;
  #left: number;
  #isEnded = false;
  #resolve!: (bytes: Bytes[]) => void;
  #reject!: (error: unknown) => void;

  constructor(ranges: readonly Range[], { host, options, onBytes }: ReadGroupParts) {
    this.ranges = ranges;
    this.hints = options;
    this.#host = host;
    this.#onBytes = onBytes;
    this.#left = ranges.length;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    for (let index = 0; index < ranges.length; index++)
      this.#calls.push(new ReadCall(ranges[index] as Range, index, this));
    const { signal } = options;
    this.#forget = signal && onAbort(signal, () => this.fail(signal.reason));
    const { totalMs, name: url, clock } = host;
    this.#deadline = clock.add(totalMs, () => this.fail(timeoutError({ ms: totalMs, phase: "total", url })));
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

  settled(call: ReadCall, error: unknown): void {
    if (this.#isEnded) return;
    if (error !== undefined) {
      this.fail(error);
      return;
    }
    const { index, bytes } = call;
    this.#left--;
    this.#bytes[index] = bytes;
    this.#onBytes?.(index, bytes);
    if (this.#left > 0) return;
    this.#end();
    this.#resolve(this.#bytes);
  }

  #end(): void {
    this.#isEnded = true;
    this.#host.clock.delete(this.#deadline);
    this.#forget?.();
    this.#host.onEnd(this);
  }
}

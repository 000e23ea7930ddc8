import type { Range } from "../ranges/range.ts";
import { RangeDict } from "../ranges/range-dict.ts";
import type { Bytes, Source } from "../source/source.ts";

/** One read of the source beneath, which any number of readers wait for. */
export interface Fetch {
  readonly range: Range;
  readonly bytes: Promise<Bytes>;
}

interface Running extends Fetch {
  readonly controller: AbortController;
  readers: number;
}

/** What {@link Fetches} tells whoever keeps the bytes and draws the map. */
export interface FetchesOptions {
  onArrived(range: Range, bytes: Bytes): void;
  onPending(range: Range): void;
  onSettled(range: Range): void;
}

/**
 * The reads in flight, by position and never overlapping. Readers of the same bytes share one; when its last reader leaves it is
 * aborted and forgotten, so that the next reader starts afresh.
 */
export class Fetches {
  readonly #source: Source;
  readonly #options: FetchesOptions;
  readonly #running = new RangeDict<Running>();

  constructor(source: Source, options: FetchesOptions) {
    this.#source = source;
    this.#options = options;
  }

  /** Joins what is in flight of `gap` and starts the rest. The caller must {@link leave} each in the end. */
  join(gap: Range): Fetch[] {
    const joined = new Set<Running>();
    for (const [, running] of this.#running.overlapping(gap)) joined.add(running);
    for (const running of joined) running.readers++;
    return [...joined, ...this.#running.missing(gap).map((missing) => this.#start(missing))];
  }

  /** The fetch that brings the byte at `position`, joined. */
  joinAt(position: number): Fetch | undefined {
    const at = this.#running.rangeAt(position);
    const running = at === undefined ? undefined : this.#running.get(at);
    if (running !== undefined) running.readers++;
    return running;
  }

  /** A reader no longer waits for it. */
  leave(fetch: Fetch, reason: unknown): void {
    const running = fetch as Running;
    running.readers--;
    if (running.readers > 0 || this.#running.get(running.range) !== running) return;
    this.#forget(running);
    running.controller.abort(reason);
  }

  /** What of `range` is not in flight. */
  missing(range: Range): Range[] {
    return this.#running.missing(range);
  }

  /** What of `range` is in flight. */
  pending(range: Range): Range[] {
    return this.#running.overlapping(range).map(([at]) => at);
  }

  /** Aborts everything. */
  close(reason: unknown): void {
    for (const [, running] of [...this.#running]) {
      this.#forget(running);
      running.controller.abort(reason);
    }
  }

  #start(range: Range): Running {
    const controller = new AbortController();
    const bytes = this.#source.read(range, { signal: controller.signal });
    const running: Running = { range, bytes, controller, readers: 1 };
    this.#running.set(range, running);
    this.#options.onPending(range);
    bytes.then(
      (arrived) => {
        if (this.#forget(running)) this.#options.onArrived(range, arrived);
      },
      () => this.#forget(running),
    );
    return running;
  }

  #forget(running: Running): boolean {
    if (this.#running.get(running.range) !== running) return false;
    this.#running.delete(running.range);
    this.#options.onSettled(running.range);
    return true;
  }
}

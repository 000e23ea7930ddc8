import type { ReadGroup } from "./read-group.ts";

/**
 * Turns of the microtask queue in which another read may still join. Code that reads several things at once mostly starts each
 * in an async function of its own, a few awaits deep; all of them run before any answer could have come.
 */
const TURNS = 4;

/** Whoever waits for it goes on at the next turn. What runs by `queueMicrotask` costs Node an asynchronous context of its own. */
const TURN = Promise.resolve();

/** Reads begun in the same tick, which are planned together. */
export class ReadBatch {
  readonly #flush: (groups: ReadGroup[]) => void;
  #groups: ReadGroup[] = [];
  #turns = 0;

  constructor(flush: (groups: ReadGroup[]) => void) {
    this.#flush = flush;
  }

  add(group: ReadGroup): void {
    this.#groups.push(group);
    const idle = this.#turns === 0;
    this.#turns = TURNS;
    if (idle) void this.#flushSoon();
  }

  async #flushSoon(): Promise<void> {
    for (; this.#turns > 0; this.#turns--) await TURN;
    const groups = this.#groups.filter(({ isEnded }) => !isEnded);
    this.#groups = [];
    if (groups.length > 0) this.#flush(groups);
  }
}

import type { Range } from "../ranges/range.ts";
import type { AheadWindow } from "./ahead-window.ts";

/** Where one reader is: reads that follow each other through a file. */
export interface Head {
  /** Where its first read began. */
  readonly origin: number;
  /** Where its last read began, and ended. */
  latest: number;
  position: number;
  /** Reads that began where the one before ended. */
  sequential: number;
  /** Reads that began a little beyond. */
  hops: number;
  /** Bytes of all its reads, and of the gaps between them. */
  readBytes: number;
  gapBytes: number;
  /** What is fetched ahead of it, once its way is proven. */
  ahead: AheadWindow | undefined;
  /** Nothing of its reader's lies beyond, as its last read said that told of anything. */
  aheadEnd: number | undefined;
}

/** Readers of one source that are told apart; more than a program reads side by side. *Unmeasured*. */
const MAX_HEADS = 16;

/**
 * Tells readers apart by where their reads begin, so that each can be read ahead for. Pure: no clock, no I/O. The head used last
 * comes first.
 */
export class Heads {
  readonly #heads: Head[] = [];

  /**
   * Whose read this is. One that begins where a head ended goes on with it; one that begins at most `hopBytes` beyond the head
   * that was read last hops with it; one that does what a head did last is of a second reader at the same place, and moves nothing;
   * any other is nobody's.
   */
  follow(range: Range, hopBytes: number): Head | undefined {
    const { start, end } = range;
    const latest = this.#heads[0];
    let index = -1;
    for (let at = 0; at < this.#heads.length; at++) {
      const head = this.#heads[at] as Head;
      if (head.latest === start && head.position === end) return head;
      if (index < 0 && head.position === start) index = at;
    }
    if (index < 0 && latest !== undefined) {
      const gap = start - latest.position;
      if (gap > 0 && gap <= hopBytes) index = 0;
    }
    const head = this.#heads[index];
    if (head === undefined) return undefined;
    if (index > 0) this.#heads.unshift(...this.#heads.splice(index, 1));
    const gap = range.start - head.position;
    if (gap === 0) head.sequential++;
    else head.hops++;
    head.gapBytes += gap;
    head.readBytes += range.length;
    head.latest = range.start;
    head.position = range.end;
    return head;
  }

  /** The head that was read last. */
  get latest(): Head | undefined {
    return this.#heads[0];
  }

  /** A reader that comes from nowhere: a jump of one reader, or a new one. */
  begin(range: Range): Head {
    const head: Head = {
      origin: range.start,
      latest: range.start,
      position: range.end,
      sequential: 0,
      hops: 0,
      readBytes: range.length,
      gapBytes: 0,
      ahead: undefined,
      aheadEnd: undefined,
    };
    this.#heads.unshift(head);
    if (this.#heads.length > MAX_HEADS) this.#heads.pop();
    return head;
  }

  /** The others, the one read last first. */
  others(head: Head): Head[] {
    return this.#heads.filter((other) => other !== head);
  }
}

import type { Range } from "../ranges/range.ts";
import type { AheadWindow } from "./ahead-window.ts";

/** One reader: reads that follow each other through a file. Positions are bytes from the start of the file. */
export interface Reader {
  /** Where its first read began. */
  readonly origin: number;
  /** Where its last read began. */
  lastStart: number;
  /** Where its last read ended: the position after its last byte, at which the next read begins if it goes on. */
  lastEnd: number;
  /** Reads that began where the one before ended. */
  sequential: number;
  /** Reads that began a little beyond. */
  hops: number;
  /** Bytes of all its reads. */
  readBytes: number;
  /** Bytes of the gaps between them. */
  gapBytes: number;
  /** What is fetched ahead of it, once its way is proven. */
  ahead: AheadWindow | undefined;
  /** Nothing that it will read lies beyond, as its last read said that told of anything. */
  aheadEnd: number | undefined;
  /** `false`: each of its reads sends one request at most. */
  divide: boolean | undefined;
}

/** Readers of one source that are told apart; more than a program reads side by side. *Unmeasured*. */
const MAX_READERS = 16;

/**
 * Tells readers apart by where their reads begin, so that each can be read ahead for. Pure: no clock, no I/O. The reader used last
 * comes first.
 */
export class Readers {
  readonly #readers: Reader[] = [];

  /**
   * Whose read this is. One that begins where a reader's last one ended goes on with it; one that begins at most `hopBytes`
   * beyond the reader that read last hops with it; one that does what a reader did last is of a second one at the same place, and moves nothing;
   * any other is nobody's.
   */
  follow(range: Range, hopBytes: number): Reader | undefined {
    const { start, end } = range;
    const mostRecent = this.#readers[0];
    let index = -1;
    for (let at = 0; at < this.#readers.length; at++) {
      const reader = this.#readers[at] as Reader;
      if (reader.lastStart === start && reader.lastEnd === end) return reader;
      if (index < 0 && reader.lastEnd === start) index = at;
    }
    if (index < 0 && mostRecent !== undefined) {
      const gap = start - mostRecent.lastEnd;
      if (gap > 0 && gap <= hopBytes) index = 0;
    }
    const reader = this.#readers[index];
    if (reader === undefined) return undefined;
    if (index > 0) this.#readers.unshift(...this.#readers.splice(index, 1));
    const gap = range.start - reader.lastEnd;
    if (gap === 0) reader.sequential++;
    else reader.hops++;
    reader.gapBytes += gap;
    reader.readBytes += range.length;
    reader.lastStart = range.start;
    reader.lastEnd = range.end;
    return reader;
  }

  /** The reader that read last. */
  get mostRecent(): Reader | undefined {
    return this.#readers[0];
  }

  /** A reader that comes from nowhere: a jump of one reader, or a new one. */
  begin(range: Range): Reader {
    const reader: Reader = {
      origin: range.start,
      lastStart: range.start,
      lastEnd: range.end,
      sequential: 0,
      hops: 0,
      readBytes: range.length,
      gapBytes: 0,
      ahead: undefined,
      aheadEnd: undefined,
      divide: undefined,
    };
    this.#readers.unshift(reader);
    if (this.#readers.length > MAX_READERS) this.#readers.pop();
    return reader;
  }

  /** The others, the one read last first. */
  others(reader: Reader): Reader[] {
    return this.#readers.filter((other) => other !== reader);
  }
}

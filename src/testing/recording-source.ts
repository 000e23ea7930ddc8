import type { Range } from "../ranges/range.ts";
import { type RangeInput, resolveRange } from "../ranges/range-input.ts";
import type { ReadOptions, Source } from "../source/source.ts";

/** One read or stream that was asked of a source. */
export interface RecordedRead {
  /** By which method. */
  readonly kind: "read" | "stream";
  /** What was asked for, half-open. */
  readonly range: Range;
}

/** A source that remembers what was asked of it. */
export interface RecordingSource extends Source {
  /** In the order asked, live; may be emptied by its reader. Ranges that do not exist are refused and not recorded. */
  readonly reads: RecordedRead[];
}

/** Wraps a source and records the range of every read and stream before passing it on. */
export function recordingSource(source: Source): RecordingSource {
  const reads: RecordedRead[] = [];
  const record = (kind: RecordedRead["kind"], input: RangeInput) => {
    try {
      reads.push({ kind, range: resolveRange(input, source.size) });
    } catch {
      // The source refuses it in its own way: by a rejection, never by throwing.
    }
  };
  return {
    reads,
    name: source.name,
    get size() {
      return source.size;
    },
    get identity() {
      return source.identity;
    },
    read: (range: RangeInput, options?: ReadOptions) => {
      record("read", range);
      return source.read(range, options);
    },
    stream: (range: RangeInput = [0], options?: ReadOptions) => {
      record("stream", range);
      return source.stream(range, options);
    },
    close: () => source.close(),
    [Symbol.asyncDispose]: () => source.close(),
  };
}

import type { Source } from "../source/source.ts";

/** One case over an open Source, which is closed after it. */
export interface SourceCase {
  readonly name: string;
  check(source: Source): Promise<void>;
}

/** What every group of cases needs. */
export interface SourceCaseOptions {
  /** The whole content, at least 64 bytes, and best without repetition (`patternBytes`). */
  bytes: Uint8Array;
  /** Makes the next read that moves bytes fail, in any way; adds the case that a failed read leaves no trace. */
  failNextRead?(): void;
  /** How to see what a stream has taken; adds the case that an unread stream stops taking. */
  backPressure?: BackPressureProbe;
}

/** How back-pressure is seen. */
export interface BackPressureProbe {
  /** Bytes that the Source has taken from what lies beneath it so far. */
  bytesTaken(source: Source): number;
  /** How many of them may be waiting to be read. The content must be larger. */
  maxUnreadBytes: number;
}

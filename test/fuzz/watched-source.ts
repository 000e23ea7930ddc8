import type { Source } from "../../src/source/source.ts";
import { recordingSource } from "../../src/testing/recording-source.ts";
import { recordedSource } from "../zip/recorded-source.ts";
import { insist } from "./settle.ts";

/** Reads that no honest walk over a file of a few KiB needs. */
const MAX_READS = 5000;

/** A source over bytes, as a server would pin it, and what says whether it was asked for more than there is. */
export interface WatchedSource extends Source {
  /** @throws Error where anything outside of the file was asked for, or far too often. */
  check(): void;
}

export function watchedSource(bytes: Uint8Array, name: string): WatchedSource {
  const beneath = recordedSource(bytes, name);
  let calls = 0;
  const recording = recordingSource({
    ...beneath,
    identity: { strength: "strong", etag: '"of the file"' },
    read: (range, options) => {
      calls++;
      return beneath.read(range, options);
    },
    stream: (range, options) => {
      calls++;
      return beneath.stream(range, options);
    },
  });
  return {
    ...recording,
    check: () => {
      // A range that does not exist is not recorded.
      insist(recording.reads.length === calls, "asked for bytes outside of the file");
      insist(calls <= MAX_READS, `asked for bytes ${calls} times`);
    },
  };
}

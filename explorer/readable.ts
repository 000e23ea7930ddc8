import type { Bytes, PlannedSource } from "range-streams";
import type { Entry } from "range-streams/archive";

/** What can be looked at: a member, or a file as it is. */
export interface Readable {
  /** As stored: untrusted. */
  readonly name: string;
  readonly size: number;
  /** The member; undefined for a file as it is. */
  readonly entry: Entry | undefined;
  /** Any part of it can be read without the rest. */
  readonly inPlace: boolean;
  /** All of it, checked where there is a checksum. */
  bytes(signal: AbortSignal): Promise<Bytes>;
  /** The first bytes, and no more than it takes to have them. */
  head(length: number, signal: AbortSignal): Promise<Bytes>;
  stream(signal: AbortSignal): ReadableStream<Bytes>;
  /** Random access, for an archive or image in it. Close it when done. */
  source(signal: AbortSignal): Promise<PlannedSource>;
}

/** A member. `inPlace`: its archive is no stream, so that a stored member is read where it lies. */
export function readableEntry(entry: Entry, inPlace: boolean): Readable {
  const stored = inPlace && entry.method === "store" && entry.kind === "file";
  return {
    name: entry.name,
    size: entry.size,
    entry,
    inPlace: stored,
    bytes: (signal) => entry.bytes({ signal }),
    head: (length, signal) =>
      stored ? sourceHead(entry, length, signal) : streamHead(entry.stream({ signal }), length),
    stream: (signal) => entry.stream({ signal }),
    source: (signal) => entry.source({ signal }),
  };
}

/** A file as it is. Its source stays open. */
export function readableSource(source: PlannedSource): Readable {
  const { name, size } = source;
  return {
    name,
    size,
    entry: undefined,
    inPlace: true,
    bytes: (signal) => source.read([0, size], { signal }),
    head: (length, signal) => source.read([0, Math.min(length, size)], { signal }),
    stream: (signal) => source.stream(undefined, { signal }),
    source: async () => source,
  };
}

async function sourceHead(entry: Entry, length: number, signal: AbortSignal): Promise<Bytes> {
  const source = await entry.source({ signal });
  // No `await using`: what builds the page adds half a kilobyte for it, gzipped.
  try {
    return await source.read([0, Math.min(length, source.size)], { signal });
  } finally {
    await source.close();
  }
}

/** What is decoded up to a length. The rest is not fetched, so that no checksum has proven it. */
async function streamHead(stream: ReadableStream<Bytes>, length: number): Promise<Bytes> {
  const head = new Uint8Array(length);
  let at = 0;
  const reader = stream.getReader();
  try {
    while (at < length) {
      const { done, value } = await reader.read();
      if (done) break;
      const taken = value.subarray(0, length - at);
      head.set(taken, at);
      at += taken.length;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  return head.slice(0, at);
}

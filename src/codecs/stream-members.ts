import { beginCall } from "../source/call.ts";
import { closedError } from "../source/closed-error.ts";
import { onAbort } from "../source/on-abort.ts";
import type { Bytes, ReadOptions } from "../source/source.ts";
import type { Entry, EntryReadOptions, EntryStream } from "./archive.ts";

/** Members up to this size, stored and decoded, are read whole and together; larger ones are streamed. *Unmeasured*. */
const SMALL_BYTES = 1024 * 1024;
/** Decoded bytes of members that are read together; twice as much is held. *Unmeasured*. */
const BATCH_BYTES = 8 * 1024 * 1024;
/** Members that are read together: empty ones have no bytes, and yet a cost. *Unmeasured*. */
const BATCH_MEMBERS = 1024;

/** A member, and where it lies in the archive. */
export interface PlacedMember {
  readonly entry: Entry;
  readonly position: number;
}

type ReadMany = (entries: readonly Entry[], options: EntryReadOptions) => Promise<Bytes[]>;

/**
 * Members of an archive that is read in place, as `Archive.streamEach` gives them: by position, small ones in batches, the next of
 * which is fetched while one is read.
 */
export async function* streamMembers(
  members: readonly PlacedMember[],
  readMany: ReadMany,
  { signal, name }: ReadOptions & { readonly name: string },
): AsyncGenerator<EntryStream, void, void> {
  const batches = planBatches(members);
  const own = new AbortController();
  const call = beginCall({ signals: [signal, own.signal], totalMs: Number.POSITIVE_INFINITY, url: name });
  const fetch = (batch: Batch | undefined): Promise<Bytes[]> | undefined => {
    if (batch === undefined || !batch.isSmall) return undefined;
    const fetched = readMany(batch.entries, { signal: call.signal, maxBytes: SMALL_BYTES });
    // It is waited for in its turn; until then nobody asks how it went.
    fetched.catch(() => undefined);
    return fetched;
  };
  try {
    call.signal.throwIfAborted();
    let fetched = fetch(batches[0]);
    for (const [index, { entries }] of batches.entries()) {
      const bytes = await fetched;
      fetched = fetch(batches[index + 1]);
      for (const [position, entry] of entries.entries()) {
        const held = bytes?.[position];
        yield* lendStream({ entry, name, signal: call.signal }, (step) =>
          held === undefined ? entry.stream({ signal: step }) : wholeStream(held, step),
        );
      }
    }
  } finally {
    own.abort();
    call.end();
  }
}

/** A member whose stream is lent, and what ends it early. */
export interface LentMember {
  readonly entry: Entry;
  /** Of the archive, for messages. */
  readonly name: string;
  readonly signal: AbortSignal;
}

/** Gives the stream of one member until the next step: then it is CLOSED. @throws the reason of the signal. */
export async function* lendStream(
  { entry, name, signal }: LentMember,
  open: (step: AbortSignal) => ReadableStream<Bytes>,
): AsyncGenerator<EntryStream, void, void> {
  const step = new AbortController();
  const stopListening = onAbort(signal, () => step.abort(signal.reason));
  try {
    yield { entry, stream: open(step.signal) };
  } finally {
    stopListening();
    step.abort(closedError(`${entry.name} in ${name}`));
  }
  signal.throwIfAborted();
}

/** Members that are read together, or one that is streamed. */
interface Batch {
  readonly entries: Entry[];
  readonly isSmall: boolean;
}

function planBatches(members: readonly PlacedMember[]): Batch[] {
  const batches: Batch[] = [];
  let bytes = 0;
  for (const { entry } of [...members].sort((one, other) => one.position - other.position)) {
    const { size, storedSize } = entry;
    const isSmall = Math.max(size, storedSize) <= SMALL_BYTES;
    const last = batches.at(-1);
    if (isSmall && last?.isSmall && bytes + size <= BATCH_BYTES && last.entries.length < BATCH_MEMBERS) {
      last.entries.push(entry);
      bytes += size;
    } else {
      batches.push({ entries: [entry], isSmall });
      bytes = size;
    }
  }
  return batches;
}

function wholeStream(bytes: Bytes, signal: AbortSignal): ReadableStream<Bytes> {
  return new ReadableStream<Bytes>(
    {
      pull(controller) {
        if (signal.aborted) {
          controller.error(signal.reason);
          return;
        }
        if (bytes.length > 0) controller.enqueue(bytes);
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

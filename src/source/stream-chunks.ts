import { onAbort } from "./on-abort.ts";
import type { Bytes } from "./source.ts";

/** Something that gives chunks one after the other. */
export interface ChunkReader {
  /** The next chunk, undefined at the end. */
  read(signal?: AbortSignal): Promise<Bytes | undefined>;
  cancel(): void;
}

/**
 * A stream over a reader, made on the first pull. Nothing is read ahead of the consumer. What `open` throws, and an abort, come
 * through the stream.
 */
export function streamChunks(open: () => ChunkReader, signal?: AbortSignal): ReadableStream<Bytes> {
  let reader: ChunkReader | undefined;
  let finish = (): void => undefined;
  return new ReadableStream<Bytes>(
    {
      start(controller) {
        const end = (): void => {
          finish();
          reader?.cancel();
          controller.error(signal?.reason);
        };
        if (signal?.aborted) end();
        else finish = onAbort(signal, end);
      },
      async pull(controller) {
        try {
          reader ??= open();
          const chunk = await reader.read(signal);
          if (signal?.aborted) return;
          if (chunk !== undefined) {
            controller.enqueue(chunk);
            return;
          }
          finish();
          controller.close();
        } catch (error) {
          finish();
          reader?.cancel();
          if (!signal?.aborted) controller.error(error);
        }
      },
      cancel() {
        finish();
        reader?.cancel();
      },
    },
    { highWaterMark: 0 },
  );
}

/** The chunks of a stream; leaving the loop cancels it. Browsers that cannot iterate streams have no other way. */
export async function* chunksOf(stream: ReadableStream<Bytes>): AsyncGenerator<Bytes, void, void> {
  const reader = stream.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    // Of a stream that has ended or failed this is a no-op.
    reader.cancel().catch(() => undefined);
  }
}

/** One chunk, as a sequence; none where it is empty. */
export async function* once(bytes: Bytes | Promise<Bytes>): AsyncGenerator<Bytes, void, void> {
  const chunk = await bytes;
  if (chunk.length > 0) yield chunk;
}

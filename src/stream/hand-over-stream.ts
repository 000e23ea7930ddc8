import { onAbort } from "../source/on-abort.ts";
import type { Bytes } from "../source/source.ts";

/** Options of {@link handOverStream}. */
export interface HandOver {
  /**
   * Gives the next chunk in the very step in which it counts as read, so that nobody can leave in between; undefined at the end.
   * Rejects when `leaving` aborts.
   */
  handOver(give: (chunk: Bytes) => true, leaving: AbortSignal): Promise<true | undefined>;
  /** The consumer left. */
  left(): void;
  readonly signal: AbortSignal | undefined;
}

/** A stream of chunks none of which is lost to a consumer that leaves: each was handed over, or is still unread. */
export function handOverStream({ handOver, left, signal }: HandOver): ReadableStream<Bytes> {
  const leaving = new AbortController();
  let forget = (): void => undefined;
  const leave = (reason: unknown): void => {
    forget();
    leaving.abort(reason);
    left();
  };
  return new ReadableStream<Bytes>(
    {
      start(controller) {
        const end = (): void => {
          leave(signal?.reason);
          controller.error(signal?.reason);
        };
        if (signal?.aborted) end();
        else forget = onAbort(signal, end);
      },
      async pull(controller) {
        const give = (chunk: Bytes): true => {
          controller.enqueue(chunk);
          return true;
        };
        try {
          if (await handOver(give, leaving.signal)) return;
          forget();
          controller.close();
        } catch (error) {
          forget();
          controller.error(error);
        }
      },
      cancel: leave,
    },
    { highWaterMark: 0 },
  );
}

import { HttpError } from "../errors.ts";
import { Deadlines } from "./deadlines.ts";
import { onAbort } from "./on-abort.ts";
import type { StopSignal } from "./stop.ts";

/** How long one phase of a call may take. */
export interface TimeLimit {
  /** Milliseconds; Infinity for no limit. */
  readonly ms: number;
  readonly signal?: StopSignal | undefined;
  readonly phase: "connect" | "headers" | "idle" | "total";
  /** For the message; secrets removed. */
  readonly url: string;
  /** Where many limits share a timer; default: a timer of its own. */
  readonly clock?: Deadlines | undefined;
}

/** The error of a phase that took too long. */
export function timeoutError({ ms, phase, url }: Pick<TimeLimit, "ms" | "phase" | "url">): HttpError {
  const message = `${url}: got nothing within ${Math.round(ms)} ms (${phase}); raise timeouts.${phase}Ms or try later`;
  return new HttpError("TIMEOUT", message, { url, retryable: phase !== "total" });
}

/**
 * Settles as `promise` does, or rejects as soon as the time is up (TIMEOUT) or the signal aborts (its reason). Leaves no timer
 * and no listener behind. The promise itself goes on: the caller ends what it stands for.
 */
export function withTimeout<T>(promise: Promise<T>, limit: TimeLimit): Promise<T> {
  const { ms, signal, clock = new Deadlines() } = limit;
  return new Promise<T>((resolve, reject) => {
    if (signal?.aborted) {
      promise.catch(() => undefined);
      reject(signal.reason);
      return;
    }
    const settle = (): void => {
      clock.delete(deadline);
      if (limit.clock === undefined) clock.clear();
      forget();
    };
    const forget = onAbort(signal, () => {
      settle();
      reject(signal?.reason);
    });
    const deadline = clock.add(ms, () => {
      settle();
      reject(timeoutError(limit));
    });
    promise.then(
      (value) => {
        settle();
        resolve(value);
      },
      (error: unknown) => {
        settle();
        reject(error);
      },
    );
  });
}

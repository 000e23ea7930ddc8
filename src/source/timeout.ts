import { HttpError } from "../errors.ts";
import { onAbort } from "./on-abort.ts";

/** How long one phase of a call may take. */
export interface Deadline {
  /** Milliseconds; Infinity for no limit. */
  readonly ms: number;
  readonly signal?: AbortSignal | undefined;
  readonly phase: "connect" | "headers" | "idle" | "total";
  /** For the message; secrets removed. */
  readonly url: string;
}

/** The error of a phase that took too long. */
export function timeoutError(deadline: Pick<Deadline, "ms" | "phase" | "url">): HttpError {
  const { ms, phase, url } = deadline;
  const message = `${url}: got nothing within ${Math.round(ms)} ms (${phase}); raise timeouts.${phase}Ms or try later`;
  return new HttpError("TIMEOUT", message, { url, retryable: phase !== "total" });
}

/**
 * Settles as `promise` does, or rejects as soon as the time is up (TIMEOUT) or the signal aborts (its reason). Leaves no timer
 * and no listener behind. The promise itself goes on: the caller ends what it stands for.
 */
export function withTimeout<T>(promise: Promise<T>, deadline: Deadline): Promise<T> {
  const { ms, signal } = deadline;
  return new Promise<T>((resolve, reject) => {
    if (signal?.aborted) {
      promise.catch(() => undefined);
      reject(signal.reason);
      return;
    }
    const settle = (): void => {
      clearTimeout(timer);
      forget();
    };
    const forget = onAbort(signal, () => {
      settle();
      reject(signal?.reason);
    });
    const timer = Number.isFinite(ms)
      ? setTimeout(() => {
          settle();
          reject(timeoutError(deadline));
        }, ms)
      : undefined;
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

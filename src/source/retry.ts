import { onAbort } from "./on-abort.ts";
import type { StopSignal } from "./stop.ts";

/** How often and how patiently one exchange is tried. */
export interface RetryPolicy {
  /** Every try counts, the first included: 1 = never again. */
  readonly attempts: number;
  /** Milliseconds before the second try. Each later delay is random, from this up to three times the one before. */
  readonly baseDelayMs: number;
  /** Milliseconds before a try at most. Where the server sends Retry-After, that is the delay instead, even if it is longer. */
  readonly maxDelayMs: number;
}

/** `retry: false`. */
export const NO_RETRY: RetryPolicy = { attempts: 1, baseDelayMs: 0, maxDelayMs: 0 };

/**
 * Five tries over about ten seconds outlive a restarted server or a moved load balancer; the first delay is near a round trip
 * of a far server. *Unmeasured*.
 */
export const DEFAULT_RETRY: RetryPolicy = { attempts: 5, baseDelayMs: 100, maxDelayMs: 10_000 };

/**
 * The next delay with decorrelated jitter: uniform between the base and three times the delay before, under the ceiling. Many
 * clients that failed together come back apart.
 */
export function nextDelayMs(
  policy: RetryPolicy,
  previousMs: number,
  random: () => number = Math.random,
): number {
  const { baseDelayMs, maxDelayMs } = policy;
  const ceiling = Math.max(baseDelayMs, previousMs * 3);
  return Math.min(maxDelayMs, baseDelayMs + random() * (ceiling - baseDelayMs));
}

/** Waits, or rejects with the reason of the signal. Leaves no timer and no listener behind. */
export function sleep(ms: number, signal: StopSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const forget = onAbort(signal, () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
    // A longer delay than a timer can hold would fire at once.
    const timer = setTimeout(
      () => {
        forget();
        resolve();
      },
      Math.min(ms, 2 ** 31 - 1),
    );
  });
}

import { onAbort } from "./on-abort.ts";
import type { PipelinePlace } from "./pipeline.ts";
import type { Turn } from "./request-queue.ts";
import type { StopSignal } from "./stop.ts";
import { timeoutError } from "./timeout.ts";

/** What requests are sent for: what may end it early, and when it has its turn. */
export interface WireCall {
  /** Aborts with the reason of the user's signal, CLOSED, or TIMEOUT (total). */
  readonly signal: StopSignal;
  /** Milliseconds until the total limit. */
  remainingMs(): number;
  /** When its requests come to their turn; default: before those that nobody waits for. */
  readonly turn?: Turn | undefined;
  /** Its first request goes out behind others on one connection. */
  readonly place?: PipelinePlace | undefined;
}

/** One call of a user's. */
export interface Call extends WireCall {
  readonly signal: AbortSignal;
  /** Takes clock and listeners away. */
  end(): void;
}

/** What ends a call early. */
export interface CallLimits {
  readonly signals: readonly (AbortSignal | undefined)[];
  readonly totalMs: number;
  /** For the message; secrets removed. */
  readonly url: string;
}

/**
 * Joins signals and the total clock into one. `AbortSignal.any` would do, but in Node 20 it keeps what it made alive for as
 * long as a long-lived signal lives; this leaves nothing behind.
 */
export function beginCall({ signals, totalMs, url }: CallLimits): Call {
  const controller = new AbortController();
  const startedAt = performance.now();
  const cleanups: (() => void)[] = [];
  for (const signal of signals) {
    if (signal === undefined) continue;
    if (signal.aborted) {
      controller.abort(signal.reason);
      break;
    }
    cleanups.push(onAbort(signal, () => controller.abort(signal.reason)));
  }
  if (Number.isFinite(totalMs)) {
    const onTimeout = (): void => controller.abort(timeoutError({ ms: totalMs, phase: "total", url }));
    const timer = setTimeout(onTimeout, totalMs);
    cleanups.push(() => clearTimeout(timer));
  }
  return {
    signal: controller.signal,
    remainingMs: () => totalMs - (performance.now() - startedAt),
    end: () => {
      for (const cleanup of cleanups.splice(0)) cleanup();
    },
  };
}

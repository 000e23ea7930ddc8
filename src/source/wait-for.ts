import { onAbort } from "./on-abort.ts";
import type { StopSignal } from "./stop.ts";

/**
 * Settles as `work` does, or rejects at once with the reason of the first signal that aborts. The work itself goes on: whoever
 * began it ends it. Leaves no listener behind.
 */
export function waitFor<T>(work: Promise<T>, signals: readonly (StopSignal | undefined)[]): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const cleanups: (() => void)[] = [];
    const settle = (): void => {
      for (const cleanup of cleanups.splice(0)) cleanup();
    };
    for (const signal of signals) {
      if (signal === undefined) continue;
      const give = (): void => {
        settle();
        reject(signal.reason);
      };
      if (signal.aborted) {
        give();
        break;
      }
      cleanups.push(onAbort(signal, give));
    }
    work.then(resolve, reject).finally(settle);
  });
}

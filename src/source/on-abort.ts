import { allowManyListeners } from "#many-listeners";
import { Stop, type StopSignal } from "./stop.ts";

/** Calls `listener` once if the signal aborts; gives a function that takes the listener away. */
export function onAbort(signal: StopSignal | undefined, listener: () => void): () => void {
  if (signal === undefined) return nothing;
  if (signal instanceof Stop) {
    signal.add(listener);
    return () => signal.remove(listener);
  }
  allowManyListeners(signal);
  signal.addEventListener("abort", listener, { once: true });
  return () => signal.removeEventListener("abort", listener);
}

function nothing(): void {}

import { setMaxListeners } from "node:events";

/**
 * Node warns of a leak at the eleventh listener on one signal, but a thousand reads may well share one; ours are all taken away
 * again.
 */
export function allowManyListeners(signal: AbortSignal): void {
  setMaxListeners(0, signal);
}

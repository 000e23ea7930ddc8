import { onAbort } from "../../src/source/on-abort.ts";
import type { StopSignal } from "../../src/source/stop.ts";

interface Alarm {
  readonly at: number;
  readonly ring: () => void;
}

/** Milliseconds that pass only while nothing else is to do: no test waits for them, and none measures its machine. */
export class VirtualClock {
  #now = 0;
  readonly #alarms: Alarm[] = [];
  #ticking = false;

  get now(): number {
    return this.#now;
  }

  /** Resolves so many virtual milliseconds later; rejects with the reason of `signal`. */
  sleep(ms: number, signal?: StopSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#alarms.splice(this.#alarms.indexOf(alarm), 1);
        reject(signal?.reason);
      };
      const ring = (): void => {
        forget();
        resolve();
      };
      const alarm: Alarm = { at: this.#now + ms, ring };
      const forget = onAbort(signal, leave);
      // Of alarms for the same time the one that was set first rings first.
      const later = this.#alarms.findIndex(({ at }) => at > alarm.at);
      this.#alarms.splice(later < 0 ? this.#alarms.length : later, 0, alarm);
      this.#tick();
    });
  }

  /** Each alarm in a task of its own: whatever the one before set off in microtasks is done by then. */
  #tick(): void {
    if (this.#ticking || this.#alarms.length === 0) return;
    this.#ticking = true;
    nextTask(() => {
      this.#ticking = false;
      const alarm = this.#alarms.shift();
      if (alarm === undefined) return;
      this.#now = alarm.at;
      alarm.ring();
      this.#tick();
    });
  }
}

const waiting: (() => void)[] = [];
const { port1, port2 } = new MessageChannel();
port1.onmessage = () => waiting.shift()?.();

/** Timers of a browser are not told to fire sooner than 4 ms after each other; messages are. */
function nextTask(run: () => void): void {
  waiting.push(run);
  port2.postMessage(undefined);
}

/** Resolves when nothing is left to do but what waits for a clock. */
export function settled(): Promise<void> {
  return new Promise((resolve) => nextTask(resolve));
}

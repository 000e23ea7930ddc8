/** After so much silence a sample counts half, whatever was known before. *Unmeasured*. */
export const STALE_MS = 60_000;

/** How far a shorter sample moves what is known, and a longer one. *Unmeasured*. */
const STEP_DOWN = 0.5;
const STEP_UP = 0.1;
/** A longer sample counts as at most twice what is known and this, so that one stray answer moves little. *Unmeasured*. */
const MAX_RISE_MS = 10;

/** A time that noise only lengthens: follows shorter samples at once, longer ones slowly and never far at a time. */
export interface LowTracker {
  value: number | undefined;
  at: number;
}

/** Takes a sample in. */
export function followLow(tracker: LowTracker, sample: number, now: number): void {
  const { value } = tracker;
  const stale = now - tracker.at > STALE_MS;
  tracker.at = now;
  if (value === undefined) tracker.value = sample;
  else if (stale || sample < value) tracker.value = value + (sample - value) * STEP_DOWN;
  else tracker.value = value + Math.min(sample - value, value + MAX_RISE_MS) * STEP_UP;
}

/** After so much silence a sample counts half, whatever was known before. *Unmeasured*. */
export const STALE_MS = 60_000;

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
  else if (stale || sample < value) tracker.value = value + (sample - value) * 0.5;
  else tracker.value = value + Math.min(sample - value, value + 10) * 0.1;
}

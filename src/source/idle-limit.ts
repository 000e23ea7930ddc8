/**
 * An idle connection is closed after this, where the server says nothing of its own limit: long enough for a person to look at a
 * page between two reads, and shorter than the 60-75 s after which common servers close theirs.
 */
export const IDLE_MS = 30_000;
/** So long before a server closes an idle connection, as its `Keep-Alive` says, none is used any more: a request may cross the news. */
const KEEP_ALIVE_MARGIN_MS = 1000;

/** How long an idle connection may be kept, by the server's `Keep-Alive: timeout=N` in seconds. */
export function idleLimit(field: string | null): number {
  const seconds = field === null ? null : /(?:^|[\s,])timeout=(\d+)/i.exec(field);
  if (seconds === null) return IDLE_MS;
  return Math.min(IDLE_MS, Number(seconds[1]) * 1000 - KEEP_ALIVE_MARGIN_MS);
}

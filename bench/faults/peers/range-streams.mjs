import { openSource } from "../../../dist/index.js";

export const name = "range-streams";

/** Reads by position with a peer's documented defaults. */
export async function open(url) {
  const source = await openSource(url, { cache: false, retry: { attempts: 3, baseDelayMs: 5 } });
  return {
    read: (start, end) => source.read([start, end]),
    close: () => source.close(),
  };
}

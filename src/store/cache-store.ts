import { RangeStreamsError } from "../errors.ts";
import type { BlockStore, Bytes } from "../source/source.ts";

/** Nothing is ever asked of it: a name under which no host can exist (RFC 2606 section 2). */
const PLACE = "https://range-streams.invalid/";

/**
 * A {@link BlockStore} in the browser's Cache API, which pages and workers of one origin share and which outlives them. The browser
 * decides how much may be kept and drops what it wants; `caches.delete(name)` drops all of it. It is there in secure contexts
 * (https: and localhost) of Chromium, Firefox and Safari, workers included, and in Deno. There is nothing to close.
 *
 * Its methods reject with UNSUPPORTED where there is no Cache API, and with what the browser says, such as QuotaExceededError; as
 * the store of a source that costs no read.
 *
 * @param name The name of the cache. Default `range-streams`.
 */
export function cacheStore(name = "range-streams"): BlockStore {
  let opening: Promise<Cache> | undefined;
  // A failure is not remembered: the next call tries again.
  const opened = (): Promise<Cache> => {
    opening ??= openCache(name).catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
  return {
    async get(key: string): Promise<Bytes | undefined> {
      const response = await (await opened()).match(addressOf(key));
      return response === undefined ? undefined : new Uint8Array(await response.arrayBuffer());
    },
    async set(key: string, value: Bytes): Promise<void> {
      const headers = { "content-type": "application/octet-stream" };
      await (await opened()).put(addressOf(key), new Response(value, { headers }));
    },
    async delete(key: string): Promise<void> {
      await (await opened()).delete(addressOf(key));
    },
  };
}

async function openCache(name: string): Promise<Cache> {
  const storage = (globalThis as { caches?: CacheStorage }).caches;
  if (storage !== undefined) return storage.open(name);
  const message = `Asked for the cache ${name}: there is no Cache API here; it takes a browser and a page from https: or localhost`;
  throw new RangeStreamsError("UNSUPPORTED", message);
}

/** Every code unit but letters, digits and `-` is written in hex, so that no two keys meet and none is a path. */
function addressOf(key: string): string {
  const escape = (unit: string): string => `_${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return PLACE + key.replaceAll(/[^A-Za-z0-9-]/g, escape);
}

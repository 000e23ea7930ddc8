import { positionalSource } from "./positional-source.ts";
import type { Bytes, Source } from "./source.ts";

/**
 * A Source over bytes in memory, which it does not copy and never changes. Whoever changes them breaks the promise; identity
 * is `none`, since nothing vouches for them.
 */
export function bytesSource(bytes: Uint8Array, name = `${bytes.byteLength} bytes in memory`): Source {
  return positionalSource({
    name,
    size: bytes.byteLength,
    identity: { strength: "none" },
    // A copy, and never a view of a SharedArrayBuffer: what a read returns belongs to its caller. Of bytes that were handed to another
    // thread nothing is left, which is for whoever counts what comes to see.
    readAt: async ({ start, end }): Promise<Bytes> =>
      new Uint8Array(end > bytes.byteLength ? [] : bytes.subarray(start, end)),
    bytes,
  });
}

import createXxhash from "xxhash-wasm";
import type { Crc32 } from "../bytes/crc32.ts";

/** What starts a checksum of the form of `createCrc32`: the low half of an XXH64, as zstd stores it (RFC 8878, 3.1.1). */
export async function loadXxhash64(): Promise<() => Crc32> {
  const { create64 } = await createXxhash();
  return () => {
    const hash = create64();
    return { update: (bytes) => void hash.update(bytes), digest: () => Number(hash.digest() & 0xffff_ffffn) };
  };
}

// The package gives its own sources for types, which a stricter compiler refuses; `paths` in tsconfig.json leads here instead.

/** Decompresses one `.lzma` file. Throws for what is none, not for one that is cut short. */
export function decompress(bytes: Uint8Array): Uint8Array;

import type { Decode } from "../../compress/decoder.ts";
import { decodeDeflate } from "../../compress/deflate.ts";
import { decodeStore } from "../../compress/store.ts";

/** A compression method (APPNOTE 4.4.5). */
interface Method {
  readonly name: string;
  readonly decode: Decode;
}

// Stored and deflated members are nearly all there are; the decoders of the others are loaded when one is met.
const METHODS: ReadonlyMap<number, Method> = new Map<number, Method>([
  [0, { name: "store", decode: decodeStore }],
  [8, { name: "deflate", decode: decodeDeflate }],
  [9, lazily("deflate64", async () => (await import("../../compress/deflate64.ts")).decodeDeflate64)],
  [12, lazily("bzip2", async () => (await import("../../compress/bzip2.ts")).decodeBzip2)],
  [14, lazily("lzma", async () => (await import("../../compress/lzma.ts")).decodeLzma)],
  // 20 is what 93 was called before APPNOTE 6.3.8.
  [20, lazily("zstd", async () => (await import("../../compress/zstd.ts")).decodeZstd)],
  [93, lazily("zstd", async () => (await import("../../compress/zstd.ts")).decodeZstd)],
  [95, lazily("xz", async () => (await import("../../compress/xz.ts")).decodeXz)],
]);

export const STORE = 0;
const DEFLATE = 8;

/** The name of a method for users. */
export function methodName(method: number): string {
  return METHODS.get(method)?.name ?? `unknown(${method})`;
}

/** The decoder of a method, where there is one here. */
export function methodDecoder(method: number): Decode | undefined {
  return METHODS.get(method)?.decode;
}

/**
 * How many bytes one stored byte may become by default: deflate cannot reach 1,033 (a match of 258 bytes in 2 bits); of the others
 * some can reach millions, and honest files hundreds.
 */
export function defaultMaxRatio(method: number): number {
  return method === DEFLATE ? 1100 : 20_000;
}

function lazily(name: string, load: () => Promise<Decode>): Method {
  return {
    name,
    decode: async function* (stored, options) {
      const decode = await load();
      yield* decode(stored, options);
    },
  };
}

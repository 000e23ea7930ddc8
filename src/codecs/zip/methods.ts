import type { Decode, DecodeNow, DecodeWhole } from "../../compress/decoder.ts";
import { decodeDeflate, decodeDeflateNow, decodeDeflateWhole } from "../../compress/deflate.ts";
import { decodeStore, decodeStoreNow } from "../../compress/store.ts";

/** How a member is decoded. */
export interface Decoders {
  readonly decode: Decode;
  /** Into one array, where the method has a quicker way to that. */
  readonly decodeWhole?: DecodeWhole | undefined;
  /** Without waiting, out of stored bytes that are only read. */
  readonly decodeNow?: DecodeNow | undefined;
}

/** A compression method (APPNOTE 4.4.5). */
interface Method extends Decoders {
  readonly name: string;
}

// Stored and deflated members are nearly all there are; the decoders of the others are loaded when one is met.
const METHODS: ReadonlyMap<number, Method> = new Map<number, Method>([
  [0, { name: "store", decode: decodeStore, decodeNow: decodeStoreNow }],
  [
    8,
    {
      name: "deflate",
      decode: decodeDeflate,
      decodeWhole: decodeDeflateWhole,
      decodeNow: decodeDeflateNow,
    },
  ],
  [9, lazily("deflate64", async () => (await import("../../compress/deflate64.ts")).decodeDeflate64)],
  [12, lazily("bzip2", async () => (await import("../../compress/bzip2.ts")).decodeBzip2)],
  [14, lazily("lzma", async () => (await import("../../compress/lzma.ts")).decodeLzma)],
  // 20 is what 93 was called before APPNOTE 6.3.8.
  [20, lazily("zstd", async () => (await import("../../compress/zstd.ts")).decodeZstd)],
  [93, lazily("zstd", async () => (await import("../../compress/zstd.ts")).decodeZstd)],
  [95, lazily("xz", async () => (await import("../../compress/xz.ts")).decodeXz)],
]);

export const STORE = 0;
export const DEFLATE = 8;

/** The name of a method for users. */
export function methodName(method: number): string {
  return METHODS.get(method)?.name ?? `unknown(${method})`;
}

/** The decoders of a method, where there are some here. */
export function methodDecoders(method: number): Decoders | undefined {
  return METHODS.get(method);
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

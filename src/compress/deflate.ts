import { inflateRaw } from "#inflate";
import { decodeBy } from "./check-decoded.ts";
import type { Decode } from "./decoder.ts";

/** The method `deflate`: one raw stream (RFC 1951) that ends where the stored bytes do; see {@link Decode}. */
export const decodeDeflate: Decode = decodeBy(inflateRaw);

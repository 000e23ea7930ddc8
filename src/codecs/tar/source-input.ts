import { Range } from "../../ranges/range.ts";
import type { Bytes, PlannedSource } from "../../source/source.ts";
import type { TarInput } from "./read-records.ts";

/** Headers that lie so close together are read several at once. *Unmeasured*. */
const CLOSE_BYTES = 4096;
/** So many in a row are no chance. *Unmeasured*. */
const CLOSE_HOPS = 3;
/**
 * What is read then: at least eight headers, which cost more as requests of their own than these bytes do. 10,000 headers in memory
 * took 1.5 s one by one, 0.15 ms each, nearly all of it in the source.
 */
const PIECE_BYTES = 32 * 1024;

/**
 * A plain tar, of which only headers are asked for, and what lies between them where that is little: beyond that the source decides
 * whether to read on.
 */
export function sourceInput(source: PlannedSource, signal: AbortSignal | undefined): TarInput {
  const { size } = source;
  let [last, closeHops] = [0, 0];
  let piece: { readonly start: number; readonly bytes: Bytes } = { start: 0, bytes: new Uint8Array(0) };
  return {
    size,
    async read(position, length) {
      if (position + length > size) return undefined;
      closeHops = position - last <= CLOSE_BYTES ? closeHops + 1 : 0;
      last = position;
      if (position < piece.start || position + length > piece.start + piece.bytes.length) {
        const wanted = closeHops > CLOSE_HOPS ? Math.max(length, PIECE_BYTES) : length;
        const end = Math.min(size, position + wanted);
        piece = { start: position, bytes: await source.read(new Range(position, end), { signal }) };
      }
      const offset = position - piece.start;
      return piece.bytes.subarray(offset, offset + length);
    },
  };
}

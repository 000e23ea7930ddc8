import { Range } from "../../ranges/range.ts";
import type { Bytes } from "../../source/source.ts";
import type { TarInput } from "./read-records.ts";
import { type ArchiveData, checkIndexedRecord, type TarDataOptions } from "./tar-data.ts";
import type { TarRecord } from "./tar-record.ts";

/** A stream over bytes in memory gives pieces of this size, as the sources over such bytes do. *Unmeasured*. */
const PIECE_BYTES = 256 * 1024;

/**
 * The bytes of an archive that was given as bytes, as a view; undefined for anything else, and for shared memory: what may change
 * between two looks at it must be copied before it is checked.
 */
export function bytesInHand(input: unknown): Bytes | undefined {
  if (!(input instanceof Uint8Array)) return undefined;
  const { buffer, byteOffset, byteLength } = input;
  // Anew, as it may be a Buffer of Node's, of which a slice is no copy.
  return buffer instanceof ArrayBuffer ? new Uint8Array(buffer, byteOffset, byteLength) : undefined;
}

/** A plain tar in memory, as a walk reads it. */
export function bytesInput(bytes: Bytes): TarInput {
  return {
    size: bytes.length,
    read: (position, length) =>
      position + length > bytes.length ? undefined : bytes.subarray(position, position + length),
  };
}

/**
 * The data of a plain tar in memory: one copy a member, and nothing is waited for. Through the source it was three copies, one of which
 * stayed in its cache, and ten promises.
 */
export function bytesData(
  bytes: Bytes,
  { walk, isIndexed }: Pick<TarDataOptions, "walk" | "isIndexed">,
): ArchiveData {
  const verified = new WeakSet<TarRecord>();
  const verify = (record: TarRecord): void => {
    if (!isIndexed || verified.has(record)) return;
    checkIndexedRecord(record, bytes.subarray(record.start, record.data), { ...walk, size: bytes.length });
    verified.add(record);
  };
  const readNow = (record: TarRecord): Bytes => {
    verify(record);
    return bytes.slice(record.data, record.data + record.storedSize);
  };
  return {
    readNow,
    read: async (record) => readNow(record),
    readMany: async (records) => records.map(readNow),
    async *stream(record, signal) {
      verify(record);
      const end = record.data + record.storedSize;
      for (let position = record.data; position < end; position += PIECE_BYTES) {
        signal.throwIfAborted();
        yield bytes.slice(position, Math.min(end, position + PIECE_BYTES));
      }
    },
    async locate(record) {
      verify(record);
      return new Range(record.data, record.data + record.storedSize);
    },
  };
}

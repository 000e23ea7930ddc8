import type { Bytes } from "../../source/source.ts";
import { RecordWalk, type WalkOptions } from "./record-walk.ts";
import { wordsOf } from "./tar-format.ts";
import type { TarRecord } from "./tar-record.ts";

/** The bytes of a tar, asked for in ascending order. */
export interface TarInput {
  /** Bytes in all; Infinity where only its end will tell. */
  readonly size: number;
  /** These bytes, undefined where the tar ends before. */
  read(position: number, length: number): Promise<Bytes | undefined> | Bytes | undefined;
}

/** A part of a tar that is in memory. */
export interface TarBytes {
  readonly bytes: Uint8Array;
  /** Which byte of the tar comes first in them. */
  readonly start: number;
  /** Bytes of the tar in all. */
  readonly size: number;
}

/** The members of a tar in their order, each as soon as its headers were read. Throws as {@link RecordWalk}, and whatever reading throws. */
export async function* readRecords(
  input: TarInput,
  options: WalkOptions,
): AsyncGenerator<TarRecord, void, void> {
  const walk = new RecordWalk(input, options);
  for (let need = walk.ask(); need !== undefined; need = walk.ask()) {
    const record = walk.take(await input.read(need.position, need.length), 0);
    if (record !== undefined) yield record;
  }
}

/** All members of a tar. It waits for bytes alone, not for each record: that cost more than to read it. Throws as {@link readRecords}. */
export async function listRecords(input: TarInput, options: WalkOptions): Promise<TarRecord[]> {
  const walk = new RecordWalk(input, options);
  const records: TarRecord[] = [];
  for (let need = walk.ask(); need !== undefined; need = walk.ask()) {
    const read = input.read(need.position, need.length);
    const record = walk.take(read instanceof Promise ? await read : read, 0);
    if (record !== undefined) records.push(record);
  }
  return records;
}

/** Of less than this, words cost more than they spare. *Unmeasured*. */
const WORDS_FROM_BYTES = 8 * 1024;

/** The members of a tar in memory, without a wait or a copy. Where `part` does not reach, the tar ends. Throws as {@link RecordWalk}. */
export function* parseRecords(part: TarBytes, options: WalkOptions): Generator<TarRecord, void, void> {
  const walk = new RecordWalk(part, options);
  const { bytes, start } = part;
  const words = bytes.length > WORDS_FROM_BYTES ? wordsOf(bytes) : undefined;
  for (let need = walk.ask(); need !== undefined; need = walk.ask()) {
    const at = need.position - start;
    const isThere = at >= 0 && at + need.length <= bytes.length;
    const record = walk.take(isThere ? bytes : undefined, at, words);
    if (record !== undefined) yield record;
  }
}

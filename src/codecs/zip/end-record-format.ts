import { ABSENT_16, ABSENT_32, openRecord, type RecordPlace } from "./zip-format.ts";

// The records that end a zip file, after APPNOTE.TXT 6.3.10. As in `zip-format.ts`, numbers are little-endian and offsets begin with the record.

export const END_RECORD_SIGNATURE = 0x06054b50;
const ZIP64_END_RECORD_SIGNATURE = 0x06064b50;
export const ZIP64_LOCATOR_SIGNATURE = 0x07064b50;

export const END_RECORD_BYTES = 22;
export const ZIP64_END_RECORD_BYTES = 56;
export const ZIP64_LOCATOR_BYTES = 20;
export const MAX_COMMENT_BYTES = 0xffff;

/** End of central directory record (4.3.16). */
export interface EndRecord {
  /** Where the record itself starts. */
  readonly offset: number;
  readonly disk: number;
  readonly directoryDisk: number;
  readonly entriesOnDisk: number;
  readonly entries: number;
  readonly directorySize: number;
  /** As declared: relative to the start of the archive, which a prefix shifts. */
  readonly directoryOffset: number;
}

/**
 * The fields but the comment:
 *
 * | offset | size | field                                    |
 * |      0 |    4 | signature 0x06054b50                     |
 * |      4 |    2 | number of this disk                      |
 * |      6 |    2 | number of the disk the directory starts on |
 * |      8 |    2 | entries in the directory on this disk    |
 * |     10 |    2 | entries in the directory                 |
 * |     12 |    4 | size of the directory                    |
 * |     16 |    4 | offset of the directory                  |
 * |     20 |    2 | comment length, the comment follows      |
 */
export function parseEndRecord(bytes: Uint8Array, place: RecordPlace): EndRecord {
  const cursor = openRecord(bytes, place, "the end record");
  const offset = cursor.offset;
  cursor.skip(4);
  return {
    offset,
    disk: cursor.u16(),
    directoryDisk: cursor.u16(),
    entriesOnDisk: cursor.u16(),
    entries: cursor.u16(),
    directorySize: cursor.u32(),
    directoryOffset: cursor.u32(),
  };
}

/** Whether a field of the record defers to ZIP64. */
export function defersToZip64(end: EndRecord): boolean {
  const { disk, directoryDisk, entriesOnDisk, entries, directorySize, directoryOffset } = end;
  return (
    [disk, directoryDisk, entriesOnDisk, entries].includes(ABSENT_16) ||
    [directorySize, directoryOffset].includes(ABSENT_32)
  );
}

/** Zip64 end of central directory locator (4.3.15). */
export interface Zip64Locator {
  readonly disk: number;
  readonly recordOffset: number;
  readonly disks: number;
}

/**
 * | offset | size | field                                                  |
 * |      0 |    4 | signature 0x07064b50                                   |
 * |      4 |    4 | number of the disk with the zip64 end record           |
 * |      8 |    8 | offset of the zip64 end record                         |
 * |     16 |    4 | number of disks                                        |
 *
 * `undefined` where the 20 bytes are no locator: then the archive has no zip64 end record.
 */
export function parseZip64Locator(bytes: Uint8Array, place: RecordPlace): Zip64Locator | undefined {
  const cursor = openRecord(bytes, place, "the zip64 locator");
  if (cursor.u32() !== ZIP64_LOCATOR_SIGNATURE) return undefined;
  return { disk: cursor.u32(), recordOffset: cursor.u64(), disks: cursor.u32() };
}

/** Zip64 end of central directory record (4.3.14). */
export interface Zip64EndRecord extends EndRecord {
  /** Where it ends: the locator starts there. */
  readonly endOffset: number;
}

/**
 * | offset | size | field                                        |
 * |      0 |    4 | signature 0x06064b50                         |
 * |      4 |    8 | size of the rest of the record, 44 or more   |
 * |     12 |    4 | version made by, version needed              |
 * |     16 |    4 | number of this disk                          |
 * |     20 |    4 | number of the disk the directory starts on   |
 * |     24 |    8 | entries in the directory on this disk        |
 * |     32 |    8 | entries in the directory                     |
 * |     40 |    8 | size of the directory                        |
 * |     48 |    8 | offset of the directory                      |
 * |     56 |    * | extensible data                              |
 *
 * `undefined` where the bytes are no such record.
 */
export function parseZip64EndRecord(bytes: Uint8Array, place: RecordPlace): Zip64EndRecord | undefined {
  const cursor = openRecord(bytes, place, "the zip64 end record");
  const offset = cursor.offset;
  if (cursor.u32() !== ZIP64_END_RECORD_SIGNATURE) return undefined;
  const endOffset = offset + 12 + cursor.u64();
  cursor.skip(4);
  return {
    offset,
    endOffset,
    disk: cursor.u32(),
    directoryDisk: cursor.u32(),
    entriesOnDisk: cursor.u64(),
    entries: cursor.u64(),
    directorySize: cursor.u64(),
    directoryOffset: cursor.u64(),
  };
}

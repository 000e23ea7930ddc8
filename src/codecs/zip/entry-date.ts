import { ByteCursor } from "../../bytes/byte-cursor.ts";
import { type CentralHeader, EXTRA_FIELDS, findExtraFields } from "./zip-format.ts";

/** From 1601, where the clock of NTFS starts, to 1970: milliseconds. */
const NTFS_EPOCH_MS = 11_644_473_600_000;

/**
 * When an entry was last changed: the extended timestamp or that of NTFS, which are UTC, else the MS-DOS date, which knows no time
 * zone and is read as UTC, so that one archive lists alike everywhere. `undefined` for a date that no calendar has.
 */
export function readEntryDate(
  header: Pick<CentralHeader, "extra" | "dosDate" | "dosTime">,
): Date | undefined {
  const { extra } = header;
  if (extra.length > 0) {
    const [extended] = findExtraFields(extra, EXTRA_FIELDS.extendedTimestamp);
    const [ntfs] = findExtraFields(extra, EXTRA_FIELDS.ntfs);
    const date = (extended && parseExtendedTimestamp(extended, header)) ?? (ntfs && parseNtfsTimes(ntfs));
    if (date !== undefined) return date;
  }
  return parseDosDate(header.dosDate, header.dosTime);
}

/** From here on a signed number of four bytes does not reach. */
const WRAPPED_YEAR = 2038;
const WRAP_SECONDS = 2 ** 32;

/**
 * Extended timestamp (Info-ZIP, id 0x5455): flags (1), then seconds since 1970 (4) where bit 0 is set. They are signed, but writers
 * go on after January 2038, as if they were not: the MS-DOS date beside them, which has years up to 2107, tells which it is.
 */
function parseExtendedTimestamp(
  field: Uint8Array,
  { dosDate, dosTime }: Pick<CentralHeader, "dosDate" | "dosTime">,
): Date | undefined {
  if (field.length < 5) return undefined;
  const cursor = new ByteCursor(field, { what: "an extended timestamp" });
  if ((cursor.u8() & 1) === 0) return undefined;
  const seconds = cursor.i32();
  const dosYear = seconds < 0 ? parseDosDate(dosDate, dosTime)?.getUTCFullYear() : undefined;
  const isWrapped = dosYear !== undefined && dosYear >= WRAPPED_YEAR;
  return new Date((isWrapped ? seconds + WRAP_SECONDS : seconds) * 1000);
}

/**
 * NTFS extra field (APPNOTE 4.5.5): reserved (4), then attributes of tag (2), length (2), data; tag 1 holds the times of change,
 * access and creation, each in ticks of 100 ns since 1601 (8).
 */
function parseNtfsTimes(field: Uint8Array): Date | undefined {
  const view = new DataView(field.buffer, field.byteOffset, field.byteLength);
  for (let position = 4; position + 4 <= field.length; ) {
    const end = position + 4 + view.getUint16(position + 2, true);
    if (end > field.length) return undefined;
    if (view.getUint16(position, true) === 1 && end - position >= 12) {
      const ticks = view.getBigUint64(position + 4, true);
      const date = new Date(Number(ticks / 10_000n) - NTFS_EPOCH_MS);
      return ticks === 0n || date.getUTCFullYear() > 9999 ? undefined : date;
    }
    position = end;
  }
  return undefined;
}

/**
 * MS-DOS date and time (APPNOTE 4.4.6): day in bits 0-4, month in 5-8, years since 1980 in 9-15; half seconds in bits 0-4,
 * minutes in 5-10, hours in 11-15.
 */
export function parseDosDate(date: number, time: number): Date | undefined {
  const [year, month, day] = [1980 + (date >>> 9), (date >>> 5) & 0xf, date & 0x1f];
  const [hours, minutes, seconds] = [time >>> 11, (time >>> 5) & 0x3f, (time & 0x1f) * 2];
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const parsed = new Date(Date.UTC(year, month - 1, day, hours, minutes, seconds));
  // A day or month out of its range carries over, and then the date reads otherwise than it was written.
  return parsed.getUTCMonth() === month - 1 && parsed.getUTCDate() === day ? parsed : undefined;
}

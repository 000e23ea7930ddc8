import { ByteCursor } from "../../bytes/byte-cursor.ts";
import { type CentralHeader, EXTRA_FIELDS, findExtraFields } from "./zip-format.ts";

/**
 * When an entry was last changed: the extended timestamp (Info-ZIP, id 0x5455: flags (1), then seconds since 1970 (4) where
 * bit 0 is set), which is UTC, else the MS-DOS date, which knows no time zone and is read as UTC, so that one archive lists
 * alike everywhere. `undefined` for a date that no calendar has.
 */
export function readEntryDate(
  header: Pick<CentralHeader, "extra" | "dosDate" | "dosTime">,
): Date | undefined {
  const [field] = findExtraFields(header.extra, EXTRA_FIELDS.extendedTimestamp);
  if (field !== undefined && field.length >= 5) {
    const cursor = new ByteCursor(field, { what: "an extended timestamp" });
    if ((cursor.u8() & 1) !== 0) return new Date(cursor.i32() * 1000);
  }
  return parseDosDate(header.dosDate, header.dosTime);
}

/**
 * MS-DOS date and time (APPNOTE 4.4.6): day in bits 0-4, month in 5-8, years since 1980 in 9-15; half seconds in bits 0-4,
 * minutes in 5-10, hours in 11-15.
 */
export function parseDosDate(date: number, time: number): Date | undefined {
  const [year, month, day] = [1980 + (date >>> 9), (date >>> 5) & 0xf, date & 0x1f];
  const [hours, minutes, seconds] = [time >>> 11, (time >>> 5) & 0x3f, (time & 0x1f) * 2];
  const parsed = new Date(Date.UTC(year, month - 1, day, hours, minutes, seconds));
  const text = [year, month, day, hours, minutes, seconds].map((part) => String(part).padStart(2, "0"));
  // A field out of its range carries over, and then the date reads otherwise than it was written.
  const written = `${text.slice(0, 3).join("-")}T${text.slice(3).join(":")}.000Z`;
  return parsed.toISOString() === written ? parsed : undefined;
}

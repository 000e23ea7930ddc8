import { beyondLimit, brokenTar, decodeTarText, decodeUtf8, type TarPlace } from "./tar-format.ts";

// The records of extended headers (POSIX pax, "pax Extended Header"): `length key=value\n`, the length of all of it in decimal.

/** The value of each key; of a key that comes twice the last one, as POSIX says. An empty one takes back what stood before. */
export type PaxRecords = ReadonlyMap<string, string>;

const [NEWLINE, SPACE, EQUALS, ZERO] = [0x0a, 0x20, 0x3d, 0x30];
/** What a record is taken to cost in memory, however short it is: measured, half a kilobyte. */
const RECORD_BYTES = 1024;
/** So many are believed by any limit. */
const LEAST_RECORDS = 1000;
/** Digits of a length: more could not lie within a payload that was believed. */
const MAX_LENGTH_DIGITS = 10;
/** Keys whose values are text that decides, and which must be UTF-8. Others (extended attributes) may hold anything. */
const TEXT_KEYS: ReadonlySet<string> = new Set(["path", "linkpath", "uname", "gname", "GNU.sparse.name"]);

/**
 * Takes the payload of an extended header apart.
 *
 * @throws FORMAT for a record that is none: a wrong length, no `=`, no key, no newline; for names that are no UTF-8 (unless the header
 * says `hdrcharset=BINARY`) or hold a NUL. LIMIT for more records than `maxDirectoryBytes` are worth.
 */
export function parsePaxRecords(
  payload: Uint8Array,
  place: TarPlace,
  maxDirectoryBytes: number = Infinity,
): PaxRecords {
  const most = Math.max(LEAST_RECORDS, Math.floor(maxDirectoryBytes / RECORD_BYTES));
  const raw = new Map<string, Uint8Array>();
  for (let start = 0; start < payload.length; ) {
    const at = { ...place, position: place.position + start };
    const record = takeRecord(payload, start, at);
    start += record.length;
    const equals = record.indexOf(EQUALS);
    const key = equals < 0 ? undefined : decodeUtf8(record.subarray(record.indexOf(SPACE) + 1, equals));
    if (key === undefined || key === "") throw brokenTar(at, "a pax record without a key");
    raw.set(key, record.subarray(equals + 1, -1));
    if (raw.size > most)
      throw beyondLimit(at, `more than ${most} records in one header`, "maxDirectoryBytes");
  }
  const charset = raw.get("hdrcharset");
  const isBinary = charset !== undefined && decodeTarText(charset) === "BINARY";
  const records = new Map<string, string>();
  for (const [key, value] of raw) records.set(key, decodeValue(key, value, { place, isBinary }));
  return records;
}

/** One record, from its length to its newline. */
function takeRecord(payload: Uint8Array, start: number, place: TarPlace): Uint8Array {
  let length = 0;
  let index = start;
  for (; payload[index] !== SPACE; index++) {
    const digit = (payload[index] ?? 0) - ZERO;
    if (digit < 0 || digit > 9 || index - start >= MAX_LENGTH_DIGITS) {
      throw brokenTar(place, "a pax record without a length");
    }
    length = length * 10 + digit;
  }
  const record = payload.subarray(start, start + length);
  if (index === start || record.length < length || length <= index - start || record.at(-1) !== NEWLINE) {
    throw brokenTar(place, `a pax record that does not end where its length says, ${length}`);
  }
  return record;
}

function decodeValue(
  key: string,
  value: Uint8Array,
  { place, isBinary }: { readonly place: TarPlace; readonly isBinary: boolean },
): string {
  if (!TEXT_KEYS.has(key)) return decodeTarText(value);
  const text = isBinary ? decodeTarText(value) : decodeUtf8(value);
  if (text === undefined) throw brokenTar(place, `a pax record ${key} that is no UTF-8`);
  if (text.includes("\0")) throw brokenTar(place, `a pax record ${key} with a NUL in it`);
  return text;
}

/**
 * A count of bytes in decimal; undefined where there is none.
 *
 * @throws FORMAT for what is none, negative, or beyond 2^53 − 1.
 */
export function paxCount(records: PaxRecords, key: string, place: TarPlace): number | undefined {
  const text = records.get(key);
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw brokenTar(place, `a pax record ${key} that is no count`);
  return value;
}

/**
 * A number that decides nothing, such as a time in seconds, to its thousandth: what goes beyond would change that where it is rounded to
 * what a number holds. Undefined where there is none.
 */
export function paxNumber(records: PaxRecords, key: string): number | undefined {
  const [, text] = /^(-?\d+(?:\.\d{0,3})?)\d*$/.exec(records.get(key) ?? "") ?? [];
  const value = Number(text);
  // An index holds no others.
  return Number.isFinite(value) ? value : undefined;
}

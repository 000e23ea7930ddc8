import type { ServedFile } from "./served-file.ts";

/** Header fields by lower-case name. */
export type HeaderRecord = Record<string, string>;

/**
 * The status that the conditions of a GET or HEAD lead to, in the order of RFC 9110 section 13.2.2; undefined where the
 * request is to be answered as if it had none. If-Range is apart: see {@link ifRangeHolds}.
 */
export function failedPrecondition(headers: HeaderRecord, file: ServedFile): 304 | 412 | undefined {
  const ifMatch = headers["if-match"];
  const unmodifiedSince = headers["if-unmodified-since"];
  if (ifMatch !== undefined) {
    if (!matchesAny(ifMatch, file.etag, strongEqual)) return 412;
  } else if (isNewerThan(file, unmodifiedSince) === true) {
    return 412;
  }
  const ifNoneMatch = headers["if-none-match"];
  if (ifNoneMatch !== undefined) return matchesAny(ifNoneMatch, file.etag, weakEqual) ? 304 : undefined;
  return isNewerThan(file, headers["if-modified-since"]) === false ? 304 : undefined;
}

/**
 * Whether a Range may be served (RFC 9110 section 13.1.5): no If-Range, the same strong ETag, or exactly the Last-Modified
 * date where that is strong, a second or more before `now`.
 */
export function ifRangeHolds(headers: HeaderRecord, file: ServedFile, now: number): boolean {
  const condition = headers["if-range"]?.trim();
  if (condition === undefined) return true;
  if (condition.startsWith('"') || condition.startsWith("W/")) return strongEqual(condition, file.etag);
  const date = Date.parse(condition);
  return date === file.lastModified && now - date >= 1000;
}

function matchesAny(
  field: string,
  etag: string | undefined,
  equal: (a: string, b: string | undefined) => boolean,
): boolean {
  if (field.trim() === "*") return true;
  return entityTags(field).some((tag) => equal(tag, etag));
}

// An opaque tag may contain a comma, so the list is read by its quotes.
function entityTags(field: string): string[] {
  return field.match(/(?:W\/)?"[^"]*"/g) ?? [];
}

function strongEqual(a: string, b: string | undefined): boolean {
  return a === b && a.startsWith('"');
}

function weakEqual(a: string, b: string | undefined): boolean {
  return b !== undefined && a.replace(/^W\//, "") === b.replace(/^W\//, "");
}

function isNewerThan(file: ServedFile, field: string | undefined): boolean | undefined {
  const date = field === undefined ? Number.NaN : Date.parse(field);
  return Number.isNaN(date) || file.lastModified === undefined ? undefined : file.lastModified > date;
}

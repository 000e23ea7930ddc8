import { RangeStreamsError } from "../../errors.ts";
import type { WheelRecord } from "./wheel-package.ts";

const HASH = /^([A-Za-z0-9_]+)=([A-Za-z0-9_-]+)=*$/;

/**
 * Takes a RECORD apart: lines of path, hash and size, as CSV (binary distribution format, "The .dist-info directory").
 *
 * @throws FORMAT for another number of fields, a broken quotation, a hash or a size that is none.
 */
export function parseRecord(text: string, what: string): WheelRecord[] {
  return parseCsv(text, what).map((fields, index) => {
    const [path = "", hash = "", size = ""] = fields;
    const isRight =
      fields.length === 3 && path !== "" && /^\d*$/.test(size) && (hash === "" || HASH.test(hash));
    const byteLength = size === "" ? undefined : Number(size);
    if (!isRight || (byteLength !== undefined && !Number.isSafeInteger(byteLength))) {
      throw broken(what, `row ${index + 1} that is no path, hash and size`);
    }
    const [, algorithm = "", digest = ""] = HASH.exec(hash) ?? [];
    return { path, hash: hash === "" ? undefined : { algorithm, digest }, size: byteLength };
  });
}

/** Rows of fields (RFC 4180); a field in quotes may hold commas, quotes written twice and line ends. Empty lines are none. */
function parseCsv(text: string, what: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  // A field, and what ends it. Sticky: nothing may be left between two.
  const field = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y;
  while (field.lastIndex < text.length) {
    const start = field.lastIndex;
    const [, quoted, plain = "", end] = field.exec(text) ?? [];
    if (end === undefined) throw broken(what, `a broken quotation at character ${start}`);
    row.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === ",") continue;
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
  }
  if (row.length > 0) rows.push([...row, ""]);
  return rows;
}

function broken(what: string, got: string): RangeStreamsError {
  return new RangeStreamsError("FORMAT", `Read ${what}: got ${got}; read its text instead`);
}

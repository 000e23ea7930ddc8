import type { Entry, EntryKind } from "../archive.ts";
import { escapeText } from "./escape-text.ts";

/** An entry, as JSON. */
export interface EntryReport {
  name: string;
  kind: EntryKind;
  size: number;
  storedSize: number;
  method: string;
  /** ISO 8601, UTC; null where the archive tells no possible date. */
  modified: string | null;
}

/** An entry, as JSON with `--long`. What the archive does not tell is null. */
export interface LongEntryReport extends EntryReport {
  /** Permissions in octal. */
  mode: string | null;
  /** CRC-32, eight hexadecimal digits. */
  crc32: string | null;
  linkTarget: string | null;
}

export function reportEntry({ name, kind, size, storedSize, method, modified }: Entry): EntryReport {
  return { name, kind, size, storedSize, method, modified: modified?.toISOString() ?? null };
}

export function reportLongEntry(entry: Entry): LongEntryReport {
  const { mode, crc32, linkTarget } = entry;
  return {
    ...reportEntry(entry),
    mode: mode?.toString(8).padStart(4, "0") ?? null,
    crc32: crc32?.toString(16).padStart(8, "0") ?? null,
    linkTarget: linkTarget ?? null,
  };
}

/** One line an entry: size in bytes, date (UTC), method, name, in columns. */
export function formatEntries(entries: readonly EntryReport[]): string {
  return formatColumns(
    entries.map((entry) => [`${entry.size}`, formatDate(entry), entry.method, formatName(entry)]),
    new Set([0]),
  );
}

/** One line an entry: kind and mode, size, stored size, method, CRC-32, date (UTC), name and where a link points, in columns. */
export function formatLongEntries(entries: readonly LongEntryReport[]): string {
  const rows = entries.map((entry) => {
    const { size, storedSize, method, crc32, linkTarget } = entry;
    const name =
      linkTarget === null ? formatName(entry) : `${formatName(entry)} -> ${escapeText(linkTarget)}`;
    return [formatMode(entry), `${size}`, `${storedSize}`, method, crc32 ?? "-", formatDate(entry), name];
  });
  return formatColumns(rows, new Set([1, 2]));
}

const KINDS: Readonly<Record<EntryKind, string>> = { file: "-", directory: "d", symlink: "l", other: "?" };

/** As `ls` writes it; a mode that the archive does not tell is a dash. */
function formatMode({ kind, mode }: LongEntryReport): string {
  if (mode === null) return KINDS[kind].padEnd(10, "-");
  const bits = Number.parseInt(mode, 8).toString(2).padStart(9, "0");
  return KINDS[kind] + Array.from(bits, (bit, index) => (bit === "1" ? "rwx"[index % 3] : "-")).join("");
}

function formatDate({ modified }: EntryReport): string {
  return modified === null ? "-".padEnd(16) : modified.slice(0, 16).replace("T", " ");
}

function formatName({ name }: EntryReport): string {
  return escapeText(name);
}

/** The last column is not filled up. */
function formatColumns(rows: readonly (readonly string[])[], numbers: ReadonlySet<number>): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, text] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, text.length);
  }
  const fill = (text: string, column: number, row: readonly string[]): string => {
    if (column === row.length - 1) return text;
    return numbers.has(column) ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0);
  };
  return rows.map((row) => `${row.map((text, column) => fill(text, column, row)).join("  ")}\n`).join("");
}

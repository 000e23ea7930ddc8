import type { Entry } from "../zip.ts";
import { escapeText } from "./escape-text.ts";

/** An entry, as JSON. */
export interface EntryReport {
  name: string;
  kind: string;
  size: number;
  storedSize: number;
  method: string;
  /** ISO 8601, UTC; null where the archive tells no possible date. */
  modified: string | null;
}

export function reportEntry({ name, kind, size, storedSize, method, modified }: Entry): EntryReport {
  return { name, kind, size, storedSize, method, modified: modified?.toISOString() ?? null };
}

/** One line an entry: size in bytes, date (UTC), method, name, in columns. */
export function formatEntries(entries: readonly EntryReport[]): string {
  const sizeWidth = widest(entries.map(({ size }) => String(size)));
  const methodWidth = widest(entries.map(({ method }) => method));
  return entries
    .map(({ name, size, method, modified }) => {
      const date = modified === null ? "-".padEnd(16) : modified.slice(0, 16).replace("T", " ");
      const columns = [String(size).padStart(sizeWidth), date, method.padEnd(methodWidth), escapeText(name)];
      return `${columns.join("  ")}\n`;
    })
    .join("");
}

function widest(texts: readonly string[]): number {
  return texts.reduce((width, text) => Math.max(width, text.length), 0);
}

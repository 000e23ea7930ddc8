const UNITS: readonly string[] = ["B", "kB", "MB", "GB", "TB", "PB"];

/** A number of bytes in powers of 1,000, with three digits or so: `187 B`, `65.5 kB`, `8.4 MB`. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return "unknown size";
  let value = bytes;
  let unit = 0;
  // 999.95 would be written as 1000.0.
  while (value >= 999.95 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(1)} ${UNITS[unit]}`;
}

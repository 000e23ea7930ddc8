const UNITS: readonly string[] = ["B", "kB", "MB", "GB", "TB", "PB"];

/** A number of bytes in powers of 1,000: `187 B`, `65.5 kB`, `8.4 MB`. */
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

/** A whole number with commas between thousands. */
export function formatCount(count: number): string {
  return count.toLocaleString("en");
}

/** `1 request`, `2 requests`. */
export function formatPlural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** Milliseconds as `12 ms`, `3.4 s`, `5 min 20 s`. */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 99.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 5400) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** A part of a whole in per cent, with enough digits that a sliver is not nothing. */
export function formatShare(part: number, whole: number): string {
  if (part === 0 || whole === 0) return "0 %";
  const percent = (100 * part) / whole;
  if (percent >= 99.95) return part < whole ? "99.9 %" : "100 %";
  if (percent < 0.001) return "< 0.001 %";
  return `${percent >= 10 ? percent.toFixed(0) : Number(percent.toPrecision(2))} %`;
}

/** A day, as an archive has it. */
export function formatDay(date: Date | undefined): string {
  return date === undefined ? "" : date.toISOString().slice(0, 10);
}

/** Control characters, characters that say nothing but how others are to be drawn, lone surrogates, separators of lines. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** Those that reorder what is around them, as in a name or a program that reads otherwise than it is. */
const REORDERING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A name as it may be shown: whatever cannot be seen, or would turn the rest around, is written out as `\u{202e}`. */
export function visibleName(name: string): string {
  return name.replace(INVISIBLE, writeOut);
}

/** The content of a file as it may be shown: its lines and tabs stay, whatever would turn them around is written out. */
export function visibleText(text: string): string {
  return text.replace(REORDERING, writeOut);
}

function writeOut(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16) ?? ""}}`;
}

/** The last part of a path. */
export function baseName(path: string): string {
  const trimmed = path.replace(/[/\\]+$/, "");
  return trimmed.slice(Math.max(trimmed.lastIndexOf("/"), trimmed.lastIndexOf("\\")) + 1);
}

/** A name to save under: of one part, nothing in it that a file system or a person could take for something else. */
export function safeFileName(path: string): string {
  const name = baseName(path)
    .replace(INVISIBLE, "")
    .replace(/[<>:"|?*]/g, "_")
    .replace(/^[.\s]+|[.\s]+$/g, "");
  return name.slice(0, 200) || "download";
}

/** Bytes as people look at them: position, sixteen bytes in hexadecimal, and the same as ASCII where they are. */
export function formatHex(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = bytes.subarray(at, at + 16);
    const codes = Array.from(row, (byte) => byte.toString(16).padStart(2, "0"));
    const left = codes.slice(0, 8).join(" ");
    const right = codes.slice(8).join(" ");
    const shown = Array.from(row, (byte) => (byte > 0x1f && byte < 0x7f ? String.fromCharCode(byte) : "."));
    lines.push(
      `${at.toString(16).padStart(8, "0")}  ${left.padEnd(23)}  ${right.padEnd(23)}  ${shown.join("")}`,
    );
  }
  return lines.join("\n");
}

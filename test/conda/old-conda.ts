import { concatBytes } from "../../src/bytes/collect-bytes.ts";

// What bzip2 (libbz2 1.0.8, level 1) made of parts of one tar by Python's tarfile. Streams of bzip2 that follow one another are one file.

type Bytes = Uint8Array<ArrayBuffer>;

/** What info/index.json of the package says. */
export const OLD_INDEX = {
  name: "buoy",
  version: "1.0",
  build: "0",
  build_number: 0,
  depends: ["python >=3.9"],
};

/** The members of the package, in order. */
export const OLD_MEMBERS: readonly string[] = ["info/index.json", "info/files", "lib/tides.py"];

/** The text of lib/tides.py. */
export const OLD_TIDES = "METRES = [1.2, 3.4]\n";

/** A conda package of the older kind, as a view whose byteOffset is not 0. */
export function oldConda(): Bytes {
  return join([PARTS.members, PARTS.end]);
}

/** The same, with its members so many times, and another behind: lib/photo.raw of 512,000 bytes that do not compress. 680 kB in all. */
export function largeOldConda(times = 1): Bytes {
  const members = Array<string>(times).fill(PARTS.members);
  return join([...members, PARTS.photoHeader, ...Array<string>(1000).fill(PARTS.piece), PARTS.end]);
}

/** A package without any members. */
export function emptyOldConda(): Bytes {
  return join([PARTS.end]);
}

function join(parts: readonly string[]): Bytes {
  const decoded = new Map<string, Bytes>();
  for (const part of new Set(parts)) decoded.set(part, decode(part));
  const chunks = parts.map((part) => decoded.get(part) ?? new Uint8Array(0));
  const joined = concatBytes([new Uint8Array(3), ...chunks]);
  return joined.subarray(3);
}

function decode(base64: string): Bytes {
  return Uint8Array.from(atob(base64.replaceAll(/\s/g, "")), (character) => character.charCodeAt(0));
}

const PARTS = {
  members: `
    QlpoMTFBWSZTWXmoQTkAAK9foc4QUAX/swICPQr3d9/qAAIQIAgIMAD6tmGigyNE0yHqGQaANGgGTBNCvSRoJ6BNAYTR6jEGjTQYRoG1SanlAxDQ0AAAaAAAm78oj8
    MPVJT0BIpehZIUUBzYEngMEvGiK8rCYYQTDG6JnU6ErHVE8K5UAWTMaA8csoyixQpLwTpOgozSMlOdbHDkka9szkiPEMfRrQLM8hbn0lfUyrglfHINfyBsHCwSgMOB
    Jw0S4Oh8Gc5FVV+To6nImDJbUuFXhVBVJKoGyEBqt3Za4yXxIeS2TAtFaLr5pMJU3xqunJafJi2GEYPzZqTFhCnyaZMLMR3uE8VChDIIzvKCB+QJNdmsS/i7kinChI
    PNQgnI`,
  photoHeader: `
    QlpoMTFBWSZTWRqmPgMAAChbgMgAQAH3gAgAcGTegAgAIABURBkRiehDMp6gxJigBoAHshikbuoDO6CKC52tcl1CIGVKo1zigmdGcMSGZTgMYgp6RGJdqjMjEf4u5I
    pwoSA1THwG`,
  piece: `
    QlpoMTFBWSZTWby0TcQAAKp///P7v///v/9v/f7/32/399/3u+/v6//7+1//h/82///3MAF2trRkAAAAB6g0AAAAGgAAA0A0AAABoyAAAAaAAAAaGmgHqGgNGQepoa
    aemogBoaAaaDQNANANAAaAaA0DTTQ0aDQAGg0DRoAA0GhoAADTQ0AMgAeo0AA0AQANGgANGgaaHqAaDRoADQNANAA00AAAAAGgZDRo0AGgAAaDT1AZNAAAGhoJHIAC
    pSuSD4ugVxYUtAhV/JNADRg/bBGx2ifGkxD0WrKLktLUSeWpArc3h0JcA6KvJzZVekDkB+8cHLAWpDCE+8lWh+9AOjhcMu9Wcq4BIfxHxhdyxEYsZ0HwRRkThGIIam
    aQxZtCNz2Fvy6tNMN0CsAx0cSJZDyKry4MI4xSIaAXCga7KSkY5ZxcUmjlr1hXMW6UmIpI0PabDR8g2h91iFpfYIZZQZ09TMn6B4bIjfUecAAwu3R0CIv+57MmQsk7
    +v/hmLhC3sGNHnRwEjDfgaiEnpBN444wYM3o8OISDh5kXwNeN6AKBgnN0ExPAvYwbtKtF3gLuu/htblBg+K6gQc3OPJZlD8PtwGlNklviH7eUjHlYpuoUVMiDIcI2s
    EaHyy4ceRJ9W03nDAjBnxj+C62wxx2J6RsgKRB9QnpxQ6OYB+9RMYx76oK0uVNQRAIvjyqUzR1/+W182DCgYBNv9lI24uJYwad+iBMZJK+CMkv1PNSDDlgo/NkFdLx
    Yx/wt0RtTpkUQQlHjcELF/A3pADjPapEQrAdWdsTbyyVWl06pFJLSyCuQn9KeN3zNg+/u+Zaydurcu8t6xEcE4SvAua5yTDoAmq60rszekKUCKOYtCPfzjOsIabthC
    ZI+Llwf8XckU4UJC8tE3EA`,
  end: `
    QlpoMTFBWSZTWXT1rfcAAARAAMAAAAggADCAKmlFrDi7kinChIOnrW+4`,
} as const;

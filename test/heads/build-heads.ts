type Part = string | readonly number[] | Uint8Array;

export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function joined(parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => [...(typeof part === "string" ? latin1(part) : part)]));
}

function numbers(
  values: readonly number[],
  width: number,
  set: (view: DataView, at: number, value: number) => void,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(values.length * width);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) set(view, index * width, value);
  return bytes;
}

/** Numbers, the highest byte first. */
export function u16(...values: number[]): Uint8Array<ArrayBuffer> {
  return numbers(values, 2, (view, at, value) => view.setUint16(at, value));
}

export function u32(...values: number[]): Uint8Array<ArrayBuffer> {
  return numbers(values, 4, (view, at, value) => view.setUint32(at, value));
}

export function u64(...values: number[]): Uint8Array<ArrayBuffer> {
  return numbers(values, 8, (view, at, value) => view.setBigUint64(at, BigInt(value)));
}

/** A box of an MP4, AVIF or HEIC. */
export function isoBox(type: string, ...content: Part[]): Uint8Array<ArrayBuffer> {
  const data = joined(content);
  return joined([u32(data.length + 8), type, data]);
}

/** A box with a version, 0, and no flags. */
export function fullBox(type: string, ...content: Part[]): Uint8Array<ArrayBuffer> {
  return isoBox(type, u32(0), ...content);
}

/** One directory; `next` leads elsewhere than to the one behind it. */
export interface DirectorySpec {
  width?: number;
  height?: number;
  orientation?: number;
  next?: number;
}

/** A TIFF of nothing but directories, one behind the other. */
export function tiffFile(
  directories: readonly DirectorySpec[],
  { little = true, big = false } = {},
): Uint8Array<ArrayBuffer> {
  const [countBytes, entryBytes, nextBytes] = big ? [8, 20, 8] : [2, 12, 4];
  const start = big ? 16 : 8;
  const bytes = new Uint8Array(start + directories.length * (countBytes + 3 * entryBytes + nextBytes));
  const view = new DataView(bytes.buffer);
  const offset = (at: number, value: number): void =>
    big ? view.setBigUint64(at, BigInt(value), little) : view.setUint32(at, value, little);
  bytes.set(latin1(little ? "II" : "MM"));
  view.setUint16(2, big ? 43 : 42, little);
  if (big) view.setUint16(4, 8, little);
  offset(big ? 8 : 4, start);
  let at = start;
  for (const [index, spec] of directories.entries()) {
    // A tag, its type (3: 16 bits, 4: 32 bits) and its value; 0 for one that is not given.
    const entries = [
      [256, 4, spec.width ?? 0],
      [257, 3, spec.height ?? 0],
      [274, 3, spec.orientation ?? 0],
    ] as const;
    if (big) offset(at, 3);
    else view.setUint16(at, 3, little);
    at += countBytes;
    for (const [tag, type, value] of entries) {
      view.setUint16(at, tag, little);
      view.setUint16(at + 2, type, little);
      offset(at + 4, 1);
      if (type === 3) view.setUint16(at + entryBytes - nextBytes, value, little);
      else view.setUint32(at + entryBytes - nextBytes, value, little);
      at += entryBytes;
    }
    const isLast = index === directories.length - 1;
    offset(at, spec.next ?? (isLast ? 0 : at + nextBytes));
    at += nextBytes;
  }
  return bytes;
}

/** The header of a PMTiles of version 3, of a small map of the world, and room for what it says follows. */
export function pmtilesHeader(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(1000);
  const view = new DataView(bytes.buffer);
  bytes.set(latin1("PMTiles\x03"));
  const parts = [127, 100, 227, 100, 327, 0, 327, 673, 321, 320, 310];
  for (const [index, value] of parts.entries()) view.setBigUint64(8 + index * 8, BigInt(value), true);
  bytes.set([1, 2, 2, 1, 0, 14], 96);
  for (const [index, degrees] of [-10.5, -85, 179.9999999, 85].entries()) {
    view.setInt32(102 + index * 4, Math.round(degrees * 1e7), true);
  }
  return bytes;
}

/** A database of one empty page of 64 KiB, in UTF-8, with a write-ahead log. */
export function sqliteHeader(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(65_536);
  const view = new DataView(bytes.buffer);
  bytes.set(latin1("SQLite format 3\0\0\x01\x02\x02"));
  view.setUint32(24, 5);
  view.setUint32(28, 1);
  view.setUint32(56, 1);
  view.setUint32(92, 5);
  return bytes;
}

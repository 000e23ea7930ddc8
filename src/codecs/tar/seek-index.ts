import { fromBase64, toBase64 } from "../../bytes/base64.ts";
import type { Bytes } from "../../source/source.ts";
import type { SeekMap, SeekPoint } from "./seek-map.ts";

/** A window of 32 KiB that does not compress is a few bytes longer than that, deflated. */
const MAX_WINDOW_BYTES = 33 * 1024;

/** A map as an index holds it: JSON, each point as an array, windows deflated and in base64. */
export function formatSeekMap({ check, points, end }: SeekMap): string {
  return JSON.stringify({
    check,
    end: [end.byte, end.position],
    points: points.map(({ byte, bit, position, checksum, window }) => [
      byte,
      bit,
      position,
      checksum ?? null,
      ...(window === undefined ? [] : [toBase64(window)]),
    ]),
  });
}

/** What a map is of. */
export interface SeekMapOptions {
  /** Bytes of the archive. */
  readonly size: number;
  /** Only gzip can be entered anywhere but at a whole byte. */
  readonly isGzip: boolean;
}

/** A map that may come from anywhere; undefined for one that cannot be: its numbers, whatever they say, are of this archive then. */
export function parseSeekMap(text: unknown, { size, isGzip }: SeekMapOptions): SeekMap | undefined {
  const json = parseJson(text);
  if (json === undefined) return undefined;
  const { check, points: list } = json;
  if ((check !== "crc32" && check !== "xxh64") || !Array.isArray(list)) return undefined;
  const points: SeekPoint[] = [];
  const end = parseEnd(json["end"], size);
  if (end === undefined) return undefined;
  let before: SeekPoint | undefined;
  for (const each of list as unknown[]) {
    const point = parsePoint(each, isGzip);
    if (point === undefined || !follows(point, before)) return undefined;
    // Only a seek table of zstd may have no checksums: ours are made of what went by.
    if (check === "crc32" && point.checksum === undefined) return undefined;
    points.push(point);
    before = point;
  }
  if (before === undefined || before.byte >= end.byte || before.position > end.position) return undefined;
  return { check, points, end };
}

/** The first point is the start of the archive. */
function follows(point: SeekPoint, before: SeekPoint | undefined): boolean {
  if (before === undefined) {
    return point.byte === 0 && point.bit === 0 && point.position === 0 && point.window === undefined;
  }
  const isLater = point.byte > before.byte || (point.byte === before.byte && point.bit > before.bit);
  return isLater && point.position >= before.position;
}

function parsePoint(point: unknown, isGzip: boolean): SeekPoint | undefined {
  if (!Array.isArray(point)) return undefined;
  const [byte, bit, position, checksum, packed] = point as unknown[];
  if (!isCount(byte) || !isCount(bit) || !isCount(position)) return undefined;
  if (checksum !== null && (!isCount(checksum) || checksum > 0xffff_ffff)) return undefined;
  const window = packed === undefined ? undefined : parseWindow(packed);
  const isInside = window !== undefined;
  if (bit > 7 || (isInside && !isGzip) || (packed !== undefined && !isInside)) return undefined;
  if (bit > 0 && !isInside) return undefined;
  return { byte, bit, position, checksum: checksum ?? undefined, window };
}

function parseWindow(packed: unknown): Bytes | undefined {
  const window = fromBase64(packed);
  return window !== undefined && window.length <= MAX_WINDOW_BYTES ? window : undefined;
}

function parseEnd(end: unknown, size: number): SeekMap["end"] | undefined {
  if (!Array.isArray(end)) return undefined;
  const [byte, position] = end as unknown[];
  return isCount(byte) && isCount(position) && byte <= size ? { byte, position } : undefined;
}

function parseJson(text: unknown): Readonly<Record<string, unknown>> | undefined {
  try {
    const json: unknown = JSON.parse(String(text));
    return typeof json === "object" && json !== null
      ? (json as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

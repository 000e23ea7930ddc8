import { parseSeekFooter, parseSeekTable, SEEK_FOOTER_BYTES } from "../../compress/zstd-seek-table.ts";
import { RangeStreamsError } from "../../errors.ts";
import { Range } from "../../ranges/range.ts";
import type { PlannedSource } from "../../source/source.ts";
import type { ResolvedLimits } from "../archive.ts";
import type { SeekMap, SeekPoint } from "./seek-map.ts";

/** What is read of the end at first: with it come tables of up to 1,360 frames. *Unmeasured*. */
const TAIL_BYTES = 16 * 1024;

/**
 * The map that a zstd archive holds at its end, if it has one (the seekable format): one small request, and another for a large table.
 *
 * @throws FORMAT for a table that does not account for exactly the bytes in front of it, before more is asked for; LIMIT for more frames
 * than `maxEntries`, or a table above `maxDirectoryBytes`.
 */
export async function readSeekableZstd(
  source: PlannedSource,
  limits: Pick<ResolvedLimits, "maxEntries" | "maxDirectoryBytes">,
  signal: AbortSignal | undefined,
): Promise<SeekMap | undefined> {
  const { size, name: what } = source;
  const expect = "random";
  const tail = await source.read(new Range(Math.max(0, size - TAIL_BYTES), size), { signal, expect });
  if (tail.length < SEEK_FOOTER_BYTES) return undefined;
  const footer = parseSeekFooter(tail.subarray(-SEEK_FOOTER_BYTES), what);
  if (footer === undefined) return undefined;
  const { byteLength, frames } = footer;
  const dataBytes = size - byteLength;
  if (dataBytes < 0) {
    const got = `a zstd seek table of ${byteLength} bytes in a file of ${size}`;
    throw new RangeStreamsError("FORMAT", `Opened ${what}: got ${got}; it is damaged`);
  }
  if (frames > limits.maxEntries) throw beyond(what, `${frames} frames of zstd`, "maxEntries");
  if (byteLength > limits.maxDirectoryBytes) {
    throw beyond(what, `a zstd seek table of ${byteLength} bytes`, "maxDirectoryBytes");
  }
  const table =
    byteLength <= tail.length
      ? tail.subarray(tail.length - byteLength)
      : await source.read(new Range(dataBytes, size), { signal, expect });
  const points: SeekPoint[] = [];
  let [byte, position] = [0, 0];
  for (const { storedSize, size: length, checksum } of parseSeekTable(table, footer, { what, dataBytes })) {
    points.push({ byte, bit: 0, position, checksum, window: undefined });
    byte += storedSize;
    position += length;
  }
  // A single frame has to be read from its start, whatever is wanted of it.
  return points.length < 2 ? undefined : { check: "xxh64", points, end: { byte, position } };
}

function beyond(what: string, got: string, option: keyof ResolvedLimits): RangeStreamsError {
  return new RangeStreamsError("LIMIT", `Opened ${what}: got ${got}; raise ${option} if you trust it`);
}

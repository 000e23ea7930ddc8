import { ByteFeed } from "../../compress/byte-feed.ts";
import { RangeStreamsError } from "../../errors.ts";
import { Range } from "../../ranges/range.ts";
import type { Bytes, PlannedSource } from "../../source/source.ts";
import { chunksOf } from "../../source/stream-chunks.ts";
import { type ChunkTable, checkedData, checkedRest } from "./chunk-table.ts";
import type { PngChunk } from "./png-file.ts";
import { brokenPng, CHUNK_HEAD_BYTES, CHUNK_TAIL_BYTES, parseChunkHead } from "./png-format.ts";

/** A file that is being read. */
export interface PngChunkReader {
  readonly source: PlannedSource;
  readonly table: ChunkTable;
  readonly signal: AbortSignal;
}

/** Whether a walk has gone far enough. */
type Until = (table: ChunkTable) => boolean;

/**
 * After a chunk shorter than this so much is read at once: a file of tiny chunks would take a read for each of them, some 80 µs even
 * where the bytes are at hand.
 */
const WINDOW_BYTES = 4096;

/** Goes from chunk to chunk, reading their heads alone, until that is enough or the last has been seen. */
export async function walkChunks({ source, table, signal }: PngChunkReader, until: Until): Promise<void> {
  while (!table.isComplete && !until(table)) {
    const position = table.next;
    const window = nextHeads(source, table);
    const bytes = source.tryRead(window) ?? (await source.read(window, { signal }));
    // Another walk may have come by meanwhile.
    if (table.next === position) table.acceptAll(bytes, position);
  }
}

/** @throws FORMAT where the file ends without IEND. */
function nextHeads({ name, size }: PlannedSource, { next, lastLength }: ChunkTable): Range {
  const headEnd = next + CHUNK_HEAD_BYTES;
  if (headEnd > size) {
    throw brokenPng(name, `its end at byte ${size} without an end chunk: it is cut short`);
  }
  const isFine = lastLength < WINDOW_BYTES && Number.isFinite(size);
  return new Range(next, isFine ? Math.min(size, next + WINDOW_BYTES) : headEnd);
}

/** The data of chunks, each checked against its CRC; what lies near is fetched together. */
export async function readChunks(
  { source, signal }: Pick<PngChunkReader, "source" | "signal">,
  chunks: readonly PngChunk[],
): Promise<Bytes[]> {
  const read = await source.readMany(
    chunks.map(({ range }) => range),
    { signal },
  );
  return chunks.map(({ type, range }, index) =>
    checkedData(read[index] as Bytes, { type, offset: range.start, name: source.name }),
  );
}

/**
 * The data of all chunks of image data, each checked against its CRC, and takes note of chunks that were not known before. They are
 * one stretch of the file, which is read through: their heads would cost a request each.
 *
 * Throws LIMIT for more than `maxBytes`.
 */
export async function readImageData(reader: PngChunkReader, maxBytes: number): Promise<Bytes[]> {
  const { source, table, signal } = reader;
  await walkChunks(reader, ({ hasData }) => hasData);
  // Without the size nothing can be read through to its end: there the heads tell it.
  if (!Number.isFinite(source.size)) await walkChunks(reader, ({ dataEnd }) => dataEnd !== undefined);
  const [first] = table.of("IDAT");
  if (first === undefined) throw brokenPng(source.name, "no image data");
  const stretch = new Range(first.range.start, table.dataEnd ?? source.size);
  const feed = new ByteFeed(chunksOf(source.stream(stretch, { signal })));
  const parts: Bytes[] = [];
  let left = maxBytes;
  let position = stretch.start;
  try {
    while (position < stretch.end) {
      const head = await take(feed, { position, length: CHUNK_HEAD_BYTES, source });
      if (table.next === position) table.accept(head);
      const { type, length } = parseChunkHead(head, { origin: position, name: source.name });
      if (type !== "IDAT") break;
      left -= length;
      if (left < 0) throw tooMuchData(source.name, maxBytes);
      const rest = await take(feed, { position, length: length + CHUNK_TAIL_BYTES, source });
      parts.push(checkedRest(head, rest, { type, offset: position, name: source.name }));
      position += CHUNK_HEAD_BYTES + rest.length;
    }
  } finally {
    feed.end();
  }
  return parts;
}

async function take(
  feed: ByteFeed,
  { position, length, source }: { position: number; length: number; source: PlannedSource },
): Promise<Bytes> {
  const bytes = await feed.take(length);
  if (bytes === undefined) {
    throw brokenPng(
      `the chunk at byte ${position} of ${source.name}`,
      "the end of the file: it is cut short",
    );
  }
  return bytes;
}

function tooMuchData(name: string, maxBytes: number): RangeStreamsError {
  const got = `more than ${maxBytes} bytes, twice what its pixels need and more`;
  return new RangeStreamsError("LIMIT", `Read the image data of ${name}: got ${got}; do not trust it`);
}

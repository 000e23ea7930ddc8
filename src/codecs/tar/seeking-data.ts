import { Range } from "../../ranges/range.ts";
import type { Bytes } from "../../source/source.ts";
import { decodeSpans, MAX_HELD_BYTES, type SpanReading, type SpanRequest } from "./decode-spans.ts";
import { positionOf, type Spans, spansOf, storedRange } from "./seek-map.ts";
import { StreamInput } from "./stream-input.ts";
import {
  type ArchiveData,
  checkIndexedRecord,
  type MemberReader,
  type PassingMember,
  passedData,
  sliceOf,
  type TarDataOptions,
} from "./tar-data.ts";
import type { TarRecord } from "./tar-record.ts";

/**
 * Members larger than this are not held for random access inside: each read decompresses the spans it needs instead, some MiB of them
 * for a single byte. *Unmeasured*.
 */
const INSIDE_BYTES = 4 * 1024 * 1024;

/** Members in a row of spans. */
interface Run {
  readonly spans: Spans;
  readonly records: readonly TarRecord[];
}

/**
 * The data of a compressed tar of which spans are known: each call reads those that hold what it wants, one request for neighbours, and
 * each of them to its end, where its checksum is.
 */
export function seekingData({ walk, isIndexed }: TarDataOptions, reading: SpanReading): ArchiveData {
  const { source, map } = reading;
  const verified = new WeakSet<TarRecord>();
  const isChecked = (record: TarRecord): boolean => !isIndexed || verified.has(record);
  const verify = async (record: TarRecord, input: StreamInput): Promise<void> => {
    if (isChecked(record)) return;
    const headers = await input.read(record.start, record.data - record.start);
    // Too few of them tell of no member.
    checkIndexedRecord(record, headers ?? new Uint8Array(0), { ...walk, size: map.end.position });
    verified.add(record);
  };
  const spansOfRecord = (record: TarRecord): Spans => {
    const { start, data, storedSize } = record;
    return spansOf(map, isChecked(record) ? data : start, data + storedSize);
  };
  async function* pass(
    records: readonly TarRecord[],
    signal: AbortSignal,
  ): AsyncGenerator<PassingMember, void, void> {
    const runs = joinRuns(records, spansOfRecord);
    const ranges = runs.map(({ spans }) => storedRange(map, spans));
    const total = ranges.reduce((sum, { length }) => sum + length, 0);
    const isHeld = runs.length > 1 && total <= MAX_HELD_BYTES;
    const stored = isHeld ? await source.readMany(ranges, { signal, expect: "random", divide: false }) : [];
    for (const [index, { spans, records: members }] of runs.entries()) {
      for await (const input of openSpans(reading, { spans, signal, stored: stored[index] })) {
        for (const record of members) {
          await verify(record, input);
          yield { record, chunks: sliceOf(input, record) };
        }
      }
    }
  }
  const openInside = async (record: TarRecord, signal: AbortSignal): Promise<MemberReader | undefined> => {
    const { start, data, storedSize } = record;
    if (storedSize <= INSIDE_BYTES) return undefined;
    if (!isChecked(record)) {
      const spans = spansOf(map, start, data);
      for await (const input of openSpans(reading, { spans, signal })) await verify(record, input);
    }
    return (range, reader) => readInside(reading, new Range(data + range.start, data + range.end), reader);
  };
  const isEmpty = (record: TarRecord): boolean => record.storedSize === 0 && isChecked(record);
  return { ...passedData(pass, { isEmpty, archive: walk.name }), openInside };
}

/** Spans as a tar that goes by; once nobody wants more of it, the rest, where their checksum is. */
async function* openSpans(
  reading: SpanReading,
  request: SpanRequest,
): AsyncGenerator<StreamInput, void, void> {
  const start = positionOf(reading.map, request.spans.first);
  const input = new StreamInput(decodeSpans(reading, request), start);
  try {
    yield input;
    await input.drain();
  } finally {
    input.end();
  }
}

async function* readInside(
  reading: SpanReading,
  { start, end }: Range,
  signal: AbortSignal,
): AsyncGenerator<Bytes, void, void> {
  const spans = spansOf(reading.map, start, end);
  for await (const input of openSpans(reading, { spans, signal })) yield* input.slice(start, end);
}

/** Members, which are ascending, with those that lie in the same or the next spans. */
function joinRuns(records: readonly TarRecord[], spansOfRecord: (record: TarRecord) => Spans): Run[] {
  const runs: { spans: Spans; records: TarRecord[] }[] = [];
  for (const record of records) {
    const spans = spansOfRecord(record);
    const run = runs.at(-1);
    if (run === undefined || spans.first > run.spans.last + 1) {
      runs.push({ spans, records: [record] });
    } else {
      run.spans = { first: run.spans.first, last: Math.max(run.spans.last, spans.last) };
      run.records.push(record);
    }
  }
  return runs;
}

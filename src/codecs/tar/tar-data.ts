import { concatBytes } from "../../bytes/collect-bytes.ts";
import { RangeStreamsError } from "../../errors.ts";
import { Range } from "../../ranges/range.ts";
import type { Bytes, PlannedSource } from "../../source/source.ts";
import { waitFor } from "../../source/wait-for.ts";
import { spanReader } from "../span-reader.ts";
import { type Compression, decompressSource } from "./compression.ts";
import { parseRecords, readRecords } from "./read-records.ts";
import type { WalkOptions } from "./record-walk.ts";
import { StreamInput } from "./stream-input.ts";
import { blockEnd, brokenTar } from "./tar-format.ts";
import { isSameMember, type TarRecord } from "./tar-record.ts";

/** Where the bytes of a member come from. What is given belongs to the consumer; it may be too little of a tar that is cut short. */
export interface TarData {
  /** As {@link TarData.read}, where the archive is in memory: then there is nothing to wait for. */
  readonly readNow?: (record: TarRecord) => Bytes;
  read(record: TarRecord, signal: AbortSignal): Promise<Bytes>;
  stream(record: TarRecord, signal: AbortSignal): AsyncIterable<Bytes>;
  /** Where the bytes lie in the archive. @throws UNSUPPORTED where they have no place of their own. */
  locate(record: TarRecord, signal: AbortSignal): Promise<Range>;
}

/** Where the bytes of all members of an archive come from. */
export interface ArchiveData extends TarData {
  /** In the order asked. */
  readMany(records: readonly TarRecord[], signal: AbortSignal): Promise<Bytes[]>;
  /** Of a compressed tar: these, which are ascending, in one way through it. The data of each may be read until the next step. */
  goThrough?(records: readonly TarRecord[], signal: AbortSignal): AsyncIterable<PassingMember>;
  /** Random access inside a member that is better not held as a whole; undefined where that does not pay, or cannot be. */
  openInside?(record: TarRecord, signal: AbortSignal): Promise<MemberReader | undefined>;
}

/** Gives bytes of a member, from one of its positions up to another. */
export type MemberReader = (range: Range, signal: AbortSignal) => AsyncIterable<Bytes>;

/** A member of a compressed tar that goes by. */
export interface PassingMember {
  readonly record: TarRecord;
  readonly chunks: AsyncIterable<Bytes>;
}

/** What both kinds are told. */
export interface TarDataOptions {
  readonly source: PlannedSource;
  readonly walk: WalkOptions;
  /** The records come from an index: each is compared with the archive's own header before its bytes are given. */
  readonly isIndexed: boolean;
}

/** The data of a plain tar, in place. */
export function plainData({ source, walk, isIndexed }: TarDataOptions): ArchiveData {
  const verified = new WeakSet<TarRecord>();
  const isUnproven = (record: TarRecord): boolean => isIndexed && !verified.has(record);
  const dataOf = ({ data, storedSize }: TarRecord): Range => new Range(data, data + storedSize);
  const verify = (record: TarRecord, headers: Bytes): void => {
    checkIndexedRecord(record, headers, { ...walk, size: source.size });
    verified.add(record);
  };
  const verifyAlone = async (record: TarRecord, signal: AbortSignal): Promise<void> => {
    if (!isUnproven(record)) return;
    verify(record, await source.read(new Range(record.start, record.data), { signal }));
  };
  const readMany = async (records: readonly TarRecord[], signal: AbortSignal): Promise<Bytes[]> => {
    const unproven = new Set(records.filter(isUnproven));
    const startOf = (record: TarRecord): number => (unproven.has(record) ? record.start : record.data);
    const runs = runsOf(records, startOf);
    const ranges = runs.map(({ start, end }) => new Range(start, end));
    const read = await source.readMany(ranges, { signal, expect: "random", divide: false });
    const bytes: Bytes[] = records.map(() => new Uint8Array(0));
    for (const [at, { start, members }] of runs.entries()) {
      const run = read[at] as Bytes;
      for (const { record, index } of members) {
        const from = record.data - start;
        if (unproven.has(record)) verify(record, run.subarray(startOf(record) - start, from));
        const isAll = from === 0 && record.storedSize === run.length;
        bytes[index] = isAll ? run : run.slice(from, from + record.storedSize);
      }
    }
    return bytes;
  };
  return {
    readMany,
    async read(record, signal) {
      if (isUnproven(record)) return (await readMany([record], signal))[0] as Bytes;
      return record.storedSize === 0
        ? new Uint8Array(0)
        : source.read(dataOf(record), { signal, divide: false });
    },
    async *stream(record, signal) {
      const { start, data, storedSize } = record;
      const isProven = !isUnproven(record);
      const extent = new Range(isProven ? data : start, data + storedSize);
      const chunks = spanReader(source, { signal })(extent);
      yield* isProven ? chunks : behindHeaders(chunks, data - start, (headers) => verify(record, headers));
    },
    async locate(record, signal) {
      await verifyAlone(record, signal);
      return dataOf(record);
    },
  };
}

/** What comes after the headers, once these are here and verified. */
async function* behindHeaders(
  chunks: AsyncIterable<Bytes>,
  headerBytes: number,
  verify: (headers: Bytes) => void,
): AsyncGenerator<Bytes, void, void> {
  const head: Bytes[] = [];
  let missing = headerBytes;
  for await (const chunk of chunks) {
    if (missing <= 0) {
      yield chunk;
      continue;
    }
    head.push(chunk);
    missing -= chunk.length;
    if (missing > 0) continue;
    const bytes = concatBytes(head.splice(0));
    verify(bytes.subarray(0, headerBytes));
    if (bytes.length > headerBytes) yield bytes.slice(headerBytes);
  }
}

/**
 * Neighbours are read in one piece, headers between them included, up to this size: to list and read 1,000 members of 2 kB in memory
 * took 25 ms with a read for each, nearly all of it in the source, and 9 ms so.
 */
const RUN_BYTES = 1024 * 1024;

/** Members without anything else between them, as one piece of the archive. */
interface Run {
  readonly start: number;
  end: number;
  readonly members: { readonly record: TarRecord; readonly index: number }[];
}

/** `startOf` says where what is needed of a member starts. */
function runsOf(records: readonly TarRecord[], startOf: (record: TarRecord) => number): Run[] {
  const members = records.map((record, index) => ({ record, index }));
  members.sort((one, other) => one.record.start - other.record.start);
  const runs: Run[] = [];
  let run: Run | undefined;
  let next = -1;
  for (const member of members) {
    const { start, data, storedSize } = member.record;
    const end = data + storedSize;
    if (run !== undefined && start === next && end - run.start <= RUN_BYTES) {
      run.end = end;
      run.members.push(member);
    } else {
      run = { start: startOf(member.record), end, members: [member] };
      runs.push(run);
    }
    next = blockEnd(data, storedSize);
  }
  return runs;
}

/** Walks the headers of one member again. @throws FORMAT where they tell of another. */
export function checkIndexedRecord(
  record: TarRecord,
  headers: Bytes,
  walk: WalkOptions & { readonly size: number },
): void {
  const { start } = record;
  const part = { bytes: headers, start, size: walk.size };
  const { value: found } = parseRecords(part, { ...walk, start }).next();
  if (found === undefined || !isSameMember(record, found)) throw otherThanIndexed(record, walk.name);
}

function otherThanIndexed({ start, name }: TarRecord, archive: string): RangeStreamsError {
  return brokenTar(
    { position: start, archive },
    `another member than the ${name} of the index; index it anew`,
  );
}

/** How a tar that is compressed as a whole is read. */
export interface CompressedTar {
  readonly compression: Compression;
  readonly maxRatio: number | undefined;
}

/**
 * The data of a compressed tar: each call goes through it from the start, headers and all, up to the last member it wants, and closes
 * the wire there.
 */
export function compressedData(
  { source, walk, isIndexed }: TarDataOptions,
  { compression, maxRatio }: CompressedTar,
): ArchiveData {
  const isEmpty = ({ storedSize }: TarRecord): boolean => storedSize === 0 && !isIndexed;
  async function* pass(
    records: readonly TarRecord[],
    signal: AbortSignal,
  ): AsyncGenerator<PassingMember, void, void> {
    if (records.length === 0) return;
    const input = new StreamInput(decompressSource(source, { compression, signal, maxRatio }));
    try {
      let index = 0;
      for await (const found of readRecords(input, walk)) {
        const record = records[index] as TarRecord;
        if (found.start < record.start) continue;
        if (!isSameMember(found, record)) throw otherThanIndexed(record, walk.name);
        yield { record, chunks: sliceOf(input, record) };
        if (++index === records.length) return;
      }
      throw otherThanIndexed(records[index] as TarRecord, walk.name);
    } finally {
      input.end();
    }
  }
  return passedData(pass, { isEmpty, archive: walk.name });
}

/** A way through a compressed tar: each of the records, which are ascending, as soon as its data comes. */
type Pass = NonNullable<ArchiveData["goThrough"]>;

/** The data of a compressed tar out of ways through it. What is empty needs none. */
export function passedData(
  pass: Pass,
  { isEmpty, archive }: { readonly isEmpty: (record: TarRecord) => boolean; readonly archive: string },
): ArchiveData {
  const readMany = async (records: readonly TarRecord[], signal: AbortSignal): Promise<Bytes[]> => {
    const read = new Map<TarRecord, Bytes>();
    const wanted = [...new Set(records)]
      .filter((record) => !isEmpty(record))
      .sort((one, other) => one.start - other.start);
    for await (const { record, chunks } of pass(wanted, signal)) read.set(record, await collect(chunks));
    const used = new Set<TarRecord>();
    return records.map((record) => {
      const bytes = read.get(record) ?? new Uint8Array(0);
      // Each array is the caller's: one asked for twice is given twice.
      if (used.has(record)) return bytes.slice();
      used.add(record);
      return bytes;
    });
  };
  return {
    readMany,
    read: async (record, signal) => (await readMany([record], signal))[0] as Bytes,
    async *stream(record, signal) {
      if (isEmpty(record)) return;
      for await (const { chunks } of pass([record], signal)) yield* chunks;
    },
    goThrough: pass,
    locate: async (record) => {
      throw withoutPlace(record, archive);
    },
  };
}

/** The data of the member that a walk through a compressed tar stands at: it goes by once. */
export function passingData(input: StreamInput, archive: string): TarData {
  return {
    read: (record, signal) => waitFor(collect(sliceOf(input, record, signal)), [signal]),
    stream: (record, signal) => sliceOf(input, record, signal),
    locate: async (record) => {
      throw withoutPlace(record, archive);
    },
  };
}

/** What comes of a member, out of a tar that stands before it. */
export function sliceOf(
  input: StreamInput,
  { data, storedSize }: TarRecord,
  signal?: AbortSignal,
): AsyncIterable<Bytes> {
  return input.slice(data, data + storedSize, signal);
}

async function collect(chunks: AsyncIterable<Bytes>): Promise<Bytes> {
  const collected: Bytes[] = [];
  for await (const chunk of chunks) collected.push(chunk);
  return concatBytes(collected);
}

function withoutPlace({ name }: TarRecord, archive: string): RangeStreamsError {
  const got = "a tar compressed as a whole, where its bytes have no place of their own";
  return new RangeStreamsError(
    "UNSUPPORTED",
    `Asked where ${name} lies in ${archive}: got ${got}; use bytes() or stream()`,
  );
}

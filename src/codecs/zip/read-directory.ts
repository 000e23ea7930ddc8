import { RangeStreamsError } from "../../errors.ts";
import { Range } from "../../ranges/range.ts";
import { heldView } from "../../source/held-view.ts";
import type { Bytes, PlannedReadOptions, PlannedSource, ReadOptions } from "../../source/source.ts";
import type { ResolvedLimits } from "../archive.ts";
import { type Directory, type DirectoryPlace, indexDirectory } from "./directory.ts";
import { findEndRecord, MAX_END_RECORD_DISTANCE, mayStartBefore, type Tail } from "./end-record.ts";
import {
  END_RECORD_BYTES,
  type EndRecord,
  parseZip64EndRecord,
  parseZip64Locator,
  ZIP64_END_RECORD_BYTES,
  ZIP64_LOCATOR_BYTES,
  type Zip64EndRecord,
} from "./end-record-format.ts";
import { CENTRAL_HEADER_BYTES, ENCRYPTED_DIRECTORY_SIGNATURE, SPANNING_MARKER } from "./zip-format.ts";

/** The tail asked for first: a directory of some 1,000 entries fits, at 65 bytes each. */
export const TAIL_BYTES: number = 64 * 1024;

/**
 * What is asked for where the end record lies before that tail, behind the longest of comments: room for a zip64 locator and for a
 * small directory, so that such an archive costs two requests. *Unmeasured*.
 */
const FAR_TAIL_BYTES: number = MAX_END_RECORD_DISTANCE + 16 * 1024;

/** Extensible data of a zip64 end record that is gone along with; nothing known writes any. *Unmeasured*. */
const MAX_EXTENSIBLE_BYTES = 64 * 1024;

/** The directory of so many is one request; of more, time matters more, and it may be divided. */
const UNDIVIDED_ENTRIES = 10_000;

/** Options of {@link readDirectory}. */
export interface DirectoryReadOptions extends ReadOptions {
  /**
   * Where the directory costs a request, this many bytes before it come with it and are held: for a format whose most wanted members
   * lie last.
   */
  readonly aheadBytes?: ((directory: Range) => number) | undefined;
}

/**
 * Finds, reads and checks the directory: from the tail that is already held, else with one more read of exactly the part that is
 * missing. Nothing outside the file is asked for, and nothing is allocated or fetched for a number that the file's own size
 * contradicts.
 *
 * @throws UNKNOWN_SIZE, FORMAT, AMBIGUOUS, LIMIT, UNSUPPORTED (several disks, an encrypted directory), and whatever the
 * source reports.
 */
export async function readDirectory(
  source: PlannedSource,
  limits: ResolvedLimits,
  { aheadBytes, ...options }: DirectoryReadOptions,
): Promise<Directory> {
  const { name, size } = source;
  if (!Number.isFinite(size)) {
    throw new RangeStreamsError(
      "UNKNOWN_SIZE",
      `Opened ${name} as zip: got no size; its end cannot be found, download it first`,
    );
  }
  options.signal?.throwIfAborted();
  const read = async (start: number, end: number): Promise<Bytes> => {
    const range = new Range(start, end);
    return heldView(source, range) ?? source.read(range, options);
  };
  const tail = await readTail(source, read);
  const end = findEndRecord(tail);
  const zip64 = await readZip64EndRecord(end, read, name);
  refuseSpanned(tail);
  const place = { ...placeDirectory(end, zip64, name), comment: readComment(tail, end) };
  checkLimits(place, limits, name);
  const divide = place.entries > UNDIVIDED_ENTRIES;
  const bytes = await readWithLead(source, place.range, { aheadBytes, divide, ...options });
  await checkPrefix(place, read, name);
  return readDirectoryBytes(bytes, place, { name, limits });
}

async function readWithLead(
  source: PlannedSource,
  directory: Range,
  { aheadBytes, ...options }: DirectoryReadOptions & Pick<PlannedReadOptions, "divide">,
): Promise<Bytes> {
  // It is kept: a copy.
  const view = heldView(source, directory);
  if (view !== undefined) return view.slice();
  const { start } = directory;
  const isHeld = aheadBytes === undefined || source.plan([directory]).requests.length === 0;
  const lead = isHeld ? 0 : Math.min(start, aheadBytes(directory));
  // Where it ends is known, and what is read after it lies elsewhere: `fast` began to read a file through for it.
  if (lead === 0) return source.read(directory, { ...options, expect: "random" });
  const [, bytes] = await source.readMany([new Range(start - lead, start), directory], options);
  return bytes as Bytes;
}

/**
 * A directory whose place and bytes are known, checked as one that was just found.
 *
 * @throws FORMAT, LIMIT, UNSUPPORTED.
 */
export function readDirectoryBytes(
  bytes: Bytes,
  place: DirectoryPlace,
  { name, limits }: { readonly name: string; readonly limits: ResolvedLimits },
): Directory {
  checkLimits(place, limits, name);
  checkCount(place, name);
  if (place.entries > 0) refuseEncrypted(bytes, name);
  return indexDirectory(bytes, place, { name, maxNameBytes: limits.maxNameBytes });
}

/** A copy: the whole tail need not live as long as the archive. */
function readComment(tail: Tail, end: EndRecord): Uint8Array {
  const position = end.offset - tail.origin;
  const view = new DataView(tail.bytes.buffer, tail.bytes.byteOffset, tail.bytes.byteLength);
  const start = position + END_RECORD_BYTES;
  return tail.bytes.slice(start, start + view.getUint16(position + 20, true));
}

/** Gives bytes that are only to be read, and not to be kept. */
type Read = (start: number, end: number) => Promise<Bytes>;

async function readTail(source: PlannedSource, read: Read): Promise<Tail> {
  const { name, size } = source;
  const tailFrom = async (length: number): Promise<Tail> => {
    const origin = Math.max(0, size - length);
    return { bytes: await read(origin, size), origin, name };
  };
  const tail = await tailFrom(TAIL_BYTES);
  return mayStartBefore(tail) ? tailFrom(FAR_TAIL_BYTES) : tail;
}

/** A zip64 end record, and how far it lies behind where its locator says: by the length of a prefix. */
interface FoundZip64 {
  readonly record: Zip64EndRecord;
  readonly shift: number;
}

/** The zip64 end record that the locator before the end record points to, where there is one. */
async function readZip64EndRecord(end: EndRecord, read: Read, name: string): Promise<FoundZip64 | undefined> {
  const locatorOffset = end.offset - ZIP64_LOCATOR_BYTES;
  if (locatorOffset < ZIP64_END_RECORD_BYTES) return undefined;
  const place = { origin: locatorOffset, name };
  const locator = parseZip64Locator(await read(locatorOffset, end.offset), place);
  if (locator === undefined) return undefined;
  if (locator.disk !== 0 || locator.disks > 1) throw severalDisks(name);
  const usual = locatorOffset - ZIP64_END_RECORD_BYTES;
  const declared = locator.recordOffset;
  // After a prefix the declared offset is too low; then the record is looked for where it lies in practice.
  const nearby = declared <= usual && declared >= usual - MAX_EXTENSIBLE_BYTES;
  for (const origin of nearby ? [declared, usual] : [usual]) {
    const record = parseZip64EndRecord(await read(origin, locatorOffset), { origin, name });
    if (record?.endOffset === locatorOffset) return { record, shift: origin - declared };
  }
  throw broken(name, `a zip64 locator that points to byte ${declared}, where no zip64 end record is`);
}

function placeDirectory(
  end: EndRecord,
  zip64: FoundZip64 | undefined,
  name: string,
): Omit<DirectoryPlace, "comment"> {
  if (zip64 !== undefined) checkAgreement(end, zip64.record, name);
  const record = zip64?.record ?? end;
  if (record.disk !== 0 || record.directoryDisk !== 0) throw severalDisks(name);
  if (record.entriesOnDisk !== record.entries) {
    throw broken(name, `${record.entriesOnDisk} entries on its only disk, but ${record.entries} in all`);
  }
  const { entries, directorySize, directoryOffset, offset: directoryEnd } = record;
  const prefix = directoryEnd - directorySize - directoryOffset;
  if (zip64 !== undefined && zip64.shift !== prefix) {
    throw broken(name, "a zip64 locator that points elsewhere than to its zip64 end record");
  }
  if (prefix < 0) throw broken(name, `a directory of ${directorySize} bytes that overlaps its end record`);
  const place = { range: new Range(directoryEnd - directorySize, directoryEnd), entries, prefix };
  checkCount(place, name);
  return place;
}

/** Before anything is allocated for them: so many entries must fit. */
function checkCount({ range, entries }: Pick<DirectoryPlace, "range" | "entries">, name: string): void {
  if (entries * CENTRAL_HEADER_BYTES > range.length || (entries === 0 && range.length > 0)) {
    throw broken(name, `a directory of ${range.length} bytes for ${entries} entries`);
  }
}

/** Classic fields that do not defer to ZIP64 must agree with it, else readers of either kind see different archives. */
function checkAgreement(end: EndRecord, zip64: Zip64EndRecord, name: string): void {
  const fields = ["disk", "directoryDisk", "entriesOnDisk", "entries"] as const;
  const wide = ["directorySize", "directoryOffset"] as const;
  const agrees =
    fields.every((field) => end[field] === 0xffff || end[field] === zip64[field]) &&
    wide.every((field) => end[field] === 0xffffffff || end[field] === zip64[field]);
  if (!agrees) throw broken(name, "an end record and a zip64 end record that contradict each other");
}

function checkLimits({ range, entries }: DirectoryPlace, limits: ResolvedLimits, name: string): void {
  const { maxEntries, maxDirectoryBytes } = limits;
  if (entries > maxEntries) throw beyond(name, `${entries} entries`, "maxEntries");
  if (range.length > maxDirectoryBytes) {
    throw beyond(name, `a directory of ${range.length} bytes`, "maxDirectoryBytes");
  }
}

/**
 * Bytes before the archive proper are fine while offsets can only mean one thing. Where a directory also starts at the declared
 * offset as it stands, two readings of the file are possible.
 */
async function checkPrefix(
  { range, entries, prefix }: DirectoryPlace,
  read: Read,
  name: string,
): Promise<void> {
  if (prefix === 0 || entries === 0) return;
  const declared = range.start - prefix;
  const [first, second, third, fourth] = await read(declared, declared + 4);
  if (first !== 0x50 || second !== 0x4b || third !== 1 || fourth !== 2) return;
  const got = `directories at byte ${declared} and at byte ${range.start}`;
  throw new RangeStreamsError("AMBIGUOUS", `Opened ${name} as zip: got ${got}; do not trust it`);
}

/** The first part of a split archive starts with a marker (8.5.4); it shows where the tail reaches to the start of the file. */
function refuseSpanned({ bytes, origin, name }: Tail): void {
  if (origin !== 0 || bytes.length < 4) return;
  if (new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === SPANNING_MARKER) {
    throw severalDisks(name);
  }
}

function refuseEncrypted(bytes: Bytes, name: string): void {
  const signature = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (signature !== ENCRYPTED_DIRECTORY_SIGNATURE) return;
  const message = `Opened ${name} as zip: got an encrypted directory; it cannot be read here`;
  throw new RangeStreamsError("UNSUPPORTED", message);
}

function severalDisks(name: string): RangeStreamsError {
  const message = `Opened ${name} as zip: got one part of an archive split over several disks; join them first`;
  return new RangeStreamsError("UNSUPPORTED", message);
}

function beyond(name: string, got: string, option: keyof ResolvedLimits): RangeStreamsError {
  return new RangeStreamsError("LIMIT", `Opened ${name} as zip: got ${got}; raise ${option} if you trust it`);
}

function broken(name: string, got: string): RangeStreamsError {
  return new RangeStreamsError("FORMAT", `Opened ${name} as zip: got ${got}; it is damaged or deceives`);
}

import { RangeStreamsError } from "../../errors.ts";
import type { Identity, PlannedSource } from "../../source/source.ts";
import type { ArchiveIndex, IndexedEntry, ResolvedLimits } from "../archive.ts";
import { compressionOf } from "./compression.ts";
import { formatSeekMap, parseSeekMap } from "./seek-index.ts";
import { type SeekMap, spansOf, storedRange } from "./seek-map.ts";
import type { TarMember } from "./tar-member.ts";
import { PERMISSIONS, type TarRecord } from "./tar-record.ts";

/**
 * What an index holds of a tar: the records of its members, each of which is checked against its header when it is read; and of a
 * compressed one, where it can be entered in its middle.
 */
export function indexTar(
  source: PlannedSource,
  members: readonly TarMember[],
  { format, map }: { readonly format: string; readonly map: SeekMap | undefined },
): ArchiveIndex {
  const { strength, etag, lastModified } = source.identity;
  const { size } = source;
  return {
    version: 1,
    format,
    size,
    identity: {
      strength,
      ...(etag === undefined ? {} : { etag }),
      ...(lastModified === undefined ? {} : { lastModified }),
    },
    entries: members.map((member) => {
      const { name, kind, size: byteLength, storedSize, method, record } = member;
      const range = requestFor(record, { format, size, map });
      return { name, kind, range, size: byteLength, storedSize, method };
    }),
    directory: {
      records: JSON.stringify(members.map(({ record }) => record)),
      ...(map === undefined ? {} : { checkpoints: formatSeekMap(map) }),
    },
  };
}

/** What brings a member: in a compressed tar its spans, or all of it. */
function requestFor(
  { start, data, storedSize }: TarRecord,
  {
    format,
    size,
    map,
  }: { readonly format: string; readonly size: number; readonly map: SeekMap | undefined },
): IndexedEntry["range"] {
  if (format === "tar") return [start, data + storedSize];
  if (map === undefined) return [0, size];
  const range = storedRange(map, spansOf(map, start, data + storedSize));
  return [range.start, range.end];
}

/** What an index says of a tar. */
export interface IndexedTar {
  readonly format: string;
  readonly size: number;
  readonly identity: Identity;
  readonly records: readonly TarRecord[];
  readonly map: SeekMap | undefined;
}

/**
 * Takes an index apart, which may come from anywhere.
 *
 * @throws FORMAT for what is no index of a tar, or one whose numbers cannot be; LIMIT as opening does.
 */
export function parseTarIndex(index: ArchiveIndex, limits: ResolvedLimits): IndexedTar {
  const isTar = isObject(index) && (index.format === "tar" || compressionOf(index.format) !== undefined);
  if (!isTar || index.version !== 1) throw badIndex("no index of a tar in version 1");
  const { format, size, directory } = index;
  if (!isCount(size)) throw badIndex(`the size ${String(size)}`);
  const identity = parseIdentity(index.identity);
  if (!isObject(directory)) throw badIndex("no directory");
  const records = parseRecords(directory["records"]);
  if (records.length > limits.maxEntries) {
    throw beyond(`${records.length} entries`, "maxEntries");
  }
  const map = parseMap(directory["checkpoints"], { format, size, limits });
  const tarSize = format === "tar" ? size : (map?.end.position ?? Number.MAX_SAFE_INTEGER);
  let end = 0;
  for (const record of records) {
    checkRecord(record, { after: end, size: tarSize });
    if (record.name.length > limits.maxNameBytes) {
      throw beyond(`a name of ${record.name.length} characters`, "maxNameBytes");
    }
    if (record.data - record.start > limits.maxDirectoryBytes) {
      throw beyond(`headers of ${record.data - record.start} bytes`, "maxDirectoryBytes");
    }
    end = record.data + record.storedSize;
  }
  return { format, size, identity, records, map };
}

function parseMap(
  text: unknown,
  {
    format,
    size,
    limits,
  }: { readonly format: string; readonly size: number; readonly limits: ResolvedLimits },
): SeekMap | undefined {
  if (text === undefined) return undefined;
  if (compressionOf(format)?.loadPart === undefined) throw badIndex(`checkpoints of a ${format}`);
  const { maxEntries, maxDirectoryBytes } = limits;
  if (typeof text === "string" && text.length > maxDirectoryBytes) {
    throw beyond(`checkpoints of ${text.length} bytes`, "maxDirectoryBytes");
  }
  const map = parseSeekMap(text, { size, isGzip: format === "tar.gz" });
  if (map === undefined) throw badIndex("checkpoints that cannot be");
  if (map.points.length > maxEntries) throw beyond(`${map.points.length} checkpoints`, "maxEntries");
  return map;
}

function parseRecords(text: unknown): TarRecord[] {
  let records: unknown;
  try {
    records = JSON.parse(String(text));
  } catch (cause) {
    throw badIndex("records that are no JSON", cause);
  }
  if (!Array.isArray(records)) throw badIndex("no list of records");
  return records.map((record: unknown) => withPax(record) as TarRecord);
}

/** Other records of extended headers as a walk gives them: texts in an object that has no prototype. */
function withPax(record: unknown): unknown {
  if (!isObject(record) || !isObject(record["pax"])) return record;
  const entries = Object.entries(record["pax"]);
  if (entries.some(([, value]) => typeof value !== "string"))
    throw badIndex("a record of pax that is no text");
  return { ...record, pax: Object.setPrototypeOf(Object.fromEntries(entries), null) as object };
}

/** @throws FORMAT for what no walk could have found. */
function checkRecord(record: unknown, { after, size }: { after: number; size: number }): void {
  if (!isObject(record)) throw badIndex("a record that is none");
  const { start, data, storedSize } = record;
  if (!isCount(start) || !isCount(data) || !isCount(storedSize) || !isCount(record["size"])) {
    throw badIndex("a record with a number that is no count");
  }
  if (start < after || data <= start || data + storedSize > size) {
    throw badIndex(`a record from byte ${start} on that lies in another or outside`);
  }
  const { name, type } = record;
  if (typeof name !== "string" || typeof type !== "string" || type.length !== 1) {
    throw badIndex("a record without a name or a type");
  }
  for (const field of ["mode", "uid", "gid", "modified"]) check(record, field, "number");
  for (const field of ["linkTarget", "userName", "groupName"]) check(record, field, "string");
  check(record, "isSparse", "boolean");
  if (record["isSparse"] !== true && record["size"] !== storedSize) {
    throw badIndex(`a record of ${String(record["size"])} bytes with ${storedSize} of data`);
  }
  const { mode = 0 } = record;
  if (!isCount(mode) || mode > PERMISSIONS) throw badIndex(`a record with the mode ${String(mode)}`);
  check(record, "pax", "object");
}

function check(record: Readonly<Record<string, unknown>>, field: string, type: string): void {
  const value = record[field];
  const isRight = value === undefined || (value !== null && kindOfValue(value) === type);
  if (!isRight) throw badIndex(`a record whose ${field} is no ${type}`);
}

function parseIdentity(identity: unknown): Identity {
  if (!isObject(identity)) throw badIndex("no identity");
  const { strength, etag, lastModified } = identity;
  if (strength !== "strong" && strength !== "weak" && strength !== "none") {
    throw badIndex(`the identity's strength ${String(strength)}`);
  }
  check(identity, "etag", "string");
  check(identity, "lastModified", "string");
  return { strength, etag: etag as string | undefined, lastModified: lastModified as string | undefined };
}

function kindOfValue(value: unknown): string {
  return typeof value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function beyond(got: string, option: keyof ResolvedLimits): RangeStreamsError {
  return new RangeStreamsError(
    "LIMIT",
    `Opened a tar from an index: got ${got}; raise ${option} if you trust it`,
  );
}

function badIndex(got: string, cause?: unknown): RangeStreamsError {
  const message = `Opened a tar from an index: got ${got}; index it anew`;
  return new RangeStreamsError("FORMAT", message, { cause });
}

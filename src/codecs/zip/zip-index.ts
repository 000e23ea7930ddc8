import { fromBase64, toBase64 } from "../../bytes/base64.ts";
import { RangeStreamsError } from "../../errors.ts";
import { Range } from "../../ranges/range.ts";
import type { Bytes, Identity, PlannedSource } from "../../source/source.ts";
import type { ArchiveIndex, IndexedEntry, ResolvedLimits } from "../archive.ts";
import type { Directory } from "./directory.ts";
import { END_RECORD_BYTES } from "./end-record-format.ts";
import { nextBoundary } from "./plan-member.ts";
import { readDirectoryBytes } from "./read-directory.ts";
import type { ZipMember } from "./zip-member.ts";

/** What an index holds of a zip: its directory as it stands in the file, so that the same checks are made of it again. */
export function indexZip(
  source: PlannedSource,
  directory: Directory,
  { members, offsets }: { readonly members: readonly ZipMember[]; readonly offsets: Float64Array },
): ArchiveIndex {
  const { strength, etag, lastModified } = source.identity;
  return {
    version: 1,
    format: "zip",
    size: source.size,
    identity: {
      strength,
      ...(etag === undefined ? {} : { etag }),
      ...(lastModified === undefined ? {} : { lastModified }),
    },
    entries: members.map((member) => indexMember(member, directory, offsets)),
    directory: {
      start: directory.range.start,
      entries: directory.entries,
      prefix: directory.prefix,
      comment: toBase64(directory.comment),
      bytes: toBase64(directory.bytes),
    },
  };
}

function indexMember(member: ZipMember, directory: Directory, offsets: Float64Array): IndexedEntry {
  const { name, kind, size, storedSize, method, crc32, offset } = member;
  return {
    name,
    kind,
    range: [offset, Math.max(offset, nextBoundary(directory, offsets, offset))],
    size,
    storedSize,
    method,
    crc32: crc32.toString(16).padStart(8, "0"),
  };
}

/** What an index says of the archive itself. */
export interface IndexedArchive {
  readonly size: number;
  readonly identity: Identity;
  /** Its directory, checked as one that was just read. */
  readDirectory(name: string): Directory;
}

/**
 * Takes an index apart, which may come from anywhere.
 *
 * @throws FORMAT for what is no index of a zip, or one whose numbers cannot be; `readDirectory` throws as opening does.
 */
export function parseZipIndex(index: ArchiveIndex, limits: ResolvedLimits): IndexedArchive {
  if (!isObject(index) || index["version"] !== 1 || index["format"] !== "zip") {
    throw badIndex("no index of a zip in version 1");
  }
  const { size, identity, directory } = index;
  if (!isCount(size)) throw badIndex(`the size ${String(size)}`);
  const pinned = parseIdentity(identity);
  if (!isObject(directory)) throw badIndex("no directory");
  const { start, entries, prefix, comment, bytes } = directory;
  if (!isCount(start) || !isCount(entries) || !isCount(prefix)) throw badIndex("a number that is no count");
  const read = (name: string): Directory => {
    const decoded = bytesOf(bytes);
    const end = start + decoded.length;
    if (prefix > start || end + END_RECORD_BYTES > size) {
      throw badIndex(`a directory up to byte ${end} of ${size}`);
    }
    const place = { range: new Range(start, end), entries, prefix, comment: bytesOf(comment) };
    return readDirectoryBytes(decoded, place, { name, limits });
  };
  return { size, identity: pinned, readDirectory: read };
}

function parseIdentity(identity: unknown): Identity {
  if (!isObject(identity)) throw badIndex("no identity");
  const { strength, etag, lastModified } = identity;
  if (strength !== "strong" && strength !== "weak" && strength !== "none") {
    throw badIndex(`the identity's strength ${String(strength)}`);
  }
  const isText = (value: unknown): value is string | undefined =>
    value === undefined || typeof value === "string";
  if (!isText(etag) || !isText(lastModified)) throw badIndex("a validator that is no text");
  return { strength, etag, lastModified };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function badIndex(got: string): RangeStreamsError {
  return new RangeStreamsError("FORMAT", `Opened a zip from an index: got ${got}; index it anew`);
}

function bytesOf(text: unknown): Bytes {
  const bytes = fromBase64(text);
  if (bytes === undefined) throw badIndex("bytes that are no base64");
  return bytes;
}

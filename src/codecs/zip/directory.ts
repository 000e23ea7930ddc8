import { createTextReader, type TextReader } from "#text-reader";
import { RangeStreamsError } from "../../errors.ts";
import type { Range } from "../../ranges/range.ts";
import type { Bytes } from "../../source/source.ts";
import { decodeEntryComment, decodeEntryName, readUnicodePath } from "./entry-name.ts";
import {
  ABSENT_16,
  ABSENT_32,
  CENTRAL_FIELDS,
  CENTRAL_HEADER_BYTES,
  CENTRAL_HEADER_SIGNATURE,
  type CentralHeader,
  EXTRA_FIELDS,
  FLAGS,
  parseCentralHeaderAt,
} from "./zip-format.ts";

/** A directory in hand, checked as a whole; single entries are decoded when asked for. */
export interface Directory extends DirectoryPlace {
  /** All central headers, one after the other. */
  readonly bytes: Bytes;
  /** Over the same bytes. */
  readonly view: DataView;
  /** Where each central header starts in `bytes`. */
  readonly positions: Uint32Array;
  /** Parts of `bytes` as text. */
  readonly textAt: TextReader;
  /** No entry has another name in an extra field: all names are the bytes in their headers. */
  readonly hasPlainNames: boolean;
  /** For messages: the archive. */
  readonly name: string;
}

/** Where a directory lies, and how much is in it. */
export interface DirectoryPlace {
  /** Where its central headers lie in the file. */
  readonly range: Range;
  readonly entries: number;
  /** Bytes before the archive proper (a self-extracting program): to be added to declared offsets. */
  readonly prefix: number;
  /** The comment of the archive, as stored. */
  readonly comment: Uint8Array;
}

/**
 * Walks a directory once and notes where each central header starts. Nothing is kept for an entry but this number: 66,000
 * entries cost a quarter of a megabyte until they are asked for. What could make a field unreadable later (a missing zip64
 * value, a broken Unicode field) is found here, so that a directory that opened can be listed to the end.
 *
 * @throws FORMAT where the entries do not fill the directory exactly, LIMIT for a name that is too long.
 */
export function indexDirectory(
  bytes: Bytes,
  place: DirectoryPlace,
  { name, maxNameBytes }: { readonly name: string; readonly maxNameBytes: number },
): Directory {
  const { range, entries, prefix, comment } = place;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const positions = new Uint32Array(entries);
  const walked = walkHeaders(view, positions, maxNameBytes);
  if (walked.problem !== undefined) throw wrongCount(place, { name, got: walked.problem });
  if (walked.longName > 0) throw longName(walked.longName, name);
  const hasPlainNames = !walked.needsCare || !positions.some((position) => isNamedOtherwise(view, position));
  const textAt = createTextReader(bytes);
  // All written out: of a literal the shape, and what was compiled for it, outlive the last archive that is open.
  const directory = { range, entries, prefix, comment, bytes, view, textAt, positions, hasPlainNames, name };
  if (walked.needsCare) {
    for (const position of positions) {
      if (needsCare(view, position)) checkEntry(directory, position, maxNameBytes);
    }
  }
  return directory;
}

/** What a walk over a directory found. */
interface WalkedHeaders {
  /** Why the entries do not fill it exactly. */
  readonly problem: string | undefined;
  /** The bytes of a name that is too long; else 0. */
  readonly longName: number;
  /** An entry has a field that could be unreadable: a deferred value, or extra fields that may hold another name or comment. */
  readonly needsCare: boolean;
}

/** It sees nothing but bytes and numbers, so that its code serves all archives. */
function walkHeaders(view: DataView, positions: Uint32Array, maxNameBytes: number): WalkedHeaders {
  const byteLength = view.byteLength;
  const failed = (problem: string): WalkedHeaders => ({ problem, longName: 0, needsCare: false });
  let isCareful = false;
  let position = 0;
  for (let index = 0; index < positions.length; index++) {
    if (position + CENTRAL_HEADER_BYTES > byteLength) return failed(`only ${index}`);
    if (view.getUint32(position, true) !== CENTRAL_HEADER_SIGNATURE) {
      return failed(`something else after ${index}`);
    }
    // Two fields by one look: of all that is done here the looks take the most time.
    const lengths = view.getUint32(position + CENTRAL_FIELDS.nameLength, true);
    const commentLength = view.getUint16(position + CENTRAL_FIELDS.commentLength, true);
    const nameLength = lengths & 0xffff;
    const end = position + CENTRAL_HEADER_BYTES + nameLength + (lengths >>> 16) + commentLength;
    if (end > byteLength) return failed(`only ${index} whole ones`);
    if (nameLength > maxNameBytes) return { problem: undefined, longName: nameLength, needsCare: isCareful };
    positions[index] = position;
    isCareful ||= needsCare(view, position);
    position = end;
  }
  if (position !== byteLength) return failed(`${byteLength - position} bytes after them`);
  return { problem: undefined, longName: 0, needsCare: isCareful };
}

/** Whether anything in the entry could be unreadable. */
function needsCare(view: DataView, position: number): boolean {
  return (
    view.getUint32(position + CENTRAL_FIELDS.storedSize, true) === ABSENT_32 ||
    view.getUint32(position + CENTRAL_FIELDS.size, true) === ABSENT_32 ||
    view.getUint32(position + CENTRAL_FIELDS.localOffset, true) === ABSENT_32 ||
    view.getUint16(position + CENTRAL_FIELDS.disk, true) === ABSENT_16 ||
    (view.getUint16(position + CENTRAL_FIELDS.extraLength, true) > 0 &&
      (isNamedOtherwise(view, position) || isCommentedOtherwise(view, position)))
  );
}

/** Whether an extra field may hold another name. */
function isNamedOtherwise(view: DataView, position: number): boolean {
  return !isFlaggedUtf8(view, position) && hasExtraField(view, position, EXTRA_FIELDS.unicodePath);
}

/** Whether an extra field may hold another comment. */
function isCommentedOtherwise(view: DataView, position: number): boolean {
  if (view.getUint16(position + CENTRAL_FIELDS.commentLength, true) === 0) return false;
  return !isFlaggedUtf8(view, position) && hasExtraField(view, position, EXTRA_FIELDS.unicodeComment);
}

function isFlaggedUtf8(view: DataView, position: number): boolean {
  return (view.getUint16(position + CENTRAL_FIELDS.flags, true) & FLAGS.utf8) !== 0;
}

/** Whether the entry at a position of the directory has an extra field of this id. Allocates nothing. */
export function hasExtraField(view: DataView, position: number, id: number): boolean {
  let at = position + CENTRAL_HEADER_BYTES + view.getUint16(position + CENTRAL_FIELDS.nameLength, true);
  const end = at + view.getUint16(position + CENTRAL_FIELDS.extraLength, true);
  while (at + 4 <= end) {
    const next = at + 4 + view.getUint16(at + 2, true);
    if (next > end) return false;
    if (view.getUint16(at, true) === id) return true;
    at = next;
  }
  return false;
}

function checkEntry(directory: Directory, position: number, maxNameBytes: number): void {
  const { name } = directory;
  const header = readCentralHeader(directory, position);
  const { length } = readUnicodePath(header) ?? header.name;
  if (length > maxNameBytes) throw longName(length, name);
  decodeEntryName(header, name);
  if (header.comment.length > 0) decodeEntryComment(header, name);
}

function longName(byteLength: number, archive: string): RangeStreamsError {
  const got = `a name of ${byteLength} bytes`;
  const message = `Opened ${archive} as zip: got ${got}; raise maxNameBytes if you trust it`;
  return new RangeStreamsError("LIMIT", message);
}

/** The central header at a position of the directory. */
export function readCentralHeader(directory: Directory, position: number): CentralHeader {
  const origin = directory.range.start + position;
  return parseCentralHeaderAt(directory.view, position, { origin, name: directory.name });
}

/** One field of the header at a position, its zip64 value where it defers to one. */
export function readWideField(
  directory: Directory,
  position: number,
  field: "size" | "storedSize" | "localOffset",
): number {
  const value = directory.view.getUint32(position + CENTRAL_FIELDS[field], true);
  return value === ABSENT_32 ? readCentralHeader(directory, position)[field] : value;
}

function wrongCount(
  { entries }: DirectoryPlace,
  { name, got }: { readonly name: string; readonly got: string },
): RangeStreamsError {
  const message = `Opened ${name} as zip: got a directory of ${entries} entries with ${got}; it is damaged or deceives`;
  return new RangeStreamsError("FORMAT", message);
}

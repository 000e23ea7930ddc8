import { RangeStreamsError } from "../../errors.ts";
import {
  defersToZip64,
  END_RECORD_BYTES,
  END_RECORD_SIGNATURE,
  type EndRecord,
  MAX_COMMENT_BYTES,
  parseEndRecord,
  ZIP64_LOCATOR_BYTES,
  ZIP64_LOCATOR_SIGNATURE,
} from "./end-record-format.ts";
import { CENTRAL_HEADER_SIGNATURE, ENCRYPTED_DIRECTORY_SIGNATURE, type RecordPlace } from "./zip-format.ts";

/** The last bytes of a file, as far as they were read. */
export interface Tail {
  readonly bytes: Uint8Array;
  /** Position of its first byte; it reaches to the end of the file. */
  readonly origin: number;
  /** For messages: the archive. */
  readonly name: string;
}

const DIRECTORY_SIGNATURES: readonly number[] = [CENTRAL_HEADER_SIGNATURE, ENCRYPTED_DIRECTORY_SIGNATURE];

/** How far from the end of a file its end record may start. */
export const MAX_END_RECORD_DISTANCE: number = END_RECORD_BYTES + MAX_COMMENT_BYTES;

/**
 * The one end record of a file: its comment reaches the end exactly (zeros after it are padding of media and harmless), and the
 * directory it tells of lies before it. Other readers take the last signature or the first plausible one, and so disagree
 * about the content of a file made for that; two possible records are an error here.
 *
 * @throws FORMAT for none or one whose directory cannot lie before it, AMBIGUOUS for several.
 */
export function findEndRecord(tail: Tail): EndRecord {
  const reaching = endRecordsThatReach(tail);
  const [end, ...others] = reaching.filter((record) => mayEndDirectory(record, tail));
  if (end === undefined) {
    const got =
      reaching.length === 0
        ? "no end record whose comment ends with the file"
        : "a directory that does not lie before its end record";
    throw new RangeStreamsError(
      "FORMAT",
      `Opened ${tail.name} as zip: got ${got}; it is no zip, or cut short`,
    );
  }
  if (others.length > 0) {
    const got = `${others.length + 1} end records, at ${[end, ...others].map(({ offset }) => offset).join(", ")}`;
    throw new RangeStreamsError("AMBIGUOUS", `Opened ${tail.name} as zip: got ${got}; do not trust it`);
  }
  return end;
}

/** Whether a directory may end at this record, as far as the tail shows. With ZIP64, another record decides. */
function mayEndDirectory(end: EndRecord, tail: Tail): boolean {
  const signatureAt = (offset: number): number | undefined => {
    const position = offset - tail.origin;
    if (position < 0) return undefined;
    return new DataView(tail.bytes.buffer, tail.bytes.byteOffset).getUint32(position, true);
  };
  if (defersToZip64(end) || signatureAt(end.offset - ZIP64_LOCATOR_BYTES) === ZIP64_LOCATOR_SIGNATURE) {
    return true;
  }
  if (end.directoryOffset + end.directorySize > end.offset) return false;
  if (end.entries === 0) return true;
  const signature = signatureAt(end.offset - end.directorySize);
  return signature === undefined || DIRECTORY_SIGNATURES.includes(signature);
}

function endRecordsThatReach(tail: Tail): EndRecord[] {
  const { bytes, name } = tail;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const contentEnd = lengthWithoutZeros(bytes);
  const found: EndRecord[] = [];
  for (
    let position = lastCandidate(bytes, bytes.length - END_RECORD_BYTES);
    position >= 0;
    position = lastCandidate(bytes, position - 1)
  ) {
    if (view.getUint32(position, true) !== END_RECORD_SIGNATURE) continue;
    const commentEnd = position + END_RECORD_BYTES + view.getUint16(position + 20, true);
    if (commentEnd > bytes.length || commentEnd < contentEnd) continue;
    const place: RecordPlace = { origin: tail.origin + position, name };
    found.push(parseEndRecord(bytes.subarray(position), place));
  }
  return found;
}

/**
 * Where a signature may start last, at most at `from`; below 0 nowhere. The platform looks for a byte faster than a loop does, and the
 * last one of this signature is rarer than its first, which every header in the directory begins with.
 */
function lastCandidate(bytes: Uint8Array, from: number): number {
  return from < 0 ? -1 : bytes.lastIndexOf(END_RECORD_SIGNATURE >>> 24, from + 3) - 3;
}

function lengthWithoutZeros(bytes: Uint8Array): number {
  let length = bytes.length;
  while (length > 0 && bytes[length - 1] === 0) length--;
  return length;
}

/**
 * Whether an end record may start just before a tail of 64 KiB: only one with a comment so long that its length, the last field
 * of the record and inside the tail, reads accordingly. So a comment of the greatest length cannot hide the true record behind
 * a false one, and about one archive in 256 costs a request in vain.
 */
export function mayStartBefore(tail: Tail): boolean {
  const { bytes, origin } = tail;
  const missing = MAX_END_RECORD_DISTANCE - bytes.length;
  for (let before = 1; before <= Math.min(missing, origin, END_RECORD_BYTES - 1); before++) {
    const commentLength = bytes.length + before - END_RECORD_BYTES;
    const low = bytes[20 - before];
    const high = bytes[21 - before];
    if (high === commentLength >>> 8 && (low === undefined || low === (commentLength & 0xff))) return true;
  }
  return false;
}

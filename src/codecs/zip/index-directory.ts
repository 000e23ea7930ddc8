import { RangeStreamsError } from "../../errors.ts";
import type { Range } from "../../ranges/range.ts";
import { decodeEntryName } from "./entry-name.ts";
import {
  ABSENT_32,
  CENTRAL_HEADER_BYTES,
  CENTRAL_HEADER_SIGNATURE,
  EXTRA_FIELDS,
  FLAGS,
  findExtraFields,
  parseCentralHeader,
} from "./zip-format.ts";

/** What the end record says of the directory whose bytes are given. */
export interface DirectoryPromise {
  readonly range: Range;
  readonly entries: number;
  readonly maxNameBytes: number;
  /** For messages: the archive. */
  readonly name: string;
}

/**
 * Walks a directory once and returns where each central header starts. Nothing is kept for an entry but this number: 66,000
 * entries cost a quarter of a megabyte until they are asked for. What could make a field unreadable later (a missing zip64
 * value, a broken Unicode Path) is found here, so that a directory that opened can be listed to the end.
 *
 * @throws FORMAT where the entries do not fill the directory exactly, LIMIT for a name that is too long.
 */
export function indexDirectory(bytes: Uint8Array, promise: DirectoryPromise): Uint32Array {
  const { entries, name: archive, maxNameBytes } = promise;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const positions = new Uint32Array(entries);
  let position = 0;
  for (let index = 0; index < entries; index++) {
    if (position + CENTRAL_HEADER_BYTES > bytes.length) throw wrongCount(promise, `only ${index}`);
    if (view.getUint32(position, true) !== CENTRAL_HEADER_SIGNATURE) {
      throw wrongCount(promise, `something else after ${index}`);
    }
    const nameLength = view.getUint16(position + 28, true);
    const extraLength = view.getUint16(position + 30, true);
    const length = CENTRAL_HEADER_BYTES + nameLength + extraLength + view.getUint16(position + 32, true);
    if (position + length > bytes.length) throw wrongCount(promise, `only ${index} whole ones`);
    if (nameLength > maxNameBytes) {
      const message = `Opened ${archive} as zip: got a name of ${nameLength} bytes; raise maxNameBytes if you trust it`;
      throw new RangeStreamsError("LIMIT", message);
    }
    positions[index] = position;
    if (needsCare(view, position, extraLength)) checkEntry(bytes, position, promise);
    position += length;
  }
  if (position !== bytes.length) throw wrongCount(promise, `${bytes.length - position} bytes after them`);
  return positions;
}

/** Whether anything in the entry could be unreadable: deferred values, or extra fields that may hold another name. */
function needsCare(view: DataView, position: number, extraLength: number): boolean {
  const deferred =
    view.getUint32(position + 20, true) === ABSENT_32 ||
    view.getUint32(position + 24, true) === ABSENT_32 ||
    view.getUint32(position + 42, true) === ABSENT_32 ||
    view.getUint16(position + 34, true) === 0xffff;
  return deferred || (extraLength > 0 && (view.getUint16(position + 8, true) & FLAGS.utf8) === 0);
}

function checkEntry(bytes: Uint8Array, position: number, { range, name }: DirectoryPromise): void {
  const header = parseCentralHeader(bytes.subarray(position), { origin: range.start + position, name });
  if (findExtraFields(header.extra, EXTRA_FIELDS.unicodePath).length > 0) decodeEntryName(header, name);
}

function wrongCount({ entries, name }: DirectoryPromise, got: string): RangeStreamsError {
  const message = `Opened ${name} as zip: got a directory of ${entries} entries with ${got}; it is damaged or deceives`;
  return new RangeStreamsError("FORMAT", message);
}

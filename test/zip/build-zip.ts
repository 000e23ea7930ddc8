import { deflateSync } from "fflate";
import { createCrc32 } from "#crc32";

/** A field value, or several, that replace what an honest writer would write. */
interface HeaderLies {
  signature?: number;
  flags?: number;
  method?: number;
  crc32?: number;
  storedSize?: number;
  size?: number;
  name?: Uint8Array;
  extra?: Uint8Array;
  nameLength?: number;
  extraLength?: number;
}

/** One member to write. */
export interface MemberSpec {
  name: string | Uint8Array;
  data?: Uint8Array;
  /** 0 store, 8 deflate; other methods keep the data as it is. Default 0. */
  method?: number;
  flags?: number;
  madeBy?: number;
  externalAttributes?: number;
  dosDate?: number;
  dosTime?: number;
  comment?: Uint8Array;
  /** Extra fields in both headers. */
  extra?: Uint8Array;
  /** Sizes and CRC follow the data, the local header holds zeros. */
  descriptor?: boolean;
  /** What is written for the descriptor, in the place of an honest one with a signature and sizes of 32 bits. */
  descriptorBytes?: Uint8Array;
  /** Sizes and offset deferred to a zip64 extra field. */
  zip64?: boolean;
  /** What stands for the data in the file, whatever the sizes say. */
  stored?: Uint8Array;
  /** Bytes between the member and what follows. */
  gap?: number;
  local?: HeaderLies;
  central?: HeaderLies & { localOffset?: number; disk?: number };
}

/** What surrounds the members. */
export interface ZipSpec {
  comment?: Uint8Array;
  /** Bytes before the archive; declared offsets do not know of them. */
  prefix?: Uint8Array;
  /** Bytes after the end record. */
  trailer?: Uint8Array;
  /** A zip64 end record and locator, all classic fields deferred. */
  zip64?: boolean;
  end?: EndLies;
  zip64End?: EndLies & { recordSize?: number };
  locator?: { recordOffset?: number; disk?: number; disks?: number };
}

interface EndLies {
  disk?: number;
  directoryDisk?: number;
  entriesOnDisk?: number;
  entries?: number;
  directorySize?: number;
  directoryOffset?: number;
  commentLength?: number;
}

type Field = [width: 1 | 2 | 4 | 8, value: number] | Uint8Array;

/** Joins numbers, little-endian, and bytes. */
export function pack(...fields: Field[]): Uint8Array<ArrayBuffer> {
  const length = fields.reduce(
    (sum, field) => sum + (field instanceof Uint8Array ? field.length : field[0]),
    0,
  );
  const bytes = new Uint8Array(length);
  let position = 0;
  for (const field of fields) {
    if (field instanceof Uint8Array) {
      bytes.set(field, position);
      position += field.length;
      continue;
    }
    const [width, value] = field;
    for (let index = 0, rest = value; index < width; index++) {
      bytes[position++] = rest % 256;
      rest = Math.floor(rest / 256);
    }
  }
  return bytes;
}

/** One extra field. */
export function extraField(id: number, data: Uint8Array): Uint8Array<ArrayBuffer> {
  return pack([2, id], [2, data.length], data);
}

export function text(value: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(value);
}

export function crc32Of(bytes: Uint8Array): number {
  const crc = createCrc32();
  crc.update(bytes);
  return crc.digest();
}

/** Writes a zip with every lie that is asked for, as a view whose byteOffset is not 0. */
export function buildZip(members: MemberSpec[], spec: ZipSpec = {}): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  const push = (part: Uint8Array): void => {
    parts.push(part);
    offset += part.length;
  };
  for (const member of members) {
    const written = writeMember(member, offset);
    push(written.local);
    directory.push(written.central);
  }
  const directoryOffset = offset;
  for (const record of directory) push(record);
  const sizes = { entries: members.length, directoryOffset, directorySize: offset - directoryOffset };
  push(writeEnd(spec, sizes, offset));
  const padded = pack(
    text("view"),
    spec.prefix ?? new Uint8Array(0),
    ...parts,
    spec.trailer ?? new Uint8Array(0),
  );
  return padded.subarray(4);
}

function writeMember(member: MemberSpec, offset: number): { local: Uint8Array; central: Uint8Array } {
  const data = member.data ?? new Uint8Array(0);
  const method = member.method ?? 0;
  const stored = member.stored ?? (method === 8 ? deflateSync(data) : data);
  const flags = (member.flags ?? 0x800) | (member.descriptor ? 8 : 0);
  const honest = { flags, method, crc32: crc32Of(data), storedSize: stored.length, size: data.length };
  return { local: writeLocal(member, honest, stored), central: writeCentral(member, honest, offset) };
}

/** What both headers of a member say, as long as they do not lie. */
type Honest = Required<Pick<HeaderLies, "flags" | "method" | "crc32" | "storedSize" | "size">>;

const DEFERRED = { storedSize: 0xffffffff, size: 0xffffffff };

/** The local header, the stored bytes, and what follows them. */
function writeLocal(member: MemberSpec, honest: Honest, stored: Uint8Array): Uint8Array {
  const zeros = member.descriptor ? { crc32: 0, storedSize: 0, size: 0 } : {};
  const header = {
    ...honest,
    name: nameOf(member),
    extra: extraOf(member, [8, honest.size], [8, honest.storedSize]),
    ...zeros,
    ...(member.zip64 ? DEFERRED : {}),
    ...member.local,
  };
  const descriptor = member.descriptor
    ? pack([4, 0x08074b50], [4, honest.crc32], [4, honest.storedSize], [4, honest.size])
    : new Uint8Array(0);
  return pack(
    [4, header.signature ?? 0x04034b50],
    [2, 20],
    [2, header.flags],
    [2, header.method],
    ...timeOf(member),
    ...sizesOf(header),
    header.name,
    header.extra,
    stored,
    member.descriptorBytes ?? descriptor,
    new Uint8Array(member.gap ?? 0),
  );
}

function writeCentral(member: MemberSpec, honest: Honest, offset: number): Uint8Array {
  const header = {
    ...honest,
    name: nameOf(member),
    extra: extraOf(member, [8, honest.size], [8, honest.storedSize], [8, offset]),
    localOffset: member.zip64 ? 0xffffffff : offset,
    ...(member.zip64 ? DEFERRED : {}),
    ...member.central,
  };
  const comment = member.comment ?? new Uint8Array(0);
  return pack(
    [4, header.signature ?? 0x02014b50],
    [2, member.madeBy ?? 0x031e],
    [2, 20],
    [2, header.flags],
    [2, header.method],
    ...timeOf(member),
    ...sizesOf(header),
    [2, comment.length],
    [2, header.disk ?? 0],
    [2, 0],
    [4, member.externalAttributes ?? 0],
    [4, header.localOffset],
    header.name,
    header.extra,
    comment,
  );
}

function nameOf({ name }: MemberSpec): Uint8Array {
  return typeof name === "string" ? text(name) : name;
}

/** Its extra fields: first that of zip64 with the values given, where it has one. */
function extraOf({ zip64, extra }: MemberSpec, ...wide: Field[]): Uint8Array {
  return pack(zip64 ? extraField(1, pack(...wide)) : new Uint8Array(0), extra ?? new Uint8Array(0));
}

function timeOf({ dosTime, dosDate }: MemberSpec): Field[] {
  return [
    [2, dosTime ?? 0],
    [2, dosDate ?? 0x5821],
  ];
}

function sizesOf(header: HeaderLies & { name: Uint8Array; extra: Uint8Array }): Field[] {
  return [
    [4, header.crc32 ?? 0],
    [4, header.storedSize ?? 0],
    [4, header.size ?? 0],
    [2, header.nameLength ?? header.name.length],
    [2, header.extraLength ?? header.extra.length],
  ];
}

interface DirectorySizes {
  entries: number;
  directoryOffset: number;
  directorySize: number;
}

function writeEnd(spec: ZipSpec, sizes: DirectorySizes, offset: number): Uint8Array {
  const honest = { disk: 0, directoryDisk: 0, entriesOnDisk: sizes.entries, ...sizes };
  const comment = spec.comment ?? new Uint8Array(0);
  const deferred = {
    entriesOnDisk: 0xffff,
    entries: 0xffff,
    directorySize: 0xffffffff,
    directoryOffset: 0xffffffff,
  };
  const end = { ...honest, ...(spec.zip64 ? deferred : {}), ...spec.end };
  const wide = { ...honest, recordSize: 44, ...spec.zip64End };
  const locator = { recordOffset: offset, disk: 0, disks: 1, ...spec.locator };
  const zip64 = pack(
    [4, 0x06064b50],
    [8, wide.recordSize],
    [2, 45],
    [2, 45],
    [4, wide.disk],
    [4, wide.directoryDisk],
    [8, wide.entriesOnDisk],
    [8, wide.entries],
    [8, wide.directorySize],
    [8, wide.directoryOffset],
    [4, 0x07064b50],
    [4, locator.disk],
    [8, locator.recordOffset],
    [4, locator.disks],
  );
  return pack(
    spec.zip64 ? zip64 : new Uint8Array(0),
    [4, 0x06054b50],
    [2, end.disk],
    [2, end.directoryDisk],
    [2, end.entriesOnDisk],
    [2, end.entries],
    [4, end.directorySize],
    [4, end.directoryOffset],
    [2, end.commentLength ?? comment.length],
    comment,
  );
}

import type { EntryKind } from "../archive.ts";

/** What the headers of one member say together: plain data, as an index holds it. */
export interface TarRecord {
  readonly name: string;
  /** The type flag of its header, one character. */
  readonly type: string;
  /** Where the first of its own headers starts, in the tar. */
  readonly start: number;
  /** Where its data starts. */
  readonly data: number;
  /** Bytes of its data in the tar. */
  readonly storedSize: number;
  /** Of a sparse file, bytes with the holes; else as `storedSize`. */
  readonly size: number;
  /** Of links alone. */
  readonly linkTarget?: string | undefined;
  readonly mode?: number | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** Seconds since 1970. */
  readonly modified?: number | undefined;
  readonly userName?: string | undefined;
  readonly groupName?: string | undefined;
  readonly isSparse?: boolean | undefined;
  /** Records of extended headers that have no field of their own here. */
  readonly pax?: Readonly<Record<string, string>> | undefined;
}

/** The bits of a mode that are told: who may read, write and execute. */
export const PERMISSIONS = 0o777;

/** Type flags (POSIX; D, S, M: GNU). */
export const TYPES = {
  file: "0",
  hardLink: "1",
  symlink: "2",
  characterDevice: "3",
  blockDevice: "4",
  directory: "5",
  fifo: "6",
  contiguous: "7",
  dumpDirectory: "D",
  sparse: "S",
  continued: "M",
} as const;

/** Types that have no data, whatever size they tell. */
const WITHOUT_DATA: ReadonlySet<string> = new Set("123456");
const FILES: ReadonlySet<string> = new Set([TYPES.file, TYPES.contiguous, TYPES.sparse]);

/** Whether data follows the header of a member of this type. */
export function hasData(type: string): boolean {
  return !WITHOUT_DATA.has(type);
}

/** A plain file whose name ends with a slash is a directory: so old writers tell. */
export function kindOf({ type, name }: Pick<TarRecord, "type" | "name">): EntryKind {
  if (type === TYPES.directory || type === TYPES.dumpDirectory) return "directory";
  if (type === TYPES.symlink) return "symlink";
  if (!FILES.has(type)) return "other";
  return name.endsWith("/") ? "directory" : "file";
}

/** Whether two records tell of one member: what decides its bytes is the same. */
export function isSameMember(one: TarRecord, other: TarRecord): boolean {
  const fields = ["name", "type", "start", "data", "storedSize", "size", "linkTarget"] as const;
  const isSparse = (record: TarRecord): boolean => record.isSparse === true;
  return fields.every((field) => one[field] === other[field]) && isSparse(one) === isSparse(other);
}

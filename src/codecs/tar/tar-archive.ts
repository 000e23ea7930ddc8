import type { Archive, Entry } from "../archive.ts";

/** A member of a tar. */
export interface TarEntry extends Entry {
  /** The type flag of its header: `0` a file, `1` a hard link, `2` a symlink, `3` `4` devices, `5` a directory, `6` a FIFO, … */
  readonly type: string;
  /** The number of its owner; undefined where the archive does not tell it. */
  readonly uid: number | undefined;
  /** The number of its group; undefined where the archive does not tell it. */
  readonly gid: number | undefined;
  /** The name of its owner, untrusted; undefined where the archive does not tell it. */
  readonly userName: string | undefined;
  /** The name of its group, untrusted; undefined where the archive does not tell it. */
  readonly groupName: string | undefined;
  /** It has holes that are not stored: listed, and UNSUPPORTED to read. */
  readonly isSparse: boolean;
  /** Other records of its extended headers, global ones included, such as `SCHILY.xattr.user.a`. Values untrusted. */
  readonly pax: Readonly<Record<string, string>>;
}

/** A tar, all its headers read. */
export interface TarArchive extends Archive {
  /** `tar`, or what it is compressed with as a whole. */
  readonly format: "tar" | "tar.gz" | "tar.zst" | "tar.bz2" | "tar.xz";
  readonly entries: readonly TarEntry[];
  get(name: string): TarEntry;
}

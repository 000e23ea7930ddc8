import type { Archive, Entry } from "../archive.ts";

/** A member of a tar. */
export interface TarEntry extends Entry {
  /** The type flag of its header: `0` a file, `1` a hard link, `2` a symlink, `3` `4` devices, `5` a directory, `6` a FIFO, … */
  readonly type: string;
  /** Numbers and names of its owner and group, where the archive tells them. */
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly userName: string | undefined;
  readonly groupName: string | undefined;
  /** It has holes that are not stored: listed, and UNSUPPORTED to read. */
  readonly isSparse: boolean;
  /** Other records of its extended headers, global ones included, such as `SCHILY.xattr.user.a`. Values untrusted. */
  readonly pax: Readonly<Record<string, string>>;
}

/** A tar, all its headers read. */
export interface TarArchive extends Archive {
  readonly format: "tar" | "tar.gz" | "tar.zst" | "tar.bz2" | "tar.xz";
  readonly entries: readonly TarEntry[];
  get(name: string): TarEntry;
}

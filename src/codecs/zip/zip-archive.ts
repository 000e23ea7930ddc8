import type { Bytes } from "../../source/source.ts";
import type { Archive, Entry, EntryReadOptions } from "../archive.ts";

/** A member of a zip. */
export interface ZipEntry extends Entry {
  /** CRC-32 of its bytes, as the directory promises. */
  readonly crc32: number;
  /** It is listed, and UNSUPPORTED to read. */
  readonly encrypted: boolean;
  /** Its comment; empty where it has none. */
  readonly comment: string;
  /**
   * Whether its bytes reach into another member's, or both claim one header, as in a bomb that is counted many times: reading it
   * is FORMAT. Sends nothing.
   */
  readonly overlaps: boolean;
}

/** A zip, its directory read. */
export interface ZipArchive extends Archive {
  readonly format: "zip";
  /** Its comment; empty where it has none. */
  readonly comment: string;
  readonly entries: readonly ZipEntry[];
  get(name: string): ZipEntry;
  readMany(entries: readonly Entry[], options?: EntryReadOptions): Promise<Bytes[]>;
}

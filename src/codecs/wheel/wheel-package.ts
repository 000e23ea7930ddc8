import type { ReadOptions } from "../../source/source.ts";
import type { Archive } from "../archive.ts";
import type { ZipEntry } from "../zip/zip-archive.ts";

/** One file of a wheel, as its RECORD lists it. */
export interface WheelRecord {
  /** As written, with slashes; untrusted. */
  readonly path: string;
  /** Of its bytes: the name of the algorithm, such as `sha256`, and the digest in URL-safe base64 without `=`. RECORD itself has none. */
  readonly hash: { readonly algorithm: string; readonly digest: string } | undefined;
  /** Bytes; RECORD itself tells none. */
  readonly size: number | undefined;
}

/** A wheel: a zip with one `….dist-info/` that tells of the package. */
export interface WheelPackage extends Archive {
  readonly format: "wheel";
  /** `name-version.dist-info`, without a slash at the end. */
  readonly distInfo: string;
  readonly entries: readonly ZipEntry[];
  get(name: string): ZipEntry;
  /**
   * The text of METADATA. At most one request.
   *
   * @throws what `Entry.text` throws.
   */
  metadata(options?: ReadOptions): Promise<string>;
  /**
   * METADATA taken apart (core metadata): values by the name of their field in lower case, in the order written, such as
   * `requires-dist`. What follows the fields is the value of `description`. At most one request.
   *
   * @throws FORMAT for a line that is no field, and all that `Entry.text` throws.
   */
  fields(options?: ReadOptions): Promise<ReadonlyMap<string, readonly string[]>>;
  /**
   * The files that RECORD lists, in its order: what it says, not what the zip holds. At most one request.
   *
   * @throws FORMAT for what is no RECORD, NOT_FOUND where there is none, and all that `Entry.text` throws.
   */
  record(options?: ReadOptions): Promise<readonly WheelRecord[]>;
}

import type { ReadOptions } from "../../source/source.ts";
import type { Archive, Entry } from "../archive.ts";
import type { TarArchive } from "../tar/tar-archive.ts";

/** A conda package: a `.conda` (a zip that holds two compressed tars) or a `.tar.bz2` of the older kind. */
export interface CondaPackage extends Archive {
  readonly format: "conda";
  /** 2 for a `.conda`, 1 for a `.tar.bz2`. */
  readonly formatVersion: 1 | 2;
  /** `name-version-build`, as the members of a `.conda` bear it; undefined for a `.tar.bz2`, which only its address names. */
  readonly stem: string | undefined;
  /**
   * All members: of a `.conda` the outer ones, without a request; of a `.tar.bz2` all, which is read through for them, once. Before
   * that, `entries` and what needs them are UNSUPPORTED on a `.tar.bz2` larger than its opening brings (64 KiB).
   *
   * @throws CLOSED, and of a `.tar.bz2` whatever `openTar` throws.
   */
  list(options?: ReadOptions): Promise<readonly Entry[]>;
  /**
   * What metadata.json says, as JSON: that of the format, such as `conda_pkg_format_version`. Undefined where that is empty, and for
   * a `.tar.bz2`, which has none. One request, as a rule.
   *
   * @throws FORMAT for what is no JSON, and all that `Entry.text` throws.
   */
  metadata(options?: ReadOptions): Promise<unknown>;
  /**
   * What info/index.json says, as JSON: name, version, build, dependencies. Untrusted. Of a `.conda` the info part is read for it, in one
   * request as a rule. A `.tar.bz2` that is not listed yet is read only as far as that member, and the wire is closed there:
   * what lies behind is not looked at, nor a second member of that name.
   *
   * @throws NOT_FOUND where there is none, AMBIGUOUS for several, FORMAT for what is no JSON, and whatever `openTar` throws.
   */
  index(options?: ReadOptions): Promise<unknown>;
  /**
   * The members about the package, `info/…`. Of a `.conda` its info part, a tar.zst, in place: one request for all of it, as a rule. Of
   * a `.tar.bz2` a view of some of its members. Close it when done; the package stays open.
   *
   * @throws whatever `openTar` throws.
   */
  info(options?: ReadOptions): Promise<TarArchive>;
  /** The members that are installed, as {@link info}. Of a `.conda` its pkg part. */
  pkg(options?: ReadOptions): Promise<TarArchive>;
}

import { isRangeStreamsError, RangeStreamsError } from "../../errors.ts";
import type { ZipArchive, ZipEntry } from "../zip/zip-archive.ts";

// conda-package-handling and the documentation of conda, "Package specification": a .conda is a zip of metadata.json and two tar.zst.

/** The three members that make a zip a `.conda`. */
export interface CondaParts {
  readonly metadata: ZipEntry;
  readonly info: ZipEntry;
  readonly pkg: ZipEntry;
  /** `name-version-build`, as both parts bear it. */
  readonly stem: string;
}

const PART = /^(info|pkg)-(.+)\.tar\.zst$/;

/**
 * The parts of a `.conda`, each exactly once, both of one package; members besides are nobody's concern. Sends nothing.
 *
 * @throws FORMAT where one is missing, where they are of two packages, or for bytes before the first member, which another reader could
 * take for another package; AMBIGUOUS for two of a kind.
 */
export function findCondaParts(zip: ZipArchive): CondaParts {
  const archive = zip.source.name;
  const found: Record<"metadata.json" | "info" | "pkg", ZipEntry[]> = {
    "metadata.json": [],
    info: [],
    pkg: [],
  };
  for (const entry of zip.entries) {
    const { name } = entry;
    if (name === "metadata.json") found[name].push(entry);
    const kind = PART.exec(name)?.[1];
    if (kind === "info" || kind === "pkg") found[kind].push(entry);
  }
  const metadata = only(found["metadata.json"], "metadata.json", archive);
  const info = only(found.info, "info-*.tar.zst", archive);
  const pkg = only(found.pkg, "pkg-*.tar.zst", archive);
  const stem = stemOf(info);
  if (stem !== stemOf(pkg)) throw notConda(archive, `parts of two packages, ${info.name} and ${pkg.name}`);
  const [first] = zip.ranges.keys();
  if (first?.start !== 0) throw notConda(archive, `${first?.start} bytes before its first member`);
  return { metadata, info, pkg, stem };
}

/** Whether a zip is a `.conda`: one that is nearly one is not. */
export function tellConda(zip: ZipArchive): CondaParts | undefined {
  try {
    return findCondaParts(zip);
  } catch (error) {
    if (isRangeStreamsError(error, "FORMAT", "AMBIGUOUS")) return undefined;
    throw error;
  }
}

/** @throws FORMAT */
export function notConda(archive: string, got: string, cause?: unknown): RangeStreamsError {
  const message = `Opened ${archive} as a conda package: got ${got}; it is none, or damaged`;
  return new RangeStreamsError("FORMAT", message, { cause });
}

function only(entries: readonly ZipEntry[], what: string, archive: string): ZipEntry {
  const [entry] = entries;
  if (entry === undefined) throw notConda(archive, `a zip without ${what}`);
  if (entries.length === 1) return entry;
  const got = `${entries.length} members ${what} where one must be`;
  const message = `Opened ${archive} as a conda package: got ${got}; do not trust it`;
  throw new RangeStreamsError("AMBIGUOUS", message);
}

function stemOf({ name }: ZipEntry): string {
  return PART.exec(name)?.[2] ?? "";
}

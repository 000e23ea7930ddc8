export type {
  Archive,
  ArchiveIndex,
  ArchiveLimits,
  Entry,
  EntryKind,
  EntryReadOptions,
  EntryStream,
  IndexedEntry,
} from "./codecs/archive.ts";
export type { CondaPackage } from "./codecs/conda/conda-package.ts";
export { type AnyArchive, type ArchiveOptions, openArchive } from "./codecs/open-archive.ts";
export type { TarArchive, TarEntry } from "./codecs/tar/tar-archive.ts";
export type { WheelPackage, WheelRecord } from "./codecs/wheel/wheel-package.ts";
export type { ZipArchive, ZipEntry } from "./codecs/zip/zip-archive.ts";

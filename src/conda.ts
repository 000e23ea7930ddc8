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
export { type CondaOptions, openConda } from "./codecs/conda/open-conda.ts";
export type { TarArchive, TarEntry } from "./codecs/tar/tar-archive.ts";

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
export { openTar, type TarOptions, type TarWalkOptions } from "./codecs/tar/open-tar.ts";
export type { TarArchive, TarEntry } from "./codecs/tar/tar-archive.ts";
export { walkTar } from "./codecs/tar/walk-tar.ts";

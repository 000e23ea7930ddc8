export type {
  Archive,
  ArchiveIndex,
  ArchiveLimits,
  Entry,
  EntryKind,
  EntryReadOptions,
  IndexedEntry,
} from "./codecs/archive.ts";
export { type AnyArchive, type ArchiveOptions, openArchive } from "./codecs/open-archive.ts";

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
export { openZip, type ZipOptions } from "./codecs/zip/open-zip.ts";
export type { ZipArchive, ZipEntry } from "./codecs/zip/zip-archive.ts";

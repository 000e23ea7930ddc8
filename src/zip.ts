export type { Archive, ArchiveLimits, Entry, EntryKind, EntryReadOptions } from "./codecs/archive.ts";
export { openZip, type ZipOptions } from "./codecs/zip/open-zip.ts";

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
export { openWheel, type WheelOptions } from "./codecs/wheel/open-wheel.ts";
export type { WheelPackage, WheelRecord } from "./codecs/wheel/wheel-package.ts";
export type { ZipEntry } from "./codecs/zip/zip-archive.ts";

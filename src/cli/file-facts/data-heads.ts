import { type FileFacts, known } from "./facts.ts";
import type { HeadView } from "./head-view.ts";

/** All else stands in the footer, which `info` does not ask for. */
export function parquetFacts(head: HeadView): FileFacts {
  return known({ encryptedFooter: head.text(0, 4) === "PARE" });
}

const PMTILES_COMPRESSIONS: readonly string[] = ["unknown", "none", "gzip", "brotli", "zstd"];
const PMTILES_TYPES: readonly string[] = ["unknown", "mvt", "png", "jpeg", "webp", "avif", "mlt"];
const PMTILES_HEADER_BYTES = 127;

/** Before version 3 the mark had two letters, and a number of two bytes followed. */
const OLD_PMTILES = "PM";

/** The header of version 3 (PMTiles Version 3 Specification, section 3). Its directories are not followed. */
export function pmtilesFacts(head: HeadView): FileFacts {
  if (head.text(0, 7) !== "PMTiles") return otherPmtiles(head.uint16(OLD_PMTILES.length, true));
  if (!head.covers(0, PMTILES_HEADER_BYTES)) return { note: head.missing(PMTILES_HEADER_BYTES) };
  const version = head.uint8(7);
  if (version !== 3) return otherPmtiles(version);
  const degrees = (at: number): number => head.int32(at, true) / 1e7;
  const bounds = [102, 106, 110, 114].map((at) => String(degrees(at)));
  // Root directory, metadata, leaf directories, tile data: offset and length of each.
  const ends = [8, 24, 40, 56].map((at) => head.uint64(at, true) + head.uint64(at + 8, true));
  // 0 stands for a number that is not known.
  const tiles = head.uint64(72, true);
  const facts = known({
    version,
    tileType: nameOf(PMTILES_TYPES, head.uint8(99)),
    tileCompression: nameOf(PMTILES_COMPRESSIONS, head.uint8(98)),
    minZoom: head.uint8(100),
    maxZoom: head.uint8(101),
    bounds,
    tiles: tiles === 0 ? undefined : tiles,
    clustered: head.uint8(96) === 1,
  });
  if (ends.every((end) => end <= head.fileSize)) return facts;
  return { ...facts, note: "damaged: its parts reach beyond its end" };
}

function otherPmtiles(version: number): FileFacts {
  return { ...known({ version }), note: "only the header of version 3 is known here" };
}

function nameOf(names: readonly string[], number: number): string {
  return names[number] ?? `unknown(${number})`;
}

/** The database header (Database File Format, section 1.3). */
export function sqliteFacts(head: HeadView): FileFacts {
  if (!head.covers(0, 100)) return { note: head.missing(100) };
  const written = head.uint16(16);
  const pageBytes = written === 1 ? 65_536 : written;
  if (pageBytes < 512 || (pageBytes & (pageBytes - 1)) !== 0) {
    return { note: "damaged: its pages have no possible size" };
  }
  // The count was written by the version that made the last change, or it is old.
  const pages = head.uint32(24) === head.uint32(92) ? head.uint32(28) : 0;
  const encoding = [undefined, "UTF-8", "UTF-16le", "UTF-16be"][head.uint32(56)];
  const facts = known({
    pageBytes,
    pages: pages === 0 ? undefined : pages,
    encoding,
    writeAheadLog: head.uint8(18) === 2,
  });
  if (pages * pageBytes <= head.fileSize) return facts;
  return { ...facts, note: "damaged: its pages reach beyond its end" };
}

/** Readers look for the header in so many bytes (ISO 32000-1, annex H.3), and in as many for what a linearized file says (F.3). */
const PDF_BYTES = 1024;

/**
 * The version in a header with other bytes before it, where that begins a line: a text that speaks of PDFs is none. Undefined where
 * there is no such header.
 */
export function pdfVersion(head: HeadView): string | undefined {
  const text = head.text(0, Math.min(head.length, PDF_BYTES));
  return /(?:^|[^\x20-\x7e])%PDF-(\d\.\d)/.exec(text)?.[1];
}

export function pdfFacts(head: HeadView): FileFacts {
  const version = pdfVersion(head);
  const facts = known({ version, linearized: isLinearized(head) });
  return version === undefined ? { ...facts, note: "damaged: it names no version" } : facts;
}

/** A file of another length than it says was changed since, and is an ordinary one (F.3.3). */
function isLinearized(head: HeadView): boolean {
  const text = head.text(0, Math.min(head.length, PDF_BYTES));
  const [dictionary] = /<<[^<>]*\/Linearized\s+[1-9][^<>]*/.exec(text) ?? [];
  if (dictionary === undefined) return false;
  const [, length] = /\/L\s+(\d+)/.exec(dictionary) ?? [];
  return length === undefined || head.fileSize === Number(length) || !Number.isFinite(head.fileSize);
}

/** GNU's and POSIX's marks differ; an extended header makes it pax. */
export function tarFacts(head: HeadView): FileFacts {
  if (!head.covers(0, 512)) return { note: head.missing(512) };
  const mark = head.text(257, 8);
  if (mark === "ustar  \0") return known({ variant: "gnu" });
  if (!mark.startsWith("ustar")) return known({ variant: "v7" });
  return known({ variant: "xg".includes(head.text(156, 1)) ? "pax" : "ustar" });
}

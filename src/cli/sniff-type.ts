import { endOfSkipped } from "./file-facts/compressed-heads.ts";
import { pdfVersion } from "./file-facts/data-heads.ts";
import { HeadView } from "./file-facts/head-view.ts";

/** How much of the head of a file its type shows in: the first header of a tar. */
export const SNIFF_BYTES = 512;

interface Signature {
  readonly type: string;
  readonly at: number;
  /** Latin-1: one character a byte; `?` stands for any. */
  readonly magic: string;
}

const ZSTD: Signature = { type: "zstd", at: 0, magic: "\x28\xb5\x2f\xfd" };

const SIGNATURES: readonly Signature[] = [
  { type: "zip", at: 0, magic: "PK\x03\x04" },
  { type: "zip", at: 0, magic: "PK\x05\x06" },
  { type: "png", at: 0, magic: "\x89PNG\r\n\x1a\n" },
  { type: "gzip", at: 0, magic: "\x1f\x8b\x08" },
  ZSTD,
  { type: "xz", at: 0, magic: "\xfd7zXZ\x00" },
  ...["BZh?1AY&SY", "BZh?\x17rE8P\x90"].map((magic) => ({ type: "bzip2", at: 0, magic })),
  { type: "tar", at: 257, magic: "ustar" },
  { type: "7z", at: 0, magic: "7z\xbc\xaf\x27\x1c" },
  { type: "pdf", at: 0, magic: "%PDF-" },
  { type: "jpeg", at: 0, magic: "\xff\xd8\xff" },
  { type: "gif", at: 0, magic: "GIF87a" },
  { type: "gif", at: 0, magic: "GIF89a" },
  { type: "webp", at: 0, magic: "RIFF????WEBP" },
  // Reserved fields of a bitmap are 0, its header has one of a few lengths: two letters alone would be any text.
  ...[12, 40, 52, 56, 64, 108, 124].map((length) => ({
    type: "bmp",
    at: 0,
    magic: `BM????\0\0\0\0????${String.fromCharCode(length)}\0\0\0`,
  })),
  { type: "tiff", at: 0, magic: "II*\x00" },
  { type: "tiff", at: 0, magic: "MM\x00*" },
  { type: "bigtiff", at: 0, magic: "II+\x00" },
  { type: "bigtiff", at: 0, magic: "MM\x00+" },
  ...["avif", "avis"].map((brand) => ({ type: "avif", at: 4, magic: `ftyp${brand}` })),
  ...["heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "avci", "mif1", "mif2", "msf1"].map(
    (brand) => ({
      type: "heif",
      at: 4,
      magic: `ftyp${brand}`,
    }),
  ),
  { type: "quicktime", at: 4, magic: "ftypqt  " },
  { type: "mp4", at: 4, magic: "ftyp" },
  // Before there were brands. The names of boxes alone could stand in a text, which has no byte of 0.
  ...["\0???moov", "\0???mdat", "\0\0\0\x08wide"].map((magic) => ({ type: "quicktime", at: 0, magic })),
  { type: "parquet", at: 0, magic: "PAR1" },
  { type: "parquet", at: 0, magic: "PARE" },
  { type: "hdf5", at: 0, magic: "\x89HDF\r\n\x1a\n" },
  { type: "sqlite", at: 0, magic: "SQLite format 3\x00" },
  { type: "pmtiles", at: 0, magic: "PMTiles" },
  // Two letters and a number alone would be any text: the metadata that follow them are JSON.
  { type: "pmtiles", at: 0, magic: "PM\x01\0??????{" },
  { type: "pmtiles", at: 0, magic: "PM\x02\0??????{" },
  { type: "wasm", at: 0, magic: "\x00asm" },
  { type: "elf", at: 0, magic: "\x7fELF" },
];

/** The type that the first bytes of a file tell, never its name; undefined for one not known here. */
export function sniffType(head: Uint8Array): string | undefined {
  const marked = SIGNATURES.find((signature) => matches(head, signature))?.type;
  if (marked !== undefined) return marked;
  const view = new HeadView(head, head.length);
  if (matches(head, { ...ZSTD, at: endOfSkipped(view) })) return ZSTD.type;
  if (isOldTar(head)) return "tar";
  return pdfVersion(view) === undefined ? undefined : "pdf";
}

function matches(head: Uint8Array, { at, magic }: Signature): boolean {
  if (head.length < at + magic.length) return false;
  for (let index = 0; index < magic.length; index++) {
    if (magic[index] !== "?" && head[at + index] !== magic.charCodeAt(index)) return false;
  }
  return true;
}

/** A tar older than POSIX bears no mark, but the checksum of its first header: its own eight bytes count as spaces. */
function isOldTar(head: Uint8Array): boolean {
  if (head.length < SNIFF_BYTES) return false;
  let sum = 8 * 0x20;
  for (let index = 0; index < SNIFF_BYTES; index++) {
    if (index < 148 || index >= 156) sum += head[index] ?? 0;
  }
  const written = /^ *([0-7]{1,7})[ \0]/.exec(String.fromCharCode(...head.subarray(148, 156)))?.[1];
  return written !== undefined && Number.parseInt(written, 8) === sum && head[0] !== 0;
}

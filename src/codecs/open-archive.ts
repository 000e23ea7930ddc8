import { isRangeStreamsError, RangeStreamsError } from "../errors.ts";
import { type OpenInput, openSource } from "../open.ts";
import { Range } from "../ranges/range.ts";
import type { Bytes, PlannedSource } from "../source/source.ts";
import { type ArchiveIndex, resolveLimits } from "./archive.ts";
import { closeOnFailure } from "./archive-source.ts";
import type { CondaPackage } from "./conda/conda-package.ts";
import { tellConda } from "./conda/conda-parts.ts";
import { CondaZip } from "./conda/conda-zip.ts";
import { type CondaOptions, openConda } from "./conda/open-conda.ts";
import { bytesInHand } from "./tar/bytes-data.ts";
import { type Compression, compressionOf, detectCompression } from "./tar/compression.ts";
import { resolveSpacing } from "./tar/list-tar.ts";
import { openTar, readTar, type TarOptions } from "./tar/open-tar.ts";
import type { TarArchive } from "./tar/tar-archive.ts";
import { BLOCK_BYTES, isTarHeader } from "./tar/tar-format.ts";
import { openWheel, Wheel, type WheelOptions } from "./wheel/open-wheel.ts";
import type { WheelPackage } from "./wheel/wheel-package.ts";
import { tellWheel } from "./wheel/wheel-parts.ts";
import { openZip, readZip, type ZipOptions } from "./zip/open-zip.ts";
import type { ZipArchive } from "./zip/zip-archive.ts";

/**
 * Options of {@link openArchive}: those of every format. `probe` replaces the first request, for the first 32 KiB; best it holds the first
 * 512 bytes, by which the format is recognised.
 */
export interface ArchiveOptions extends ZipOptions, TarOptions, CondaOptions, WheelOptions {
  /** An index made by `toIndex()` of an archive of any format: opening from it sends nothing, the first read opens the source. */
  index?: ArchiveIndex | undefined;
}

/** An archive of any format: `format` tells which, to people and to the compiler. */
export type AnyArchive = ZipArchive | TarArchive | CondaPackage | WheelPackage;

/** Two blocks of zeros are a tar without members; more of them fill it up to the size of a tape's record, 20 blocks by default. */
const MAX_EMPTY_TAR_BYTES = 64 * BLOCK_BYTES;

/**
 * Opens an archive of any format, recognised by its bytes and never by its name: the first 512 bytes decide; where they are of no
 * archive, a zip is looked for at the end of the file, as behind the program of one that extracts itself. A zip with the members of
 * a `.conda` or of a wheel, and no doubt about them, is opened as that; a conda package of the older kind is a `tar.bz2` here. Costs one request for
 * the head (32 KiB), which is all of a small file; of a larger zip one more, for its tail; and then what the format's own opener
 * costs. An index sends nothing. A source handed in stays open when the archive closes.
 *
 * @throws FORMAT for what is no archive, saying what it looks like; INVALID_ARGUMENT for bad options; and whatever `openZip`,
 * `openTar` and `openSource` throw.
 */
export async function openArchive(input: OpenInput, options: ArchiveOptions = {}): Promise<AnyArchive> {
  resolveLimits(options);
  resolveSpacing(0, options.checkpointBytes);
  if (options.index !== undefined) return openIndexedArchive(input, options.index, options);
  const source = await openSource(input, options);
  // A PlannedSource comes back as it is: that one is not ours to close.
  const owned = source !== input;
  return closeOnFailure(owned ? source : undefined, async () => {
    const end = Math.min(source.size, BLOCK_BYTES);
    const head = await source.read(new Range(0, end), { signal: options.signal });
    return openByHead(source, head, { options, owned, bytes: bytesInHand(input) });
  });
}

/** The openers check all of an index; which one to ask is all that is believed here. */
async function openIndexedArchive(
  input: OpenInput,
  index: ArchiveIndex,
  options: ArchiveOptions,
): Promise<AnyArchive> {
  const format: unknown = (index as Partial<ArchiveIndex> | null)?.format;
  if (format === "zip") return openZip(input, options);
  if (format === "conda") return openConda(input, options);
  if (format === "wheel") return openWheel(input, options);
  if (format === "tar" || compressionOf(String(format)) !== undefined) return openTar(input, options);
  const message = `Opened an archive from an index: got one of the format ${String(format)}; index it anew`;
  throw new RangeStreamsError("FORMAT", message);
}

interface Opening {
  readonly options: ArchiveOptions;
  readonly owned: boolean;
  readonly bytes?: Bytes | undefined;
}

async function openByHead(
  source: PlannedSource,
  head: Bytes,
  { options, owned, bytes }: Opening,
): Promise<AnyArchive> {
  // The name of a tar's first member may begin like anything.
  if (isTarHeader(head)) return readTar(source, options, { owned, bytes });
  if (isZipHead(head)) return openZipOrPackage(source, { options, owned });
  const compression = detectCompression(head);
  if (compression !== undefined) return openCompressed(source, compression, { options, owned });
  if (await isEmptyTar(source, head, options)) return readTar(source, options, { owned });
  return openByTail(source, head, { options, owned });
}

/** A zip with the members of a package is that package, where there is no doubt about them; else it is a zip. */
async function openZipOrPackage(source: PlannedSource, { options, owned }: Opening): Promise<AnyArchive> {
  const zip = await readZip(source, options, { owned });
  const conda = tellConda(zip);
  // The zip closes the source where it is ours.
  if (conda !== undefined) return new CondaZip(zip, { parts: conda, options, owned: false });
  const wheel = tellWheel(zip);
  return wheel === undefined ? zip : new Wheel(zip, wheel);
}

async function openCompressed(
  source: PlannedSource,
  { method }: Compression,
  { options, owned }: Opening,
): Promise<TarArchive> {
  try {
    return await readTar(source, options, { owned });
  } catch (cause) {
    if (!isRangeStreamsError(cause, "FORMAT")) throw cause;
    const got = `${method} data in which there is no whole tar (${cause.message})`;
    throw notAnArchive(source, got, cause);
  }
}

async function openByTail(
  source: PlannedSource,
  head: Bytes,
  { options, owned }: Opening,
): Promise<AnyArchive> {
  try {
    return await openZipOrPackage(source, { options, owned });
  } catch (cause) {
    if (!isRangeStreamsError(cause, "FORMAT", "UNKNOWN_SIZE")) throw cause;
    const end = cause.code === "FORMAT" ? "no zip at its end" : "no size, by which a zip's end is found";
    throw notAnArchive(source, `${describeBytes(head)}, and ${end}`, cause);
  }
}

async function isEmptyTar(source: PlannedSource, head: Bytes, options: ArchiveOptions): Promise<boolean> {
  const { size } = source;
  const isZeros = (bytes: Bytes): boolean => bytes.every((byte) => byte === 0);
  if (size === 0 || size % BLOCK_BYTES !== 0 || size > MAX_EMPTY_TAR_BYTES || !isZeros(head)) return false;
  return isZeros(await source.read(new Range(0, size), { signal: options.signal }));
}

function notAnArchive(source: PlannedSource, got: string, cause: unknown): RangeStreamsError {
  const message = `Opened ${source.name} as an archive: got ${got}; it is none that is read here, or damaged`;
  return new RangeStreamsError("FORMAT", message, { cause });
}

/** The first member; the end record of a zip without members; the marker of one that was split (APPNOTE 4.3.7, 4.3.16, 8.5.4). */
function isZipHead(head: Bytes): boolean {
  return ["PK\x03\x04", "PK\x05\x06", "PK\x07\x08", "PK00PK\x03\x04"].some((magic) =>
    startsWith(head, magic),
  );
}

/** What people meet in the place of an archive, each by how it begins. Texts are compared without regard to case. */
const LOOKS: readonly (readonly [what: string, ...magics: string[]])[] = [
  ["a page of HTML, as servers send it for what they do not have", "<!doctype html", "<html"],
  ["XML", "<?xml"],
  ["a pointer of Git LFS in the place of the file", "version https://git-lfs"],
  ["JSON", "{", "["],
  ["a script", "#!"],
  ["a PNG", "\x89PNG\r\n\x1a\n"],
  ["a JPEG", "\xff\xd8\xff"],
  ["a GIF", "GIF87a", "GIF89a"],
  ["a PDF", "%PDF-"],
  ["a 7z archive", "7z\xbc\xaf\x27\x1c"],
  ["a RAR archive", "Rar!\x1a\x07"],
  ["an ar archive, as of Debian packages", "!<arch>\n"],
  ["a cpio archive", "070701", "070702", "070707"],
  ["an RPM package", "\xed\xab\xee\xdb"],
  ["an LZ4 frame", "\x04\x22\x4d\x18"],
  ["a compress'd file (.Z)", "\x1f\x9d"],
  ["a Windows program", "MZ"],
  ["an ELF program", "\x7fELF"],
];

/** What a file is by its first bytes, for messages. */
function describeBytes(head: Bytes): string {
  if (head.length === 0) return "an empty file";
  const look = LOOKS.find(([, ...magics]) => magics.some((magic) => startsWith(head, magic)));
  if (look !== undefined) return look[0];
  const isText = head.every((byte) => byte >= 0x20 || byte === 9 || byte === 10 || byte === 13);
  if (isText) return "text";
  const first = [...head.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return `bytes that begin with ${first}`;
}

function startsWith(head: Bytes, magic: string): boolean {
  const begin = String.fromCharCode(...head.subarray(0, magic.length));
  return begin === magic || begin.toLowerCase() === magic;
}

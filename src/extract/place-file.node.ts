import { constants } from "node:fs";
import {
  copyFile,
  type FileHandle,
  link,
  lstat,
  open,
  readlink,
  rename,
  symlink,
  unlink,
  utimes,
} from "node:fs/promises";
import { createCrc32 } from "#crc32";
import type { Entry } from "../codecs/archive.ts";
import { RangeStreamsError } from "../errors.ts";
import type { Staging } from "./staging.node.ts";

const SAFE = constants.O_NOFOLLOW ?? 0;
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | SAFE;
/** Bytes of a file that are compared at once. */
const PIECE_BYTES = 256 * 1024;
/** What file systems without hard links say to one (FAT, exFAT, some network file systems). */
const NO_LINKS: ReadonlySet<string> = new Set([
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EMLINK",
  "EXDEV",
]);

/** How files are put into their places. */
export interface PlaceOptions {
  readonly staging: Staging;
  /** What is there is replaced. */
  readonly overwrite: boolean;
  /** Bytes are on the disk before the name is. */
  readonly sync: boolean;
}

/** A file to make of bytes that come. */
export interface FileToPlace {
  readonly path: string;
  readonly entry: Entry;
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** Is told of each chunk that was written. */
  onBytes(byteLength: number): void;
  /** Is told of the CRC-32 of its bytes when all of them are written, before they get their name. */
  onWritten(crc32: number): Promise<void>;
}

/** Writes a file beside and moves it into place, whole or not at all. */
export async function placeFile(
  { path, entry, chunks, onBytes, onWritten }: FileToPlace,
  options: PlaceOptions,
): Promise<void> {
  const crc = createCrc32();
  await throughPart(path, options, async (part) => {
    const file = await open(part, CREATE, fileMode(entry));
    try {
      for await (const chunk of chunks) {
        crc.update(chunk);
        // Goes on where the last one ended, and writes all of it.
        await file.writeFile(chunk);
        onBytes(chunk.byteLength);
      }
      await finishFile(file, entry, options);
    } finally {
      await file.close();
    }
    await onWritten(crc.digest());
  });
}

/** A file to make of one that is there. */
export interface CopyToPlace {
  readonly path: string;
  readonly from: string;
  readonly entry: Entry;
  /** As that of {@link FileToPlace}. */
  onWritten(): Promise<void>;
}

/** Makes a file of one that is there: shares its blocks where the file system can, and is a file of its own in any case. */
export async function placeCopy(
  { path, from, entry, onWritten }: CopyToPlace,
  options: PlaceOptions,
): Promise<void> {
  await throughPart(path, options, async (part) => {
    const original = await lstat(from);
    if (!original.isFile()) throw movedAway(from);
    await copyFile(from, part, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    const file = await open(part, constants.O_RDWR | SAFE);
    try {
      await file.chmod(original.mode & 0o777);
      await finishFile(file, entry, options);
    } finally {
      await file.close();
    }
    await onWritten();
  });
}

/** Makes a symlink. */
export async function placeLink(path: string, target: string, options: PlaceOptions): Promise<void> {
  if (!options.overwrite) return symlink(target, path);
  await throughPart(path, options, (part) => symlink(target, part));
}

/** Whether there is a link to just this. */
export async function isLinkTo(path: string, target: string): Promise<boolean> {
  return (await readlink(path)) === target;
}

/** CRC-32 of a file's bytes, no link followed. */
export async function crcOfFile(path: string, signal: AbortSignal | undefined): Promise<number> {
  const file = await open(path, constants.O_RDONLY | SAFE);
  try {
    const crc = createCrc32();
    const bytes = new Uint8Array(PIECE_BYTES);
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(bytes, 0, PIECE_BYTES, null);
      if (bytesRead === 0) return crc.digest();
      crc.update(bytes.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

/** Dates before 1970 and beyond what file systems know are left out. */
export async function setDate(path: string, { modified }: Pick<Entry, "modified">): Promise<void> {
  if (isDate(modified)) await utimes(path, modified, modified);
}

async function throughPart(
  path: string,
  options: PlaceOptions,
  make: (part: string) => Promise<void>,
): Promise<void> {
  const part = await options.staging.newPart();
  try {
    await make(part);
    await (options.overwrite ? rename(part, path) : moveWhereNothingIs(part, path));
  } catch (error) {
    await unlink(part).catch(() => undefined);
    throw error;
  }
}

/** A rename would replace what has come there meanwhile; a second name for the file is refused then. */
async function moveWhereNothingIs(part: string, path: string): Promise<void> {
  try {
    await link(part, path);
  } catch (error) {
    if (!NO_LINKS.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
    // Nothing is there, and from here on it is ours: an empty file, until the whole one takes its name.
    await (await open(path, CREATE)).close();
    try {
      await rename(part, path);
    } catch (failed) {
      await unlink(path).catch(() => undefined);
      throw failed;
    }
    return;
  }
  await unlink(part);
}

async function finishFile(file: FileHandle, { modified }: Entry, { sync }: PlaceOptions): Promise<void> {
  if (isDate(modified)) await file.utimes(modified, modified);
  if (sync) await file.sync();
}

/** What the archive says, less what this process does not give (its umask); its owner can read it in any case. */
function fileMode({ mode }: Entry): number {
  return mode === undefined ? 0o666 : (mode & 0o777) | 0o400;
}

/** 2^33 seconds, in the year 2242: what ext4 and others can tell is no less than that. */
function isDate(date: Date | undefined): date is Date {
  return date !== undefined && date.getTime() >= 0 && date.getTime() < 2 ** 33 * 1000;
}

function movedAway(path: string): RangeStreamsError {
  const message = `Asked to copy ${path}, of which a hard link is to be made: got no file any more; extract again`;
  return new RangeStreamsError("CHANGED", message);
}

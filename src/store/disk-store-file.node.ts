import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Bytes } from "../source/source.ts";
import { remove } from "./disk-store-directory.node.ts";
import { HEAD_BYTES, hasHeader, isUnbegun, type KeyPlace } from "./disk-store-layout.node.ts";

// Nothing is followed out of the directory, and no pipe that somebody put there is waited for. Windows has neither flag.
const SAFE = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** A block file that is open for writing. */
export interface OpenBlockFile {
  readonly file: FileHandle;
  /** Its header and index as they were. */
  readonly head: Bytes;
}

/**
 * Opens a block file for writing, made where it is missing. `foreign`: there is something else under its name; `no directory`:
 * there is not even the directory.
 */
export async function openBlockFile(
  path: string,
  place: KeyPlace,
): Promise<OpenBlockFile | "foreign" | "no directory"> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, constants.O_RDWR | constants.O_CREAT | SAFE, 0o600);
    const head = await readHead(file);
    // Whoever else makes it at this moment writes the very same bytes.
    if (isUnbegun(head)) await writeAll(file, place.header, 0);
    if (isUnbegun(head) || hasHeader(head, place)) return { file, head };
    await file.close();
    return "foreign";
  } catch (error) {
    await file?.close();
    if (isMissing(error)) return "no directory";
    if (isForeign(error)) return "foreign";
    throw error;
  }
}

/** Works on a file; undefined, too, where there is none, or something that is no plain file. */
export async function withFile<T>(
  path: string,
  flags: number,
  work: (file: FileHandle) => Promise<T | undefined>,
): Promise<T | undefined> {
  try {
    const file = await open(path, flags | SAFE);
    try {
      return await work(file);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isMissing(error) || isForeign(error)) return undefined;
    throw error;
  }
}

/** Header and index, or as much of them as there is. */
export async function readHead(file: FileHandle): Promise<Bytes> {
  return readUpTo(file, 0, HEAD_BYTES);
}

/** Undefined where the file ends before. */
export async function readExactly(
  file: FileHandle,
  position: number,
  length: number,
): Promise<Bytes | undefined> {
  const bytes = await readUpTo(file, position, length);
  return bytes.byteLength === length ? bytes : undefined;
}

async function readUpTo(file: FileHandle, position: number, length: number): Promise<Bytes> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled === length ? bytes : bytes.slice(0, filled);
}

export async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.byteLength) {
    const rest = bytes.byteLength - written;
    const { bytesWritten } = await file.write(bytes, written, rest, position + written);
    if (bytesWritten === 0) throw new Error(`Asked to write ${rest} bytes; the file system took none`);
    written += bytesWritten;
  }
}

/** Writes a file beside and moves it into place, so that nobody ever sees a part of it. */
export async function replaceFile(directory: string, name: string, bytes: Uint8Array): Promise<void> {
  const stem = name.slice(0, name.indexOf("."));
  const temporary = join(directory, `${stem}.${randomBytes(8).toString("hex")}.tmp`);
  try {
    const file = await open(
      temporary,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | SAFE,
      0o600,
    );
    try {
      await writeAll(file, bytes, 0);
    } finally {
      await file.close();
    }
    await rename(temporary, join(directory, name));
  } catch (error) {
    await remove(temporary).catch(() => undefined);
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}

/** A link, a directory or a pipe where a block file should be. */
function isForeign(error: unknown): boolean {
  const { code = "" } = error as NodeJS.ErrnoException;
  return ["ELOOP", "EMLINK", "EISDIR", "ESPIPE", "EAGAIN", "ENXIO"].includes(code);
}

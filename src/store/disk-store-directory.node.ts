import type { Stats } from "node:fs";
import { chmod, lstat, readdir, realpath, unlink } from "node:fs/promises";
import { join } from "node:path";
import { RangeStreamsError } from "../errors.ts";
import { makeFolders } from "../source/make-folders.node.ts";
import { OWN_NAME } from "./disk-store-layout.node.ts";

/** Files of writers that never finished are removed after so long. */
const TEMPORARY_MS = 60 * 60 * 1000;

/**
 * Makes a directory for blocks, or makes sure of one: whoever can write there could have any bytes served as a file's, which no
 * checksum would show. So it is private, or at least writable by nobody else; one that holds nothing but blocks is made private.
 * Gives its path, links resolved.
 *
 * @throws INVALID_ARGUMENT for what others can write to, and what the file system says.
 */
export async function prepareDirectory(path: string): Promise<string> {
  await makeFolders(path, 0o700);
  const link = await lstat(path);
  if (link.isSymbolicLink() && !isTrusted(link)) throw notPrivate(path, "it is another user's link");
  const directory = await realpath(path);
  let stats = await lstat(directory);
  if (stats.isDirectory() && stats.uid === userId() && (stats.mode & 0o077) !== 0) {
    if (await holdsOnlyBlocks(directory, stats)) await chmod(directory, 0o700).catch(() => undefined);
    stats = await lstat(directory);
  }
  if (userId() === undefined) return directory;
  if (!isTrusted(stats)) throw notPrivate(path, "it belongs to another user");
  if ((stats.mode & 0o022) !== 0) throw notPrivate(path, "other users can write to it");
  return directory;
}

/** A directory that all may use, such as /tmp, has the sticky bit: it is not ours to change even when it is empty. */
async function holdsOnlyBlocks(directory: string, { mode }: Stats): Promise<boolean> {
  return (mode & 0o1000) === 0 && (await readdir(directory)).every((name) => OWN_NAME.test(name));
}

function isTrusted({ uid }: Stats): boolean {
  return userId() === undefined || uid === userId() || uid === 0;
}

/** Undefined where the system has other means than owners and modes. */
function userId(): number | undefined {
  return process.getuid?.();
}

function notPrivate(path: string, why: string): RangeStreamsError {
  const message = `Asked to keep blocks in ${path}: ${why}; give a directory of their own`;
  return new RangeStreamsError("INVALID_ARGUMENT", message);
}

/**
 * Removes the block files that were used least recently until what the rest takes on disk is at most `targetBytes`, if it is more
 * than `limitBytes` now. Only files of ours are counted and removed. Several processes may do so at once.
 */
export async function evictBlocks(
  directory: string,
  { limitBytes, targetBytes }: { limitBytes: number; targetBytes: number },
): Promise<void> {
  const now = Date.now();
  const files: { path: string; bytes: number; usedMs: number }[] = [];
  for (const name of (await readdir(directory)).filter((found) => OWN_NAME.test(found))) {
    const path = join(directory, name);
    const stats = await lstat(path).catch(() => undefined);
    if (stats?.isFile() !== true) continue;
    const age = now - stats.mtimeMs;
    if (name.endsWith(".tmp") && age > TEMPORARY_MS) await remove(path);
    // A date from the future (a clock was set back) would outlive everything.
    else files.push({ path, bytes: bytesOnDisk(stats), usedMs: age < -TEMPORARY_MS ? 0 : stats.mtimeMs });
  }
  let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= limitBytes) return;
  files.sort((a, b) => a.usedMs - b.usedMs);
  for (const { path, bytes } of files) {
    if (total <= targetBytes) return;
    await remove(path);
    total -= bytes;
  }
}

/** Holes do not count. */
function bytesOnDisk({ blocks, size }: Stats): number {
  return blocks === undefined ? size : blocks * 512;
}

/** Removes a file that may be gone already. */
export async function remove(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

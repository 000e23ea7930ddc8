import { link, open, rename, unlink } from "node:fs/promises";

/** What file systems without hard links say to one (FAT, exFAT, some network file systems). */
const NO_LINKS: ReadonlySet<string> = new Set([
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EMLINK",
  "EXDEV",
]);

/**
 * Gives a finished file its name, in one step. With `overwrite` a file or a link that is there is replaced, never a folder, and never
 * what a link points to; else anything there is the file system's EEXIST.
 */
export async function moveIntoPlace(from: string, to: string, overwrite: boolean): Promise<void> {
  if (overwrite) return rename(from, to);
  try {
    // A rename would replace what has come there meanwhile; a second name for the file is refused then.
    await link(from, to);
  } catch (error) {
    if (!NO_LINKS.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
    // Nothing is there, and from here on it is ours: an empty file, until the whole one takes its name.
    await (await open(to, "wx")).close();
    try {
      return await rename(from, to);
    } catch (failed) {
      await unlink(to).catch(() => undefined);
      throw failed;
    }
  }
  await unlink(from);
}

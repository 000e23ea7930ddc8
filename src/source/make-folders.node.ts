import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes a folder and those that it lies in, where they are missing. `mkdir` itself, told to make parents too, never comes back where a folder
 * that is there answers ENOENT to a new one, as those of `/proc` do (Node 20 and later: it makes the parent, and tries again).
 *
 * @throws what the file system says, EEXIST for what is there and no folder.
 */
export async function makeFolders(path: string, mode = 0o777): Promise<void> {
  const parent = dirname(path);
  try {
    await makeFolder(path, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || parent === path) throw error;
    await makeFolders(parent, mode);
    await makeFolder(path, mode);
  }
}

async function makeFolder(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    // Some file systems say first that they may only be read (EROFS), or that a drive may not be made (EPERM).
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory() !== true) throw error;
  }
}

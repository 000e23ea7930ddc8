import { randomBytes } from "node:crypto";
import { open, unlink } from "node:fs/promises";
import { fileError } from "./file-error.ts";
import { moveIntoPlace } from "./move-into-place.ts";

/** How a file is saved. */
export interface SaveOptions {
  /** Replaces a file or a link that is there; never a folder, and never what a link points to. */
  readonly overwrite: boolean;
  readonly signal: AbortSignal;
}

/**
 * Writes a file beside and moves it into place, so that there is never a part of it under its name.
 *
 * @throws EXISTS for what is there already; NOT_FOUND, AUTH, LIMIT, UNSAFE_PATH, UNSUPPORTED as the file system says.
 */
export async function saveFile(
  path: string,
  text: string,
  { overwrite, signal }: SaveOptions,
): Promise<void> {
  const part = `${path}.${randomBytes(6).toString("hex")}.part`;
  try {
    const file = await open(part, "wx");
    try {
      await file.writeFile(text, { signal });
      await file.sync();
    } finally {
      await file.close();
    }
    signal.throwIfAborted();
    await moveIntoPlace(part, path, overwrite);
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    throw fileError(path, cause);
  } finally {
    // Once it has its name it is gone from here already.
    await unlink(part).catch(() => undefined);
  }
}

import { randomBytes } from "node:crypto";
import { link, open, rename, unlink } from "node:fs/promises";
import { type ErrorCode, RangeStreamsError } from "../index.ts";

/** What the file system says, by the codes of this package; anything else is UNSUPPORTED. */
const ANSWERS: Readonly<Record<string, ErrorCode>> = {
  EEXIST: "EXISTS",
  EISDIR: "EXISTS",
  ENOTEMPTY: "EXISTS",
  ENOTDIR: "EXISTS",
  ENOENT: "NOT_FOUND",
  ENOSPC: "LIMIT",
  EDQUOT: "LIMIT",
  EFBIG: "LIMIT",
  EROFS: "AUTH",
  EACCES: "AUTH",
  EPERM: "AUTH",
};

/** How a file is saved. */
export interface SaveOptions {
  /** Replaces a file or a link that is there; never a folder, and never what a link points to. */
  readonly overwrite: boolean;
  readonly signal: AbortSignal;
}

/**
 * Writes a file beside and moves it into place, so that there is never a part of it under its name.
 *
 * @throws EXISTS for what is there already; NOT_FOUND, AUTH, LIMIT, UNSUPPORTED as the file system says.
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
    if (overwrite) await rename(part, path);
    else await link(part, path);
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    throw saveError(path, cause);
  } finally {
    // After a rename it is gone already.
    await unlink(part).catch(() => undefined);
  }
}

function saveError(path: string, cause: unknown): unknown {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === undefined) return cause;
  const known = ANSWERS[code] ?? "UNSUPPORTED";
  const remedy = known === "EXISTS" ? "choose another name, or --overwrite" : "choose another place";
  return new RangeStreamsError(known, `${path}: asked to write it, got ${code}; ${remedy}`, { cause });
}

import { lstat } from "node:fs/promises";
import { basename } from "node:path";
import { RangeStreamsError } from "../../index.ts";
import { fileError } from "../file-error.ts";

/** What no file system or no person could tell: controls, what turns text around, what is no name, what is a path. */
const UNFIT =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff/\\:*?"<>|]|^\.{0,2}$|[. ]$/;

/**
 * The name under which a file is saved where none is given: the last part of the URL's path, or of a local one.
 *
 * @throws INVALID_ARGUMENT where that is no fit name for a file.
 */
export function nameOfInput(input: string): string {
  const name = /^https?:/i.test(input) && URL.canParse(input) ? lastSegment(new URL(input)) : basename(input);
  if (!UNFIT.test(name) && Buffer.byteLength(name) <= 255) return name;
  const message = "Asked to get what has no fit name for a file at the end of its path; name one by -o";
  throw new RangeStreamsError("INVALID_ARGUMENT", message);
}

function lastSegment({ pathname }: URL): string {
  const segment = pathname.slice(pathname.lastIndexOf("/") + 1);
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/**
 * Looks before anything is sent whether a file could be put there.
 *
 * @throws EXISTS for a folder, and for anything else without `overwrite`; and what the file system says.
 */
export async function checkTarget(path: string, overwrite: boolean): Promise<void> {
  const found = await lstat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return undefined;
    throw fileError(path, cause);
  });
  if (found === undefined) return;
  if (found.isDirectory()) {
    const message = `${path}: asked to write it, got a folder there; name a file in it`;
    throw new RangeStreamsError("EXISTS", message);
  }
  if (overwrite) return;
  const what = found.isSymbolicLink() ? "a link" : "a file";
  const message = `${path}: asked to write it, got ${what} there; choose another name, or --overwrite`;
  throw new RangeStreamsError("EXISTS", message);
}

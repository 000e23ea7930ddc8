import { type FileHandle, open } from "node:fs/promises";
import { RangeStreamsError } from "../errors.ts";
import type { Range } from "../ranges/range.ts";
import { positionalSource } from "./positional-source.ts";
import type { Bytes, Source } from "./source.ts";

/** What is compared to tell whether a file is still the one that was opened. */
interface FileState {
  readonly size: bigint;
  readonly modifiedNs: bigint;
}

/**
 * A Source over a local file, held open until `close`. Size and modification time are pinned at open and compared after each
 * read: a file that changed is CHANGED, never a mixture.
 *
 * @throws NOT_FOUND, UNSUPPORTED for what is no regular file, CHANGED from reads.
 */
export async function openFileSource(path: string | URL): Promise<Source> {
  const handle = await openHandle(path);
  try {
    const stat = await handle.stat({ bigint: true });
    if (!stat.isFile()) {
      const message = `${path}: asked to open what is no regular file; give a path to one`;
      throw new RangeStreamsError("UNSUPPORTED", message);
    }
    const pinned: FileState = { size: stat.size, modifiedNs: stat.mtimeNs };
    return positionalSource({
      name: String(path),
      size: Number(stat.size),
      identity: { strength: "weak", lastModified: stat.mtime.toUTCString() },
      readAt: (range) => readChecked(handle, range, { path, pinned }),
      close: () => handle.close(),
    });
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openHandle(path: string | URL): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const missing = code === "ENOENT" || code === "ENOTDIR";
    const message = `${path}: asked to open it, got ${code}; ${missing ? "check the path" : "check its permissions"}`;
    throw new RangeStreamsError(missing ? "NOT_FOUND" : "AUTH", message, { cause });
  }
}

async function readChecked(
  handle: FileHandle,
  range: Range,
  { path, pinned }: { path: string | URL; pinned: FileState },
): Promise<Bytes> {
  const bytes = new Uint8Array(range.length);
  let filled = 0;
  while (filled < bytes.byteLength) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.byteLength - filled, range.start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  const now = await handle.stat({ bigint: true });
  if (filled === bytes.byteLength && now.size === pinned.size && now.mtimeNs === pinned.modifiedNs)
    return bytes;
  const message = `${path}: asked for ${range}, but the file changed since it was opened; open it again`;
  throw new RangeStreamsError("CHANGED", message);
}

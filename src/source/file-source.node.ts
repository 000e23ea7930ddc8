import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { type ErrorCode, RangeStreamsError } from "../errors.ts";
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
 * @throws INVALID_ARGUMENT for a URL that names no file here; NOT_FOUND; AUTH for what may not be read; UNSUPPORTED for what is no regular file, and for whatever else the file system
 * refuses; LIMIT where too many files are open. Reads throw these, CHANGED, and as {@link Source.read}. `cause` is what the system said.
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

// Without it, opening a pipe waits until somebody writes into it. Windows has no such flag, and no such pipes.
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

async function openHandle(path: string | URL): Promise<FileHandle> {
  try {
    return await open(path, OPEN_FLAGS);
  } catch (cause) {
    throw isInvalidUrl(cause) ? invalidUrl(cause) : readingError(cause, `${path}: asked to open it`);
  }
}

/** Of a URL that names no local file: not `file:`, another host, an encoded slash. */
function isInvalidUrl(cause: unknown): cause is NodeJS.ErrnoException {
  const { code } = cause as NodeJS.ErrnoException;
  return (
    cause instanceof TypeError && code !== undefined && /^ERR_INVALID_(?:FILE_URL|URL_SCHEME)/.test(code)
  );
}

/** The URL is not echoed: one that is no file's may hold a password. */
function invalidUrl(cause: NodeJS.ErrnoException): RangeStreamsError {
  const message = `Asked to open a URL as a file, got ${cause.code}; give a file: URL of this computer, or a path`;
  return new RangeStreamsError("INVALID_ARGUMENT", message, { cause });
}

/** What the file system says, by code: which error it is here, and what to do. */
const ANSWERS: Readonly<Record<string, readonly [code: ErrorCode, remedy: string]>> = {
  ENOENT: ["NOT_FOUND", "check the path"],
  ENOTDIR: ["NOT_FOUND", "check the path"],
  EACCES: ["AUTH", "check its permissions"],
  EPERM: ["AUTH", "check its permissions"],
  EMFILE: ["LIMIT", "close files, or raise the limit of this process"],
  ENFILE: ["LIMIT", "close files, or raise the limit of the system"],
};

function readingError(cause: unknown, asked: string): RangeStreamsError {
  const { code = String(cause) } = cause as NodeJS.ErrnoException;
  const [known, remedy] = ANSWERS[code] ?? ["UNSUPPORTED", "the file system could not do it"];
  return new RangeStreamsError(known, `${asked}, got ${code}; ${remedy}`, { cause });
}

async function readChecked(
  handle: FileHandle,
  range: Range,
  { path, pinned }: { path: string | URL; pinned: FileState },
): Promise<Bytes> {
  const bytes = new Uint8Array(range.length);
  const { filled, now } = await fill(handle, bytes, range.start).catch((cause: unknown) => {
    throw readingError(cause, `${path}: asked for ${range}`);
  });
  if (filled === bytes.byteLength && now.size === pinned.size && now.mtimeNs === pinned.modifiedNs)
    return bytes;
  const message = `${path}: asked for ${range}, but the file changed since it was opened; open it again`;
  throw new RangeStreamsError("CHANGED", message);
}

/** Reads until `bytes` are full or the file ends, and looks at the file afterwards. */
async function fill(
  handle: FileHandle,
  bytes: Bytes,
  start: number,
): Promise<{ readonly filled: number; readonly now: BigIntStats }> {
  let filled = 0;
  while (filled < bytes.byteLength) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.byteLength - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return { filled, now: await handle.stat({ bigint: true }) };
}

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
  ELOOP: "UNSAFE_PATH",
  ENAMETOOLONG: "UNSAFE_PATH",
};

const REMEDIES: Readonly<Partial<Record<ErrorCode, string>>> = {
  EXISTS: "choose another name, or --overwrite",
  LIMIT: "make room, or choose another place",
  UNSAFE_PATH: "no link is followed; look at what is there",
};

/** What the file system said when `path` was to be written, as an error of this package. Other errors come back as they are. */
export function fileError(path: string, cause: unknown): unknown {
  const { code } = cause as NodeJS.ErrnoException;
  // Errors of this package bear codes too.
  if (code === undefined || !/^E[A-Z0-9]+$/.test(code) || cause instanceof RangeStreamsError) return cause;
  const known = ANSWERS[code] ?? "UNSUPPORTED";
  const remedy = REMEDIES[known] ?? "choose another place";
  return new RangeStreamsError(known, `${path}: asked to write it, got ${code}; ${remedy}`, { cause });
}

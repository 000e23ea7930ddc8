import { type ErrorCode, isRangeStreamsError, RangeStreamsError } from "../errors.ts";

/** What the file system says, by code: which error it is here, and what to do. */
const ANSWERS: Readonly<Record<string, readonly [code: ErrorCode, remedy: string]>> = {
  ENOSPC: ["LIMIT", "make room and extract again: what is complete stays"],
  EDQUOT: ["LIMIT", "make room and extract again: what is complete stays"],
  EFBIG: ["LIMIT", "the file system or a limit of this process takes no file so large"],
  EMFILE: ["LIMIT", "close files, or raise the limit of this process"],
  ENFILE: ["LIMIT", "close files, or raise the limit of the system"],
  EROFS: ["AUTH", "choose a directory that can be written to"],
  EACCES: ["AUTH", "choose a directory that can be written to"],
  EPERM: ["AUTH", "choose a directory that can be written to"],
  EEXIST: ["EXISTS", "look at what is there"],
  ENOTEMPTY: ["EXISTS", "look at what is there"],
  EISDIR: ["EXISTS", "look at what is there"],
  ENOTDIR: ["EXISTS", "look at what is there"],
  ELOOP: ["UNSAFE_PATH", "no link is followed; look at what is there"],
  ENAMETOOLONG: ["UNSAFE_PATH", "choose a directory with a shorter path"],
  EILSEQ: ["UNSAFE_PATH", "this file system does not take such names"],
  EINVAL: ["UNSAFE_PATH", "this file system does not take such names"],
};

/**
 * What the file system says, as an error of this package: LIMIT for a full disk, AUTH for what may not be written, EXISTS for what is
 * in the way, UNSAFE_PATH for a name it does not take, UNSUPPORTED for anything else. Other errors come back as they are.
 */
export function fileSystemError(cause: unknown, path: string): unknown {
  const { code } = cause as NodeJS.ErrnoException;
  if (isRangeStreamsError(cause) || !(cause instanceof Error) || !/^E[A-Z0-9]+$/.test(code ?? ""))
    return cause;
  const [known, remedy] = ANSWERS[code ?? ""] ?? ["UNSUPPORTED", "the file system could not do it"];
  return new RangeStreamsError(known, `Asked to write ${path}: got ${code}; ${remedy}`, { cause });
}

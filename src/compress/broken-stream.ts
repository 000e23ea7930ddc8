import { RangeStreamsError } from "../errors.ts";

/** The one FORMAT error for everything a decompressor dislikes, whatever words it has for it. */
export function brokenStream(what: string, got: string, cause?: unknown): RangeStreamsError {
  const message = `Decompressed ${what}: got ${got}; it is damaged`;
  return new RangeStreamsError("FORMAT", message, { cause });
}

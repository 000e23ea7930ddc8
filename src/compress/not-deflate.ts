import { RangeStreamsError } from "../errors.ts";

/** The one FORMAT error for everything a platform's inflater dislikes, whatever words it has for it. */
export function notDeflate(what: string, got: string, cause?: unknown): RangeStreamsError {
  const message = `Inflated ${what}: got ${got}; the archive is damaged`;
  return new RangeStreamsError("FORMAT", message, { cause });
}

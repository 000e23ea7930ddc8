import { RangeStreamsError } from "../errors.ts";

/** The error of a source used after `close`. */
export function closedError(name: string): RangeStreamsError {
  return new RangeStreamsError("CLOSED", `${name}: asked of a source that is closed; open it again`);
}

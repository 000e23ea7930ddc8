import { RangeStreamsError } from "../../errors.ts";

/**
 * A text of a package as JSON.
 *
 * @throws FORMAT for anything else.
 */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = `Read ${what}: got no JSON; the package is damaged, read the member itself to see it`;
    throw new RangeStreamsError("FORMAT", message, { cause });
  }
}

import { RangeStreamsError } from "../../errors.ts";

const FIELD = /^([A-Za-z0-9][A-Za-z0-9-]*):[ \t]*(.*)$/;
const DESCRIPTION = "description";

/**
 * Takes METADATA apart: fields as in mail (RFC 822), lines that begin with a blank continue the one before, and after an empty line
 * the rest is the description (core metadata, "Description").
 *
 * @throws FORMAT for a line that is no field.
 */
export function parseFields(text: string, what: string): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  const add = (name: string, value: string): string[] => {
    const values = fields.get(name) ?? [];
    values.push(value);
    fields.set(name, values);
    return values;
  };
  let last: string[] | undefined;
  const lines = text.split(/\r\n|\n|\r/);
  for (const [index, line] of lines.entries()) {
    if (line === "") {
      const rest = lines.slice(index + 1).join("\n");
      if (rest.trim() !== "") add(DESCRIPTION, rest);
      break;
    }
    const [, name, value = ""] = FIELD.exec(line) ?? [];
    if (name !== undefined) {
      last = add(name.toLowerCase(), value);
    } else if (/^[ \t]/.test(line) && last !== undefined) {
      last[last.length - 1] += `\n${unfold(line)}`;
    } else {
      const message = `Read ${what}: got line ${index + 1} that is no field; read its text instead`;
      throw new RangeStreamsError("FORMAT", message);
    }
  }
  return fields;
}

/** Writers put blanks before each further line, and old ones a bar after seven of them, which keeps blanks that are meant. */
function unfold(line: string): string {
  return line.replace(/^(?: {7}\||[ \t]+)/, "");
}

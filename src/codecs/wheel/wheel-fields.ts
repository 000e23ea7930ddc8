import { RangeStreamsError } from "../../errors.ts";

// `s`: of the ends of lines that Unicode knows, those that mail does not are a part of the value.
const FIELD = /^([A-Za-z0-9][A-Za-z0-9-]*):[ \t]*(.*)$/s;
const DESCRIPTION = "description";

/**
 * Takes METADATA apart: fields as in mail (RFC 822), lines that begin with a blank continue the one before, and after an empty line
 * the rest is the description (core metadata, "Description").
 *
 * @throws FORMAT for a line that is no field.
 */
export function parseFields(text: string, what: string): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  const add = (name: string, value: string): void => {
    const values = fields.get(name);
    if (values === undefined) fields.set(name, [value]);
    else values.push(value);
  };
  const lines = text.split(/\r\n|\n|\r/);
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] as string;
    if (line === "") {
      const rest = lines.slice(index + 1).join("\n");
      if (rest.trim() !== "") add(DESCRIPTION, rest);
      break;
    }
    const [, name, value = ""] = FIELD.exec(line) ?? [];
    if (name !== undefined) {
      const further = furtherLines(lines, index + 1);
      add(name.toLowerCase(), [value, ...unfold(further)].join("\n"));
      index += further.length;
    } else {
      const message = `Read ${what}: got line ${index + 1} that is no field; read its text instead`;
      throw new RangeStreamsError("FORMAT", message);
    }
  }
  return fields;
}

function furtherLines(lines: readonly string[], start: number): string[] {
  let end = start;
  while (/^[ \t]/.test(lines[end] ?? "")) end++;
  return lines.slice(start, end);
}

/** What distutils puts before each further line. */
const MOST_INDENT = 8;

/**
 * Takes off what folding put before further lines: a tab; the spaces that the lines have in common, eight at most, as others are
 * part of the text; or the bar after seven of them that old writers put there.
 */
function unfold(lines: readonly string[]): string[] {
  const common = lines.reduce(
    (least, line) =>
      line.trim() === "" || line.startsWith("\t") ? least : Math.min(least, line.search(/[^ ]/)),
    MOST_INDENT,
  );
  return lines.map((line) => {
    if (line.trim() === "") return "";
    if (line.startsWith("       |")) return line.slice(MOST_INDENT);
    return line.slice(line.startsWith("\t") ? 1 : common);
  });
}

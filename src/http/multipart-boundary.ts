/** No server sends, and hardly a client takes, a field that is longer: Node's parser ends at 16 KiB for all fields together. */
const MAX_LENGTH = 16 * 1024;

/**
 * The boundary of a `multipart/byteranges` Content-Type, or of its legacy spelling `multipart/x-byteranges` (RFC 9110 sections
 * 5.6.6 and 14.6); undefined for any other type, and for a boundary that is missing, given twice or malformed. Longer
 * boundaries than the 70 characters of RFC 2046 section 5.1.1 are taken, and so are unquoted ones that hold `=`, `:`, `/` or
 * `?`, which should be quoted and often are not. Linear in the text.
 */
export function parseBoundary(contentType: string): string | undefined {
  if (contentType.length > MAX_LENGTH) return undefined;
  const semicolon = contentType.indexOf(";");
  if (semicolon === -1) return undefined;
  const type = contentType.slice(0, semicolon).trim().toLowerCase();
  if (type !== "multipart/byteranges" && type !== "multipart/x-byteranges") return undefined;
  let boundary: string | undefined;
  for (let at = semicolon; at < contentType.length; ) {
    const parameter = parseParameter(contentType, at);
    if (parameter === undefined) return undefined;
    at = parameter.end;
    if (parameter.name !== "boundary") continue;
    if (boundary !== undefined) return undefined;
    boundary = parameter.value;
  }
  return boundary !== undefined && isBoundary(boundary) ? boundary : undefined;
}

interface Parameter {
  /** Lower case; empty where two semicolons stand together. */
  readonly name: string;
  readonly value: string;
  /** Where the next one begins: at a semicolon, or at the end. */
  readonly end: number;
}

/** One `;name=value`. */
function parseParameter(text: string, semicolon: number): Parameter | undefined {
  if (text[semicolon] !== ";") return undefined;
  const start = skipBlanks(text, semicolon + 1);
  if (start === text.length || text[start] === ";") return { name: "", value: "", end: start };
  const end = skipUnquoted(text, start);
  // The name ends at its first `=`, which an unquoted value may hold too.
  const split = text.slice(start, end).indexOf("=");
  if (split <= 0) return undefined;
  const name = text.slice(start, start + split).toLowerCase();
  const from = start + split + 1;
  const value = text[from] === '"' ? parseQuoted(text, from) : parseUnquoted(text, from);
  return value === undefined ? undefined : { name, ...value };
}

function parseUnquoted(text: string, from: number): Omit<Parameter, "name"> | undefined {
  const end = skipUnquoted(text, from);
  return end === from ? undefined : { value: text.slice(from, end), end: skipBlanks(text, end) };
}

function parseQuoted(text: string, quote: number): Omit<Parameter, "name"> | undefined {
  let value = "";
  for (let at = quote + 1; at < text.length; at++) {
    if (text[at] === '"') return { value, end: skipBlanks(text, at + 1) };
    if (text[at] === "\\") at++;
    value += text[at] ?? "";
  }
  return undefined;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === " " || text[at] === "\t") at++;
  return at;
}

/** Up to a blank, a semicolon, a quote, a comma (which would join two fields) or what is not printable. */
function skipUnquoted(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code <= 0x20 || code > 0x7e || code === 0x22 || code === 0x2c || code === 0x3b) break;
  }
  return at;
}

/** More than any server was seen to send; it only bounds what a delimiter may cost. */
const MAX_BOUNDARY_LENGTH = 1024;

function isBoundary(text: string): boolean {
  // A blank at the end could not be told from the padding after a delimiter.
  if (text.length === 0 || text.length > MAX_BOUNDARY_LENGTH || text.endsWith(" ")) return false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code > 0x7e) return false;
  }
  return true;
}

import { createCrc32 } from "#crc32";
import { ByteCursor } from "../../bytes/byte-cursor.ts";
import { RangeStreamsError } from "../../errors.ts";
import { type CentralHeader, EXTRA_FIELDS, FLAGS, findExtraFields } from "./zip-format.ts";

/** Hosts whose names are bytes of the file system, today UTF-8 (APPNOTE 4.4.2): Unix and Darwin. */
const UNIX_HOSTS: ReadonlySet<number> = new Set([3, 19]);

/** Code page 437 above ASCII, in order (APPNOTE appendix D). */
const CP437_UPPER: string =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐" +
  "└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";

const utf8: TextDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What decides how the texts of an entry are encoded. */
type TextFields = Pick<CentralHeader, "name" | "comment" | "flags" | "extra" | "madeBy">;

/** Whether the entry was made on a system with Unix permissions. */
export function isUnixHost({ madeBy }: Pick<CentralHeader, "madeBy">): boolean {
  return UNIX_HOSTS.has(madeBy >>> 8);
}

/**
 * The name of an entry: UTF-8 where the flag says so, else a valid Unicode Path field (APPNOTE 4.6.9), else UTF-8 where the
 * host is a Unix and the bytes are valid, else code page 437. A flagged name that is no UTF-8 is read as code page 437 too,
 * which loses nothing.
 *
 * @throws FORMAT for a Unicode Path field that belongs to this very name and is no UTF-8.
 */
export function decodeEntryName(header: Omit<TextFields, "comment">, archive: string): string {
  return decode(header.name, { header, unicode: readUnicodePath(header), archive });
}

/** The bytes of a name that stand in an extra field: they are the name's, and those in the header are not. */
export function readUnicodePath(header: Omit<TextFields, "comment">): Uint8Array | undefined {
  return (header.flags & FLAGS.utf8) === 0 ? readUnicodeField(header, "name") : undefined;
}

/**
 * The comment of an entry, encoded as its name is, with the Unicode Comment field (APPNOTE 4.6.8) in the place of Unicode Path.
 *
 * @throws FORMAT for such a field that belongs to this very comment and is no UTF-8.
 */
export function decodeEntryComment(header: TextFields, archive: string): string {
  const unicode = (header.flags & FLAGS.utf8) === 0 ? readUnicodeField(header, "comment") : undefined;
  return decode(header.comment, { header, unicode, archive });
}

/** The comment of an archive, which nothing says the encoding of: UTF-8 where it is valid, else code page 437. */
export function decodeArchiveComment(bytes: Uint8Array): string {
  return decodeUtf8(bytes) ?? decodeCp437(bytes);
}

/** Whether all of the bytes are ASCII, which all encodings of names share. */
export function isAscii(bytes: Uint8Array): boolean {
  for (let position = 0; position < bytes.length; position++) {
    if ((bytes[position] as number) >= 0x80) return false;
  }
  return true;
}

/**
 * Whether the text that so many bytes of UTF-8 gave was all ASCII: beyond that every character has more bytes than UTF-16 units, and
 * what is no UTF-8 leaves its mark.
 */
export function wasAscii(text: string, byteLength: number): boolean {
  return text.length === byteLength && !text.includes("\ufffd");
}

function decode(
  bytes: Uint8Array,
  {
    header,
    unicode,
    archive,
  }: { header: Pick<TextFields, "flags" | "madeBy">; unicode: Uint8Array | undefined; archive: string },
): string {
  if (unicode !== undefined) {
    const text = decodeUtf8(unicode);
    if (text !== undefined) return text;
    const message = `Read a name in ${archive}: got a Unicode field that is no UTF-8; the archive is damaged`;
    throw new RangeStreamsError("FORMAT", message);
  }
  const mayBeUtf8 = (header.flags & FLAGS.utf8) !== 0 || isUnixHost(header);
  return (mayBeUtf8 ? decodeUtf8(bytes) : undefined) ?? decodeCp437(bytes);
}

/**
 * Info-ZIP Unicode Path and Unicode Comment extra fields: version 1 (1), CRC-32 of the text it belongs to (4), the text in UTF-8.
 * A field for another text, left behind by a tool that renamed the entry, is no field.
 */
function readUnicodeField(
  header: Pick<TextFields, "extra"> & Partial<Pick<TextFields, "name" | "comment">>,
  of: "name" | "comment",
): Uint8Array | undefined {
  const id = of === "name" ? EXTRA_FIELDS.unicodePath : EXTRA_FIELDS.unicodeComment;
  const [field] = findExtraFields(header.extra, id);
  if (field === undefined || field.length < 5) return undefined;
  const cursor = new ByteCursor(field, { what: "a Unicode field" });
  if (cursor.u8() !== 1) return undefined;
  const crc = createCrc32();
  crc.update(header[of] ?? new Uint8Array(0));
  return cursor.u32() === crc.digest() ? cursor.take(cursor.remaining) : undefined;
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function decodeCp437(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte < 0x80 ? String.fromCharCode(byte) : CP437_UPPER[byte - 0x80];
  return text;
}

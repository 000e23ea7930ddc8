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

/** Whether the entry was made on a system with Unix permissions. */
export function isUnixHost(header: Pick<CentralHeader, "madeBy">): boolean {
  return UNIX_HOSTS.has(header.madeBy >>> 8);
}

/**
 * The name of an entry: UTF-8 where the flag says so, else a valid Unicode Path field (APPNOTE 4.6.9), else UTF-8 where the
 * host is a Unix and the bytes are valid, else code page 437. A flagged name that is no UTF-8 is read as code page 437 too,
 * which loses nothing.
 *
 * @throws FORMAT for a Unicode Path field that belongs to this very name and is no UTF-8.
 */
export function decodeEntryName(header: CentralHeader, archive: string): string {
  const { name, flags } = header;
  if ((flags & FLAGS.utf8) === 0) {
    const unicode = readUnicodePath(header);
    if (unicode !== undefined) return decodeUnicodePath(unicode, archive);
    if (!isUnixHost(header)) return decodeCp437(name);
  }
  return decodeUtf8(name) ?? decodeCp437(name);
}

/**
 * Info-ZIP Unicode Path extra field: version 1 (1), CRC-32 of the name it belongs to (4), the name in UTF-8. A field for
 * another name, left behind by a tool that renamed the entry, is no field.
 */
function readUnicodePath(header: CentralHeader): Uint8Array | undefined {
  const [field] = findExtraFields(header.extra, EXTRA_FIELDS.unicodePath);
  if (field === undefined || field.length < 5) return undefined;
  const cursor = new ByteCursor(field, { what: "a Unicode Path field" });
  if (cursor.u8() !== 1) return undefined;
  const crc = createCrc32();
  crc.update(header.name);
  return cursor.u32() === crc.digest() ? cursor.take(cursor.remaining) : undefined;
}

function decodeUnicodePath(bytes: Uint8Array, archive: string): string {
  const name = decodeUtf8(bytes);
  if (name !== undefined) return name;
  const message = `Read a name in ${archive}: got a Unicode Path field that is no UTF-8; the archive is damaged`;
  throw new RangeStreamsError("FORMAT", message);
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

import type { Bytes } from "../../source/source.ts";
import { brokenPng } from "./png-format.ts";

// The data of the chunks with text (11.3.3) and of an ICC profile (11.3.2.3): a keyword, then text or a zlib stream.

const MAX_KEYWORD_BYTES = 79;

/** A text of an image. */
export interface PngText {
  /** What it is about, such as `Title`. Untrusted, as the text is. */
  readonly keyword: string;
  readonly text: string;
  /** As of RFC 5646, such as `de`; empty where none is told. */
  readonly language: string;
  /** The keyword in that language; empty where none is told. */
  readonly translatedKeyword: string;
}

/** A text whose bytes may be still compressed. */
export interface StoredText extends Omit<PngText, "text"> {
  readonly bytes: Bytes;
  /** A zlib stream. */
  readonly compressed: boolean;
  readonly encoding: "latin1" | "utf-8";
}

/** Whether a chunk holds text. */
export function isTextChunk(type: string): boolean {
  return type === "tEXt" || type === "zTXt" || type === "iTXt";
}

/**
 * The fields of a chunk with text:
 *
 * | tEXt | keyword, 0, text in Latin-1                                                    |
 * | zTXt | keyword, 0, compression method 0, zlib stream of text in Latin-1               |
 * | iTXt | keyword, 0, whether compressed, compression method 0, language, 0,             |
 * |      | translated keyword in UTF-8, 0, text in UTF-8 or a zlib stream of it           |
 *
 * @throws FORMAT for one without its keyword or cut short, for an unknown method.
 */
export function parseText(type: string, data: Bytes, name: string): StoredText {
  const what = `a text (${type}) of ${name}`;
  const { keyword, rest } = takeKeyword(data, what);
  const plain = { keyword, language: "", translatedKeyword: "", encoding: "latin1" } as const;
  if (type === "tEXt") return { ...plain, bytes: rest, compressed: false };
  if (type === "zTXt") return { ...plain, bytes: takeMethod(rest, what), compressed: true };
  const [compressed] = rest;
  if (compressed === undefined || compressed > 1) throw brokenPng(what, "no word about its compression");
  // Where nothing is compressed any method may be told.
  const fields = compressed === 1 ? takeMethod(rest.subarray(1), what) : rest.subarray(2);
  const language = takeUntilZero(fields, what);
  const translated = takeUntilZero(language.rest, what);
  return {
    keyword,
    language: decodeLatin1(language.field),
    translatedKeyword: decodeUtf8(translated.field, what),
    bytes: translated.rest,
    compressed: compressed === 1,
    encoding: "utf-8",
  };
}

/** Name and zlib stream of an embedded ICC profile (iCCP, 11.3.2.3). @throws FORMAT as {@link parseText}. */
export function parseProfile(data: Bytes, name: string): { name: string; stored: Bytes } {
  const what = `the color profile of ${name}`;
  const { keyword, rest } = takeKeyword(data, what);
  return { name: keyword, stored: takeMethod(rest, what) };
}

/** @throws FORMAT for what is no UTF-8. */
export function decodePngText(bytes: Uint8Array, encoding: StoredText["encoding"], what: string): string {
  return encoding === "latin1" ? decodeLatin1(bytes) : decodeUtf8(bytes, what);
}

export function takeKeyword(data: Bytes, what: string): { keyword: string; rest: Bytes } {
  const { field, rest } = takeUntilZero(data, what);
  if (field.length === 0 || field.length > MAX_KEYWORD_BYTES) {
    throw brokenPng(what, `a keyword of ${field.length} bytes where 1 to ${MAX_KEYWORD_BYTES} may be`);
  }
  return { keyword: decodeLatin1(field), rest };
}

function takeMethod(fields: Bytes, what: string): Bytes {
  if (fields[0] !== 0) throw brokenPng(what, `the compression method ${fields[0] ?? "that is missing"}`);
  return fields.subarray(1);
}

function takeUntilZero(bytes: Bytes, what: string): { field: Bytes; rest: Bytes } {
  const end = bytes.indexOf(0);
  if (end === -1) throw brokenPng(what, "a field without its end");
  return { field: bytes.subarray(0, end), rest: bytes.subarray(end + 1) };
}

/** Not TextDecoder's `latin1`, which is Windows-1252. In steps, for an argument list has its limit. */
function decodeLatin1(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += 8192) {
    text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return text;
}

function decodeUtf8(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw brokenPng(what, "bytes that are no UTF-8");
  }
}

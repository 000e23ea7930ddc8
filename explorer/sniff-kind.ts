/** What the first bytes of a file say it is, as far as this page does something with it. Never told from its name. */
type FileKind = "archive" | "image" | "png" | "text" | "bytes";

/** A kind, and of an image the type to show it as. */
export interface Sniffed {
  readonly kind: FileKind;
  readonly imageType: string | undefined;
}

/** Latin-1; `?` stands for any byte. */
const ARCHIVES: readonly (readonly [at: number, magic: string])[] = [
  [0, "PK\x03\x04"],
  [0, "PK\x05\x06"],
  [0, "\x1f\x8b\x08"],
  [0, "\x28\xb5\x2f\xfd"],
  [0, "\xfd7zXZ\x00"],
  [0, "BZh"],
  [257, "ustar"],
];

/** Only what is pixels and nothing else: an SVG is text here. */
const IMAGES: readonly (readonly [type: string, at: number, magic: string])[] = [
  ["image/png", 0, "\x89PNG\r\n\x1a\n"],
  ["image/jpeg", 0, "\xff\xd8\xff"],
  ["image/gif", 0, "GIF8"],
  ["image/webp", 0, "RIFF????WEBP"],
  ["image/avif", 4, "ftypavif"],
  ["image/avif", 4, "ftypavis"],
  ["image/bmp", 0, "BM????\0\0\0\0"],
];

/** Tells a kind from the head of a file. `whole`: nothing follows it, so that no character can be cut. */
export function sniffKind(head: Uint8Array, whole: boolean): Sniffed {
  const image = IMAGES.find(([, at, magic]) => matches(head, at, magic))?.[0];
  if (image !== undefined) return { kind: image === "image/png" ? "png" : "image", imageType: image };
  const kind = ARCHIVES.some(([at, magic]) => matches(head, at, magic)) ? "archive" : "bytes";
  const isText = kind === "bytes" && decodeText(head, whole) !== undefined;
  return { kind: isText ? "text" : kind, imageType: undefined };
}

/** The bytes as UTF-8 text; undefined where they are none, or hold what no text holds. */
export function decodeText(bytes: Uint8Array, whole: boolean): string | undefined {
  // Tab, line feed, form feed, carriage return and escape occur in texts.
  if (bytes.some((byte) => byte < 9 || (byte > 13 && byte < 32 && byte !== 27))) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: !whole });
  } catch {
    return undefined;
  }
}

function matches(head: Uint8Array, at: number, magic: string): boolean {
  if (head.length < at + magic.length) return false;
  for (let index = 0; index < magic.length; index++) {
    if (magic[index] !== "?" && head[at + index] !== magic.charCodeAt(index)) return false;
  }
  return true;
}

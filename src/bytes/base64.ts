type Bytes = Uint8Array<ArrayBuffer>;

/** Bytes that are encoded at once: `btoa` takes a string, and a call so many arguments. A multiple of 3. */
const PIECE_BYTES = 24_576;

/** Bytes as base64 (RFC 4648 section 4), for JSON. */
export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
    text += btoa(String.fromCharCode(...bytes.subarray(start, start + PIECE_BYTES)));
  }
  return text;
}

/** The bytes again; undefined for what is no base64. */
export function fromBase64(text: unknown): Bytes | undefined {
  if (typeof text !== "string") return undefined;
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

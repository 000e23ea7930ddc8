/** Gives parts of some bytes as text: UTF-8, a byte order mark kept, what is no UTF-8 replaced by U+FFFD. Ends are exclusive. */
export type TextReader = (start: number, end: number) => string;

/** Starts reading texts out of bytes, which are not copied. */
export function createTextReader(bytes: Uint8Array<ArrayBuffer>): TextReader {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return (start, end) => decoder.decode(bytes.subarray(start, end));
}

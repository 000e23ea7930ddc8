/** Bytes over a buffer of their own kind. */
type Bytes = Uint8Array<ArrayBuffer>;

/** Joins chunks into one array of their own. A single chunk that fills its buffer comes back as it is. */
export function concatBytes(chunks: readonly Bytes[]): Bytes {
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined && ownsBuffer(only)) return only;
  let length = 0;
  for (const chunk of chunks) length += chunk.byteLength;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return joined;
}

/** Whether nothing else lies in the buffer beneath, so that keeping the bytes keeps only the bytes. */
function ownsBuffer(bytes: Bytes): boolean {
  return bytes.byteLength === bytes.buffer.byteLength;
}

/** Whether bytes may be given as they are: they keep at most a sixteenth more alive. */
export function isTight({ byteLength, buffer }: Bytes): boolean {
  return (buffer.byteLength - byteLength) * 16 <= byteLength;
}

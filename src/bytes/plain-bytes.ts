type Bytes = Uint8Array<ArrayBuffer>;

/**
 * The same memory as a plain Uint8Array. What comes from code of others may be a subclass that does something else by the same name:
 * `slice` of Node's Buffer is no copy.
 */
export function plainBytes(bytes: Bytes): Bytes {
  if (Object.getPrototypeOf(bytes) === Uint8Array.prototype) return bytes;
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

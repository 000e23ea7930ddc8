/** Numbers and texts of the first bytes of a file. Whoever reads asks first whether the head covers it. */
export class HeadView {
  readonly #view: DataView;
  /** Bytes of the whole file; Infinity where it is not known. */
  readonly fileSize: number;

  constructor(bytes: Uint8Array, fileSize: number) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.fileSize = fileSize;
  }

  get length(): number {
    return this.#view.byteLength;
  }

  /** Whether all these bytes are here. False also for a position or length that no number of bytes can be. */
  covers(at: number, length: number): boolean {
    return at >= 0 && length >= 0 && at + length <= this.length;
  }

  /** A part of it, as a file of its own: what it says of positions counts from there. It ends where this one does. */
  part(start: number, end: number): HeadView {
    const { buffer, byteOffset } = this.#view;
    const [from, to] = [Math.min(start, this.length), Math.min(end, this.length)];
    return new HeadView(new Uint8Array(buffer, byteOffset + from, Math.max(0, to - from)), end - start);
  }

  uint8(at: number): number {
    return this.#view.getUint8(at);
  }

  uint16(at: number, littleEndian = false): number {
    return this.#view.getUint16(at, littleEndian);
  }

  /** Three bytes, the lowest first. */
  uint24(at: number): number {
    return this.uint16(at, true) | (this.uint8(at + 2) << 16);
  }

  uint32(at: number, littleEndian = false): number {
    return this.#view.getUint32(at, littleEndian);
  }

  int32(at: number, littleEndian = false): number {
    return this.#view.getInt32(at, littleEndian);
  }

  /** Eight bytes; Infinity for what no file can hold, so that every comparison with a size refuses it. */
  uint64(at: number, littleEndian = false): number {
    const value = this.#view.getBigUint64(at, littleEndian);
    return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.POSITIVE_INFINITY : Number(value);
  }

  /** Latin-1: one character a byte. Text of strangers. */
  text(at: number, length: number): string {
    let text = "";
    for (let index = at; index < at + length; index++) text += String.fromCharCode(this.uint8(index));
    return text;
  }

  /** Why what ends here cannot be told: it is not in the file, or only not in the bytes that were read. */
  missing(end: number): string {
    return end > this.fileSize
      ? "damaged: its header reaches beyond its end"
      : `its header goes on beyond the first ${this.length} bytes, which are all that was read`;
  }
}

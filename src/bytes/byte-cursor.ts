import { RangeStreamsError } from "../errors.ts";

/** What a {@link ByteCursor} is told of the bytes it walks. */
export interface ByteCursorOptions {
  /** Where in the file the first byte of the view lies. Default 0. */
  origin?: number | undefined;
  /** For messages: what is being read, such as `the end record of x.zip`. */
  what: string;
}

/**
 * Walks the fields of a binary record, little-endian. Positions are absolute: those of the file the bytes came from, not of
 * the view, so that what a parser returns can be fetched as it is. Reading past the end is a FORMAT error, never a zero.
 */
export class ByteCursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #origin: number;
  readonly #what: string;
  #position = 0;

  constructor(bytes: Uint8Array, options: ByteCursorOptions) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#origin = options.origin ?? 0;
    this.#what = options.what;
  }

  /** The absolute position of the next byte. */
  get offset(): number {
    return this.#origin + this.#position;
  }

  /** Bytes left. */
  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  /** @throws FORMAT past the end. */
  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  /** @throws FORMAT past the end. */
  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  /** @throws FORMAT past the end. */
  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** @throws FORMAT past the end. */
  i32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  /**
   * A 64-bit number.
   *
   * @throws FORMAT past the end, and for more than 2^53 − 1, which no file reaches and no number holds exactly.
   */
  u64(): number {
    const start = this.#take(8);
    const low = this.#view.getUint32(start, true);
    const high = this.#view.getUint32(start + 4, true);
    if (high > 0x1fffff) throw this.#broken(start, "a 64-bit number beyond 2^53");
    return high * 0x1_0000_0000 + low;
  }

  /**
   * The next `length` bytes, as a view of the same buffer.
   *
   * @throws FORMAT past the end.
   */
  take(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** @throws FORMAT past the end. */
  skip(length: number): void {
    this.#take(length);
  }

  #take(length: number): number {
    const start = this.#position;
    if (length > this.#bytes.length - start) {
      throw this.#broken(start, `only ${this.#bytes.length - start} of ${length} bytes`);
    }
    this.#position = start + length;
    return start;
  }

  #broken(position: number, got: string): RangeStreamsError {
    const message = `Read ${this.#what} at byte ${this.#origin + position}: got ${got}; the file is cut short or damaged`;
    return new RangeStreamsError("FORMAT", message);
  }
}

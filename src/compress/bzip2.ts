import bzip2 from "unbzip2-stream/lib/bzip2.js";
import { concatBytes } from "../bytes/collect-bytes.ts";
import { brokenStream } from "./broken-stream.ts";
import { decodeBy } from "./check-decoded.ts";
import type { Chunk, Decode, DecompressOptions } from "./decoder.ts";

// The library decodes one block at a time out of a function that gives bits. The stream around its blocks is here, because its own
// is one of Node's, which browsers lack.

/** The method `bzip2`; see {@link Decode}. */
export const decodeBzip2: Decode = decodeBy(decompressBzip2);

const LEVEL_BYTES = 100_000;
/** A block of data that does not compress is this much longer than what it holds, at most; one made to deceive may be longer. */
const BLOCK_EXTRA_BYTES = 25_000;

/** Decompresses bzip2 streams, one after the other, to the end of the input. Checksums of blocks and streams are checked. */
export async function* decompressBzip2(
  stored: AsyncIterable<Chunk>,
  { what }: DecompressOptions,
): AsyncGenerator<Chunk, void, void> {
  const streams = new Bzip2Streams();
  const decode = function* (chunk: Chunk, isLast: boolean): Generator<Chunk, void, void> {
    try {
      yield* streams.push(chunk, isLast);
    } catch (error) {
      const got =
        error instanceof OutOfBits ? "a bzip2 stream that is cut short" : `${String(error)} in bzip2`;
      throw brokenStream(what, got, error);
    }
  };
  for await (const chunk of stored) yield* decode(chunk, false);
  yield* decode(new Uint8Array(0), true);
}

/** The input does not reach as far yet. */
class OutOfBits extends Error {}

/** Decodes block by block, as soon as one is surely there as a whole. */
class Bzip2Streams {
  #parts: Chunk[] = [];
  #held = 0;
  #input: Chunk = new Uint8Array(0);
  /** The next bit, counted from the start of `#input`. */
  #bit = 0;
  #level = 0;
  #checksum = 0;
  #needed = LEVEL_BYTES;
  #streams = 0;

  *push(chunk: Chunk, isLast: boolean): Generator<Chunk, void, void> {
    this.#parts.push(chunk);
    this.#held += chunk.length;
    if (this.#held < this.#needed && !isLast) return;
    this.#input = concatBytes([this.#input.subarray(this.#bit >> 3), ...this.#parts]);
    this.#parts = [];
    this.#bit &= 7;
    for (;;) {
      this.#held = this.#input.length - (this.#bit >> 3);
      const isBetween = this.#level === 0;
      if (isLast && isBetween && this.#streams > 0 && this.#held === 0) return;
      if (this.#held < this.#needed && !isLast) return;
      const block = this.#tryBlock(isLast);
      if (block === undefined) return;
      if (block.length > 0) yield block;
    }
  }

  /** The next block, empty for what is between blocks; undefined where the input does not hold all of it. */
  #tryBlock(isLast: boolean): Chunk | undefined {
    const start = this.#bit;
    try {
      return this.#level === 0 ? this.#readHeader() : this.#readBlock();
    } catch (error) {
      if (isLast || !(error instanceof OutOfBits)) throw error;
      this.#bit = start;
      this.#needed = this.#held * 2;
      return undefined;
    }
  }

  #readHeader(): Chunk {
    this.#level = bzip2.header(this.#bits);
    this.#checksum = 0;
    this.#streams++;
    this.#needed = this.#level * LEVEL_BYTES + BLOCK_EXTRA_BYTES;
    return new Uint8Array(0);
  }

  #readBlock(): Chunk {
    const size = this.#level * LEVEL_BYTES;
    const output = new ByteSink();
    const block = new Int32Array(size);
    const checksum = bzip2.decompress(this.#bits, output.write, block, size, this.#checksum);
    this.#needed = size + BLOCK_EXTRA_BYTES;
    // null: the stream has ended, and its checksum was right.
    if (checksum === null) this.#level = 0;
    else this.#checksum = checksum;
    return output.take();
  }

  /** The next bits as a number; null moves on to the next whole byte. */
  readonly #bits = (count: number | null): number => {
    if (count === null) {
      this.#bit = (this.#bit + 7) & ~7;
      return 0;
    }
    if (this.#bit + count > this.#input.length * 8) throw new OutOfBits();
    let value = 0;
    for (let left = count; left > 0; ) {
      const offset = this.#bit & 7;
      const step = Math.min(left, 8 - offset);
      const byte = this.#input[this.#bit >> 3] as number;
      value = (value << step) | ((byte >> (8 - offset - step)) & ((1 << step) - 1));
      this.#bit += step;
      left -= step;
    }
    return value;
  };
}

/** Gathers bytes that come one by one. */
class ByteSink {
  #bytes: Chunk = new Uint8Array(1024 * 1024);
  #length = 0;

  readonly write = (byte: number): void => {
    if (this.#length === this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#length++] = byte;
  };

  take(): Chunk {
    return this.#bytes.slice(0, this.#length);
  }
}

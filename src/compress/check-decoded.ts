import { type Crc32, createCrc32 } from "#crc32";
import { RangeStreamsError } from "../errors.ts";
import { collectWhole } from "./collect-whole.ts";
import type { Chunk, Decode, DecodeOptions, DecodeWhole } from "./decoder.ts";

/** Output that may be of any ratio: tiny members are no bombs. */
const RATIO_GRACE_BYTES = 1024 * 1024;

/** Makes the decoder of a member out of what decompresses: its output is checked against what the directory promises. */
export function decodeBy(decompress: Decode): Decode {
  return (stored, options) => {
    let storedSoFar = 0;
    async function* counted(): AsyncGenerator<Chunk, void, void> {
      for await (const chunk of stored) {
        storedSoFar += chunk.length;
        yield chunk;
      }
    }
    return checkDecoded(decompress(counted(), options), options, () => storedSoFar);
  };
}

/** Gathers what a decoder gives into one array; see {@link DecodeWhole}. */
export function wholeBy(decode: Decode): DecodeWhole {
  return (stored, options) => collectWhole(decode(stored, options), options.size);
}

/** Passes on decoded chunks while they keep to what was promised; see {@link Decode} for the errors. */
export async function* checkDecoded(
  decoded: AsyncIterable<Chunk>,
  options: DecodeOptions,
  storedSoFar: () => number,
): AsyncGenerator<Chunk, void, void> {
  const check = new DecodedCheck(options);
  for await (const chunk of decoded) {
    // Before the chunk is handed over: then it is the consumer's, who may write into it.
    check.take(chunk, storedSoFar());
    yield chunk;
  }
  check.end();
}

/** Checks what was decoded against what was promised of it, piece after piece. */
export class DecodedCheck {
  readonly #options: DecodeOptions;
  readonly #crc: Crc32 | undefined;
  #length = 0;

  constructor(options: DecodeOptions) {
    this.#options = options;
    this.#crc = options.crc32 === undefined ? undefined : createCrc32();
  }

  /** The next piece, decoded from so many stored bytes in all. @throws FORMAT for too many bytes, LIMIT for too dense ones. */
  take(chunk: Chunk, storedSoFar: number): void {
    const options = this.#options;
    this.#length += chunk.length;
    if (this.#length > options.size) {
      throw wrongSize(options.what, `more than the ${options.size} bytes it should be`);
    }
    if (exceedsRatio(this.#length, storedSoFar, options.maxRatio)) throw tooDense(options);
    this.#crc?.update(chunk);
  }

  /** @throws FORMAT for too few bytes, CHECKSUM for wrong ones. */
  end(): void {
    const options = this.#options;
    if (this.#length < options.size) {
      throw wrongSize(options.what, `${this.#length} of the ${options.size} bytes it should be`);
    }
    const { crc32 } = options;
    const sum = this.#crc?.digest();
    if (crc32 === undefined || sum === undefined || sum === crc32) return;
    const got = `bytes with the CRC-32 ${hex(sum)} where ${hex(crc32)} was promised`;
    throw new RangeStreamsError(
      "CHECKSUM",
      `Read ${options.what}: got ${got}; they are damaged, do not use them`,
    );
  }
}

/** Whether so much output from so little input is beyond the limit. */
export function exceedsRatio(size: number, storedSize: number, maxRatio: number): boolean {
  return size > RATIO_GRACE_BYTES && size > storedSize * maxRatio;
}

/** The LIMIT error of a member that grows too much. */
export function tooDense(options: Pick<DecodeOptions, "what" | "maxRatio">): RangeStreamsError {
  const got = `more than ${options.maxRatio} bytes for each stored byte`;
  return new RangeStreamsError("LIMIT", `Read ${options.what}: got ${got}; raise maxRatio if you trust it`);
}

function wrongSize(what: string, got: string): RangeStreamsError {
  return new RangeStreamsError("FORMAT", `Read ${what}: got ${got}; it is damaged or deceives`);
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}

import xz from "xz-decompress";
import { concatBytes } from "../bytes/collect-bytes.ts";
import { RangeStreamsError } from "../errors.ts";
import { brokenStream } from "./broken-stream.ts";
import { decodeBy } from "./check-decoded.ts";
import type { Chunk, Decode, DecompressOptions } from "./decoder.ts";

/** The method `xz`; see {@link Decode}. */
export const decodeXz: Decode = decodeBy(decompressXz);

/** Results of xz-embedded (`enum xz_ret`). */
const RESULTS = { memory: 3, memoryLimit: 4, options: 6 } as const;

/** The stream's header, and what is looked at of the first block's. */
const HEAD_BYTES = 17;

/** What the library's streams are made of: xz-embedded, and its allocator. */
interface Native {
  readonly memory: WebAssembly.Memory;
  create_context(): number;
  destroy_context(context: number): void;
  /** So many bytes stand at the start of the input; none says that no more will come. */
  supply_input(context: number, byteLength: number): void;
  /** Fills the output as far as the input goes; gives an `enum xz_ret`. */
  get_next_output(context: number): number;
}

/** What the library keeps of its module. */
interface Library {
  _moduleInstance?: { readonly exports: unknown };
  _getModuleInstance(): Promise<void>;
}

/** Fields of a context, in words from its start (`DecompressionContext` of the library). */
const FIELDS = { capacity: 0, input: 1, inputPosition: 2, inputSize: 3, output: 4, outputSize: 5 } as const;
const [GOES_ON, STREAM_END] = [0, 1];

/**
 * One decoder of the library, without the streams that it puts around it: those let one stream decode at a time, so that two members
 * read in turns would wait for each other for ever, and with ours around them they cost a tenth of the time.
 */
class NativeDecoder {
  readonly #native: Native;
  readonly #context: number;
  #isEnded = false;
  #words: Uint32Array | undefined;

  constructor(native: Native) {
    this.#native = native;
    this.#context = native.create_context();
  }

  static async load(): Promise<NativeDecoder> {
    const library = xz.XzReadableStream as unknown as Library;
    if (library._moduleInstance === undefined) await library._getModuleInstance();
    return new NativeDecoder(library._moduleInstance?.exports as Native);
  }

  /** Bytes that it takes at once. */
  get capacity(): number {
    return this.#field("capacity");
  }

  /** All streams have ended, where nothing more came. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Whether all that was given is taken. */
  get needsInput(): boolean {
    return this.#field("inputPosition") === this.#field("inputSize");
  }

  give(bytes: Chunk): void {
    new Uint8Array(this.#native.memory.buffer, this.#field("input"), bytes.length).set(bytes);
    this.#native.supply_input(this.#context, bytes.length);
  }

  /** What comes of it by now. @throws XzError */
  take(): Chunk {
    const result = this.#native.get_next_output(this.#context);
    if (result !== GOES_ON && result !== STREAM_END) throw new XzError(result);
    this.#isEnded = result === STREAM_END;
    const start = this.#field("output");
    const output = this.#native.memory.buffer.slice(start, start + this.#field("outputSize"));
    this.#view()[FIELDS.outputSize] = 0;
    return new Uint8Array(output);
  }

  free(): void {
    this.#native.destroy_context(this.#context);
  }

  #field(name: keyof typeof FIELDS): number {
    return this.#view()[FIELDS[name]] as number;
  }

  /** Anew where the memory has grown. */
  #view(): Uint32Array {
    const { buffer } = this.#native.memory;
    if (this.#words?.buffer !== buffer) {
      this.#words = new Uint32Array(buffer, this.#context, Object.keys(FIELDS).length);
    }
    return this.#words;
  }
}

/** A result of xz-embedded that is an error. */
class XzError extends Error {
  readonly result: number;

  constructor(result: number) {
    super(`result ${result} of xz-embedded`);
    this.result = result;
  }
}

/**
 * Decompresses xz streams, one after the other, to the end of the input. Of the checks CRC-32 and CRC-64 are checked; SHA-256 and
 * filters (BCJ, delta) are UNSUPPORTED, a dictionary above 64 MiB is LIMIT before it is allocated.
 */
export async function* decompressXz(
  stored: AsyncIterable<Chunk>,
  { what }: DecompressOptions,
): AsyncGenerator<Chunk, void, void> {
  let head: Chunk = new Uint8Array(0);
  const explained = <Value>(work: () => Value): Value => {
    try {
      return work();
    } catch (error) {
      throw explain(error, { what, head });
    }
  };
  const decoder = await NativeDecoder.load().catch((error: unknown) => {
    throw explain(error, { what, head });
  });
  try {
    for await (const chunk of stored) {
      if (head.length < HEAD_BYTES) head = concatBytes([head, chunk.slice(0, HEAD_BYTES)]);
      const { capacity } = decoder;
      for (let start = 0; start < chunk.length; start += capacity) {
        decoder.give(chunk.subarray(start, start + capacity));
        do {
          const output = explained(() => decoder.take());
          if (output.length > 0) yield output;
        } while (!decoder.needsInput);
      }
    }
    if (head.length === 0) throw brokenStream(what, "nothing, which is no xz stream");
    while (!decoder.isEnded) {
      decoder.give(new Uint8Array(0));
      const output = explained(() => decoder.take());
      if (output.length > 0) yield output;
    }
  } finally {
    decoder.free();
  }
}

function explain(error: unknown, { what, head }: { what: string; head: Chunk }): RangeStreamsError {
  const result = error instanceof XzError ? error.result : undefined;
  const isLarge = result === RESULTS.options && hasLargestDictionary(head);
  if (result === RESULTS.memory || result === RESULTS.memoryLimit || isLarge) {
    const got = "an xz dictionary above 64 MiB";
    return new RangeStreamsError("LIMIT", `Decompressed ${what}: got ${got}; unpack it with xz`, {
      cause: error,
    });
  }
  if (result === RESULTS.options) {
    const got = "xz with a filter or a check that is not known here";
    return new RangeStreamsError("UNSUPPORTED", `Decompressed ${what}: got ${got}; unpack it with xz`, {
      cause: error,
    });
  }
  return brokenStream(what, `data that is not whole xz streams (${String(error)})`, error);
}

/**
 * Whether the first block needs a dictionary of 4 GiB, which the library takes for an option it does not know. A block header with
 * one filter and no sizes is: its length (1), flags (1), the filter (0x21: LZMA2), length of its properties (1), dictionary (1).
 */
function hasLargestDictionary(head: Chunk): boolean {
  const [flags, filter, , dictionary] = head.subarray(13, HEAD_BYTES);
  return flags === 0 && filter === 0x21 && dictionary === 40;
}

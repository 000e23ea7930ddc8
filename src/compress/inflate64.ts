import { concatBytes } from "../bytes/collect-bytes.ts";
import type { Chunk } from "./decoder.ts";

// Deflate64 is deflate (RFC 1951) with three differences: the window is 64 KiB; length code 285 means 3 plus 16 more bits; and the
// distance codes 30 and 31 exist, with 14 more bits each. Why there is a decoder of our own: docs/decisions.

const WINDOW_BYTES = 64 * 1024;
/** How far back deflate itself may refer. */
const DEFLATE_WINDOW_BYTES = 32 * 1024;
const LONGEST_MATCH = 3 + 0xffff;
/** Output is handed on in pieces of about this size. */
const PIECE_BYTES = 256 * 1024;
/**
 * Input that is always enough for the next step, whatever it is: the largest header of a block (14 bits, 19 lengths of 3 bits, 320
 * codes of up to 7 + 7 bits) takes 570 bytes, a match 8.
 */
const STEP_BYTES = 600;
const MAX_CODE_BITS = 15;
/** In which order the lengths of the code for code lengths come (RFC 1951, 3.2.7). */
const LENGTH_ORDER: readonly number[] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const END_OF_BLOCK = 256;

/** Of each length code from 257 on: what it adds to, and how many more bits it has. */
const LENGTHS: readonly (readonly [base: number, bits: number])[] = [
  ...stepwise({ first: 3, codes: 28, plainCodes: 8, codesABit: 4 }),
  [3, 16],
];
/** The same of each distance code. */
const DISTANCES: readonly (readonly [base: number, bits: number])[] = stepwise({
  first: 1,
  codes: 32,
  plainCodes: 4,
  codesABit: 2,
});

/** Deflate itself: its code 285 is a length of 258 alone, and it has 30 distance codes. */
const DEFLATE_LENGTHS: typeof LENGTHS = [...LENGTHS.slice(0, -1), [258, 0]];
const DEFLATE_DISTANCES: typeof DISTANCES = DISTANCES.slice(0, 30);

/** Codes whose bases follow one another, the first few without more bits, then each so many codes with one bit more. */
function stepwise(plan: {
  first: number;
  codes: number;
  plainCodes: number;
  codesABit: number;
}): (readonly [base: number, bits: number])[] {
  let base = plan.first;
  return Array.from({ length: plan.codes }, (_, code) => {
    const bits = code < plan.plainCodes ? 0 : Math.floor((code - plan.plainCodes) / plan.codesABit) + 1;
    const entry = [base, bits] as const;
    base += 2 ** bits;
    return entry;
  });
}

/** Codes up to this length are looked up at once. *Unmeasured*; 9 covers nearly all that occur in data that compresses. */
const FAST_BITS = 9;

/** A canonical Huffman code (RFC 1951, 3.2.2): how many codes there are of each length, and the symbols in their order. */
interface HuffmanCode {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
  /** By the next bits as they come: symbol << 4 | length; 0 for codes that are longer, or none. */
  readonly fast: Uint16Array;
}

/** The input ended before the stream did. */
export class TruncatedInput extends Error {}

/** Inflates one deflate64 stream, or one of deflate, fed in pieces. Synchronous; its errors are plain, and leave it unusable. */
export class Inflate64 {
  #input: Chunk = new Uint8Array(0);
  /** The next bit, counted from the start of `#input`. */
  #bit = 0;
  /** Bytes of input before `#input`. */
  #passed = 0;
  #output: Chunk = new Uint8Array(WINDOW_BYTES + PIECE_BYTES + LONGEST_MATCH);
  /** Output starts here; what lies before it was handed on and is history. */
  #handedOn = 0;
  #length = 0;
  /** Bytes of output that are held no more. */
  #dropped = 0;
  #state: "header" | "stored" | "coded" | "end" = "header";
  #isLastBlock = false;
  #storedLeft = 0;
  #literals: HuffmanCode = buildCode([]);
  #distances: HuffmanCode = buildCode([]);
  readonly #lengthValues: typeof LENGTHS;
  readonly #distanceValues: typeof DISTANCES;
  readonly #onBlock: (() => void) | undefined;

  /** `onBlock` is called after each block but the last: then the three members about places tell of its end. */
  constructor(dialect: "deflate64" | "deflate" = "deflate64", onBlock?: () => void) {
    this.#onBlock = onBlock;
    const isDeflate = dialect === "deflate";
    this.#lengthValues = isDeflate ? DEFLATE_LENGTHS : LENGTHS;
    this.#distanceValues = isDeflate ? DEFLATE_DISTANCES : DISTANCES;
  }

  /** Whether all of the stream was there. */
  get hasEnded(): boolean {
    return this.#state === "end";
  }

  /** Whether the stream has ended and there is more input. */
  get hasSurplus(): boolean {
    return this.#state === "end" && (this.#bit + 7) >> 3 < this.#input.length;
  }

  /** How many bits of the stream have been read. */
  get bitsTaken(): number {
    return this.#passed * 8 + this.#bit;
  }

  /** How many bytes have come out, those included that are still to be handed on. */
  get bytesMade(): number {
    return this.#dropped + this.#length;
  }

  /** A copy of the output before this place that a stream of deflate may refer to behind it. */
  copyWindow(): Chunk {
    return this.#output.slice(Math.max(0, this.#length - DEFLATE_WINDOW_BYTES), this.#length);
  }

  /** What was given beyond the end of the stream. */
  takeSurplus(): Chunk {
    const surplus = this.#input.subarray((this.#bit + 7) >> 3);
    this.#input = new Uint8Array(0);
    this.#bit = 0;
    return surplus;
  }

  /** The output of the next piece of input. After the last, all of it is out, or this throws. */
  *push(chunk: Chunk, isLast: boolean): Generator<Chunk, void, void> {
    const rest = this.#input.subarray(this.#bit >> 3);
    this.#passed += this.#bit >> 3;
    this.#input = rest.length === 0 ? chunk : concatBytes([rest, chunk]);
    this.#bit &= 7;
    while (this.#state !== "end" && (isLast || this.#input.length - (this.#bit >> 3) >= STEP_BYTES)) {
      this.#step();
      if (this.#length - this.#handedOn >= PIECE_BYTES) yield this.#handOn();
    }
    if (this.#length > this.#handedOn) yield this.#handOn();
  }

  #step(): void {
    if (this.#state === "header") this.#readHeader();
    else if (this.#state === "stored") this.#copyStored();
    else this.#readSymbols();
  }

  #readHeader(): void {
    this.#isLastBlock = this.#bits(1) === 1;
    const type = this.#bits(2);
    if (type === 0) {
      this.#bit = (this.#bit + 7) & ~7;
      this.#storedLeft = this.#bits(16);
      if ((this.#bits(16) ^ 0xffff) !== this.#storedLeft)
        throw new Error("a block whose length is not confirmed");
      this.#state = "stored";
      if (this.#storedLeft === 0) this.#endBlock();
      return;
    }
    if (type === 3) throw new Error("a block of no known type");
    if (type === 1) this.#useFixedCodes();
    else this.#readCodes();
    this.#state = "coded";
  }

  #useFixedCodes(): void {
    const lengths = Array.from({ length: 288 }, (_, symbol) =>
      symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8,
    );
    this.#literals = buildCode(lengths);
    this.#distances = buildCode(Array.from({ length: 32 }, () => 5));
  }

  #readCodes(): void {
    const literals = this.#bits(5) + 257;
    const distances = this.#bits(5) + 1;
    const ordered = this.#bits(4) + 4;
    if (literals > 286) throw new Error("more literal codes than there are");
    const ofLengths = LENGTH_ORDER.map(() => 0);
    for (const symbol of LENGTH_ORDER.slice(0, ordered)) ofLengths[symbol] = this.#bits(3);
    const lengths = this.#readLengths(buildCode(ofLengths), literals + distances);
    if (lengths[END_OF_BLOCK] === 0) throw new Error("a block without an end");
    this.#literals = buildCode(lengths.slice(0, literals));
    this.#distances = buildCode(lengths.slice(literals));
  }

  #readLengths(code: HuffmanCode, count: number): number[] {
    const lengths: number[] = [];
    while (lengths.length < count) {
      const symbol = this.#symbol(code);
      if (symbol < 16) {
        lengths.push(symbol);
        continue;
      }
      const before = lengths.at(-1);
      if (symbol === 16 && before === undefined) throw new Error("a code length that repeats nothing");
      const repeated = symbol === 16 ? (before as number) : 0;
      const times =
        symbol === 16 ? 3 + this.#bits(2) : symbol === 17 ? 3 + this.#bits(3) : 11 + this.#bits(7);
      if (lengths.length + times > count) throw new Error("more code lengths than codes");
      for (let time = 0; time < times; time++) lengths.push(repeated);
    }
    return lengths;
  }

  #copyStored(): void {
    const start = this.#bit >> 3;
    const room = this.#output.length - this.#length;
    const length = Math.min(this.#storedLeft, room, this.#input.length - start);
    if (length === 0) throw new TruncatedInput();
    this.#output.set(this.#input.subarray(start, start + length), this.#length);
    this.#length += length;
    this.#bit += length * 8;
    this.#storedLeft -= length;
    if (this.#storedLeft === 0) this.#endBlock();
  }

  /** Reads symbols until the block ends, a piece is full, or input may run short. */
  #readSymbols(): void {
    const enough = this.#input.length - STEP_BYTES;
    do {
      const symbol = this.#symbol(this.#literals);
      if (symbol < END_OF_BLOCK) {
        this.#output[this.#length++] = symbol;
      } else if (symbol === END_OF_BLOCK) {
        this.#endBlock();
        return;
      } else {
        this.#copyMatch(
          this.#value(this.#lengthValues[symbol - 257]),
          this.#value(this.#distanceValues[this.#symbol(this.#distances)]),
        );
      }
    } while (this.#bit >> 3 < enough && this.#length - this.#handedOn < PIECE_BYTES);
  }

  #value(entry: readonly [base: number, bits: number] | undefined): number {
    if (entry === undefined) throw new Error("a code that means nothing");
    return entry[0] + this.#bits(entry[1]);
  }

  #copyMatch(length: number, distance: number): void {
    const output = this.#output;
    let from = this.#length - distance;
    if (from < 0) throw new Error("a distance beyond the start");
    const end = this.#length + length;
    let to = this.#length;
    while (to < end) output[to++] = output[from++] as number;
    this.#length = end;
  }

  #endBlock(): void {
    this.#state = this.#isLastBlock ? "end" : "header";
    if (!this.#isLastBlock) this.#onBlock?.();
  }

  /** What is new, as a copy; what is too old to be referred to makes room. */
  #handOn(): Chunk {
    const piece = this.#output.slice(this.#handedOn, this.#length);
    const old = Math.max(0, this.#length - WINDOW_BYTES);
    this.#output.copyWithin(0, old, this.#length);
    this.#length -= old;
    this.#dropped += old;
    this.#handedOn = this.#length;
    return piece;
  }

  #bits(count: number): number {
    const start = this.#bit;
    this.#bit += count;
    if (this.#bit > this.#input.length * 8) throw new TruncatedInput();
    const byte = start >> 3;
    const input = this.#input;
    const low = (input[byte] as number) | ((input[byte + 1] ?? 0) << 8) | ((input[byte + 2] ?? 0) << 16);
    return count === 0 ? 0 : (low >>> (start & 7)) & ((1 << count) - 1);
  }

  #symbol(code: HuffmanCode): number {
    const input = this.#input;
    const start = this.#bit;
    const byte = start >> 3;
    const next = ((input[byte] ?? 0) | ((input[byte + 1] ?? 0) << 8)) >>> (start & 7);
    const entry = code.fast[next & ((1 << FAST_BITS) - 1)] as number;
    if (entry === 0) return this.#longSymbol(code);
    this.#bit = start + (entry & 15);
    if (this.#bit > input.length * 8) throw new TruncatedInput();
    return entry >> 4;
  }

  #longSymbol({ counts, symbols }: HuffmanCode): number {
    const input = this.#input;
    let bit = this.#bit;
    let [code, first, index] = [0, 0, 0];
    for (let length = 1; length <= MAX_CODE_BITS; length++) {
      code |= ((input[bit >> 3] ?? 0) >> (bit & 7)) & 1;
      bit++;
      const count = counts[length] as number;
      if (code - count < first) {
        if (bit > input.length * 8) throw new TruncatedInput();
        this.#bit = bit;
        return symbols[index + (code - first)] as number;
      }
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw bit > input.length * 8 ? new TruncatedInput() : new Error("a code that is none");
  }
}

/** @throws for lengths that make more codes than there is room for. */
function buildCode(lengths: readonly number[]): HuffmanCode {
  const counts = new Uint16Array(MAX_CODE_BITS + 1);
  for (const length of lengths) counts[length] = (counts[length] as number) + 1;
  counts[0] = 0;
  const starts = new Uint16Array(MAX_CODE_BITS + 2);
  let room = 1;
  for (let length = 1; length <= MAX_CODE_BITS; length++) {
    room = room * 2 - (counts[length] as number);
    if (room < 0) throw new Error("more codes than fit");
    starts[length + 1] = (starts[length] as number) + (counts[length] as number);
  }
  const symbols = new Uint16Array(lengths.length);
  for (const [symbol, length] of lengths.entries()) {
    if (length === 0) continue;
    symbols[starts[length] as number] = symbol;
    starts[length] = (starts[length] as number) + 1;
  }
  return { counts, symbols, fast: buildFastTable(counts, symbols) };
}

function buildFastTable(counts: Uint16Array, symbols: Uint16Array): Uint16Array {
  const fast = new Uint16Array(1 << FAST_BITS);
  let [code, index] = [0, 0];
  for (let length = 1; length <= FAST_BITS; length++) {
    for (let left = counts[length] as number; left > 0; left--) {
      const entry = ((symbols[index++] as number) << 4) | length;
      // Codes come with their first bit first: where the next ones are looked up, they stand reversed.
      for (let at = reverseBits(code++, length); at < fast.length; at += 1 << length) fast[at] = entry;
    }
    code <<= 1;
  }
  return fast;
}

function reverseBits(value: number, count: number): number {
  let reversed = 0;
  for (let bit = 0; bit < count; bit++) reversed |= ((value >> bit) & 1) << (count - 1 - bit);
  return reversed;
}

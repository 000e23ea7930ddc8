import type { Bytes } from "../source/source.ts";

// FIPS 180-4, sections 4.2.2 and 5.3.3: the first 32 bits of the fractional parts of the cube roots of the first 64 primes,
// and of the square roots of the first eight.
const PRIMES = firstPrimes(64);
const ROUND_CONSTANTS = Uint32Array.from(PRIMES, (prime) => fractionBits(Math.cbrt(prime)));
const INITIAL_STATE = Uint32Array.from(PRIMES.slice(0, 8), (prime) => fractionBits(Math.sqrt(prime)));

/**
 * SHA-256 (FIPS 180-4), synchronous and everywhere: the platform's own is asynchronous, and browsers have it in secure contexts
 * alone. For short texts, of which one is hashed a source; a checksum that can be forged would let one server's file pass for
 * another's in a store that both share.
 */
export function sha256(message: Uint8Array): Bytes {
  const padded = pad(message);
  const state = INITIAL_STATE.slice();
  for (let offset = 0; offset < padded.byteLength; offset += 64) compress(state, padded, offset);
  const digest = new DataView(new ArrayBuffer(32));
  state.forEach((word, index) => digest.setUint32(index * 4, word));
  return new Uint8Array(digest.buffer);
}

/** Section 5.1.1: a one, zeros, and the length in bits, to a multiple of 64 bytes. */
function pad(message: Uint8Array): DataView {
  const padded = new Uint8Array(Math.ceil((message.byteLength + 9) / 64) * 64);
  padded.set(message);
  padded[message.byteLength] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.byteLength - 8, Math.floor(message.byteLength / 0x2000_0000));
  view.setUint32(padded.byteLength - 4, (message.byteLength << 3) >>> 0);
  return view;
}

/** Section 6.2.2, for one block of 64 bytes. */
function compress(state: Uint32Array, message: DataView, offset: number): void {
  const schedule = new Uint32Array(64);
  const word = (index: number): number => schedule[index] ?? 0;
  for (let t = 0; t < 64; t++) {
    schedule[t] =
      t < 16
        ? message.getUint32(offset + t * 4)
        : smallSigma(word(t - 2), 17, 19, 10) +
          word(t - 7) +
          smallSigma(word(t - 15), 7, 18, 3) +
          word(t - 16);
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let t = 0; t < 64; t++) {
    const choice = (e & f) ^ (~e & g);
    const first = (h + bigSigma(e, 6, 11, 25) + choice + (ROUND_CONSTANTS[t] ?? 0) + word(t)) | 0;
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const second = (bigSigma(a, 2, 13, 22) + majority) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((value, index) => {
    state[index] = (state[index] ?? 0) + value;
  });
}

// oxlint-disable-next-line max-params -- the letters of the standard
function smallSigma(x: number, r1: number, r2: number, shift: number): number {
  return rotateRight(x, r1) ^ rotateRight(x, r2) ^ (x >>> shift);
}

// oxlint-disable-next-line max-params -- the letters of the standard
function bigSigma(x: number, r1: number, r2: number, r3: number): number {
  return rotateRight(x, r1) ^ rotateRight(x, r2) ^ rotateRight(x, r3);
}

function rotateRight(x: number, by: number): number {
  return (x >>> by) | (x << (32 - by));
}

function fractionBits(root: number): number {
  return Math.floor((root - Math.floor(root)) * 0x1_0000_0000);
}

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  return primes;
}

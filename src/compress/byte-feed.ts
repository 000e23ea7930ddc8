import { concatBytes } from "../bytes/collect-bytes.ts";
import type { Chunk } from "./decoder.ts";

/** Takes chunks as they come and gives bytes as a format counts them. */
export class ByteFeed {
  readonly #input: AsyncIterator<Chunk>;
  #held: Chunk = new Uint8Array(0);
  #ended = false;

  constructor(input: AsyncIterable<Chunk>) {
    this.#input = input[Symbol.asyncIterator]();
  }

  /** Whether nothing is left. */
  async isAtEnd(): Promise<boolean> {
    return !(await this.#fill(1));
  }

  /** The next `length` bytes as a view, or undefined where the input ends before. */
  async take(length: number): Promise<Chunk | undefined> {
    if (!(await this.#fill(length))) return undefined;
    const taken = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    return taken;
  }

  /** Passes over bytes without holding them. False where the input ends before. */
  async skip(length: number): Promise<boolean> {
    for (let left = length; left > 0; ) {
      if (!(await this.#fill(1))) return false;
      const step = Math.min(left, this.#held.length);
      this.#held = this.#held.subarray(step);
      left -= step;
    }
    return true;
  }

  /** Ends the input, which nobody waits for. */
  end(): void {
    this.#input.return?.().catch(() => undefined);
  }

  async #fill(length: number): Promise<boolean> {
    if (this.#held.length >= length) return true;
    const parts = [this.#held];
    let sum = this.#held.length;
    while (sum < length && !this.#ended) {
      const next = await this.#input.next();
      if (next.done) {
        this.#ended = true;
      } else {
        parts.push(next.value);
        sum += next.value.length;
      }
    }
    this.#held = concatBytes(parts);
    return sum >= length;
  }
}

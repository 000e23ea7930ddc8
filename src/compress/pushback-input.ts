import { concatBytes } from "../bytes/collect-bytes.ts";
import type { Chunk } from "./decoder.ts";

/** Chunks as they come, of which what was too much may be given back. */
export class PushbackInput {
  readonly #input: AsyncIterator<Chunk>;
  #held: Chunk | undefined;
  #position = 0;

  constructor(input: AsyncIterable<Chunk>) {
    this.#input = input[Symbol.asyncIterator]();
  }

  /** How many bytes were taken and not given back. */
  get position(): number {
    return this.#position;
  }

  /** The next chunk, never an empty one; undefined at the end. */
  async next(): Promise<Chunk | undefined> {
    const held = this.#held;
    this.#held = undefined;
    this.#position += held?.length ?? 0;
    if (held !== undefined) return held;
    for (;;) {
      const next = await this.#input.next();
      if (next.done) return undefined;
      this.#position += next.value.length;
      if (next.value.length > 0) return next.value;
    }
  }

  /** Whether nothing is left. */
  async isEmpty(): Promise<boolean> {
    const next = await this.next();
    if (next === undefined) return true;
    this.unread(next);
    return false;
  }

  /** Exactly so many bytes; undefined where the input ends before. */
  async take(length: number): Promise<Chunk | undefined> {
    const parts: Chunk[] = [];
    let missing = length;
    while (missing > 0) {
      const chunk = await this.next();
      if (chunk === undefined) return undefined;
      parts.push(chunk.subarray(0, missing));
      this.unread(chunk.subarray(missing));
      missing -= Math.min(missing, chunk.length);
    }
    return concatBytes(parts);
  }

  /** Gives back what the last chunk had too much. */
  unread(rest: Chunk): void {
    this.#position -= rest.length;
    if (rest.length > 0) this.#held = rest;
  }

  /** Ends the input, which nobody waits for. */
  end(): void {
    this.#input.return?.().catch(() => undefined);
  }
}

import { concatBytes } from "../bytes/collect-bytes.ts";
import type { Chunk } from "./decoder.ts";

/** Chunks as they come, of which what was too much may be given back. */
export class PushbackInput {
  readonly #input: AsyncIterator<Chunk>;
  #held: Chunk | undefined;

  constructor(input: AsyncIterable<Chunk>) {
    this.#input = input[Symbol.asyncIterator]();
  }

  /** The next chunk, never an empty one; undefined at the end. */
  async next(): Promise<Chunk | undefined> {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) return held;
    for (;;) {
      const next = await this.#input.next();
      if (next.done) return undefined;
      if (next.value.length > 0) return next.value;
    }
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
    if (rest.length > 0) this.#held = rest;
  }

  /** Ends the input, which nobody waits for. */
  end(): void {
    this.#input.return?.().catch(() => undefined);
  }
}

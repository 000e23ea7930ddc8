import { ByteFeed } from "../../compress/byte-feed.ts";
import { RangeStreamsError } from "../../errors.ts";
import type { Bytes } from "../../source/source.ts";
import type { TarInput } from "./read-records.ts";

/** Data is handed on in pieces of at most this size. *Unmeasured*. */
const PIECE_BYTES = 64 * 1024;

/** A tar that goes by once: bytes are asked for in ascending order, and what lies between is passed over. */
export class StreamInput implements TarInput {
  readonly #feed: ByteFeed;
  #position: number;
  #ended = false;
  #last: Promise<unknown> = Promise.resolve();

  /** `start`: which byte of the tar comes first. */
  constructor(chunks: AsyncIterable<Bytes>, start = 0) {
    this.#feed = new ByteFeed(chunks);
    this.#position = start;
  }

  /** Known once the end has been met. */
  get size(): number {
    return this.#ended ? this.#position : Number.POSITIVE_INFINITY;
  }

  /** @throws CLOSED for bytes that went by. */
  read(position: number, length: number): Promise<Bytes | undefined> {
    // One after the other: a member may still be read while the walk is told to go on.
    const bytes = this.#last.then(() => this.#read(position, length));
    this.#last = bytes.catch(() => undefined);
    return bytes;
  }

  async #read(position: number, length: number): Promise<Bytes | undefined> {
    if (position < this.#position) throw goneBy(position);
    if (!(await this.#reach(position))) return undefined;
    const bytes = await this.#feed.take(length);
    if (bytes === undefined) {
      this.#ended = await this.#feed.isAtEnd();
      return undefined;
    }
    this.#position += length;
    return bytes;
  }

  /** Bytes of it as they come, as chunks that are the consumer's; fewer where the tar ends before. */
  async *slice(start: number, end: number, signal?: AbortSignal): AsyncGenerator<Bytes, void, void> {
    for (let position = start; position < end; ) {
      signal?.throwIfAborted();
      const length = Math.min(end - position, PIECE_BYTES);
      const piece = await this.read(position, length);
      if (piece === undefined) return;
      position += length;
      yield piece.slice();
    }
  }

  /** Ends what it comes from, which nobody waits for. */
  end(): void {
    this.#feed.end();
  }

  /** Goes on to the end of what is decompressed, so that its checksum is known. Nothing may be read any more. */
  async drain(): Promise<void> {
    while (!(await this.#feed.isAtEnd())) await this.#feed.skip(PIECE_BYTES);
  }

  async #reach(position: number): Promise<boolean> {
    const isThere = await this.#feed.skip(position - this.#position);
    if (isThere) this.#position = position;
    else this.#ended = true;
    return isThere;
  }
}

function goneBy(position: number): RangeStreamsError {
  const asked = `Read a compressed tar at byte ${position}`;
  const message = `${asked}: got bytes that went by; read a member once, before the next step`;
  return new RangeStreamsError("CLOSED", message);
}

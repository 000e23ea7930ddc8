import { Range } from "../ranges/range.ts";
import type { WireCall } from "../source/call.ts";
import type { Bytes } from "../source/source.ts";
import { StoredBytes, type StoredBytesOptions } from "../store/stored-bytes.ts";
import type { WireBody, WireStore } from "./wire.ts";

/** Bytes that are looked up in the store at once: what a planned request has at most. */
const LOOK_UP_BYTES = 8 * 1024 * 1024;

/** What a store has of a source; undefined where nothing of it may be kept. */
export function storeOf(options: StoredBytesOptions): WireStore | undefined {
  const stored = StoredBytes.forSource(options);
  return stored === undefined ? undefined : wireStore(stored);
}

/** Stored bytes in the form in which the engine asks for them. */
export function wireStore(stored: StoredBytes): WireStore {
  return {
    openBody: (range, open) => new StoredBody(range, stored, open),
    save: (range, bytes) => stored.save(range, bytes),
    flush: () => stored.flush(),
  };
}

/**
 * The body of a range out of what is stored and what the wire brings, in order. Where nothing is stored to the end of what was
 * looked up, the wire brings all the rest: a long body is not cut up to look for what is hardly there. What the wire brings has
 * passed the gate, and is stored.
 */
class StoredBody implements WireBody {
  readonly #stored: StoredBytes;
  readonly #open: (range: Range) => WireBody;
  readonly #end: number;
  #position: number;
  /** Up to where was looked. */
  #lookedEnd: number;
  #pieces: [Range, Bytes][] = [];
  #body: WireBody | undefined;
  #bodyEnd = 0;

  constructor(range: Range, stored: StoredBytes, open: (range: Range) => WireBody) {
    this.#stored = stored;
    this.#open = open;
    this.#position = range.start;
    this.#lookedEnd = range.start;
    this.#end = range.end;
  }

  async readWithin(call: WireCall): Promise<Bytes | undefined> {
    if (this.#position === this.#end) return undefined;
    if (this.#body === undefined && this.#position === this.#lookedEnd) await this.#lookUp();
    const [piece] = this.#pieces;
    const bytes = piece?.[0].start === this.#position ? this.#takePiece() : await this.#readWire(call);
    this.#position += bytes?.byteLength ?? 0;
    return bytes;
  }

  cancel(): void {
    this.#pieces = [];
    this.#body?.cancel();
    this.#body = undefined;
  }

  async #lookUp(): Promise<void> {
    const range = new Range(this.#position, Math.min(this.#end, this.#position + LOOK_UP_BYTES));
    this.#pieces = await this.#stored.load(range);
    this.#lookedEnd = this.#pieces.at(-1)?.[0].end ?? this.#end;
  }

  #takePiece(): Bytes | undefined {
    return this.#pieces.shift()?.[1];
  }

  async #readWire(call: WireCall): Promise<Bytes | undefined> {
    if (this.#body === undefined) {
      this.#bodyEnd = this.#pieces[0]?.[0].start ?? this.#end;
      this.#body = this.#open(new Range(this.#position, this.#bodyEnd));
    }
    const bytes = await this.#body.readWithin(call);
    if (bytes !== undefined) {
      this.#stored.save(new Range(this.#position, this.#position + bytes.byteLength), bytes);
    }
    if (this.#position + (bytes?.byteLength ?? 0) >= this.#bodyEnd) {
      this.#body.cancel();
      this.#body = undefined;
    }
    return bytes;
  }
}

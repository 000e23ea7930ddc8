import { RangeStreamsError } from "../errors.ts";
import { Range } from "../ranges/range.ts";
import type { Bytes } from "../source/source.ts";

/** What a {@link SpanReader} needs of the engine. */
export interface SpanReaderHost {
  /** Throws CLOSED once the source is closed. */
  checkOpen(): void;
  /** A copy of what is held from `position` on, at most to `end`. */
  heldAt(position: number, end: number): Bytes | undefined;
  /** The bytes from `position` on, at most to `end`, that a fetch in flight brings; undefined where none does. */
  pendingAt(position: number, end: number, signal: AbortSignal | undefined): Promise<Bytes> | undefined;
  /** A stream from the start of `range` on, at most to where something held or in flight begins. */
  openWire(range: Range): Wire;
  /** Bytes of a wire have arrived. */
  arrived(range: Range, bytes: Bytes): void;
  /** A wire is done with, to its end or not. */
  closed(wire: Wire): void;
}

/** An open stream of the source beneath. */
export interface Wire {
  readonly range: Range;
  readonly reader: ReadableStreamDefaultReader<Bytes>;
}

/** Reads one range in order out of whatever mixture of held, pending and missing it is. One reader at a time. */
export class SpanReader {
  readonly #host: SpanReaderHost;
  readonly #end: number;
  #position: number;
  #wire: Wire | undefined;

  constructor(host: SpanReaderHost, range: Range) {
    this.#host = host;
    this.#position = range.start;
    this.#end = range.end;
  }

  /** The next chunk, which belongs to the caller; undefined at the end. */
  async read(signal?: AbortSignal): Promise<Bytes | undefined> {
    this.#host.checkOpen();
    if (this.#position === this.#end) return undefined;
    const chunk = this.#wire === undefined ? await this.#readHere(signal) : undefined;
    if (chunk === undefined) return this.#readWire();
    this.#position += chunk.byteLength;
    return chunk;
  }

  cancel(): void {
    const wire = this.#wire;
    if (wire === undefined) return;
    this.#wire = undefined;
    wire.reader.cancel().catch(() => undefined);
    this.#host.closed(wire);
  }

  async #readHere(signal: AbortSignal | undefined): Promise<Bytes | undefined> {
    const held = this.#host.heldAt(this.#position, this.#end);
    return held ?? (await this.#host.pendingAt(this.#position, this.#end, signal));
  }

  async #readWire(): Promise<Bytes> {
    this.#wire ??= this.#host.openWire(new Range(this.#position, this.#end));
    const wire = this.#wire;
    let result: ReadableStreamReadResult<Bytes>;
    try {
      result = await wire.reader.read();
    } catch (error) {
      this.cancel();
      throw error;
    }
    // A wire gives exactly its range or an error; one that merely ends was cancelled by `close`.
    this.#host.checkOpen();
    if (result.done) throw shortStream(this.#position, wire.range);
    const end = Math.min(this.#position + result.value.byteLength, this.#end);
    const range = new Range(this.#position, end);
    const chunk =
      range.length === result.value.byteLength ? result.value : result.value.slice(0, range.length);
    this.#host.arrived(range, chunk);
    this.#position = end;
    if (end === wire.range.end || end === this.#end) this.cancel();
    return chunk;
  }
}

function shortStream(position: number, range: Range): RangeStreamsError {
  const message = `asked a Source for ${range}, its stream ended at ${position}; that Source is broken`;
  return new RangeStreamsError("SHORT_BODY", message);
}

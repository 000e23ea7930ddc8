import { RangeStreamsError } from "../errors.ts";
import { Range } from "../ranges/range.ts";
import type { Bytes, PlannedSource, Source } from "../source/source.ts";

/**
 * Bytes that may lie read and unwanted in one handle: what an aborted read had already pulled is kept up to this, and fetched
 * again beyond it. The contract's bound for one handle.
 */
const MAX_BUFFERED = 4 * 1024 * 1024;
/**
 * A jump forward over no more than this is read through where a body is open, since a new request costs more. 64 KiB pass in a
 * round trip of 50 ms on 10 Mbit/s; *unmeasured* beyond that.
 */
const MAX_SKIPPED = 64 * 1024;

/** The open stream of a body. */
interface OpenBody {
  readonly reader: ReadableStreamDefaultReader<Bytes>;
  /** The position of the next byte it gives. */
  position: number;
  /** A chunk on its way; one whose waiting was cut short stays here for the next to wait. */
  arriving: Promise<ReadableStreamReadResult<Bytes>> | undefined;
}

/**
 * The bytes of one handle from its position on: what is buffered, then what an open stream brings, then what a new stream will.
 * Nothing is pulled before it is needed.
 */
export class ResponseBody {
  readonly #source: PlannedSource;
  /** Chunks that follow each other from `#start` on. */
  readonly #chunks: Bytes[] = [];
  #start = 0;
  #byteLength = 0;
  #open: OpenBody | undefined;

  constructor(source: PlannedSource) {
    this.#source = source;
  }

  /** Bytes buffered from `position` on. */
  buffered(position: number): number {
    this.#align(position);
    return this.#byteLength;
  }

  /** Copies `length` buffered bytes from `position` on into one array that the caller owns, and lets them go. */
  take(position: number, length: number): Bytes {
    this.#align(position);
    const taken = new Uint8Array(length);
    let offset = 0;
    while (offset < length) {
      const chunk = this.#chunks[0] as Bytes;
      const part = Math.min(chunk.byteLength, length - offset);
      taken.set(part === chunk.byteLength ? chunk : chunk.subarray(0, part), offset);
      offset += part;
      this.#drop(part);
    }
    return taken;
  }

  /**
   * The first buffered chunk from `position` on, at most `maxLength` of it. Copied unless it is all of its buffer: the rest of a
   * chunk must not keep the whole chunk alive.
   */
  takeChunk(position: number, maxLength: number): Bytes {
    this.#align(position);
    const chunk = this.#chunks[0] as Bytes;
    const isWhole = chunk.byteLength === chunk.buffer.byteLength;
    if (chunk.byteLength > maxLength || !isWhole)
      return this.take(position, Math.min(chunk.byteLength, maxLength));
    this.#drop(chunk.byteLength);
    return chunk;
  }

  /**
   * Brings one more chunk behind what is buffered, of the bytes up to `end`. Whoever stops waiting for it loses nothing.
   *
   * @throws SHORT_BODY where the stream ends too early, and whatever the source reports; the next call opens a new stream.
   */
  async fill(end: number): Promise<void> {
    const next = this.#start + this.#byteLength;
    const open = this.#openAt(next, end);
    open.arriving ??= open.reader.read();
    const { arriving } = open;
    let result: ReadableStreamReadResult<Bytes>;
    try {
      result = await arriving;
    } catch (error) {
      // What became of a body that was stopped meanwhile concerns nobody.
      if (this.#open !== open) return;
      this.#open = undefined;
      throw error;
    }
    // Somebody who waited for the same chunk took it in already, or the body was stopped.
    if (this.#open !== open || open.arriving !== arriving) return;
    open.arriving = undefined;
    if (result.done) {
      this.#open = undefined;
      throw shortStream(this.#source, open.position, end);
    }
    this.#append(open, result.value);
  }

  /** Nobody waits any more: stops the open stream and keeps of what was buffered no more than a handle may hold. */
  release(): void {
    this.#stop();
    while (this.#byteLength > MAX_BUFFERED) {
      const last = this.#chunks.pop() as Bytes;
      this.#byteLength -= last.byteLength;
      if (this.#byteLength >= MAX_BUFFERED) continue;
      this.#chunks.push(last.slice(0, MAX_BUFFERED - this.#byteLength));
      this.#byteLength = MAX_BUFFERED;
    }
  }

  /** Stops the open stream and lets everything go. */
  discard(): void {
    this.#stop();
    this.#chunks.length = 0;
    this.#byteLength = 0;
  }

  #stop(): void {
    const open = this.#open;
    this.#open = undefined;
    // A chunk that still arrives has nobody to go to.
    open?.arriving?.catch(() => undefined);
    open?.reader.cancel().catch(() => undefined);
  }

  /** Puts the start of the buffer at `position`, dropping what lies before it, or all where it does not reach. */
  #align(position: number): void {
    if (position === this.#start) return;
    const ahead = position - this.#start;
    if (ahead > 0 && ahead <= this.#byteLength) {
      this.#drop(ahead);
      return;
    }
    this.#chunks.length = 0;
    this.#byteLength = 0;
    this.#start = position;
  }

  #openAt(position: number, end: number): OpenBody {
    const ahead = position - (this.#open?.position ?? Number.POSITIVE_INFINITY);
    if (this.#open !== undefined && ahead >= 0 && ahead <= MAX_SKIPPED) return this.#open;
    this.#stop();
    const reader = this.#source.stream(new Range(position, end), { aheadBytes: 0 }).getReader();
    this.#open = { reader, position, arriving: undefined };
    return this.#open;
  }

  /** Keeps of an arrived chunk what follows the buffer. */
  #append(open: OpenBody, chunk: Bytes): void {
    const next = this.#start + this.#byteLength;
    const before = Math.min(chunk.byteLength, Math.max(0, next - open.position));
    open.position += chunk.byteLength;
    if (before === chunk.byteLength) return;
    const wanted = before === 0 ? chunk : chunk.slice(before);
    this.#chunks.push(wanted);
    this.#byteLength += wanted.byteLength;
  }

  #drop(byteLength: number): void {
    let left = byteLength;
    this.#start += byteLength;
    this.#byteLength -= byteLength;
    while (left > 0) {
      const chunk = this.#chunks[0] as Bytes;
      if (chunk.byteLength > left) {
        this.#chunks[0] = chunk.subarray(left);
        return;
      }
      left -= chunk.byteLength;
      this.#chunks.shift();
    }
  }
}

/** Asking again could go on for ever: a stream that ends early ends early again. */
function shortStream(source: Source, position: number, end: number): RangeStreamsError {
  const message = `${source.name}: asked for bytes up to ${end}, its stream ended at ${position}; that Source is broken`;
  return new RangeStreamsError("SHORT_BODY", message);
}

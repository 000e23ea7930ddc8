import { readParts } from "#read-parts";
import { concatBytes } from "../bytes/collect-bytes.ts";
import type { Range } from "../ranges/range.ts";
import { type RangeInput, resolveRange } from "../ranges/range-input.ts";
import { beginCall } from "./call.ts";
import { closedError } from "./closed-error.ts";
import type { HttpLink } from "./http-link.ts";
import type { LinkEstimate } from "./link-estimate.ts";
import type { ReadParts } from "./multi-range.ts";
import { RangeBody } from "./range-body.ts";
import type { Bytes, Identity, ReadOptions, Source } from "./source.ts";
import { streamChunks } from "./stream-chunks.ts";

/** A Source over one http(s) URL, once its first answer has settled size and identity. */
export class HttpSource implements Source {
  readonly name: string;
  readonly size: number;
  readonly identity: Identity;
  /** Its way to the server, for reading in other ways than one range after the other. */
  readonly link: HttpLink;

  constructor(link: HttpLink, size: number, identity: Identity) {
    this.link = link;
    this.name = link.name;
    this.size = size;
    this.identity = identity;
  }

  /** One request, unless the server answers less than it was asked for. */
  async read(input: RangeInput, options: ReadOptions = {}): Promise<Bytes> {
    options.signal?.throwIfAborted();
    const range = this.#resolve(input);
    if (range.isEmpty()) return new Uint8Array(0);
    const body = new RangeBody(this.link, range);
    const signals = [options.signal, this.link.closing];
    const call = beginCall({ signals, totalMs: this.link.settings.timeouts.totalMs, url: this.name });
    const chunks: Bytes[] = [];
    try {
      for (
        let chunk = await body.readWithin(call);
        chunk !== undefined;
        chunk = await body.readWithin(call)
      ) {
        chunks.push(chunk);
      }
    } finally {
      call.end();
      body.cancel();
    }
    return concatBytes(chunks);
  }

  stream(input: RangeInput = [0], options: ReadOptions = {}): ReadableStream<Bytes> {
    return streamChunks(() => new RangeBody(this.link, this.#resolve(input)), options.signal);
  }

  /** Milliseconds that one call may take. */
  get totalMs(): number {
    return this.link.settings.timeouts.totalMs;
  }

  /** The engine's door to one range: its body, for which nothing is sent before it is first read. */
  openBody(range: Range): RangeBody {
    return new RangeBody(this.link, this.#resolve(range));
  }

  /** What its answers have shown of the way to its server; costs no request. */
  linkEstimate(): LinkEstimate {
    return this.link.estimate;
  }

  /** Short requests to it may go out behind each other on one connection. */
  get pipelines(): boolean {
    const { transport, capabilities } = this.link.origin;
    return transport.pipelines && capabilities.pipelining !== false;
  }

  /**
   * The engine's door to several ranges in one request; there where those work, as somebody said or an answer has shown. Never so in a
   * page, where such a request would need a preflight.
   */
  get readParts(): ReadParts | undefined {
    const read = readParts;
    if (read === undefined || this.link.origin.capabilities.multiRange !== true) return undefined;
    return (ranges, options) => read(this, ranges, options);
  }

  async close(): Promise<void> {
    this.link.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #resolve(input: RangeInput): Range {
    if (this.link.closed) throw closedError(this.name);
    return resolveRange(input, this.size);
  }
}

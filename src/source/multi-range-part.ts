import { concatBytes } from "../bytes/collect-bytes.ts";
import type { HttpError } from "../errors.ts";
import { formatContentRange } from "../http/content-range.ts";
import { MultipartByteranges, type MultipartEvent } from "../http/multipart-byteranges.ts";
import { boundaryOf } from "../http/multipart-response.ts";
import type { RangeAsk } from "../http/range-header.ts";
import { refuse } from "../http/refusal.ts";
import { refuseCoding } from "../http/verify-response.ts";
import type { Range } from "../ranges/range.ts";
import type { WireCall } from "./call.ts";
import { Exchange } from "./exchange.ts";
import type { HttpLink } from "./http-link.ts";
import type { Bytes } from "./source.ts";

/**
 * A single range that comes as a part is taken in whole before it is believed, and a larger one refused: as much as a stream
 * keeps in flight and unread. *Unmeasured*.
 */
const MAX_PART_BYTES = 4 * 1024 * 1024;

/** One answer, and the call that waits for it. */
export interface Answered {
  readonly exchange: Exchange;
  readonly call: WireCall;
}

/**
 * The answer as it should have come, where a server sends `multipart/byteranges` for a single range (which RFC 9110 section
 * 15.3.7.2 forbids, and some do): accepted if it is exactly one part and that part begins where it should. Any other answer
 * comes back untouched.
 *
 * @throws BAD_RESPONSE for several parts or one that does not fit, SHORT_BODY, ENCODED, and what reading may throw.
 */
export async function unwrapPart(
  link: HttpLink,
  ask: RangeAsk,
  { exchange, call }: Answered,
): Promise<Exchange> {
  const boundary = boundaryOf(exchange);
  if (boundary === undefined) return exchange;
  refuseCoding({ url: link.name, ask }, exchange);
  const reader = new MultipartByteranges(boundary, { url: link.name, ask });
  const part = new OnlyPart(link, ask);
  let taken = 0;
  try {
    while (!reader.ended) {
      const chunk = await exchange.read(call.signal);
      if (chunk === undefined) {
        reader.finish();
        break;
      }
      taken += chunk.byteLength;
      for (const event of reader.push(chunk)) part.take(event);
    }
    taken -= part.byteLength;
    exchange.discard();
    return part.toExchange(exchange);
  } catch (error) {
    exchange.cancel();
    throw error;
  } finally {
    link.settings.meter.wasted(taken);
  }
}

class OnlyPart {
  readonly #link: HttpLink;
  readonly #ask: RangeAsk;
  readonly #chunks: Bytes[] = [];
  #head: { readonly range: Range; readonly total: number | undefined } | undefined;

  constructor(link: HttpLink, ask: RangeAsk) {
    this.#link = link;
    this.#ask = ask;
  }

  get byteLength(): number {
    return this.#head?.range.length ?? 0;
  }

  take(event: MultipartEvent): void {
    if (event.kind === "data") this.#chunks.push(event.bytes);
    if (event.kind !== "part") return;
    if (this.#head !== undefined) throw this.#refusal("several parts for one range");
    const { range, total } = event;
    if (!fits(this.#ask, range, total)) throw this.#refusal(`a part of bytes ${range}`);
    if (range.length > MAX_PART_BYTES) {
      throw this.#refusal(`a part of ${range.length} bytes where a plain answer was due`);
    }
    this.#head = { range, total };
  }

  /** What came, as one plain 206 over bytes that are all here. */
  toExchange(exchange: Exchange): Exchange {
    const { range, total } = this.#head as { range: Range; total: number | undefined };
    const fields = new Map([
      ["content-range", formatContentRange(range, total)],
      ["content-length", String(range.length)],
    ]);
    const body = [concatBytes(this.#chunks)];
    const response = {
      status: exchange.status,
      url: exchange.url,
      filtered: exchange.filtered,
      headers: { get: (name: string) => fields.get(name.toLowerCase()) ?? exchange.headers.get(name) },
      body: { read: async () => body.shift(), cancel: async () => undefined },
    };
    const { settings, name, closing } = this.#link;
    return new Exchange(response, {
      // The connection was given back when the last byte was in.
      slot: { idle: () => undefined, busy: () => undefined, release: () => undefined },
      redirectable: exchange.redirectable,
      name,
      hasBody: true,
      idleMs: Number.POSITIVE_INFINITY,
      clock: this.#link.origin.clock,
      meter: settings.meter,
      closing,
      onEnd: () => undefined,
    });
  }

  #refusal(got: string): HttpError {
    const advice = "a single range is to be answered as one; the server or a proxy contradicts itself";
    return refuse({ url: this.#link.name, ask: this.#ask }, 206, { code: "BAD_RESPONSE", got, advice });
  }
}

function fits(ask: RangeAsk, range: Range, total: number | undefined): boolean {
  switch (ask.kind) {
    case "span":
      return range.contains(ask.range.start);
    case "from":
      return range.start === ask.start;
    case "suffix":
      return total !== undefined && range.start === Math.max(0, total - ask.length);
  }
}

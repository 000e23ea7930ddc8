import { HttpError, RangeStreamsError } from "../errors.ts";
import { changed, refuse } from "../http/refusal.ts";
import { compareValidators, readValidators } from "../http/validators.ts";
import { declaredLength, refuseCoding } from "../http/verify-response.ts";
import { Range } from "../ranges/range.ts";
import { beginCall, type WireCall } from "./call.ts";
import type { Exchange } from "./exchange.ts";
import type { HttpLink } from "./http-link.ts";
import { Recovery } from "./recovery.ts";
import type { Bytes } from "./source.ts";
import type { ChunkReader } from "./stream-chunks.ts";

/** What every error of a whole body says was asked. */
const ASK = { kind: "from", start: 0 } as const;

/**
 * The size of a whole body that is about to be taken (a 200), by its declaration; undefined where it declares none.
 *
 * @throws ENCODED, BAD_RESPONSE, and LIMIT for one larger than is allowed.
 */
export function wholeLength(link: HttpLink, exchange: Exchange): number | undefined {
  const expected = { url: link.name, ask: ASK };
  refuseCoding(expected, exchange);
  if (exchange.headers.get("content-range") !== null) {
    const got = "a 200 with a Content-Range, which may be a part or the whole";
    throw refuse(expected, 200, {
      code: "BAD_RESPONSE",
      got,
      advice: "the server or a proxy contradicts itself",
    });
  }
  const length = declaredLength(expected, exchange);
  if (length !== undefined && length > (link.settings.maxDownloadBytes ?? 0)) throw tooLarge(link);
  return length;
}

/**
 * A file from its first byte to its last, from a server that knows no ranges. A body that breaks off is asked for anew and
 * passed over as far as it was read, if its validators say that it is the same file.
 */
export class WholeBody implements ChunkReader {
  readonly #link: HttpLink;
  readonly #size: number | undefined;
  readonly #recovery: Recovery;
  #exchange: Exchange | undefined;
  /** Bytes handed on. */
  #passed = 0;
  /** Bytes of this exchange that were handed on from an earlier one. */
  #skip = 0;

  constructor(link: HttpLink, exchange: Exchange, size: number | undefined) {
    this.#link = link;
    this.#exchange = exchange;
    this.#size = size;
    this.#recovery = new Recovery(link.settings.retry, link);
  }

  async read(signal?: AbortSignal): Promise<Bytes | undefined> {
    const { timeouts } = this.#link.settings;
    const signals = [signal, this.#link.closing];
    const call = beginCall({ signals, totalMs: timeouts.totalMs, url: this.#link.name });
    try {
      return await this.readWithin(call);
    } finally {
      call.end();
    }
  }

  /** The next chunk, as one part of a longer call. */
  async readWithin(call: WireCall): Promise<Bytes | undefined> {
    while (this.#size === undefined || this.#passed < this.#size) {
      try {
        this.#exchange ??= await this.#begin(call);
        const chunk = await this.#exchange.read(call.signal);
        if (chunk === undefined) return this.#end();
        const kept = this.#place(chunk);
        if (kept !== undefined) return kept;
      } catch (error) {
        if (call.signal.aborted && error === call.signal.reason) throw error;
        this.#exchange?.cancel();
        this.#exchange = undefined;
        await this.#recovery.after(error, call);
      }
    }
    this.#exchange?.discard();
    return undefined;
  }

  cancel(): void {
    this.#exchange?.cancel();
  }

  #place(chunk: Bytes): Bytes | undefined {
    const { meter, maxDownloadBytes = 0 } = this.#link.settings;
    const skipped = Math.min(this.#skip, chunk.byteLength);
    const end = this.#passed + chunk.byteLength - skipped;
    meter.wasted(skipped);
    this.#skip -= skipped;
    if (end > (this.#size ?? maxDownloadBytes)) {
      meter.wasted(chunk.byteLength - skipped);
      throw this.#size === undefined
        ? tooLarge(this.#link)
        : this.#refusal("BAD_RESPONSE", "more bytes than declared");
    }
    if (skipped === chunk.byteLength) return undefined;
    meter.received(new Range(this.#passed, end));
    this.#passed = end;
    this.#recovery.progress();
    return skipped === 0 ? chunk : chunk.slice(skipped);
  }

  /** The body is over: rightly so only where it declared no length, or has reached it. */
  #end(): undefined {
    if (this.#size === undefined || this.#passed === this.#size) return undefined;
    throw this.#refusal("SHORT_BODY", "a body that ended early");
  }

  /** Asks for the file anew. Without validators nothing would tell it from another one, so then there is no second try. */
  async #begin(call: WireCall): Promise<Exchange> {
    const { pinned } = this.#link;
    if (pinned === undefined || pinned.validators.strength === "none") {
      const message = `GET ${this.#link.name}: the body broke off, and the file has no validator to go on by; open it again`;
      throw new HttpError("SHORT_BODY", message, { url: this.#link.name });
    }
    const exchange = await this.#link.send({ method: "GET", ask: undefined, call });
    const expected = { url: this.#link.name, ask: ASK };
    try {
      if (exchange.status !== 200) {
        const retryable = exchange.status >= 500 || exchange.status === 429;
        const refusal = {
          code: "HTTP_STATUS",
          got: `status ${exchange.status}`,
          advice: "try later",
          retryable,
        } as const;
        throw refuse(expected, exchange.status, refusal);
      }
      const same = compareValidators(pinned.validators, readValidators(exchange.headers)) === "same";
      if (!same || wholeLength(this.#link, exchange) !== this.#size) {
        throw changed(expected, exchange.status, "another file in place of the one whose body broke off");
      }
    } catch (error) {
      exchange.discard();
      throw error;
    }
    this.#skip = this.#passed;
    return exchange;
  }

  #refusal(code: "SHORT_BODY" | "BAD_RESPONSE", got: string): HttpError {
    const advice = "the connection or a proxy is unreliable";
    const refusal = { code, got, advice, retryable: code === "SHORT_BODY" } as const;
    return refuse({ url: this.#link.name, ask: ASK }, 200, refusal);
  }
}

function tooLarge(link: HttpLink): RangeStreamsError {
  const limit = link.settings.maxDownloadBytes;
  const message = `GET ${link.name}: the server has no ranges, and the file is larger than maxDownloadBytes (${limit})`;
  return new RangeStreamsError("LIMIT", `${message}; raise it, or use a server with ranges`);
}

import type { Range } from "../ranges/range.ts";
import type { WireCall } from "./call.ts";
import { closedError } from "./closed-error.ts";
import type { HttpLink } from "./http-link.ts";
import type { LeadingRequest } from "./leading-request.ts";
import { RangeBody } from "./range-body.ts";
import type { Bytes } from "./source.ts";
import { type VerifiedExchange, verifyAnswer } from "./verified-get.ts";
import { waitFor } from "./wait-for.ts";

/** The body of a range whose request was sent before anything was pinned. An answer that does not pass is as good as none. */
export class LateBody {
  readonly #link: HttpLink;
  readonly #range: Range;
  readonly #request: LeadingRequest;
  #body: RangeBody | undefined;
  #cancelled = false;

  constructor(link: HttpLink, range: Range, request: LeadingRequest) {
    this.#link = link;
    this.#range = range;
    this.#request = request;
  }

  /** As that of a {@link RangeBody}. */
  async readWithin(call: WireCall): Promise<Bytes | undefined> {
    this.#body ??= new RangeBody(this.#link, this.#range, await this.#answer(call));
    if (this.#cancelled) {
      this.#body.cancel();
      throw closedError(this.#link.name);
    }
    return this.#body.readWithin(call);
  }

  cancel(): void {
    this.#cancelled = true;
    if (this.#body === undefined) this.#request.giveUp();
    else this.#body.cancel();
  }

  async #answer({ signal }: WireCall): Promise<VerifiedExchange | undefined> {
    const { sent, range } = this.#request;
    const exchange = await waitFor(
      sent.catch(() => undefined),
      [signal],
    );
    if (exchange === undefined) return undefined;
    try {
      return { exchange, verified: verifyAnswer(this.#link, { kind: "span", range }, exchange) };
    } catch {
      exchange.discard();
      return undefined;
    }
  }
}

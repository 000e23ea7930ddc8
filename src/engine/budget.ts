import { RangeStreamsError } from "../errors.ts";
import type { Range } from "../ranges/range.ts";
import type { Meter } from "../source/meter.ts";

/** How many bytes may be spent for time. */
export type Policy = "fast" | "balanced" | "lean";

/** What a {@link Budget} is kept of. */
export interface BudgetParts {
  readonly meter: Meter;
  readonly policy: Policy;
  /** Bytes that may be received in all. */
  readonly maxBytes: number;
  /** For messages; secrets removed. */
  readonly name: string;
  /** Bytes fetched, or being fetched, that nobody asked for. */
  unaskedBytes(): number;
}

/** What *balanced* may fetch without having been asked, beyond as much as was asked for: the contract's figure. */
const FREE_BYTES = 4 * 1024 * 1024;

/** How many bytes a source may still move, and how many of them on its own account. */
export class Budget {
  readonly #parts: BudgetParts;
  /** Bytes that requests in flight will still bring. */
  #awaited = 0;

  constructor(parts: BudgetParts) {
    this.#parts = parts;
  }

  /** Bytes never asked for that may still be fetched, besides so many that are asked for; `counted`: and because of these. */
  allowance(wanted = 0, counted = 0): number {
    const { policy, meter } = this.#parts;
    const left = Math.max(0, this.left() - wanted);
    // `lean` reads over no gap but one that costs less than a request, and those no rule here must bound.
    if (policy !== "balanced") return left;
    const unasked = this.#parts.unaskedBytes();
    const asked = Math.max(0, meter.ranges.byteLength - unasked) + counted;
    return Math.max(0, Math.min(left, asked + FREE_BYTES - unasked));
  }

  /**
   * Checks a read before anything is sent for it.
   *
   * @throws LIMIT where it would need more than is left.
   */
  check(byteLength: number): void {
    if (byteLength > this.left()) throw this.#spent(`needs ${byteLength} more`);
  }

  /** Bytes that may still be asked for: what requests in flight will bring is spent already. */
  left(): number {
    return Math.max(0, this.#parts.maxBytes - this.#parts.meter.bytesReceived - this.#awaited);
  }

  /** A request will bring so many bytes. */
  awaiting(byteLength: number): void {
    this.#awaited += byteLength;
  }

  /** So many of them came, or will not come. */
  noLongerAwaiting(byteLength: number): void {
    this.#awaited -= byteLength;
  }

  /**
   * Bytes have arrived.
   *
   * @throws LIMIT where they are too many.
   */
  arriving(range: Range): void {
    if (this.#parts.meter.bytesReceived > this.#parts.maxBytes) throw this.#spent(`got ${range} on top`);
  }

  #spent(what: string): RangeStreamsError {
    const { name, maxBytes, meter } = this.#parts;
    const message = `${name}: received ${meter.bytesReceived} bytes of the ${maxBytes} allowed, and ${what}; raise maxBytes`;
    return new RangeStreamsError("LIMIT", message);
  }
}

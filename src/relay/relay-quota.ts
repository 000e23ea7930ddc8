import { HttpError } from "../errors.ts";
import type { RelayLimits } from "./relay-options.ts";

const MINUTE_MS = 60_000;

/** Counts what the one client of a relay costs. */
export class RelayQuota {
  readonly #limits: RelayLimits;
  readonly #now: () => number;
  #endsAt = 0;
  #requests = 0;
  #bytes = 0;
  #running = 0;

  constructor(limits: RelayLimits, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Counts a request in, and gives what counts it out. @throws RATE_LIMITED, with `retryAfterMs`, where it is one too many. */
  enter(): () => void {
    this.#turn();
    const { maxConcurrent, requestsPerMinute } = this.#limits;
    if (this.#running >= maxConcurrent) throw spent(`${maxConcurrent} requests under way`, 1000);
    if (this.#requests >= requestsPerMinute)
      throw this.#spent(`sent ${requestsPerMinute} requests in a minute`);
    this.#requests++;
    this.#running++;
    return () => {
      this.#running--;
    };
  }

  /** Counts a body before it is handed on. @throws RATE_LIMITED, with `retryAfterMs`, where it is too long for what is left. */
  charge(byteLength: number): void {
    this.#turn();
    const { bytesPerMinute } = this.#limits;
    if (this.#bytes + byteLength > bytesPerMinute)
      throw this.#spent(`handed on up to ${bytesPerMinute} bytes in a minute`);
    this.#bytes += byteLength;
  }

  #turn(): void {
    if (this.#now() < this.#endsAt) return;
    this.#endsAt = this.#now() + MINUTE_MS;
    this.#requests = 0;
    this.#bytes = 0;
  }

  #spent(what: string): HttpError {
    return spent(what, this.#endsAt - this.#now());
  }
}

function spent(what: string, retryAfterMs: number): HttpError {
  const details = { url: "", retryable: true, retryAfterMs };
  return new HttpError("RATE_LIMITED", `Asked the relay: it has ${what}; come back later`, details);
}

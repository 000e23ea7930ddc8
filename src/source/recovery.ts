import { HttpError, withAttempts } from "../errors.ts";
import type { WireCall } from "./call.ts";
import { nextDelayMs, type RetryPolicy, sleep } from "./retry.ts";

/** Who is told how it goes. */
export interface RecoveryWatcher {
  progressed(): void;
  failed(failure: HttpError): void;
  retrying(): void;
}

/** Decides after each failure of one exchange whether it is tried again, and waits until then. */
export class Recovery {
  readonly #policy: RetryPolicy;
  readonly #watcher: RecoveryWatcher;
  #attempts = 1;
  #delayMs = 0;

  constructor(policy: RetryPolicy, watcher: RecoveryWatcher) {
    this.#policy = policy;
    this.#watcher = watcher;
  }

  /** Verified bytes arrived: the count starts anew. */
  progress(): void {
    this.#attempts = 1;
    this.#delayMs = 0;
    this.#watcher.progressed();
  }

  /**
   * Resolves when it is time to try again.
   *
   * @throws the failure itself where trying again is pointless, used up, or would outlast the call; a call that ends during the
   * wait gives its own reason, with a time-out carrying the failure as its cause.
   */
  async after(failure: unknown, call: WireCall): Promise<void> {
    if (call.signal.aborted) throw call.signal.reason;
    if (!(failure instanceof HttpError) || !failure.retryable) throw failure;
    this.#watcher.failed(failure);
    if (this.#attempts >= this.#limit(failure)) throw this.#final(failure);
    this.#delayMs = nextDelayMs(this.#policy, this.#delayMs);
    const delayMs = failure.retryAfterMs ?? this.#delayMs;
    if (delayMs >= call.remainingMs()) throw this.#tooLate(failure);
    await sleep(delayMs, call.signal);
    this.#attempts++;
    this.#watcher.retrying();
  }

  /** A server that answers other positions than asked does so for good, or a proxy mixed two answers up once. */
  #limit(failure: HttpError): number {
    return failure.code === "RANGE_MISMATCH" ? Math.min(2, this.#policy.attempts) : this.#policy.attempts;
  }

  #final(failure: HttpError): HttpError {
    return this.#attempts === 1 ? failure : withAttempts(failure, this.#attempts);
  }

  #tooLate(failure: HttpError): HttpError {
    if (failure.retryAfterMs === undefined) return this.#final(failure);
    const { url, range, status, retryAfterMs } = failure;
    const message = `${failure.message}; the server says to come back in ${Math.ceil(retryAfterMs / 1000)} s`;
    const details = { url, range, status, retryAfterMs, retryable: true, attempts: this.#attempts };
    return new HttpError("RATE_LIMITED", message, details);
  }
}

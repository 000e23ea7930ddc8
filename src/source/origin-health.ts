import { HttpError } from "../errors.ts";

/**
 * Failures in a row, with no verified byte between them, after which a server counts as down. More than one reader's five tries
 * on each of six connections would be too slow to notice, fewer than one reader's would cut it short; *unmeasured*.
 */
const FAILURES = 20;
/** How long a server that is down is left alone before one request tries it again. *Unmeasured*. */
const COOL_OFF_MS = 1000;

/** No request was sent: the server had failed too often just before. */
export class LeftAloneError extends HttpError {}

/**
 * Whether a server is worth asking. A thousand reads of a dead one must not ask it a thousand times five times: after enough
 * failures in a row every request fails at once with the last of them, but for one a second that looks whether it is back.
 */
export class OriginHealth {
  #failures = 0;
  #last: HttpError | undefined;
  #triedAt = 0;

  /** Verified bytes arrived. */
  succeeded(): void {
    this.#failures = 0;
    this.#last = undefined;
  }

  /** An exchange failed in a way that another may not. */
  failed(failure: HttpError): void {
    this.#failures++;
    this.#last = failure;
    if (this.#failures === FAILURES) this.#triedAt = performance.now();
  }

  /**
   * Lets a request through, or not.
   *
   * @throws the last failure of the server, with its own code, while it is left alone.
   */
  check(): void {
    if (this.#failures < FAILURES || this.#last === undefined) return;
    const now = performance.now();
    if (now - this.#triedAt >= COOL_OFF_MS) {
      this.#triedAt = now;
      return;
    }
    const { code, message, url, status } = this.#last;
    const text = `${message} (${this.#failures} failures in a row: the server is left alone for a moment)`;
    throw new LeftAloneError(code, text, { url, status, retryable: true, cause: this.#last });
  }
}

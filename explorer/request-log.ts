/** One request as it went. */
export interface LoggedRequest {
  /** From 1. */
  readonly number: number;
  /** The Range field that was sent, or nothing for the whole file. */
  readonly range: string;
  /** Undefined until the headers came. */
  status: number | undefined;
  /** Body bytes so far. */
  bytes: number;
  /** By `performance.now()`. */
  readonly startedAt: number;
  /** Undefined while it lasts. */
  endedAt: number | undefined;
  /** It got no answer, or its body was left before its end. */
  outcome: "running" | "done" | "failed" | "left";
}

/** Enough to look at; older ones are forgotten, and counted on. */
const KEPT = 500;
/** What is smaller says more about the way there and back than about the rate. */
const RATED_BYTES = 8 * 1024;

/**
 * The platform's fetch past the browser's cache. That would answer ranges of a file that it once got whole although the server has
 * none, and, in Chromium, hands out the ranges of one URL one after the other.
 */
export const uncached: typeof fetch = (input, init) => fetch(input, { ...init, cache: "no-store" });

/** Every request of one opened file, taken down where it is sent. */
export class RequestLog {
  readonly requests: LoggedRequest[] = [];
  /** Requests so far, forgotten ones included. */
  count = 0;
  /** Bytes a millisecond of the fastest request so far, waiting included; 0 before there was one to tell by. */
  bestRate = 0;
  readonly #onChange: () => void;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** A client for `openSource`: the platform's fetch past its cache, looked at. */
  readonly fetch: typeof fetch = async (input, init) => {
    const range = new Headers(init?.headers).get("range") ?? "";
    const request = this.#begin(range);
    try {
      const response = await uncached(input, init);
      request.status = response.status;
      this.#onChange();
      this.#watchBody(response, request);
      return response;
    } catch (error) {
      this.#end(request, init?.signal?.aborted ? "left" : "failed");
      throw error;
    }
  };

  /** Milliseconds in which at least one request was under way, up to `now`. */
  busyMs(now: number): number {
    const spans = this.requests.map(({ startedAt, endedAt }) => [startedAt, endedAt ?? now] as const);
    let busy = 0;
    let until = 0;
    for (const [start, end] of spans.toSorted(([a], [b]) => a - b)) {
      busy += Math.max(0, end - Math.max(start, until));
      until = Math.max(until, end);
    }
    return busy;
  }

  #begin(range: string): LoggedRequest {
    this.count += 1;
    const request: LoggedRequest = {
      number: this.count,
      range,
      status: undefined,
      bytes: 0,
      startedAt: performance.now(),
      endedAt: undefined,
      outcome: "running",
    };
    this.requests.push(request);
    if (this.requests.length > KEPT) this.requests.shift();
    this.#onChange();
    return request;
  }

  #end(request: LoggedRequest, outcome: LoggedRequest["outcome"]): void {
    if (request.outcome !== "running") return;
    request.outcome = outcome;
    request.endedAt = performance.now();
    const ms = request.endedAt - request.startedAt;
    if (request.bytes >= RATED_BYTES && ms > 0) this.bestRate = Math.max(this.bestRate, request.bytes / ms);
    this.#onChange();
  }

  /** Counts what is read of a body. The answer itself stays: a copy would lose where it came from. */
  #watchBody(response: Response, request: LoggedRequest): void {
    if (response.body === null) {
      this.#end(request, "done");
      return;
    }
    const reader = response.body.getReader();
    const watched = new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        pull: async (controller) => {
          try {
            const { done, value } = await reader.read();
            if (done) {
              this.#end(request, "done");
              controller.close();
              return;
            }
            request.bytes += value.byteLength;
            this.#onChange();
            controller.enqueue(value);
          } catch (error) {
            this.#end(request, "failed");
            throw error;
          }
        },
        cancel: async (reason) => {
          this.#end(request, "left");
          await reader.cancel(reason);
        },
      },
      { highWaterMark: 0 },
    );
    Object.defineProperty(response, "body", { value: watched });
  }
}

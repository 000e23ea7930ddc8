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
  /** When the headers came. */
  answeredAt: number | undefined;
  /** Undefined while it lasts. */
  endedAt: number | undefined;
  /** It got no answer, or its body was left before its end. */
  outcome: "running" | "done" | "failed" | "left";
}

/** Enough to look at; older ones are forgotten, and counted on. */
const KEPT = 500;
/** What came faster came in one piece, and tells no rate. *Unmeasured*. */
const RATED_MS = 2;

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
      request.answeredAt = performance.now();
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
    return joinedMs(this.requests.map(({ startedAt, endedAt }) => [startedAt, endedAt ?? now]));
  }

  /** Bytes a millisecond while a body came, all connections together; undefined before there was enough to tell by. */
  rate(now: number): number | undefined {
    const bodies = this.requests.flatMap(({ answeredAt, endedAt }): Stretch[] =>
      answeredAt === undefined ? [] : [[answeredAt, endedAt ?? now]],
    );
    const ms = joinedMs(bodies);
    if (ms < RATED_MS) return undefined;
    return this.requests.reduce((sum, { bytes }) => sum + bytes, 0) / ms;
  }

  #begin(range: string): LoggedRequest {
    this.count += 1;
    const request: LoggedRequest = {
      number: this.count,
      range,
      status: undefined,
      bytes: 0,
      startedAt: performance.now(),
      answeredAt: undefined,
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
    this.#onChange();
  }

  /** Counts what is read of `body`, the only way to read it from then on. The answer itself stays: a copy would lose where it came from. */
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

type Stretch = readonly [start: number, end: number];

/** How long at least one of several stretches of time lasted. */
function joinedMs(stretches: readonly Stretch[]): number {
  let sum = 0;
  let until = 0;
  for (const [start, end] of stretches.toSorted(([a], [b]) => a - b)) {
    sum += Math.max(0, end - Math.max(start, until));
    until = Math.max(until, end);
  }
  return sum;
}

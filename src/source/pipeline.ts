import { isRangeStreamsError } from "../errors.ts";
import type { Capabilities } from "./capabilities.ts";
import type { QueueRequest, RequestQueue, Slot } from "./request-queue.ts";
import { PipelineError, StaleConnectionError } from "./transport.ts";

/**
 * Requests that go out on one connection, behind each other and without waiting for answers (RFC 9112 section 9.3.2): where each is
 * small and far, all of them take hardly longer than one. Whoever is first brings the connection; it is given back when all are done.
 * After that, on a way to another origin, or when it failed, each goes by itself.
 */
export class Pipeline {
  #queue: RequestQueue | undefined;
  #slot: Slot | undefined;
  /** Settled when whoever is first has a connection, or gave up waiting for one. */
  #coming: Promise<void> | undefined;
  #users = 0;
  #isOver = false;

  /** The connection, in which a request then has its part; undefined where it must go by itself. */
  async join(queue: RequestQueue, request: QueueRequest): Promise<Slot | undefined> {
    this.#queue ??= queue;
    while (!this.#isOver && this.#queue === queue && request.signal?.aborted !== true) {
      if (this.#slot !== undefined) return this.#part(this.#slot);
      if (this.#coming === undefined) {
        const acquired = queue.acquire(request);
        this.#coming = acquired.then(
          (slot) => {
            this.#slot = slot;
          },
          () => {
            this.#coming = undefined;
          },
        );
        await acquired;
      }
      await this.#coming;
    }
    return undefined;
  }

  #part(slot: Slot): Slot {
    this.#users++;
    let isReleased = false;
    return {
      // Others are behind it: what little is left of it is not parked.
      idle: () => undefined,
      busy: () => undefined,
      release: () => {
        if (isReleased) return;
        isReleased = true;
        if (--this.#users > 0) return;
        this.#isOver = true;
        slot.release();
      },
    };
  }
}

/** The way that a request goes, as far as it matters to those behind it. */
export interface PipelineWay {
  readonly queue: RequestQueue;
  readonly capabilities: Capabilities;
  readonly link: {
    /** For messages; secrets removed. */
    readonly name: string;
    /** Aborts with the CLOSED error. */
    readonly closing: AbortSignal;
    warnOnce(kind: string, message: string): void;
  };
}

/** The place of one request in a {@link Pipeline}: whoever is asked again goes by itself. */
export class PipelinePlace {
  readonly pipeline: Pipeline;
  #isTaken = false;
  #stop: (() => void) | undefined;

  constructor(pipeline: Pipeline) {
    this.pipeline = pipeline;
  }

  /** As {@link Pipeline.join}, once. */
  async take(queue: RequestQueue, request: QueueRequest): Promise<Slot | undefined> {
    if (this.#isTaken) return undefined;
    this.#isTaken = true;
    return this.pipeline.join(queue, request);
  }

  /**
   * Sends it behind others, where that is still possible; undefined where it must go by itself. A server that does not answer what is behind
   * is not asked so again.
   *
   * @throws what `send` does, unless it is that there was no answer.
   */
  async send<T extends { readonly isQueued: boolean }>(
    { queue, capabilities, link }: PipelineWay,
    request: QueueRequest,
    send: (slot: Slot) => Promise<T>,
  ): Promise<T | undefined> {
    const slot = await this.take(queue, request);
    if (slot === undefined) return undefined;
    const stop = (): void => {
      capabilities.pipelining = false;
      const what = "requests behind each other on one connection are not answered as they should be";
      link.warnOnce("pipelining", `${link.name}: ${what}; each waits for its own from now on`);
    };
    try {
      const answered = await send(slot);
      if (!answered.isQueued) return answered;
      capabilities.pipelining ??= true;
      this.#stop = stop;
      return answered;
    } catch (error) {
      if (!(error instanceof StaleConnectionError)) throw error;
      link.closing.throwIfAborted();
      // Any server ends a connection after so many requests; one that has answered behind others is not to blame for that.
      const isBlamed = capabilities.pipelining !== true || error.cause === undefined;
      if (error instanceof PipelineError && isBlamed) stop();
      return undefined;
    }
  }

  /** The answer was not what was asked for. A proxy that mixes answers up may do better with one at a time. */
  refused(error: unknown): void {
    if (isRangeStreamsError(error, "RANGE_MISMATCH")) this.#stop?.();
  }
}

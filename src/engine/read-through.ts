import { Range } from "../ranges/range.ts";
import type { ReadAheadHost } from "./ahead-host.ts";
import { connectionsFor, MIN_WINDOW, readWindowCap } from "./ahead-window.ts";
import type { Flow, FlowOutcome } from "./flow.ts";

/** How much faster than the priors a link is taken to be where nothing was measured: 150 MB/s with those of today. *Unmeasured*. */
const GUESS = 3;

/**
 * Reads a whole source in the background, under `fast`. A read from nowhere costs a round trip, and nobody knows how many will follow.
 * Once they have cost as much time as all of the source would take, it is read through, so that whatever comes costs at most twice what
 * was best. The field calls this the ski rental problem: skis are rented until the rents add up to their price, then they are bought.
 */
export class ReadThrough {
  readonly #host: ReadAheadHost;
  /** The requests that do it, once it has begun. */
  flows: Set<Flow> | undefined;
  /** What reads from nowhere have cost so far. */
  #rentMs = 0;

  constructor(host: ReadAheadHost) {
    this.#host = host;
  }

  /** A reader jumped, or a new one came: that read costs a round trip. */
  addJump(): void {
    const { policy, size } = this.#host;
    if (policy !== "fast" || this.flows !== undefined) return;
    const { latencyMs, totalBytesPerSecond, bandwidthMeasured } = this.#host.link();
    this.#rentMs += latencyMs;
    // Small reads never show the bandwidth: the guess leans to the fast side, as this policy does.
    const rate = bandwidthMeasured === false ? GUESS * totalBytesPerSecond : totalBytesPerSecond;
    if (latencyMs === 0 || this.#rentMs < (1000 * size) / rate) return;
    if (size > this.#host.allowance() || !this.#host.makeRoom()) return;
    this.flows = new Set();
    this.#fetch(this.flows);
  }

  /** One of the requests is over, and was taken out of the others. */
  goOn(outcome: FlowOutcome): void {
    if (this.flows === undefined) return;
    if (outcome === "complete") this.#fetch(this.flows);
    // What failed would be asked for again and again, and nobody would hear of it.
    else this.flows = new Set();
  }

  close(): void {
    this.flows = undefined;
  }

  /** Keeps the link filled with what is missing of the source. */
  #fetch(flows: Set<Flow>): void {
    const link = this.#host.link();
    const window = readWindowCap(link, this.#host);
    const piece = Math.max(MIN_WINDOW, Math.round(window / connectionsFor(link)));
    let left = window;
    for (const { range, position } of flows) left -= range.end - position;
    for (const gap of this.#host.missing(new Range(0, this.#host.size))) {
      for (let start = gap.start; start < gap.end; ) {
        if (left < piece && flows.size > 0) return;
        const end = Math.min(gap.end, start + piece);
        left -= end - start;
        flows.add(this.#host.fetchAhead(new Range(start, end)));
        start = end;
      }
    }
  }
}

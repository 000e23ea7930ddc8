import { listedBodies, placesFor } from "#ways-to-send";
import { Range } from "../ranges/range.ts";
import type { Share } from "../source/request-queue.ts";
import { isNear } from "./ahead-window.ts";
import type { Budget } from "./budget.ts";
import { Flow, type FlowHost, type FlowOutcome, type FlowParts } from "./flow.ts";
import type { Sending } from "./flow-planner.ts";
import type { SpanMap } from "./span-map.ts";
import type { WireBody, WireSource, WireStore } from "./wire.ts";

/** The body of a first answer, open and not yet read. */
export interface OpeningBody {
  readonly range: Range;
  readonly body: WireBody;
}

/** What a {@link FlowSet} works with. */
export interface FlowSetParts {
  readonly wire: WireSource;
  /** What a store has of the source. */
  readonly stored: WireStore | undefined;
  readonly map: SpanMap<Flow>;
  readonly budget: Budget;
  /** Told after the map was. */
  readonly settled: (flow: Flow, outcome: FlowOutcome) => void;
}

const OF_WHOLE = { bounded: true, unattended: true, ofWhole: true } as const;

/** The requests of one source that are in flight: begins each on the map and in the budget, and settles it there. */
export class FlowSet {
  readonly #parts: FlowSetParts;
  readonly #flows = new Set<Flow>();
  readonly #host: FlowHost;
  #count = 0;
  #opening: Flow | undefined;

  constructor(parts: FlowSetParts) {
    this.#parts = parts;
    const { wire, map, budget, stored } = parts;
    this.#host = {
      name: wire.name,
      totalMs: wire.totalMs,
      nextId: () => this.#count++,
      arriving: (flow, range) => {
        if (flow.isBounded) budget.noLongerAwaiting(range.length);
        this.#spend(range);
      },
      arrived: (flow, range, bytes) => {
        if (flow === this.#opening) stored?.save(range, bytes);
        map.hold(range, bytes, { by: flow });
      },
      settled: (flow, outcome) => this.#settled(flow, outcome),
    };
  }

  /** Takes part in the answer that opened the source. */
  openFirst({ range, body }: OpeningBody): Flow {
    this.#opening = this.#begin({ range, body });
    return this.#opening;
  }

  /** Sends all requests of a plan. */
  send({ requests, lists, connections }: Sending): void {
    const share = { connections };
    for (const list of lists) this.#sendList(list, share);
    const places = this.#mayPipeline(requests.length, connections)
      ? placesFor?.(requests, connections)
      : undefined;
    for (let index = 0; index < requests.length; index++) {
      const range = requests[index] as Range;
      const body = this.#openBody(range, false);
      this.#begin({ range, body, bounded: true, share, place: places?.[index] }).need(range.end);
    }
  }

  /** Where there is a connection for each, or an answer is there at once, there is no waiting to be saved. */
  #mayPipeline(requests: number, connections: number): boolean {
    const { wire } = this.#parts;
    return requests > connections && wire.pipelines === true && !isNear(wire.linkEstimate());
  }

  /** A request that is pulled as it is read. */
  fetch(range: Range): Flow {
    return this.#begin({ range, body: this.#openBody(range, true) });
  }

  /** A request that nobody waits for so far; `unasked`: nobody asked for its bytes either. */
  fetchAhead(range: Range, unasked: boolean): Flow {
    if (unasked) this.#parts.map.fetchedUnasked(range);
    const body = this.#openBody(range, true);
    const flow = this.#begin({ range, body, bounded: true, unattended: true });
    flow.need(range.end);
    return flow;
  }

  /** A part of a file that is read whole: nobody asked for it, and whoever wants some of it waits for it. */
  bringPart({ range, body }: OpeningBody): void {
    this.#parts.map.fetchedUnasked(range);
    this.#begin({ range, body, ...OF_WHOLE }).need(range.end);
  }

  /** What is missing of a file that is read whole. */
  bringRest(whole: Range): void {
    for (const gap of this.#parts.map.missing(whole))
      this.bringPart({ range: gap, body: this.#openBody(gap, true) });
  }

  /** Ends them all, whoever still reads. */
  cancel(reason: unknown): void {
    for (const flow of [...this.#flows]) flow.cancel(reason);
  }

  #sendList(ranges: readonly Range[], share: Share): void {
    const { readParts } = this.#parts.wire;
    const bodies = readParts && listedBodies?.(readParts, ranges);
    for (const [index, range] of ranges.entries()) {
      const body = bodies?.[index] ?? this.#openBody(range, false);
      this.#begin({ range, body, bounded: true, share }).need(range.end);
    }
  }

  #begin(parts: FlowParts): Flow {
    const flow = new Flow(parts, this.#host);
    this.#flows.add(flow);
    if (flow.isBounded) this.#parts.budget.awaiting(flow.range.length);
    this.#parts.map.addPending(flow);
    return flow;
  }

  #openBody(range: Range, streamed: boolean): WireBody {
    const { wire, stored } = this.#parts;
    if (stored === undefined) return wire.openBody(range, streamed);
    return stored.openBody(range, (part) => wire.openBody(part, streamed));
  }

  /** Once the budget is spent, every other request would only bring what is too much. */
  #spend(range: Range): void {
    try {
      this.#parts.budget.arriving(range);
    } catch (error) {
      this.cancel(error);
      throw error;
    }
  }

  #settled(flow: Flow, outcome: FlowOutcome): void {
    const { map, budget } = this.#parts;
    this.#flows.delete(flow);
    // One that fails at its last bytes has come to its end and brought less.
    if (outcome !== "complete") map.removePending(flow);
    if (flow.position < flow.range.end) {
      const rest = new Range(flow.position, flow.range.end);
      if (flow.isBounded) budget.noLongerAwaiting(rest.length);
      map.notFetched(rest);
    }
    this.#parts.settled(flow, outcome);
    // Bytes of a body that proved wrong in the end, and of a read that was given up, leave no trace.
    if (outcome === "failed" || (outcome === "left" && !flow.hasServed)) map.forgetBroughtBy(flow);
  }
}

import { undividedBytes } from "../planner/plan-limits.ts";
import { Range } from "../ranges/range.ts";
import type { RangeDict } from "../ranges/range-dict.ts";
import { type RangeInput, resolveRange } from "../ranges/range-input.ts";
import { closedError } from "../source/closed-error.ts";
import { Deadlines } from "../source/deadlines.ts";
import { HELD_VIEW, type HeldInMemory, heldBytes, viewOf } from "../source/held-view.ts";
import type { Meter } from "../source/meter.ts";
import type {
  Bytes,
  Identity,
  PlannedReadOptions,
  PlannedSource,
  ReadPlan,
  Receipt,
  Source,
  SourceEvent,
  StreamOptions,
} from "../source/source.ts";
import { streamChunks } from "../source/stream-chunks.ts";
import { waitFor } from "../source/wait-for.ts";
import { Budget, type Policy } from "./budget.ts";
import type { Flow } from "./flow.ts";
import { FlowPlanner } from "./flow-planner.ts";
import { FlowSet, type OpeningBody } from "./flow-set.ts";
import { ReadAhead, type ReadHints } from "./read-ahead.ts";
import { ReadBatch } from "./read-batch.ts";
import { ReadGroup, type ReadGroupHost } from "./read-group.ts";
import { stepsOf } from "./read-steps.ts";
import { type SpanListener, SpanMap } from "./span-map.ts";
import { type StreamExtent, StreamReader } from "./stream-reader.ts";
import { type WireSource, type WireStore, wireSource } from "./wire.ts";

/** What an engine is put around. */
export interface EngineParts {
  readonly source: Source;
  readonly meter: Meter;
  /** `close` closes the source too. */
  readonly owned: boolean;
  /** Bytes kept in memory at most. */
  readonly cacheBytes: number;
  readonly policy: Policy;
  /** Bytes that may be kept instead where that saves reading again. */
  readonly mayHoldBytes?: number | undefined;
  /** Bytes that may be received in all. */
  readonly maxBytes: number;
  readonly opening?: OpeningBody | undefined;
  /** The leading bytes of a file that is to be read whole, on their way already. */
  readonly leading?: OpeningBody | undefined;
  /** What a store has of it. */
  readonly stored?: WireStore | undefined;
  /** Told of every change of the range map. */
  readonly onEvent?: ((event: SourceEvent) => void) | undefined;
}

/** The contract's bound for bytes of a stream that are in flight or unread. */
const STREAM_AHEAD_BYTES = 8 * 1024 * 1024;
/**
 * A stream of more than this part of the cache passes through it and leaves nothing: held, it would push out all else and go before
 * anybody came back to it. Of 200 MB on the cloud profile that saved a quarter of the CPU time.
 */
const PASSING_SHARE = 4;
/** A shorter stream is not worth more than one request; *unmeasured*. */
const MIN_AHEAD_BYTES = 512 * 1024;

/**
 * The engine around one Source: a map of what is held, what is pending and what is missing. Every read and stream asks the map
 * first, shares what is in flight, and fetches only the gaps, as planned.
 */
export class Engine implements PlannedSource, HeldInMemory {
  readonly name: string;
  readonly size: number;
  readonly identity: Identity;
  readonly receipt: Receipt;
  readonly #parts: EngineParts;
  readonly #wire: WireSource;
  /** All of it, where nothing has to be brought and nothing is rationed. */
  readonly #memory: Uint8Array | undefined;
  readonly #map: SpanMap<Flow>;
  readonly #budget: Budget;
  readonly #planner: FlowPlanner;
  readonly #ahead: ReadAhead;
  readonly #batch = new ReadBatch((groups) => this.#request(groups));
  readonly #flows: FlowSet;
  readonly #groups = new Set<ReadGroup>();
  readonly #groupHost: ReadGroupHost;
  /** The time limits of all calls. */
  readonly #clock = new Deadlines();
  readonly #opening: Flow | undefined;
  #closed = false;

  constructor(parts: EngineParts) {
    const { source, meter, cacheBytes, policy } = parts;
    this.#parts = parts;
    this.#wire = wireSource(source);
    this.#memory = parts.maxBytes === Number.POSITIVE_INFINITY ? heldBytes(source) : undefined;
    this.name = source.name;
    this.size = source.size;
    this.identity = source.identity;
    this.receipt = meter;
    this.#groupHost = {
      totalMs: this.#wire.totalMs,
      clock: this.#clock,
      name: this.name,
      onEnd: (ended) => this.#groups.delete(ended),
    };
    this.#map = new SpanMap<Flow>(cacheBytes, spanListener(parts.onEvent));
    const unaskedBytes = (): number => this.#map.unaskedBytes;
    this.#budget = new Budget({ meter, policy, maxBytes: parts.maxBytes, name: source.name, unaskedBytes });
    this.#flows = new FlowSet({
      wire: this.#wire,
      stored: parts.stored,
      map: this.#map,
      budget: this.#budget,
      settled: (flow, outcome) => this.#ahead.settled(flow, outcome),
    });
    const host = {
      size: this.size,
      policy,
      cacheBytes,
      link: () => this.#wire.linkEstimate(),
      allowance: () => this.#budget.allowance(),
      missing: (range: Range) => this.#map.missing(range),
      fetchAhead: (range: Range) => this.#flows.fetchAhead(range, true),
      makeRoom: () => this.#map.makeRoom(Math.max(cacheBytes, parts.mayHoldBytes ?? 0), this.size),
    };
    this.#ahead = new ReadAhead(host);
    // What is stored is not to be asked for, and what goes around each part nobody can tell beforehand.
    const mayUseLists = parts.stored === undefined && parts.maxBytes === Number.POSITIVE_INFINITY;
    const takesLists = (): boolean => mayUseLists && this.#wire.readParts !== undefined;
    this.#planner = new FlowPlanner({ ...host, map: this.#map, budget: this.#budget, takesLists });
    this.#opening = parts.opening && this.#flows.openFirst(parts.opening);
    if (parts.leading !== undefined) this.#flows.bringPart(parts.leading);
  }

  get spans(): RangeDict<"held" | "pending"> {
    return this.#map.view;
  }

  read(input: RangeInput, options: PlannedReadOptions = {}): Promise<Bytes> {
    try {
      options.signal?.throwIfAborted();
      const range = this.#resolve(input);
      const bytes = this.#takeHeld(range);
      if (bytes === undefined) return this.#gather([range], options).done.then(firstOf);
      this.#ahead.hit(range, options);
      return Promise.resolve(bytes);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  tryRead(input: RangeInput): Bytes | undefined {
    const range = this.#resolve(input);
    const bytes = this.#map.copy(range);
    if (bytes === undefined) return undefined;
    this.#count(range);
    this.#ahead.note(range);
    return bytes;
  }

  [HELD_VIEW](range: Range): Bytes | undefined {
    this.#checkOpen();
    const view = this.#memory === undefined ? undefined : viewOf(this.#memory, range);
    if (view === undefined) return undefined;
    this.#parts.meter.bytesWanted += range.length;
    this.#parts.meter.cacheHits++;
    return view;
  }

  async readMany(inputs: readonly RangeInput[], options: PlannedReadOptions = {}): Promise<Bytes[]> {
    options.signal?.throwIfAborted();
    const ranges = inputs.map((input) => this.#resolve(input));
    if (!ranges.every((range) => this.#map.holds(range))) return this.#gather(ranges, options).done;
    this.#parts.meter.cacheHits++;
    return ranges.map((range) => {
      this.#parts.meter.bytesWanted += range.length;
      this.#map.asked(range);
      return this.#map.copy(range) as Bytes;
    });
  }

  async *readEach(
    inputs: readonly RangeInput[],
    options: PlannedReadOptions = {},
  ): AsyncGenerator<{ index: number; bytes: Bytes }, void, undefined> {
    options.signal?.throwIfAborted();
    const ranges = inputs.map((input) => this.#resolve(input));
    if (ranges.length === 0) return;
    if (ranges.every((range) => this.#map.holds(range))) this.#parts.meter.cacheHits++;
    const ready: { index: number; bytes: Bytes }[] = [];
    let wake = (): void => undefined;
    const group = this.#gather(ranges, options, (index, bytes) => {
      ready.push({ index, bytes });
      wake();
    });
    group.done.catch(() => undefined).finally(() => wake());
    try {
      for (let given = 0; given < ranges.length; given++) {
        while (ready.length === 0 && !group.isEnded) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        const next = ready.shift();
        if (next === undefined) break;
        yield next;
      }
      await group.done;
    } finally {
      group.fail(new DOMException("no longer wanted", "AbortError"));
    }
  }

  plan(inputs: readonly RangeInput[]): ReadPlan {
    return this.#planner.plan(inputs.map((input) => this.#resolve(input)));
  }

  stream(input: RangeInput = [0], options: StreamOptions = {}): ReadableStream<Bytes> {
    return streamChunks(() => {
      const range = this.#resolve(input);
      this.#parts.meter.bytesWanted += range.length;
      if (!range.isEmpty() && this.#map.holds(range)) this.#parts.meter.cacheHits++;
      this.#map.asked(range);
      return new StreamReader(this.#streamHost(), this.#extentOf(range, options));
    }, options.signal);
  }

  /** Takes in the body of the first answer, which then stays held whatever the limit of the cache. */
  async holdOpening(signal: AbortSignal | undefined): Promise<void> {
    const opening = this.#opening;
    if (opening === undefined) return;
    this.#map.fetchedUnasked(opening.range);
    const ended = new Promise<void>((resolve, reject) => {
      opening.join({
        arrived: (range, bytes) => this.#map.hold(range, bytes, { pinned: this.#parts.cacheBytes === 0 }),
        ended: (error) => (error === undefined ? resolve() : reject(error)),
      });
    });
    opening.need(opening.range.end);
    await waitFor(ended, [signal]);
    // What lies between the leading bytes and the tail, over the connection that is free now.
    if (this.#parts.leading !== undefined) this.#flows.bringRest(new Range(0, this.size));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // First, or it would fetch on in the place of what is cancelled.
    this.#ahead.close();
    for (const group of [...this.#groups]) group.fail(closedError(this.name));
    this.#flows.cancel(closedError(this.name));
    this.#clock.clear();
    this.#map.clear();
    await this.#parts.stored?.flush();
    if (this.#parts.owned) await this.#parts.source.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #resolve(input: RangeInput): Range {
    this.#checkOpen();
    return resolveRange(input, this.size);
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError(this.name);
  }

  #takeHeld(range: Range): Bytes | undefined {
    const bytes = this.#map.copy(range);
    if (bytes !== undefined) this.#count(range);
    return bytes;
  }

  #count(range: Range): void {
    const { meter } = this.#parts;
    meter.bytesWanted += range.length;
    meter.cacheHits++;
    this.#map.asked(range);
  }

  #gather(
    ranges: readonly Range[],
    options: PlannedReadOptions,
    onBytes?: (index: number, bytes: Bytes) => void,
  ): ReadGroup {
    for (const range of ranges) this.#parts.meter.bytesWanted += range.length;
    const group = new ReadGroup(ranges, { host: this.#groupHost, options, onBytes });
    this.#groups.add(group);
    this.#batch.add(group);
    return group;
  }

  /** Brings on the map whatever the groups want, as planned for all of them together, and lets them take part. */
  #request(groups: readonly ReadGroup[]): void {
    const first = groups[0] as ReadGroup;
    const ranges = groups.length === 1 ? first.ranges : groups.flatMap((group) => group.ranges);
    const hints = groups.length === 1 ? first.hints : hintsOf(groups);
    try {
      if (groups.length === 1) this.#noteMiss(first);
      else this.#noteMisses(groups);
      const plan = this.#planner.requests(ranges, hints);
      if (plan !== undefined) this.#flows.send(plan);
    } catch (error) {
      if (groups.length > 1) for (const group of groups) this.#request([group]);
      else groups[0]?.fail(error);
      return;
    }
    for (const group of groups) group.start(this.#map);
  }

  /** What is asked for together is a set; each read of its own is a step of some reader. */
  #noteMiss({ ranges, hints }: ReadGroup): void {
    const only = ranges[0];
    if (only !== undefined && ranges.length === 1) this.#ahead.miss(only, hints, this.#groups.size === 1);
  }

  #noteMisses(groups: readonly ReadGroup[]): void {
    const steps = stepsOf(groups, this.#ahead.hopBytes());
    for (const { range, hints } of steps) this.#ahead.miss(range, hints, false);
  }

  #extentOf(range: Range, { aheadBytes = STREAM_AHEAD_BYTES, divide }: StreamOptions): StreamExtent {
    const { policy, cacheBytes } = this.#parts;
    const limit = Math.min(aheadBytes, STREAM_AHEAD_BYTES, cacheBytes / 2);
    const isShort = range.length < Math.max(MIN_AHEAD_BYTES, undividedBytes(policy) + 1);
    if (isShort || limit < MIN_AHEAD_BYTES || this.#wire.linkEstimate().latencyMs === 0)
      return { range, aheadBytes: 0, passing: false };
    const isOneRequest = range.length <= undividedBytes(policy, divide === false ? 1 : undefined);
    return {
      range,
      aheadBytes: isOneRequest ? 0 : limit,
      passing: range.length > cacheBytes / PASSING_SHARE,
    };
  }

  /** What a stream has come to, as far as the budget allows. @throws LIMIT where it allows nothing. */
  #fetchFor({ start, end }: Range): Flow {
    const left = this.#budget.left();
    if (left === 0) this.#budget.check(end - start);
    return this.#flows.fetch(new Range(start, Math.min(end, start + left)));
  }

  #streamHost(): ConstructorParameters<typeof StreamReader>[0] {
    return {
      name: this.name,
      totalMs: this.#wire.totalMs,
      keeps: (byteLength) => byteLength <= this.#map.maxBytes,
      checkOpen: () => this.#checkOpen(),
      link: () => this.#wire.linkEstimate(),
      heldAt: (position, end) => this.#map.pieceAt(position, end),
      takeAt: (position, end) => this.#map.takeAt(position, end),
      pendingAt: (position) => this.#planner.joinableAt(position),
      missing: (range) => this.#map.missing(range),
      gaps: (range) => this.#planner.gaps(range),
      left: () => this.#budget.left(),
      fetch: (range) => this.#fetchFor(range),
      fetchAhead: (range) => this.#flows.fetchAhead(range, false),
    };
  }
}

/** What those who read in one tick have told: the first of them, and of dividing all. */
function hintsOf(groups: readonly ReadGroup[]): ReadHints {
  const isDivided = groups.some(({ hints }) => hints.divide !== false);
  return { ...groups[0]?.hints, divide: isDivided };
}

function firstOf(all: readonly Bytes[]): Bytes {
  return all[0] as Bytes;
}

/** Tells of a change once the map is done with it: a listener may read, close or throw without harm to the map. */
function spanListener(onEvent: EngineParts["onEvent"]): SpanListener | undefined {
  if (onEvent === undefined) return undefined;
  return (state, range) => queueMicrotask(() => onEvent({ type: "span", state, range }));
}

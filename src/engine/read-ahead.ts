import type { Range } from "../ranges/range.ts";
import type { LinkEstimate } from "../source/link-estimate.ts";
import type { ReadAheadHost } from "./ahead-host.ts";
import { AheadWindow, MAX_WINDOW, MIN_WINDOW, readWindowCap } from "./ahead-window.ts";
import type { Flow, FlowOutcome } from "./flow.ts";
import { ReadThrough } from "./read-through.ts";
import { type Reader, Readers } from "./readers.ts";

/** What is known of one read besides its range. */
export interface ReadHints {
  /** A boundary in the file beyond which nothing of this reader's lies. */
  readonly aheadEnd?: number | undefined;
  readonly expect?: "sequential" | "random" | "tail" | undefined;
  /** `false`: no more than one request for each read. */
  readonly divide?: boolean | undefined;
}

/** How a window is filled. */
interface Filling {
  readonly position: number;
  readonly link: LinkEstimate;
  readonly cap: number;
  readonly extra?: number;
  /** See {@link WindowBounds.single}. */
  readonly single?: Range | undefined;
}

const KiB = 1024;
const MiB = 1024 * KiB;
/** Reads that must follow each other before anything is fetched ahead of them: two can be chance. */
const PROOF_READS = 2;
/** So many that follow each other are no header. *Unmeasured*. */
const MANY_READS = 7;
/** From this length on, one that follows another is proof: nobody reads so much by chance where another read just ended. *Unmeasured*. */
const LARGE_READ = 64 * 1024;
/** Hops in a row that prove a walk; each is likelier to be chance than an exact continuation. *Unmeasured*. */
const PROOF_HOPS = 3;
/** The first window at most: less than what is in flight on a link of 125 MB/s while its connections open (40 ms). */
const FIRST_WINDOW = 2 * MiB;
/**
 * On a far link more is in flight; this is what one of 40 MB/s brings. 64 MiB in reads of 64 KiB on the wan profile, and two readers: 2.21 and
 * 1.62 s with 2 MiB, 2.08 and 1.45 so, and the same with half as much again.
 */
const FIRST_BYTES_PER_MS = 40_000;
/** A read of more than this part of a window is left alone where it may send one request: a round trip is little of what it takes. *Unmeasured*. */
const MAX_SINGLE_SHARE = 1 / 4;
/** What runs may be longer than those before, and still have all of it fetched at once. *Unmeasured*. */
const RUN_MARGIN = 1.125;

/**
 * Fetches what is likely to be read next, in two ways. Ahead of a reader: readers of one source are told apart, and what lies ahead of
 * each grows as long as it goes on, up to a multiple of what the link holds in flight, and is dropped when its reader jumps elsewhere. And
 * all of the source, where reads jump about for long enough: that is {@link ReadThrough}.
 */
export class ReadAhead {
  readonly #host: ReadAheadHost;
  readonly #through: ReadThrough;
  readonly #readers = new Readers();
  readonly #flows = new Map<Reader, Set<Flow>>();
  /** How far readers went before they jumped; 0 before one did. The next run is believed sooner, and to go as far. */
  #runBytes = 0;

  /** Some read has needed more than the opening brought. */
  #hasMissed = false;
  #isClosed = false;

  constructor(host: ReadAheadHost) {
    this.#host = host;
    this.#through = new ReadThrough(host);
  }

  /** A read that was answered from what is held. */
  hit(range: Range, hints: ReadHints): void {
    if (this.#isOff(hints)) return;
    const reader = this.#follow(range, this.hopBytes());
    // As long as every read was answered by what the opening brought, it may have brought all that will be read: a header, mostly.
    if (reader !== undefined && this.#hasMissed) this.#advance(reader, range, hints);
  }

  /** As {@link ReadAhead.hit}, of a call that sends nothing: what is being read ahead goes on a little later. */
  note(range: Range): void {
    const { mostRecent } = this.#readers;
    // Who takes what lies ahead, and leaves out some of it, walks: else the next read would be a jump, and what is on its way be dropped.
    const hopBytes = mostRecent?.ahead === undefined ? 0 : mostRecent.ahead.end - mostRecent.lastEnd;
    const reader = this.#follow(range, hopBytes);
    if (reader?.ahead?.isDue(reader.lastEnd) !== true) return;
    queueMicrotask(() => this.#isClosed || this.#advance(reader, range, reader));
  }

  /**
   * A read that needs bytes which are not held. Tells whether it is part of a proven way. Unless it is `alone`, other reads wait at the same
   * time: where it began, nobody jumped from.
   */
  miss(range: Range, hints: ReadHints, alone = true): boolean {
    this.#hasMissed = true;
    if (this.#isOff(hints)) return false;
    const reader = this.#readers.follow(range, this.hopBytes());
    if (reader !== undefined) return this.#advance(reader, range, hints);
    this.#through.addJump();
    const begun = this.#readers.begin(range);
    if (alone) this.#dropOthers(begun);
    return hints.expect === "sequential" && this.#advance(begun, range, hints);
  }

  /** Whose read of held bytes this is. What was read of the opening is part of the way that leads beyond it. */
  #follow(range: Range, hopBytes: number): Reader | undefined {
    const reader = this.#readers.follow(range, hopBytes);
    return reader ?? (this.#hasMissed ? undefined : this.#readers.begin(range));
  }

  /** A request that was made ahead is over. */
  settled(flow: Flow, outcome: FlowOutcome): void {
    if (this.#through.flows?.delete(flow) === true) {
      this.#through.goOn(outcome);
      return;
    }
    for (const [reader, flows] of this.#flows)
      if (flows.delete(flow) && outcome === "complete") this.#refill(reader);
  }

  /** Lets go of all that nobody reads. */
  close(): void {
    this.#isClosed = true;
    this.#flows.clear();
    this.#through.close();
  }

  /** Nothing beyond what is read is to be fetched. */
  #isOff({ expect }: ReadHints): boolean {
    return expect === "random" || expect === "tail" || this.#host.policy === "lean";
  }

  /** Bytes up to which a gap is cheaper to read through than a round trip. */
  hopBytes(): number {
    const { latencyMs, totalBytesPerSecond } = this.#host.link();
    return Math.min(MAX_WINDOW, (latencyMs * totalBytesPerSecond) / 1000);
  }

  /** Each read may send one request, and no request goes out between reads. */
  #isSingle({ divide }: ReadHints): boolean {
    return divide === false && this.#host.policy !== "fast";
  }

  #proven(reader: Reader, range: Range, hints: ReadHints): boolean {
    if (hints.expect === "sequential") return true;
    if (reader.ahead !== undefined) return true;
    if (reader.hops > 0) {
      // Reading through costs bytes: where they are counted, only while most of them are asked for.
      const dense = this.#host.policy === "fast" || reader.gapBytes <= reader.readBytes;
      return dense && reader.hops + reader.sequential >= PROOF_HOPS;
    }
    // Members of an archive lie end to end, whatever their size: that two were read one after the other may well be chance.
    const isLarge = range.length >= LARGE_READ && !this.#isSingle(hints);
    return reader.sequential >= (this.#runBytes > 0 || isLarge ? 1 : PROOF_READS);
  }

  /** Sees to it that enough lies ahead of a proven reader; tells whether it is proven. */
  #advance(reader: Reader, range: Range, hints: ReadHints): boolean {
    reader.aheadEnd = hints.aheadEnd;
    reader.divide = hints.divide;
    if (!this.#proven(reader, range, hints)) return false;
    const link = this.#host.link();
    const cap = readWindowCap(link, this.#host);
    // Without latency nothing is gained by asking sooner.
    if (link.latencyMs === 0 || cap < MIN_WINDOW) return false;
    const single = this.#isSingle(hints) ? range : undefined;
    if (single !== undefined && single.length > cap * MAX_SINGLE_SHARE) return false;
    reader.ahead ??= new AheadWindow(
      range.start,
      Math.min(cap, Math.max(this.#firstWindow(link, reader, range), this.#runLeft(reader))),
    );
    if (!reader.ahead.isDue(reader.lastEnd)) return true;
    // What the reader has not come to yet may still be missing itself.
    const position = Math.max(range.start, Math.min(reader.lastEnd, reader.ahead.end));
    this.#fill(reader, reader.ahead, { position, link, cap, single });
    return true;
  }

  /** A piece came in, before its turn if the reader waits for another. */
  #refill(reader: Reader): void {
    const { ahead, lastEnd: position } = reader;
    if (ahead === undefined || this.#isSingle(reader) || this.#isClosed) return;
    const link = this.#host.link();
    const room = Math.min(MAX_WINDOW, this.#host.cacheBytes / 2) - ahead.size;
    const extra = Math.min(ahead.extraFor(position, this.#flows.get(reader) ?? []), Math.max(0, room));
    this.#fill(reader, ahead, { position, link, cap: readWindowCap(link, this.#host), extra });
  }

  #fill(reader: Reader, ahead: AheadWindow, { position, ...bounds }: Filling): void {
    const allowance = this.#host.allowance();
    if (allowance < MIN_WINDOW) return;
    const limit = Math.min(
      reader.aheadEnd ?? Number.POSITIVE_INFINITY,
      this.#host.size,
      this.#runEnd(reader),
    );
    const end = Math.min(limit, Math.max(ahead.end, position) + allowance);
    const { single } = bounds;
    for (const piece of ahead.fill(position, { ...bounds, end })) {
      const gaps = this.#host.missing(piece);
      this.#fetch(reader, single === undefined ? gaps : this.#firstFor(single, gaps));
      // What was left out is asked for by a later read.
      if (single !== undefined && gaps[1] !== undefined) ahead.end = gaps[1].start;
    }
  }

  /** Bytes that a run like those before still has. */
  #runLeft({ readBytes, gapBytes }: Reader): number {
    return this.#runBytes - readBytes - gapBytes;
  }

  /** Up to where it is likely to go on: as far as runs before, and beyond that as far again as it went beyond them. */
  #runEnd({ origin, lastEnd }: Reader): number {
    const run = this.#runBytes;
    if (run === 0) return Number.POSITIVE_INFINITY;
    const beyond = 2 * (lastEnd - origin - run) + MIN_WINDOW;
    return origin + Math.round(run + Math.max((RUN_MARGIN - 1) * run, beyond));
  }

  /** Who reads large pieces in a row, or many, reads a lot; what a connection holds in flight is the least that keeps it busy. */
  #firstWindow({ latencyMs, bytesPerSecond }: LinkEstimate, reader: Reader, range: Range): number {
    const inFlight = (latencyMs * bytesPerSecond) / 1000;
    const most = Math.max(FIRST_WINDOW, latencyMs * FIRST_BYTES_PER_MS);
    if (reader.hops === 0 && reader.sequential >= MANY_READS) return most;
    return Math.max(
      MIN_WINDOW,
      Math.min(most, Math.max(inFlight, (most / FIRST_WINDOW) * 32 * range.length)),
    );
  }

  /** The first of the gaps, where nothing but that is missing of a read. */
  #firstFor(read: Range, [first]: readonly Range[]): readonly Range[] {
    return first !== undefined && this.#host.missing(read).every((gap) => first.contains(gap)) ? [first] : [];
  }

  #fetch(reader: Reader, gaps: readonly Range[]): void {
    const flows = this.#flows.get(reader) ?? new Set<Flow>();
    this.#flows.set(reader, flows);
    for (const flow of flows) if (flow.isSettled) flows.delete(flow);
    for (const gap of gaps) flows.add(this.#host.fetchAhead(gap));
  }

  /** A reader jumped, or another one came: what was fetched ahead for the others is of no use, unless they come back. */
  #dropOthers(reader: Reader): void {
    if (this.#flows.size === 0) return;
    for (const other of this.#readers.others(reader)) {
      const flows = this.#flows.get(other);
      if (flows === undefined) continue;
      const run = other.lastEnd - other.origin;
      this.#runBytes = this.#runBytes === 0 ? run : (this.#runBytes + run) / 2;
      this.#flows.delete(other);
      for (const flow of flows) flow.abandon();
      other.ahead = undefined;
    }
  }
}

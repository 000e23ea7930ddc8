import { Range } from "../ranges/range.ts";
import type { LinkEstimate } from "../source/link-estimate.ts";
import type { Flow } from "./flow.ts";
import { type Head, Heads } from "./heads.ts";

/** How many bytes may be spent for time. */
export type Policy = "fast" | "balanced" | "lean";

/** What {@link ReadAhead} needs of the engine. */
export interface ReadAheadHost {
  readonly size: number;
  readonly policy: Policy;
  /** Bytes that may be held: what is fetched ahead must not push itself out. */
  readonly cacheBytes: number;
  link(): LinkEstimate;
  /** Bytes never asked for that may still be fetched. */
  allowance(): number;
  /** What of `range` nobody fetched or fetches. */
  missing(range: Range): Range[];
  /** Fetches bytes that nobody asked for. */
  fetchAhead(range: Range): Flow;
}

/** What is known of one read besides its range. */
export interface ReadHints {
  /** A boundary in the file beyond which nothing of this reader's lies. */
  readonly aheadEnd?: number | undefined;
  readonly expect?: "sequential" | "random" | undefined;
}

const KiB = 1024;
const MiB = 1024 * KiB;
/** Reads that must follow each other before anything is fetched ahead of them: two can be chance. */
const PROOF_READS = 2;
/** Hops in a row that prove a walk; each is likelier to be chance than an exact continuation. *Unmeasured*. */
const PROOF_HOPS = 3;
/** Less than this is not worth a request of its own ahead. */
const MIN_WINDOW = 256 * KiB;
/** The contract's bound for what lies ahead of a reader. */
const MAX_WINDOW = 16 * MiB;
const MIN_PIECE = 128 * KiB;
const MAX_PIECE = 4 * MiB;

/**
 * Fetches what is likely to be read next. Several readers of one source are told apart; what lies ahead of each grows as long as
 * it goes on, up to a multiple of what the link holds in flight, and is dropped when its reader jumps elsewhere.
 */
export class ReadAhead {
  readonly #host: ReadAheadHost;
  readonly #heads = new Heads();
  readonly #flows = new Map<Head, Set<Flow>>();
  /** A head came back after another had been read: there are several readers. */
  #manyReaders = false;
  /** A sequence was seen to go on: the next is believed sooner. */
  #sequences = 0;

  constructor(host: ReadAheadHost) {
    this.#host = host;
  }

  /** A read that was answered from what is held. */
  hit(range: Range, hints: ReadHints): void {
    if (hints.expect === "random" || this.#host.policy === "lean") return;
    const head = this.#heads.follow(range, this.#hopBytes());
    if (head !== undefined) this.#advance(head, range, hints);
  }

  /** The place of a read moved on, and nothing may be sent now. */
  note(range: Range): void {
    this.#heads.follow(range, 0);
  }

  /** A read that needs bytes which are not held. Tells whether it is part of a proven way. */
  miss(range: Range, hints: ReadHints): boolean {
    if (hints.expect === "random" || this.#host.policy === "lean") return false;
    const head = this.#heads.follow(range, this.#hopBytes());
    if (head !== undefined) return this.#advance(head, range, hints);
    const begun = this.#heads.begin(range);
    this.#dropOthers(begun);
    return hints.expect === "sequential" && this.#advance(begun, range, hints);
  }

  /** Lets go of all that nobody reads. */
  close(): void {
    this.#flows.clear();
  }

  /** Bytes up to which a gap is cheaper to read through than a round trip. */
  #hopBytes(): number {
    const { latencyMs, totalBytesPerSecond } = this.#host.link();
    return Math.min(MAX_WINDOW, (latencyMs * totalBytesPerSecond) / 1000);
  }

  #proven(head: Head, { expect }: ReadHints): boolean {
    if (expect === "sequential") return true;
    if (head.window > 0) return true;
    if (head.hops > 0) {
      // Reading through costs bytes: where they are counted, only while most of them are asked for.
      const dense = this.#host.policy === "fast" || head.gapBytes <= head.readBytes;
      return dense && head.hops + head.sequential >= PROOF_HOPS;
    }
    return head.sequential >= (this.#sequences > 0 ? 1 : PROOF_READS);
  }

  /** Sees to it that enough lies ahead of a proven head; tells whether it is proven. */
  #advance(head: Head, range: Range, hints: ReadHints): boolean {
    if (!this.#proven(head, hints)) return false;
    const { size } = this.#host;
    const link = this.#host.link();
    const cap = this.#windowCap(link);
    if (cap < MIN_WINDOW) return false;
    const left = Math.max(0, head.aheadEnd - head.position);
    if (head.window === 0) {
      head.window = Math.min(cap, this.#firstWindow(link, range));
      head.aheadEnd = Math.max(range.start, head.aheadEnd - range.length);
    } else if (left > head.window / 2) {
      return true;
    } else {
      if (head.window === this.#firstWindow(link, range)) this.#sequences++;
      head.window = Math.min(cap, 2 * head.window);
    }
    const end = Math.min(head.position + head.window, hints.aheadEnd ?? size, size);
    this.#fetch(head, new Range(Math.min(end, Math.max(range.start, head.aheadEnd)), end), link);
    return true;
  }

  #firstWindow({ latencyMs, bytesPerSecond }: LinkEstimate, range: Range): number {
    const inFlight = (latencyMs * bytesPerSecond) / 1000;
    return Math.max(MIN_WINDOW, Math.min(MiB, inFlight), 2 * range.length);
  }

  #windowCap({ latencyMs, totalBytesPerSecond }: LinkEstimate): number {
    const { policy, cacheBytes } = this.#host;
    const inFlight = (latencyMs * totalBytesPerSecond) / 1000;
    const wanted = (policy === "fast" ? 4 : 2) * inFlight;
    return Math.min(MAX_WINDOW, Math.max(2 * MiB, wanted), cacheBytes / 2);
  }

  #fetch(head: Head, range: Range, link: LinkEstimate): void {
    const piece = pieceBytes(link, head.window);
    const flows = this.#flows.get(head) ?? new Set<Flow>();
    this.#flows.set(head, flows);
    for (const flow of flows) if (flow.isSettled) flows.delete(flow);
    let allowance = this.#host.allowance();
    for (const gap of this.#host.missing(range)) {
      for (let start = gap.start; start < gap.end; ) {
        const end = gap.end - start < 1.5 * piece ? gap.end : start + piece;
        if (end - start > allowance) return;
        allowance -= end - start;
        flows.add(this.#host.fetchAhead(new Range(start, end)));
        head.aheadEnd = end;
        start = end;
      }
    }
    head.aheadEnd = Math.max(head.aheadEnd, range.end);
  }

  /** A reader jumped, or another one came: what was fetched ahead for the others is of no use, unless they come back. */
  #dropOthers(head: Head): void {
    if (this.#manyReaders) return;
    for (const other of this.#heads.others(head)) {
      const flows = this.#flows.get(other);
      if (flows === undefined) continue;
      this.#flows.delete(other);
      for (const flow of flows) flow.abandon();
      other.window = 0;
      other.aheadEnd = other.position;
    }
  }
}

/** How large the pieces of a window are: as many side by side as the link has use for, each worth its request. */
export function pieceBytes(
  { bytesPerSecond, totalBytesPerSecond, connections }: LinkEstimate,
  window: number,
): number {
  const sideBySide = Math.min(
    connections,
    Math.max(2, Math.ceil((2 * totalBytesPerSecond) / bytesPerSecond)),
  );
  return Math.round(Math.min(MAX_PIECE, Math.max(MIN_PIECE, window / sideBySide)));
}

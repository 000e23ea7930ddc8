import { RangeStreamsError } from "../errors.ts";
import { type OpenInput, type OpenOptions, openForStream, type StreamOpening } from "../open.ts";
import { INSPECT } from "../ranges/inspect.ts";
import { Range } from "../ranges/range.ts";
import type { RangeDict } from "../ranges/range-dict.ts";
import { type RangeInput, resolveRange } from "../ranges/range-input.ts";
import { closedError } from "../source/closed-error.ts";
import type { Bytes, PlannedSource, ReadOptions } from "../source/source.ts";
import { type OverlapCase, type OverlapPolicy, overlapCase, planOverlap } from "./plan-overlap.ts";
import { RangeLedger } from "./range-ledger.ts";
import { RangeResponse, type ResponseHost, type Whence } from "./range-response.ts";

/** Options of {@link RangeStream.open}. */
export interface RangeStreamOptions extends OpenOptions {
  /** The first range. Default the empty range [0, 0): only learn the size. */
  range?: RangeInput | undefined;
  /**
   * What `add` does where it overlaps unread ranges: `replant` keeps every byte outside the new range, `burn` deletes what is
   * overlapped, `strict` refuses. 0, 1 and 2 are the original's pruning levels. Default `replant`.
   */
  overlap?: OverlapPolicy | 0 | 1 | 2 | undefined;
  /** `single`: one GET of the whole, and every range a window on it. Default `ranges`. */
  mode?: "ranges" | "single" | undefined;
}

/** Options of {@link RangeStream.add}. */
export interface AddOptions {
  /** A label, shown when the handle is printed. */
  name?: string | undefined;
  /** Make it the active range. Default true. */
  activate?: boolean | undefined;
}

const POLICIES: readonly OverlapPolicy[] = ["replant", "burn", "strict"];

/**
 * A file to add byte ranges to, kept disjoint, each read like a file of its own. It asks the server for its ranges and nothing
 * beyond.
 */
export class RangeStream implements AsyncDisposable {
  /** Credentials and secret parameters removed; empty where the input was no URL. */
  readonly url: string;
  /** The last part of the path, without query or fragment; where the input was no URL, the name of the source. */
  readonly name: string;
  /** The host, with a port that is not the default; empty where the input was no URL. */
  readonly domain: string;
  /** What is read from: its `receipt` tells what the stream has cost. Closed with the stream, unless it was handed in. */
  readonly source: PlannedSource;
  /** What is still to read: the range left of each handle, and the handle. Live and read-only. */
  readonly ranges: RangeDict<RangeResponse>;
  /** What was asked for: a key changes only where a later range takes a part of it. Live and read-only. */
  readonly requestedRanges: RangeDict<RangeResponse>;
  readonly #policy: OverlapPolicy;
  readonly #owned: boolean;
  readonly #ledger = new RangeLedger();
  readonly #host: ResponseHost;
  #active: RangeResponse | undefined;
  #closed = false;

  /** @internal Use {@link RangeStream.open}. */
  constructor(opening: StreamOpening, policy: OverlapPolicy) {
    const { source, url, owned } = opening;
    const parsed = url === "" ? undefined : new URL(url);
    this.source = source;
    this.url = url;
    this.name = parsed?.pathname.split("/").at(-1) ?? source.name;
    this.domain = parsed?.host ?? "";
    this.#policy = policy;
    this.#owned = owned;
    this.ranges = this.#ledger.unread.asReadonly();
    this.requestedRanges = this.#ledger.requested.asReadonly();
    this.#host = {
      source,
      label: this.domain === "" ? `'${this.name}'` : `'${this.name}' from ${this.domain}`,
      moved: (response, before) => this.#ledger.moved(response, before),
      closed: (response) => this.#forget(response),
    };
  }

  /**
   * Opens a file. With a `range` the first request asks for it and its answer is what the first handle reads; without one a
   * request whose answer is at most 64 KiB tells the size.
   *
   * @throws INVALID_ARGUMENT and INVALID_RANGE before anything is sent, OUT_OF_BOUNDS for a first range outside the file, and what
   * opening a source may throw.
   */
  static async open(input: OpenInput, options: RangeStreamOptions = {}): Promise<RangeStream> {
    const policy = resolvePolicy(options.overlap ?? "replant");
    const { mode = "ranges" } = options;
    if (mode !== "ranges" && mode !== "single")
      throw badArgument(`The option mode is ${String(mode)}: use ranges or single`);
    const opening = await openForStream(input, options);
    const stream = new RangeStream(opening, policy);
    if (opening.range !== undefined) stream.add(opening.range);
    return stream;
  }

  /** Bytes in the file; undefined while nobody knows. */
  get totalBytes(): number | undefined {
    return Number.isFinite(this.source.size) ? this.source.size : undefined;
  }

  /**
   * All of the file, half-open.
   *
   * @throws UNKNOWN_SIZE while nobody knows its size.
   */
  get totalRange(): Range {
    return resolveRange([0], this.source.size);
  }

  /** From the lowest to the highest of `ranges`, half-open, gaps included; [0, 0) if there are none. */
  get spanningRange(): Range {
    return this.ranges.span() ?? new Range(0, 0);
  }

  /** Whether nothing is left to read. */
  get isEmpty(): boolean {
    return this.ranges.size === 0;
  }

  /** The range that was activated last, as it was asked for, half-open; undefined when there is none. */
  get activeRange(): Range | undefined {
    return this.#active?.range;
  }

  /**
   * The handle of the range that was activated last. Sends nothing.
   *
   * @throws NO_ACTIVE_RANGE when there is none.
   */
  get activeResponse(): RangeResponse {
    if (this.#active !== undefined) return this.#active;
    const message = `${this}: asked for its active range, but there is none; add one`;
    throw new RangeStreamsError("NO_ACTIVE_RANGE", message);
  }

  /**
   * Registers a range and gives its handle. Synchronous and lazy: overlaps are settled now, bytes move when the handle is first
   * read. One identical to an unread range gives the handle of that, under every policy; an empty one gives a consumed handle
   * that is registered nowhere.
   *
   * @throws INVALID_RANGE, OUT_OF_BOUNDS, UNKNOWN_SIZE, INVALID_ARGUMENT, CLOSED, and OVERLAP under `strict`; all of them before
   * anything changed.
   */
  add(input: RangeInput, options: AddOptions = {}): RangeResponse {
    if (this.#closed) throw closedError(String(this));
    const { name = "", activate = true } = options;
    if (typeof name !== "string") throw badArgument("The name of a range must be a string");
    const range = resolveRange(input, this.source.size);
    if (range.isEmpty()) return new RangeResponse(this.#unregistered(), range, name);
    const before = this.#active;
    const response = this.#ledger.identical(range) ?? this.#place(range, name);
    if (activate) this.#active = response;
    else if (before?.isClosed) this.#active = this.#ledger.latest();
    return response;
  }

  /** The keys of `ranges`, ascending. */
  listRanges(): Range[] {
    return [...this.ranges.keys()];
  }

  /**
   * Reads from the active range, as {@link RangeResponse.read} does.
   *
   * @throws NO_ACTIVE_RANGE, and what that throws.
   */
  async read(length?: number, options?: ReadOptions): Promise<Bytes> {
    return this.#activeOpen().read(length, options);
  }

  /**
   * Moves in the active range, as {@link RangeResponse.seek} does. Sends nothing.
   *
   * @throws NO_ACTIVE_RANGE, and what that throws.
   */
  seek(offset: number, whence?: Whence): number {
    return this.#activeOpen().seek(offset, whence);
  }

  /**
   * The position in the active range, in bytes from its start.
   *
   * @throws NO_ACTIVE_RANGE, CLOSED.
   */
  tell(): number {
    return this.#activeOpen().tell();
  }

  /**
   * Where a range would lie on what is unread: over its start (`head`), its end (`tail`), inside it or equal to it (`body`), over
   * all of it (`span`); undefined where it overlaps nothing. Of several, the lowest counts.
   *
   * @throws INVALID_RANGE, OUT_OF_BOUNDS, UNKNOWN_SIZE
   */
  overlapWhence(input: RangeInput): OverlapCase | undefined {
    const range = resolveRange(input, this.source.size);
    const [lowest] = this.ranges.overlapping(range);
    if (lowest === undefined) return undefined;
    return lowest[0].equals(range) ? "body" : overlapCase(lowest[0], range);
  }

  /** Closes every handle, and the source unless it was given. Twice is fine. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const response of this.#ledger.all()) response.shut();
    this.#active = undefined;
    if (this.#owned) await this.source.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** `RangeStream ⠶ [0, 3), [7, 9) @@ 'file' from host`; without the host where the input was no URL. */
  toString(): string {
    return `RangeStream ⠶ ${this.listRanges().join(", ")} @@ ${this.#host.label}`;
  }

  /** The same, for `console.log`. */
  [INSPECT](): string {
    return this.toString();
  }

  #activeOpen(): RangeResponse {
    if (this.#closed) throw closedError(String(this));
    return this.activeResponse;
  }

  /** Settles every overlap as planned, then registers the range. */
  #place(range: Range, name: string): RangeResponse {
    const overlapped = this.ranges.overlapping(range);
    const plan = planOverlap(
      overlapped.map(([unread]) => unread),
      range,
      this.#policy,
    );
    for (const [index, { kept }] of plan.entries()) if (kept === undefined) overlapped[index]?.[1].shut();
    this.#ledger.free(range);
    const response = new RangeResponse(this.#host, range, name);
    this.#ledger.place(response, true);
    for (const [index, { replanted }] of plan.entries()) {
      if (replanted === undefined) continue;
      const heir = new RangeResponse(this.#host, replanted, overlapped[index]?.[1].name ?? "");
      this.#ledger.place(heir, false);
    }
    return response;
  }

  #forget(response: RangeResponse): void {
    this.#ledger.remove(response);
    if (this.#active === response && !this.#closed) this.#active = this.#ledger.latest();
  }

  #unregistered(): ResponseHost {
    return { ...this.#host, moved: () => undefined, closed: () => undefined };
  }
}

function resolvePolicy(overlap: unknown): OverlapPolicy {
  const policy =
    typeof overlap === "number" ? POLICIES[overlap] : POLICIES.find((known) => known === overlap);
  if (policy !== undefined) return policy;
  throw badArgument(`The option overlap is ${String(overlap)}: use replant, burn or strict (or 0, 1, 2)`);
}

function badArgument(message: string): RangeStreamsError {
  return new RangeStreamsError("INVALID_ARGUMENT", message);
}

import { type Interval, IntervalList } from "../ranges/interval-list.ts";
import { Range } from "../ranges/range.ts";
import type { RangeDict } from "../ranges/range-dict.ts";
import { RangeSet } from "../ranges/range-set.ts";
import type { Bytes } from "../source/source.ts";
import { type SlabPiece, Slabs } from "./slabs.ts";
import { type SpanState, SpanView } from "./span-view.ts";

/**
 * Bytes below this are copied. Node reads into 64 KiB at a time and gives back what it did not fill; where a small answer is kept, the
 * hole behind it is too small for the next, and memory grows with every one.
 */
const ADOPTED_BYTES = 32 * 1024;

/** A request in flight, as far as the map knows it. */
export interface PendingSpan {
  readonly kind: "pending";
  /** Another for every request of a map. */
  readonly id: number;
  readonly range: Range;
  /** Up to where it has brought its bytes. */
  readonly position: number;
}

/** Verified bytes at their place. */
interface HeldSpan extends SlabPiece {
  readonly kind: "held";
  readonly range: Range;
  /**
   * The id of the request that brought them: the request itself, with all that belongs to it, took 1.5 kB for as long as a span of
   * 4 KiB was held.
   */
  readonly by: number | undefined;
}

/** Told of a range whose state on the map is another from now on. */
export type SpanListener = (state: SpanState, range: Range) => void;

/** How bytes that arrived are to be kept. */
export interface HoldOptions<Pending> {
  readonly by?: Pending | undefined;
  /** They count against no limit and stay. */
  readonly pinned?: boolean | undefined;
}

/**
 * The map of one source, and what it maps to: every position is held (its bytes are in memory), pending (a request will bring it)
 * or missing. Held bytes stay under a limit, the least recently used go first. What goes out is copied, and what comes in belongs
 * to the map from then on: nobody outside can change what the next reader gets.
 */
export class SpanMap<Pending extends PendingSpan> {
  #maxBytes: number;
  readonly #onChange: SpanListener | undefined;
  /** What people look at; made by the first look. */
  #view: SpanView | undefined;
  readonly #spans = new IntervalList<HeldSpan | Pending>();
  /** In order of use: the first is the one to go. */
  readonly #recency = new Set<HeldSpan>();
  /** Fetched, and never asked for so far. */
  readonly #unasked = new RangeSet();
  #heldBytes = 0;
  #slabs = new Slabs();
  /** The span that bytes were copied from last: the next read is mostly of the same one. */
  #lastCopied: HeldSpan | undefined;
  /** The last one in the order of use: to move it there again would change nothing. */
  #mostRecent: HeldSpan | undefined;

  constructor(maxBytes: number, onChange?: SpanListener) {
    this.#maxBytes = maxBytes;
    this.#onChange = onChange;
  }

  /** The map as people look at it: touching held spans are one. Live and read-only. Nothing is drawn before somebody looks. */
  get view(): RangeDict<"held" | "pending"> {
    if (this.#view === undefined) {
      this.#view = new SpanView();
      for (const { range, value } of this.#spans) this.#view.draw(value.kind, range);
    }
    return this.#view.spans;
  }

  /** Bytes that may be kept. */
  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** Raises the limit to `byteLength` where that is at most `limit`; tells whether so much can be held now. */
  makeRoom(limit: number, byteLength: number): boolean {
    if (byteLength > limit) return false;
    this.#maxBytes = Math.max(this.#maxBytes, byteLength);
    return true;
  }

  /** Bytes that were fetched and never asked for. */
  get unaskedBytes(): number {
    return this.#unasked.byteLength;
  }

  /** A copy of `range` where all of it is held, else undefined. */
  copy(range: Range): Bytes | undefined {
    const last = this.#lastCopied;
    if (last?.range.contains(range)) return this.#cut(last, range);
    const spans = this.#spans.overlapping(range);
    const first = spans[0];
    if (first === undefined) return range.isEmpty() ? new Uint8Array(0) : undefined;
    if (!isHeld(spans, range)) return undefined;
    if (spans.length === 1) return this.#cut(first.value as HeldSpan, range);
    const target = new Uint8Array(range.length);
    for (const { range: at, value: span } of spans)
      if (span.kind === "held") this.#copyInto(span, at, { target, range });
    return target;
  }

  /** Whether all of `range` is held. */
  holds(range: Range): boolean {
    return isHeld(this.#spans.overlapping(range), range);
  }

  /** A copy of what one held span has from `position` on, at most to `end`; undefined where nothing is held there. */
  pieceAt(position: number, end: number): Bytes | undefined {
    const span = this.#spans.at(position)?.value;
    if (span?.kind !== "held") return undefined;
    return this.#cut(span, new Range(position, Math.min(end, span.range.end)));
  }

  /**
   * As {@link SpanMap.pieceAt}, but what lies wholly inside is handed over as it is, and no longer held: for whoever reads more than
   * could stay, a copy would cost time and everything else that is held.
   */
  takeAt(position: number, end: number): Bytes | undefined {
    const span = this.#spans.at(position)?.value;
    if (span?.kind !== "held") return undefined;
    const { range, bytes, offset, byteLength } = span;
    const isWhole = range.start === position && range.end <= end;
    if (!isWhole || span.slab !== undefined || !this.#recency.has(span)) return this.pieceAt(position, end);
    this.#forget(span);
    return bytes.subarray(offset, offset + byteLength) as Bytes;
  }

  /** The request that will bring `position`, if one will. */
  pendingAt(position: number): Pending | undefined {
    const span = this.#spans.at(position)?.value;
    return span?.kind === "pending" ? span : undefined;
  }

  /**
   * Copies what is held of `range` into the target's bytes, which begin at `range.start` and are not looked at before; gives what is pending
   * of the rest.
   */
  split(range: Range, target: { readonly bytes: Bytes }): Interval<Pending>[] {
    const pending: Interval<Pending>[] = [];
    const spans = this.#spans.overlapping(range);
    for (let index = 0; index < spans.length; index++) {
      const { range: at, value } = spans[index] as Interval<HeldSpan | Pending>;
      if (value.kind === "held") this.#copyInto(value, at, { target: target.bytes, range });
      // What is asked for just now is mostly all of what one request brings.
      else pending.push({ range: at.contains(range) ? range : (at.intersection(range) as Range), value });
    }
    return pending;
  }

  /** What of `range` is missing, or pending where `joins` will not have it, ascending; what touches is one. */
  gaps(range: Range, joins: (pending: Pending, part: Range) => boolean): Range[] {
    const spans = this.#spans.overlapping(range);
    // The usual cases: nothing is there, or the one request that brings all of it.
    if (spans.length === 0) return range.isEmpty() ? [] : [range];
    const { range: at, value } = spans[0] as Interval<HeldSpan | Pending>;
    if (value.kind === "pending" && at.contains(range)) return joins(value, range) ? [] : [range];
    const gaps: Range[] = [];
    const add = (start: number, end: number): void => {
      const last = gaps.at(-1);
      if (last?.end === start) gaps[gaps.length - 1] = new Range(last.start, end);
      else gaps.push(new Range(start, end));
    };
    let position = range.start;
    for (const { range: at, value: span } of spans) {
      if (at.start > position) add(position, at.start);
      const start = Math.max(at.start, range.start);
      position = Math.min(at.end, range.end);
      if (span.kind === "pending" && !joins(span, new Range(start, position))) add(start, position);
    }
    if (position < range.end) add(position, range.end);
    return gaps;
  }

  /** What of `range` is neither held nor pending, ascending. */
  missing(range: Range): Range[] {
    return this.#spans.missing(range);
  }

  /** What of `range` is not held, ascending; what touches is one. */
  notHeld(range: Range): Range[] {
    return this.gaps(range, joinsNone);
  }

  /** A request is on its way: all of its range that is not held is pending. */
  addPending(pending: Pending): void {
    for (const range of this.notHeld(pending.range)) {
      this.#spans.set({ range, value: pending });
      this.#changed("pending", range);
    }
  }

  /** A request will bring nothing more: what it was to bring is missing again. */
  removePending(pending: Pending): void {
    for (const { range: at, value: span } of this.#spans.overlapping(pending.range)) {
      if (span !== pending) continue;
      this.#spans.carve(at);
      this.#changed("missing", at);
    }
  }

  /** Forgets the bytes that a request brought and that are held. */
  forgetBroughtBy(pending: Pending): void {
    for (const { value: span } of this.#spans.overlapping(pending.range)) {
      if (span.kind === "held" && span.by === pending.id) this.#forget(span);
    }
  }

  /** Keeps bytes that are not held yet; they belong to the map from now on. */
  hold(range: Range, bytes: Bytes, { by, pinned = false }: HoldOptions<Pending> = {}): void {
    if (!pinned && range.length > this.#maxBytes) {
      this.#passBy(range);
      return;
    }
    for (const gap of this.notHeld(range)) {
      const span = {
        kind: "held",
        range: gap,
        byteLength: gap.length,
        bytes,
        offset: gap.start - range.start,
        slab: undefined,
        by: by?.id,
      } satisfies HeldSpan;
      this.#own(span);
      this.#spans.set({ range: gap, value: span });
      this.#changed("held", gap);
      if (pinned) continue;
      this.#recency.add(span);
      this.#mostRecent = span;
      this.#heldBytes += gap.length;
    }
    this.#evict();
  }

  /** Notes that positions were fetched though nobody asked for them. */
  fetchedUnasked(range: Range): void {
    this.#unasked.add(range);
  }

  /** Notes that they never came. */
  notFetched(range: Range): void {
    if (this.#unasked.size > 0) this.#unasked.delete(range);
  }

  /** Notes that positions were asked for. */
  asked(range: Range): void {
    if (this.#unasked.size > 0) this.#unasked.delete(range);
  }

  clear(): void {
    this.#lastCopied = undefined;
    this.#mostRecent = undefined;
    // What touches goes as one.
    const ranges = new RangeSet();
    for (const { range } of this.#spans) ranges.add(range);
    this.#spans.clear();
    for (const range of ranges) this.#changed("missing", range);
    this.#recency.clear();
    this.#unasked.clear();
    this.#slabs = new Slabs();
    this.#heldBytes = 0;
  }

  /** What passed without being kept is no longer pending. */
  #passBy(range: Range): void {
    for (const gap of this.notHeld(range)) {
      this.#spans.carve(gap);
      this.#changed("missing", gap);
    }
  }

  /** Sees to it that a span keeps no buffer alive which is more than twice its size, but for one that small spans share. */
  #own(span: HeldSpan): void {
    const { bytes, offset, byteLength } = span;
    if (Slabs.takes(byteLength)) this.#slabs.put(span);
    else if (byteLength < ADOPTED_BYTES || 2 * byteLength < bytes.buffer.byteLength) {
      span.bytes = bytes.slice(offset, offset + byteLength);
      span.offset = 0;
    }
  }

  #cut(span: HeldSpan, { start, end }: Range): Bytes {
    this.#use(span);
    const from = span.offset - span.range.start;
    return span.bytes.slice(from + start, from + end);
  }

  #copyInto(span: HeldSpan, at: Range, { target, range }: { target: Bytes; range: Range }): void {
    this.#use(span);
    const start = Math.max(at.start, range.start);
    const end = Math.min(at.end, range.end);
    const from = span.offset - span.range.start;
    target.set(span.bytes.subarray(from + start, from + end), start - range.start);
  }

  #use(span: HeldSpan): void {
    this.#lastCopied = span;
    if (this.#mostRecent === span) return;
    this.#mostRecent = span;
    if (this.#recency.delete(span)) this.#recency.add(span);
  }

  #evict(): void {
    if (this.#heldBytes <= this.#maxBytes) return;
    for (const span of this.#recency) {
      if (this.#heldBytes <= this.#maxBytes) return;
      this.#forget(span);
    }
  }

  #forget(span: HeldSpan): void {
    if (this.#lastCopied === span) this.#lastCopied = undefined;
    if (this.#recency.delete(span)) this.#heldBytes -= span.range.length;
    if (Slabs.takes(span.byteLength)) this.#slabs.free(span);
    this.#spans.carve(span.range);
    this.#changed("missing", span.range);
  }

  /** Tells of every change, and draws it where somebody looks. */
  #changed(state: SpanState, range: Range): void {
    this.#view?.draw(state, range);
    this.#onChange?.(state, range);
  }
}

function joinsNone(): boolean {
  return false;
}

/** Whether `spans`, which overlap `range` and ascend, hold all of it. */
function isHeld(spans: readonly Interval<{ readonly kind: string }>[], range: Range): boolean {
  let position = range.start;
  for (const { range: at, value } of spans) {
    if (value.kind !== "held" || at.start > position) return false;
    position = at.end;
  }
  return position >= range.end;
}

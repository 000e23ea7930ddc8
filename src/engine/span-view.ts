import { Range } from "../ranges/range.ts";
import { RangeDict } from "../ranges/range-dict.ts";

/** What a position of a source is: its bytes are in memory, a request will bring them, or neither. */
export type SpanState = "held" | "pending" | "missing";

/** A range map as people look at it: touching held spans are one, and what is missing is not on it. */
export class SpanView {
  readonly #drawn = new RangeDict<"held" | "pending">();
  /** Live and read-only. */
  readonly spans: RangeDict<"held" | "pending"> = this.#drawn.asReadonly();

  /** All of `range` is in this state from now on. */
  draw(state: SpanState, range: Range): void {
    if (state === "missing") this.#drawn.delete(range);
    else this.#drawn.set(state === "held" ? this.#withHeldAround(range) : range, state);
  }

  /** Together with what is held on both sides of it. */
  #withHeldAround(range: Range): Range {
    let { start, end } = range;
    const before = start > 0 ? this.#drawn.rangeAt(start - 1) : undefined;
    if (before !== undefined && this.#drawn.get(before.start) === "held") start = before.start;
    const after = this.#drawn.rangeAt(end);
    if (after !== undefined && this.#drawn.get(end) === "held") end = after.end;
    return new Range(start, end);
  }
}

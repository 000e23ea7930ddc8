import { Range } from "../ranges/range.ts";
import { RangeSet } from "../ranges/range-set.ts";
import type { WireCall } from "./call.ts";
import type { RangeBody } from "./range-body.ts";
import type { Bytes } from "./source.ts";

/**
 * Where the bytes of several ranges come together, in whatever order they come. What was placed counts for nothing until it is
 * held: a part is only believed once it was seen to be whole.
 */
export class MultiRangeBuffer {
  /** Sorted and disjoint; ranges that touch are one. */
  readonly #wanted: RangeSet;
  readonly #held = new RangeSet();
  /** By the start of the wanted range. */
  readonly #bytes = new Map<number, Bytes>();
  readonly #given = new Set<Bytes>();

  constructor(ranges: Iterable<Range>) {
    this.#wanted = new RangeSet(ranges);
  }

  /** What is wanted and not yet held, ascending. */
  missing(): Range[] {
    return [...this.#wanted.difference(this.#held)];
  }

  /** As {@link MultiRangeBuffer.missing}, within one range. */
  missingIn(range: Range): Range[] {
    return this.#wantedIn(range).flatMap(({ shared }) => this.#held.missing(shared));
  }

  /** Writes what is wanted of bytes that begin at `at`; false where they contradict what is held. */
  place(at: number, bytes: Bytes): boolean {
    for (const { target, shared } of this.#wantedIn(new Range(at, at + bytes.byteLength))) {
      const buffer = this.#bufferOf(target);
      const source = bytes.subarray(shared.start - at, shared.end - at);
      for (const held of this.#held.overlapping(shared)) {
        const known = held.intersection(shared);
        if (known === undefined) continue;
        const before = buffer.subarray(known.start - target.start, known.end - target.start);
        if (!equalBytes(before, source.subarray(known.start - shared.start, known.end - shared.start)))
          return false;
      }
      buffer.set(source, shared.start - target.start);
    }
    return true;
  }

  /** From now on what was placed in a range is held; gives what of it was not held before. */
  hold(range: Range): Range[] {
    const fresh = this.missingIn(range);
    for (const part of fresh) this.#held.add(part);
    return fresh;
  }

  /** Takes in a body whose bytes are believed as they come, and ends it. */
  async fill(body: RangeBody, call: WireCall): Promise<void> {
    let position = body.range.start;
    try {
      for (
        let chunk = await body.readWithin(call);
        chunk !== undefined;
        chunk = await body.readWithin(call)
      ) {
        const range = new Range(position, position + chunk.byteLength);
        this.place(position, chunk);
        this.hold(range);
        position = range.end;
      }
    } finally {
      body.cancel();
    }
  }

  /** The bytes of one wanted range, which belong to the caller. All of it must be held. */
  take(range: Range): Bytes {
    const [wanted] = this.#wantedIn(range);
    if (wanted === undefined) return new Uint8Array(0);
    const { target } = wanted;
    const buffer = this.#bufferOf(target);
    if (target.equals(range) && !this.#given.has(buffer)) {
      this.#given.add(buffer);
      return buffer;
    }
    return buffer.slice(range.start - target.start, range.end - target.start);
  }

  #wantedIn(range: Range): { target: Range; shared: Range }[] {
    return this.#wanted.overlapping(range).flatMap((target) => {
      const shared = target.intersection(range);
      return shared === undefined || shared.isEmpty() ? [] : [{ target, shared }];
    });
  }

  #bufferOf(target: Range): Bytes {
    const known = this.#bytes.get(target.start);
    if (known !== undefined) return known;
    const made = new Uint8Array(target.length);
    this.#bytes.set(target.start, made);
    return made;
  }
}

function equalBytes(one: Bytes, other: Bytes): boolean {
  for (let index = 0; index < one.byteLength; index++) if (one[index] !== other[index]) return false;
  return true;
}

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Range } from "../ranges/range.ts";
import { RangeDict } from "../ranges/range-dict.ts";
import { RangeSet } from "../ranges/range-set.ts";
import type { Bytes } from "../source/source.ts";
import { patternBytes } from "../testing/pattern-bytes.ts";
import { type PendingSpan, SpanMap } from "./span-map.ts";

let requestCount = 0;
const pending = (start: number, end: number) => ({
  kind: "pending" as const,
  id: requestCount++,
  range: new Range(start, end),
  position: start,
});
const file = patternBytes(4096, 5);
const bytesOf = (range: Range): Bytes => file.slice(range.start, range.end);
/** The map as text, `[0, 3) held, [5, 9) pending`. */
const drawn = (map: SpanMap<PendingSpan>): string =>
  [...map.view].map(([range, state]) => `${range} ${state}`).join(", ");

const SIZE = 160;

/** What a map should be, byte by byte: no ranges, no merging, and every question answered by looking at each position. */
class NaiveMap {
  /** `undefined` missing, a number held, else pending. */
  readonly cells: (number | PendingSpan | undefined)[] = Array.from({ length: SIZE });
  readonly by: (PendingSpan | undefined)[] = Array.from({ length: SIZE });
  readonly unasked = new Set<number>();
  /** Which hold brought a held position: bytes come and go together. */
  readonly span: number[] = Array.from({ length: SIZE }, () => -1);
  /** Spans, the one used longest ago first. */
  order: number[] = [];
  #last = 0;

  heldBytes(): number {
    return this.cells.filter((cell) => typeof cell === "number").length;
  }

  use(range: Range): void {
    for (const position of positions(range)) this.touch(this.span[position] as number);
  }

  touch(span: number): void {
    if (!this.order.includes(span)) return;
    this.order = [...this.order.filter((other) => other !== span), span];
  }

  hold(range: Range, by: PendingSpan | undefined, maxBytes: number): void {
    if (range.length > maxBytes) {
      for (const at of positions(range)) if (typeof this.cells[at] !== "number") this.cells[at] = undefined;
      return;
    }
    let inside = false;
    for (const at of positions(range)) {
      if (typeof this.cells[at] === "number") {
        inside = false;
        continue;
      }
      if (!inside) this.order.push(++this.#last);
      inside = true;
      this.cells[at] = file[at];
      this.by[at] = by;
      this.span[at] = this.#last;
    }
    while (this.heldBytes() > maxBytes) this.forget((span) => span === this.order[0]);
  }

  forget(which: (span: number) => boolean): void {
    for (let at = 0; at < SIZE; at++) {
      if (typeof this.cells[at] === "number" && which(this.span[at] as number)) this.cells[at] = undefined;
    }
    this.order = this.order.filter((span) => !which(span));
  }

  forgetBroughtBy(by: PendingSpan): void {
    const dropped = new Set<number>();
    for (let at = 0; at < SIZE; at++) {
      if (typeof this.cells[at] === "number" && this.by[at] === by) dropped.add(this.span[at] as number);
    }
    this.forget((span) => dropped.has(span));
  }

  /** Positions of `range` in runs of one kind, each as text. */
  runs(range: Range, kindOf: (cell: number | PendingSpan | undefined) => string | undefined): string {
    const runs: { kind: string; range: Range }[] = [];
    let open = false;
    for (const at of positions(range)) {
      const kind = kindOf(this.cells[at]);
      const last = runs.at(-1);
      if (kind === undefined) open = false;
      else if (open && last?.kind === kind) last.range = new Range(last.range.start, at + 1);
      else {
        runs.push({ kind, range: new Range(at, at + 1) });
        open = true;
      }
    }
    return runs.map((run) => `${run.range}${run.kind}`).join(" ");
  }
}

function* positions({ start, end }: Range): Generator<number> {
  for (let at = start; at < end; at++) yield at;
}

const texts = (ranges: readonly Range[], kind = ""): string =>
  ranges.map((range) => `${range}${kind}`).join(" ");
const isMissing = (cell: unknown): string | undefined => (cell === undefined ? "" : undefined);
const isNotHeld = (cell: unknown): string | undefined => (typeof cell === "number" ? undefined : "");

const ranges = fc
  .tuple(fc.nat(SIZE - 1), fc.integer({ min: 1, max: 40 }))
  .map(([start, length]) => new Range(start, Math.min(SIZE, start + length)));
const steps = fc.record({
  kind: fc.constantFrom("await", "hold", "hold", "settle", "drop", "copy", "split", "piece", "ask", "fetch"),
  range: ranges,
  which: fc.nat(5),
});

describe("a span map, and a model of it that looks at every byte", () => {
  it("answer alike, whatever is done to them", () => {
    const limits = fc.constantFrom(0, 10, 50, 90, SIZE);
    fc.assert(
      fc.property(fc.array(steps, { minLength: 1, maxLength: 60 }), limits, (program, maxBytes) => {
        const told = new RangeDict<"held" | "pending">();
        const map = new SpanMap<PendingSpan>(maxBytes, (state, range) => {
          if (state === "missing") told.delete(range);
          else told.set(range, state);
        });
        const naive = new NaiveMap();
        const requests: PendingSpan[] = [];
        for (const { kind, range, which } of program) {
          const request = requests[which % Math.max(1, requests.length)];
          play({ map, naive, requests, request, maxBytes }, kind, range);
          expectAlike(map, naive, maxBytes);
          for (const at of [0, SIZE / 2, range.start, range.end - 1])
            expect(told.get(at)).toBe(map.view.get(at));
        }
      }),
      { numRuns: 400 },
    );
  });

  it("show the same to whoever looks late", () => {
    fc.assert(
      fc.property(
        fc.array(steps, { minLength: 1, maxLength: 60 }),
        fc.constantFrom(50, SIZE),
        (program, maxBytes) => {
          const [early, late] = [true, false].map((looks) => {
            const map = new SpanMap<PendingSpan>(maxBytes);
            const naive = new NaiveMap();
            const requests: PendingSpan[] = [];
            if (looks) expect(map.view.size).toBe(0);
            for (const { kind, range, which } of program) {
              const request = requests[which % Math.max(1, requests.length)];
              play({ map, naive, requests, request, maxBytes }, kind, range);
            }
            return drawn(map);
          });
          expect(late).toBe(early);
        },
      ),
      { numRuns: 200 },
    );
  });
});

interface Pair {
  readonly map: SpanMap<PendingSpan>;
  readonly naive: NaiveMap;
  readonly requests: PendingSpan[];
  readonly request: PendingSpan | undefined;
  readonly maxBytes: number;
}

function play({ map, naive, requests, request, maxBytes }: Pair, kind: string, range: Range): void {
  switch (kind) {
    case "await": {
      const added = pending(range.start, range.end);
      requests.push(added);
      map.addPending(added);
      for (const at of positions(range)) if (typeof naive.cells[at] !== "number") naive.cells[at] = added;
      return;
    }
    case "hold":
      return holdPart({ map, naive, requests, request, maxBytes }, range);
    case "settle":
      if (request === undefined) return;
      map.removePending(request);
      for (let at = 0; at < SIZE; at++) if (naive.cells[at] === request) naive.cells[at] = undefined;
      return;
    case "drop":
      if (request === undefined) return;
      map.forgetBroughtBy(request);
      naive.forgetBroughtBy(request);
      return;
    case "copy":
      return compareCopy(map, naive, range);
    case "split":
      return compareSplit(map, naive, range);
    case "piece":
      return comparePiece(map, naive, range);
    case "ask":
      map.asked(range);
      for (const at of positions(range)) naive.unasked.delete(at);
      return;
    default:
      map.fetchedUnasked(range);
      for (const at of positions(range)) naive.unasked.add(at);
  }
}

/** A request brings nothing outside of its range. */
function holdPart({ map, naive, request, maxBytes }: Pair, range: Range): void {
  const part = request?.range.intersection(range);
  const by = part === undefined || part.isEmpty() ? undefined : request;
  const held = by === undefined ? range : (part as Range);
  map.hold(held, bytesOf(held), { by });
  naive.hold(held, by, maxBytes);
}

function compareCopy(map: SpanMap<PendingSpan>, naive: NaiveMap, range: Range): void {
  const isHeld = naive.runs(range, isNotHeld) === "";
  const copy = map.copy(range);
  expect(map.holds(range)).toBe(isHeld);
  expect(copy).toEqual(isHeld ? bytesOf(range) : undefined);
  if (!isHeld) return;
  naive.use(range);
  copy?.fill(0);
}

function compareSplit(map: SpanMap<PendingSpan>, naive: NaiveMap, range: Range): void {
  const target = new Uint8Array(range.length).fill(0);
  const rest = map.split(range, { bytes: target });
  expect(texts(map.missing(range))).toBe(naive.runs(range, isMissing));
  for (const at of positions(range)) {
    const cell = naive.cells[at];
    const part = rest.find((one) => one.range.contains(at));
    expect(part?.value).toBe(typeof cell === "object" ? cell : undefined);
    expect(target[at - range.start]).toBe(typeof cell === "number" ? cell : 0);
    if (typeof cell === "number") naive.touch(naive.span[at] as number);
  }
}

function comparePiece(map: SpanMap<PendingSpan>, naive: NaiveMap, { start, end }: Range): void {
  const piece = map.pieceAt(start, end);
  const span = naive.span[start];
  let upTo = start;
  if (typeof naive.cells[start] === "number") {
    while (upTo < end && typeof naive.cells[upTo] === "number" && naive.span[upTo] === span) upTo++;
    naive.touch(span as number);
  }
  expect(piece).toEqual(upTo === start ? undefined : file.slice(start, upTo));
  const cell = naive.cells[start];
  expect(map.pendingAt(start)).toBe(typeof cell === "object" ? cell : undefined);
  piece?.fill(0);
}

function expectAlike(map: SpanMap<PendingSpan>, naive: NaiveMap, maxBytes: number): void {
  const all = new Range(0, SIZE);
  // The same total of what is held, touching spans as one.
  const held = texts([...map.view].filter(([, state]) => state === "held").map(([range]) => range));
  expect(held).toBe(naive.runs(all, (cell) => (typeof cell === "number" ? "" : undefined)));
  const waiting = new RangeSet(
    [...map.view].filter(([, state]) => state === "pending").map(([range]) => range),
  );
  expect(texts([...waiting])).toBe(naive.runs(all, (cell) => (typeof cell === "object" ? "" : undefined)));
  expect(texts(map.missing(all))).toBe(naive.runs(all, isMissing));
  expect(texts(map.notHeld(all))).toBe(naive.runs(all, isNotHeld));
  const joined = map.gaps(all, ({ range }) => range.start % 2 === 0);
  const isGap = (cell: unknown): string | undefined =>
    typeof cell === "number" || (typeof cell === "object" && (cell as PendingSpan).range.start % 2 === 0)
      ? undefined
      : "";
  expect(texts(joined)).toBe(naive.runs(all, isGap));
  expect(map.unaskedBytes).toBe(naive.unasked.size);
  expect(naive.heldBytes()).toBeLessThanOrEqual(maxBytes);
}

describe("what a span map keeps", () => {
  it("is shown as one where held spans touch, and never as one with what is pending", () => {
    const map = new SpanMap<PendingSpan>(1000);
    map.addPending(pending(0, 40));
    for (const [start, end] of [
      [10, 20],
      [0, 10],
      [25, 30],
    ] as const)
      map.hold(new Range(start, end), bytesOf(new Range(start, end)));
    expect(drawn(map)).toBe("[0, 20) held, [20, 25) pending, [25, 30) held, [30, 40) pending");
  });

  it("is a live view that nobody outside can change", () => {
    const map = new SpanMap<PendingSpan>(1000);
    const { view } = map;
    map.hold(new Range(0, 4), bytesOf(new Range(0, 4)));
    expect(drawn(map)).toBe("[0, 4) held");
    expect(() => view.set([10, 20], "held")).toThrow();
    expect(() => view.delete([0, 4])).toThrow();
    expect(() => view.clear()).toThrow();
    expect(drawn(map)).toBe("[0, 4) held");
    map.clear();
    expect([...view]).toEqual([]);
  });

  it("goes in the order of use, the one used longest ago first", () => {
    const map = new SpanMap<PendingSpan>(30);
    const [first, second, third] = [new Range(0, 10), new Range(20, 30), new Range(40, 50)];
    for (const range of [first, second, third]) map.hold(range, bytesOf(range));
    map.copy(first);
    map.hold(new Range(60, 70), bytesOf(new Range(60, 70)));
    expect(drawn(map)).toBe("[0, 10) held, [40, 50) held, [60, 70) held");
  });

  it("stays where it is read again and again while others only arrive", () => {
    const map = new SpanMap<PendingSpan>(30);
    const root = new Range(0, 10);
    map.hold(root, bytesOf(root));
    for (let start = 20; start < 200; start += 20) {
      expect(map.copy(root)).toEqual(bytesOf(root));
      map.hold(new Range(start, start + 10), bytesOf(new Range(start, start + 10)));
    }
    expect(map.holds(root)).toBe(true);
  });

  it("counts nothing that is pinned, and what is pinned stays", () => {
    const map = new SpanMap<PendingSpan>(0);
    const first = new Range(0, 50);
    map.hold(first, bytesOf(first), { pinned: true });
    map.hold(new Range(60, 61), bytesOf(new Range(60, 61)));
    expect(drawn(map)).toBe("[0, 50) held");
    expect(map.copy(new Range(10, 20))).toEqual(file.slice(10, 20));
  });

  it("takes in nothing that is larger than its limit, and forgets that it was pending", () => {
    const map = new SpanMap<PendingSpan>(30);
    map.addPending(pending(0, 50));
    map.hold(new Range(0, 40), bytesOf(new Range(0, 40)));
    expect(drawn(map)).toBe("[40, 50) pending");
  });

  it("may be allowed more, up to a limit and never less", () => {
    const map = new SpanMap<PendingSpan>(30);
    expect(map.makeRoom(100, 101)).toBe(false);
    expect(map.maxBytes).toBe(30);
    expect(map.makeRoom(100, 90)).toBe(true);
    expect(map.makeRoom(100, 10)).toBe(true);
    expect(map.maxBytes).toBe(90);
    map.hold(new Range(0, 90), bytesOf(new Range(0, 90)));
    expect(drawn(map)).toBe("[0, 90) held");
  });

  it("keeps no large buffer alive for a small part of it", () => {
    const map = new SpanMap<PendingSpan>(100_000);
    const large = new Uint8Array(65_536);
    large.set(file);
    map.hold(new Range(100, 110), large.subarray(100, 110));
    map.hold(new Range(0, 65_000), large.subarray(0, 65_000));
    large.fill(0);
    // What was copied no longer has to do with the buffer; what is most of it does.
    expect(map.copy(new Range(100, 110))).toEqual(file.slice(100, 110));
    expect(map.copy(new Range(200, 210))).toEqual(new Uint8Array(10));
  });

  it("gives copies: what is done to one changes neither the map nor another", () => {
    const map = new SpanMap<PendingSpan>(1000);
    const range = new Range(0, 100);
    map.hold(range, bytesOf(range));
    for (const take of [() => map.copy(range), () => map.pieceAt(0, 100)]) {
      const bytes = take() as Bytes;
      expect(bytes.buffer.byteLength).toBe(100);
      bytes.fill(0);
      expect(map.copy(range)).toEqual(bytesOf(range));
    }
  });
});

describe("what was fetched and never asked for", () => {
  it("is counted once, until it is asked for or proves not to come", () => {
    const map = new SpanMap<PendingSpan>(1000);
    map.fetchedUnasked(new Range(0, 100));
    map.fetchedUnasked(new Range(50, 150));
    expect(map.unaskedBytes).toBe(150);
    map.asked(new Range(10, 20));
    map.asked(new Range(15, 25));
    expect(map.unaskedBytes).toBe(135);
    map.notFetched(new Range(140, 160));
    expect(map.unaskedBytes).toBe(125);
    map.clear();
    expect(map.unaskedBytes).toBe(0);
  });
});

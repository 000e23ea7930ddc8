import { describe, expect, it } from "vitest";
import { CLOUD, type LinkProfile, WAN } from "../../test/engine/imitated-wire.ts";
import { Range } from "../ranges/range.ts";
import { RangeSet } from "../ranges/range-set.ts";
import type { Policy } from "./budget.ts";
import type { Flow } from "./flow.ts";
import { ReadAhead, type ReadHints } from "./read-ahead.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

interface Fetched {
  readonly range: Range;
  isAbandoned: boolean;
  readonly flow: Flow;
}

interface Setting {
  readonly policy?: Policy;
  readonly link?: LinkProfile;
  readonly size?: number;
  readonly cacheBytes?: number;
  readonly allowance?: number;
  readonly room?: boolean;
}

/** A reader of a file of which nothing is held but what it read, and what was fetched ahead for it. */
class Reader {
  readonly fetched: Fetched[] = [];
  readonly here = new RangeSet();
  readonly ahead: ReadAhead;

  constructor({ policy = "balanced", link = CLOUD, size = 256 * MiB, ...rest }: Setting = {}) {
    const allowance = rest.allowance ?? Number.POSITIVE_INFINITY;
    this.ahead = new ReadAhead({
      size,
      policy,
      cacheBytes: rest.cacheBytes ?? 64 * MiB,
      link: () => ({ ...link, idle: 1, measured: true }),
      allowance: () => allowance - this.fetchedBytes,
      missing: (range) => this.here.missing(range),
      fetchAhead: (range) => this.#fetch(range),
      makeRoom: () => rest.room ?? true,
    });
  }

  get fetchedBytes(): number {
    return this.fetched.reduce((sum, { range }) => sum + range.length, 0);
  }

  /** Up to where anything was fetched ahead. */
  get end(): number {
    return Math.max(0, ...this.fetched.map(({ range }) => range.end));
  }

  read(start: number, end: number, { alone = true, ...hints }: ReadHints & { alone?: boolean } = {}): void {
    const range = new Range(start, end);
    const isHeld = this.here.covers(range);
    if (isHeld) this.ahead.hit(range, hints);
    else this.ahead.miss(range, hints, alone);
    this.here.add(range);
  }

  /** So many reads of `byteLength`, each where the one before ended. Gives where the next one would begin. */
  readOn(
    start: number,
    count: number,
    { byteLength = 4 * KiB, ...hints }: ReadHints & { byteLength?: number } = {},
  ): number {
    for (let index = 0; index < count; index++)
      this.read(start + index * byteLength, start + (index + 1) * byteLength, hints);
    return start + count * byteLength;
  }

  /** All of what was fetched came in. */
  arrive({ range, flow }: Fetched): void {
    Object.assign(flow, { position: range.end, isSettled: true });
    this.ahead.settled(flow, "complete");
  }

  #fetch(range: Range): Flow {
    this.here.add(range);
    const one: Fetched = { range, isAbandoned: false, flow: undefined as never };
    const flow = {
      range,
      position: range.start,
      isSettled: false,
      abandon: () => {
        one.isAbandoned = true;
      },
    };
    this.fetched.push(Object.assign(one, { flow: flow as unknown as Flow }));
    return one.flow;
  }
}

describe("a sequence", () => {
  it("is read ahead of from its third read on, from where that begins", () => {
    const reader = new Reader();
    reader.readOn(1000, 2);
    expect(reader.fetched).toEqual([]);
    reader.readOn(1000 + 8 * KiB, 1);
    expect(reader.fetched[0]?.range.start).toBe(1000 + 8 * KiB);
    expect(reader.end).toBeGreaterThanOrEqual(1000 + 256 * KiB);
    expect(reader.end).toBeLessThanOrEqual(1000 + 8 * KiB + 2 * MiB);
  });

  it.each([
    ["small", 3 * KiB],
    ["large", 300 * KiB],
  ])(
    "of %s reads that may each send one request is read ahead of by one for each, at most",
    (_, byteLength) => {
      const reader = new Reader();
      let own = 0;
      for (let index = 0; index < 100; index++) {
        const range = new Range(index * byteLength, (index + 1) * byteLength);
        const [before, isMissing] = [reader.fetched.length, !reader.here.covers(range)];
        reader.readOn(range.start, 1, { byteLength, divide: false });
        const sent = reader.fetched.length - before;
        // What is fetched ahead of a read that is missing itself brings that too.
        if (isMissing && sent === 0) own++;
        else if (isMissing) expect(reader.fetched.at(-1)?.range.contains(range)).toBe(true);
        expect(sent).toBeLessThanOrEqual(1);
        if (index % 5 === 4) for (const one of reader.fetched.slice(0, -1)) reader.arrive(one);
      }
      expect(own).toBe(2);
      const ends = reader.fetched.map(({ range }) => range.end);
      expect(reader.fetched.slice(1).map(({ range }) => range.start)).toEqual(ends.slice(0, -1));
      expect(reader.fetched.length).toBeLessThan(60);
    },
  );

  it("that may send one request a read asks for the first gap alone, and for the next by the next", () => {
    const reader = new Reader();
    reader.here.add([20 * KiB, 30 * KiB]);
    reader.here.add([40 * KiB, 44 * KiB]);
    const end = reader.readOn(0, 3, { divide: false });
    reader.readOn(end, 3, { divide: false });
    const starts = reader.fetched.map(({ range }) => range.start);
    expect(reader.fetched[0]?.range).toEqual(new Range(8 * KiB, 20 * KiB));
    expect(starts.slice(1, 3)).toEqual([30 * KiB, 44 * KiB]);
  });

  it("of long reads that may send one request each is not read ahead of", () => {
    const reader = new Reader();
    reader.readOn(0, 8, { byteLength: 3 * MiB, divide: false });
    expect(reader.fetched).toEqual([]);
    reader.readOn(24 * MiB, 2, { byteLength: 3 * MiB });
    expect(reader.fetched).not.toEqual([]);
  });

  it("has more ahead of it at once where an answer takes long", () => {
    const [near, far] = [CLOUD, WAN].map((link) => {
      const reader = new Reader({ link });
      reader.readOn(0, 2, { byteLength: 64 * KiB });
      return reader.end;
    });
    // A window may end a piece later.
    expect(near).toBeLessThanOrEqual(320 * KiB + 2 * MiB);
    expect(far).toBeGreaterThan(3.5 * MiB);
    expect(far).toBeLessThanOrEqual(320 * KiB + 4 * MiB);
  });

  it("is proven by what was read of the opening, and read ahead of as soon as it leaves that", () => {
    const reader = new Reader();
    reader.here.add([0, 32 * KiB]);
    reader.readOn(16 * KiB, 2, { byteLength: 8 * KiB });
    expect(reader.fetched).toEqual([]);
    reader.readOn(32 * KiB, 1, { byteLength: 8 * KiB });
    expect(reader.fetched[0]?.range.start).toBe(32 * KiB);

    const noting = new Reader();
    noting.here.add([0, 32 * KiB]);
    for (let start = 0; start < 32 * KiB; start += 4 * KiB)
      noting.ahead.note(new Range(start, start + 4 * KiB));
    expect(noting.fetched).toEqual([]);
    noting.readOn(32 * KiB, 1);
    // Nine in a row: no header is read so.
    expect(noting.end).toBeGreaterThan(1.9 * MiB);
    expect(noting.end).toBeLessThanOrEqual(36 * KiB + 2.3 * MiB);
  });

  it("is not proven by what was read of the opening elsewhere, nor by hits once something was missed", () => {
    const reader = new Reader();
    reader.here.add([0, 32 * KiB]);
    reader.readOn(0, 4);
    reader.read(8 * MiB, 8 * MiB + 4 * KiB);
    reader.here.add([16 * MiB, 17 * MiB]);
    reader.readOn(16 * MiB, 256);
    reader.read(17 * MiB, 17 * MiB + 4 * KiB);
    expect(reader.fetched).toEqual([]);
  });

  it("goes on when its reader takes some of what lies ahead, and leaves out the rest", () => {
    const reader = new Reader();
    const position = reader.readOn(0, 2000);
    for (const hop of [1, 2, 3]) {
      const start = position + hop * MiB;
      reader.ahead.note(new Range(start, start + 4 * KiB));
    }
    const next = position + 3 * MiB + 16 * KiB;
    reader.here.delete([next, next + 4 * KiB]);
    reader.read(next, next + 4 * KiB);
    expect(reader.fetched.filter(({ isAbandoned }) => isAbandoned)).toEqual([]);
  });

  it("has more asked for while its next piece waits and those behind it come in, by half at most", () => {
    const reader = new Reader();
    const position = reader.readOn(0, 1600);
    for (const one of reader.fetched) if (one.range.end <= position) reader.arrive(one);
    const [next, ...behind] = reader.fetched.filter(({ range }) => range.end > position);
    const aheadBytes = reader.end - position;
    for (const one of behind) reader.arrive(one);
    const more = reader.end - position;
    expect(more).toBeGreaterThan(1.3 * aheadBytes);
    expect(more).toBeLessThanOrEqual(1.5 * aheadBytes + 512 * KiB);
    expect(reader.end - (next?.range.start ?? 0)).toBeLessThanOrEqual(16 * MiB);
    // Until the reader goes on, there it ends.
    for (const one of reader.fetched.slice(-4)) reader.arrive(one);
    expect(reader.end - position).toBeLessThanOrEqual(1.5 * aheadBytes + 512 * KiB);
  });

  it("has more ahead of it the longer it goes on, up to the bound of its policy, and no hole", () => {
    for (const policy of ["balanced", "fast"] as const) {
      for (const link of [CLOUD, WAN]) {
        const reader = new Reader({ policy, link });
        const inFlight = (link.latencyMs * link.totalBytesPerSecond) / 1000;
        const times = policy === "fast" ? 4 : Math.min(2, 1 + 75 / link.latencyMs);
        const cap = Math.min(16 * MiB, Math.max(2 * MiB, times * inFlight));
        let mostAhead = 0;
        const first: number[] = [];
        for (
          let position = 0;
          position < 64 * MiB;
          position = reader.readOn(position, 1, { byteLength: 64 * KiB })
        ) {
          const ahead = reader.end - position;
          if (first.length < 4 && ahead > (first.at(-1) ?? 0)) first.push(ahead);
          mostAhead = Math.max(mostAhead, ahead);
        }
        expect(first.length).toBe(4);
        expect(mostAhead).toBeLessThanOrEqual(cap);
        expect(mostAhead).toBeGreaterThan(cap / 2);
        expect(new RangeSet(reader.fetched.map(({ range }) => range)).size).toBe(1);
        // Nothing is asked for twice.
        expect(new RangeSet(reader.fetched.map(({ range }) => range)).byteLength).toBe(reader.fetchedBytes);
      }
    }
  });

  it("ends ahead of the reader where the file does, and where a hint says", () => {
    const reader = new Reader({ size: 5 * MiB });
    reader.readOn(0, 80, { byteLength: 64 * KiB });
    expect(reader.end).toBe(5 * MiB);
    const bounded = new Reader();
    bounded.readOn(0, 30, { byteLength: 64 * KiB, aheadEnd: 2 * MiB + 5 });
    expect(bounded.end).toBe(2 * MiB + 5);
  });

  it("announced by a hint is read ahead of at once; told to be random never", () => {
    const reader = new Reader();
    reader.readOn(1000, 1, { expect: "sequential" });
    expect(reader.fetched[0]?.range.start).toBe(1000);
    const random = new Reader();
    random.readOn(0, 50, { expect: "random" });
    expect(random.fetched).toEqual([]);
  });

  it.each(["balanced", "fast", "lean"] as const)("never spends more than it is allowed: %s", (policy) => {
    const reader = new Reader({ policy, allowance: 3 * MiB });
    reader.readOn(0, 200, { byteLength: 64 * KiB });
    expect(reader.fetchedBytes).toBeLessThanOrEqual(3 * MiB);
    if (policy !== "lean") expect(reader.fetchedBytes).toBeGreaterThan(2 * MiB);
  });

  it("has no more than half the cache ahead of it, and nothing where that is too little", () => {
    const reader = new Reader({ cacheBytes: 2 * MiB });
    let mostAhead = 0;
    for (let position = 0; position < 16 * MiB; position = reader.readOn(position, 1))
      mostAhead = Math.max(mostAhead, reader.end - position);
    expect(mostAhead).toBeLessThanOrEqual(MiB);
    expect(mostAhead).toBeGreaterThan(512 * KiB);
    for (const cacheBytes of [0, 256 * KiB]) {
      const none = new Reader({ cacheBytes });
      none.readOn(0, 50);
      expect(none.fetched).toEqual([]);
    }
  });

  it("is never read ahead of under lean, nor where an answer takes no time", () => {
    const lean = new Reader({ policy: "lean" });
    lean.readOn(0, 100, { expect: "sequential" });
    expect(lean.fetched).toEqual([]);
    const near = new Reader({ link: { ...CLOUD, latencyMs: 0, connectMs: 0 } });
    near.readOn(0, 100);
    expect(near.fetched).toEqual([]);
  });

  it("that is read by two in lockstep is fetched once", () => {
    const reader = new Reader();
    for (let position = 0; position < 8 * MiB; position += 64 * KiB)
      for (const alone of [true, false]) reader.read(position, position + 64 * KiB, { alone });
    expect(new RangeSet(reader.fetched.map(({ range }) => range)).byteLength).toBe(reader.fetchedBytes);
    expect(reader.fetched.every(({ isAbandoned }) => !isAbandoned)).toBe(true);
  });

  it("of each of two readers far apart is read ahead of, and neither drops what the other has", () => {
    const reader = new Reader();
    for (let step = 0; step < 64; step++)
      for (const base of [0, 128 * MiB]) {
        const start = base + step * 64 * KiB;
        reader.read(start, start + 64 * KiB, { alone: false });
      }
    for (const base of [0, 128 * MiB]) {
      const own = reader.fetched.filter(({ range }) => range.start >= base && range.start < base + 64 * MiB);
      expect(Math.max(...own.map(({ range }) => range.end))).toBeGreaterThan(base + 65 * 64 * KiB);
    }
    expect(reader.fetched.every(({ isAbandoned }) => !isAbandoned)).toBe(true);
  });

  it("that is read again from what is held fetches nothing", () => {
    const reader = new Reader({ size: 4 * MiB });
    reader.readOn(0, 64, { byteLength: 64 * KiB });
    const { length } = reader.fetched;
    for (let again = 0; again < 3; again++) reader.readOn(0, 64, { byteLength: 64 * KiB });
    expect(reader.fetched).toHaveLength(length);
  });
});

describe("a jump", () => {
  it("drops what was fetched ahead, and the reader must prove its way anew", () => {
    const reader = new Reader();
    reader.readOn(0, 10, { byteLength: 64 * KiB });
    expect(reader.fetched.length).toBeGreaterThan(0);
    const before = reader.fetched.length;
    reader.read(100 * MiB, 100 * MiB + 100);
    expect(reader.fetched.slice(0, before).every(({ isAbandoned }) => isAbandoned)).toBe(true);
    expect(reader.fetched).toHaveLength(before);
  });

  it("of a reader beside others drops nothing", () => {
    const reader = new Reader();
    reader.readOn(0, 10, { byteLength: 64 * KiB });
    reader.read(100 * MiB, 100 * MiB + 100, { alone: false });
    expect(reader.fetched.every(({ isAbandoned }) => !isAbandoned)).toBe(true);
  });

  it("to runs of like length is believed sooner, and read about as far as those went", () => {
    const reader = new Reader();
    const run = 35 * 64 * KiB;
    for (let seek = 0; seek < 6; seek++) reader.readOn(seek * 32 * MiB, 35, { byteLength: 64 * KiB });
    const over = reader.fetchedBytes - 6 * run;
    // The first run taught how far the others go.
    const last = reader.fetched.filter(({ range }) => range.start >= 160 * MiB);
    expect(last[0]?.range.start).toBe(160 * MiB + 64 * KiB);
    expect(Math.max(...last.map(({ range }) => range.end))).toBeLessThan(160 * MiB + 1.5 * run);
    expect(over).toBeLessThan(8 * MiB);
  });
});

describe("a walk of hops", () => {
  const walk = (
    reader: Reader,
    count: number,
    { step, byteLength }: { step: number; byteLength: number },
  ): void => {
    for (let index = 0; index < count; index++) reader.read(index * step, index * step + byteLength);
  };

  it("is read through where a gap costs less than a round trip: fast", () => {
    const reader = new Reader({ policy: "fast" });
    walk(reader, 40, { step: 200_000, byteLength: 512 });
    expect(reader.fetched.length).toBeGreaterThan(0);
    expect(reader.end).toBeGreaterThan(40 * 200_000);
  });

  it("is read through under balanced only where most of it is asked for", () => {
    const sparse = new Reader();
    walk(sparse, 40, { step: 200_000, byteLength: 512 });
    expect(sparse.fetched).toEqual([]);
    const dense = new Reader();
    walk(dense, 40, { step: 10_000, byteLength: 8000 });
    expect(dense.fetched.length).toBeGreaterThan(0);
  });

  it("is a row of jumps where its gaps cost more than a round trip", () => {
    const reader = new Reader({ policy: "fast", allowance: 100 * MiB });
    walk(reader, 20, { step: 4 * MiB, byteLength: 512 });
    expect(reader.fetched).toEqual([]);
  });
});

describe("reads from nowhere, under fast", () => {
  const jumpAbout = (reader: Reader, count: number, size: number): void => {
    for (let index = 0; index < count; index++) {
      const start = (index * 7_654_321) % (size - 100);
      reader.read(start, start + 100);
    }
  };
  // A round trip of 20 ms moves 2.5 MB: after ten of them 25 MB would have been there.
  const size = 25_000_000;

  it("lead to the file being read through once they cost as much, and not before", () => {
    const reader = new Reader({ policy: "fast", size });
    jumpAbout(reader, 9, size);
    expect(reader.fetched).toEqual([]);
    jumpAbout(reader, 12, size);
    expect(reader.fetched.length).toBeGreaterThan(0);
    for (let at = 0; at < reader.fetched.length; at++) {
      const { flow, range } = reader.fetched[at] as Fetched;
      Object.assign(flow, { position: range.end, isSettled: true });
      reader.ahead.settled(flow, "complete");
    }
    expect(reader.here.missing(new Range(0, size))).toEqual([]);
  });

  it.each<[string, Setting]>([
    ["under balanced", { policy: "balanced" }],
    ["where so much may not be spent", { policy: "fast", allowance: size - 1 }],
    ["where so much may not be held", { policy: "fast", room: false }],
  ])("never do so %s", (_, setting) => {
    const reader = new Reader({ size, ...setting });
    jumpAbout(reader, 200, size);
    expect(reader.fetched).toEqual([]);
  });
});

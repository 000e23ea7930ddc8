import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Range } from "../ranges/range.ts";
import { RangeSet } from "../ranges/range-set.ts";
import type { BlockStore, Bytes, Identity } from "../source/source.ts";
import { patternBytes } from "../testing/pattern-bytes.ts";
import { StoredBytes, type StoredBytesOptions } from "./stored-bytes.ts";

const BLOCK = 64 * 1024;
const SIZE = 5 * BLOCK + 1000;
const FILE = patternBytes(SIZE, 3);
const url = "https://files.example/data.bin";
const identity: Identity = { strength: "strong", etag: '"v1"' };

function stored(store: BlockStore, options: Partial<StoredBytesOptions> = {}): StoredBytes {
  const made = StoredBytes.forSource({ store, url, size: SIZE, identity, ...options });
  if (made === undefined) throw new Error("nothing may be stored of this source");
  return made;
}

const save = (to: StoredBytes, start: number, end: number): void =>
  to.save(new Range(start, end), FILE.slice(start, end));

/** What is stored of the whole file, after its bytes were compared. */
async function extents(of: StoredBytes, within = new Range(0, SIZE)): Promise<[number, number][]> {
  const pieces = await of.load(within);
  expectPieces(pieces, within);
  return [...new RangeSet(pieces.map(([range]) => range))].map(({ start, end }) => [start, end]);
}

function expectPieces(pieces: [Range, Bytes][], within: Range): void {
  let free = within.start;
  for (const [range, bytes] of pieces) {
    expect(range.start).toBeGreaterThanOrEqual(free);
    expect(range.end).toBeLessThanOrEqual(within.end);
    expect(bytes.byteLength).toBe(range.length);
    // A matcher over every byte is slow.
    expect(bytes.findIndex((byte, index) => byte !== FILE[range.start + index])).toBe(-1);
    free = range.end;
  }
}

const nothing: [number, number][] = [];

describe("StoredBytes", () => {
  it("gives a second source what the first one saved, and nothing else", async () => {
    const store = new Map<string, Uint8Array>();
    const first = stored(store);
    save(first, 100, 300);
    save(first, BLOCK - 10, 2 * BLOCK + 10);
    save(first, SIZE - 5, SIZE);
    await first.flush();
    expect(await extents(stored(store))).toEqual([
      [100, 300],
      [BLOCK - 10, 2 * BLOCK + 10],
      [SIZE - 5, SIZE],
    ]);
    expect(await extents(stored(store), new Range(200, BLOCK))).toEqual([
      [200, 300],
      [BLOCK - 10, BLOCK],
    ]);
  });

  it("gives at once what has been saved and not yet written", async () => {
    const store = new Map<string, Uint8Array>();
    const bytes = stored(store);
    save(bytes, 10, 20);
    expect(store.size).toBe(0);
    expect(await extents(bytes)).toEqual([[10, 20]]);
  });

  it("completes a block in the store, whoever began it", async () => {
    const store = new Map<string, Uint8Array>();
    for (const [start, end] of [
      [0, 100],
      [200, 300],
      [50, 250],
    ] as const) {
      const bytes = stored(store);
      save(bytes, start, end);
      await bytes.flush();
    }
    expect(store.size).toBe(1);
    expect(await extents(stored(store))).toEqual([[0, 300]]);
  });

  it("writes a block that rests without being told to, and writes what came in many pieces once", async () => {
    const writes: string[] = [];
    const map = new Map<string, Uint8Array>();
    const store: BlockStore = {
      get: (key) => map.get(key),
      set: (key, value) => {
        writes.push(key);
        return map.set(key, value);
      },
      delete: (key) => map.delete(key),
    };
    const bytes = stored(store);
    for (let start = 0; start < 2000; start += 10) save(bytes, start, start + 10);
    await expect.poll(() => writes.length, { timeout: 2000 }).toBe(1);
    expect(await extents(stored(map))).toEqual([[0, 2000]]);
    save(bytes, 0, 2000);
    await bytes.flush();
    expect(writes).toHaveLength(1);
  });

  it("takes copies and gives copies", async () => {
    const store = new Map<string, Uint8Array>();
    const bytes = stored(store);
    const given = FILE.slice(0, BLOCK + 10);
    bytes.save(new Range(0, BLOCK + 10), given);
    given.fill(0);
    for (const [, taken] of await bytes.load(new Range(0, BLOCK + 10))) taken.fill(0);
    await bytes.flush();
    for (const [, taken] of await bytes.load(new Range(0, BLOCK + 10))) taken.fill(0);
    const [[, small] = []] = await bytes.load(new Range(5, 8));
    expect(small?.buffer.byteLength).toBe(3);
    expect(await extents(stored(store))).toEqual([[0, BLOCK + 10]]);
  });

  it("stores no more than fits into bounded memory while the store is slow, and forgets nothing it took", async () => {
    const size = 64 * 1024 * 1024;
    const release: (() => void)[] = [];
    const map = new Map<string, Uint8Array>();
    const store: BlockStore = {
      get: (key) => map.get(key),
      set: (key, value) =>
        new Promise<void>((resolve) =>
          release.push(() => {
            map.set(key, value);
            resolve();
          }),
        ),
      delete: (key) => map.delete(key),
    };
    const bytes = stored(store, { size });
    const chunk = new Uint8Array(BLOCK);
    for (let start = 0; start < size; start += BLOCK) bytes.save(new Range(start, start + BLOCK), chunk);
    const flushed = bytes.flush();
    while (map.size < 128) {
      for (const go of release.splice(0)) go();
      await new Promise((resolve) => setTimeout(resolve));
    }
    await flushed;
    expect(map.size).toBe(128);
  });

  it("ignores a save of the wrong length or outside the file", async () => {
    const bytes = stored(new Map<string, Uint8Array>());
    bytes.save(new Range(0, 10), new Uint8Array(9));
    bytes.save(new Range(SIZE - 1, SIZE + 1), new Uint8Array(2));
    expect(await extents(bytes, new Range(0, SIZE + 10))).toEqual(nothing);
    expect(await bytes.load(new Range(SIZE + 5, SIZE + 10))).toEqual([]);
    expect(await bytes.load(new Range(7, 7))).toEqual([]);
  });
});

describe("StoredBytes are of one representation:", () => {
  async function seenBy(other: Partial<StoredBytesOptions>, mine: Partial<StoredBytesOptions> = {}) {
    const store = new Map<string, Uint8Array>();
    const bytes = stored(store, mine);
    save(bytes, 0, 10);
    await bytes.flush();
    return (await stored(store, other).load(new Range(0, 10))).length > 0;
  }
  const dated: Identity = { strength: "weak", lastModified: "Wed, 25 Nov 2026 10:00:00 GMT" };

  it.each<[string, Partial<StoredBytesOptions>]>([
    ["another ETag", { identity: { strength: "strong", etag: '"v2"' } }],
    ["the same ETag, but weak", { identity: { strength: "weak", etag: 'W/"v1"' } }],
    ["a date instead of an ETag", { identity: dated }],
    ["another size", { size: SIZE + 1 }],
    ["another path", { url: "https://files.example/data.bin2" }],
    ["another query", { url: `${url}?v=2` }],
    ["another origin", { url: "https://files.example:444/data.bin" }],
    ["a parameter that looks like a secret but names the file", { url: `${url}?key=other` }],
  ])("%s sees nothing", async (_, other) => {
    expect(await seenBy(other)).toBe(false);
  });

  it.each<[string, Partial<StoredBytesOptions>, Partial<StoredBytesOptions>]>([
    ["a URL signed anew", { url: `${url}?X-Amz-Signature=a&n=1` }, { url: `${url}?X-Amz-Signature=b&n=1` }],
    ["other userinfo and fragment", { url: "https://me:word@files.example/data.bin#x" }, { url }],
    [
      "the same strong ETag with another date",
      { identity: { ...identity, lastModified: "x" } },
      { identity },
    ],
    ["the same date", { identity: dated }, { identity: { ...dated } }],
  ])("%s is the same file", async (_, other, mine) => {
    expect(await seenBy(other, mine)).toBe(true);
  });

  it.each<[string, Partial<StoredBytesOptions>]>([
    ["no identity", { identity: { strength: "none" } }],
    ["a size for identity", { identity: { strength: "weak" } }],
    ["no size", { size: Number.POSITIVE_INFINITY }],
    ["no URL", { url: "(bytes in memory)" }],
  ])("of a source with %s nothing is kept", (_, options) => {
    const store = new Map<string, Uint8Array>();
    expect(StoredBytes.forSource({ store, url, size: SIZE, identity, ...options })).toBeUndefined();
  });

  it("keys show neither the URL nor its secrets, and end in the number of the block", async () => {
    const store = new Map<string, Uint8Array>();
    const bytes = stored(store, { url: `${url}?token=hush` });
    save(bytes, 0, BLOCK + 1);
    await bytes.flush();
    expect([...store.keys()].map((key) => key.replace(/[0-9a-f]{32}/, "HASH")).sort()).toEqual([
      "rs1-HASH/0",
      "rs1-HASH/1",
    ]);
  });

  it("whatever else lies under its keys is ignored and deleted", async () => {
    const store = new Map<string, Uint8Array>();
    const bytes = stored(store);
    save(bytes, 0, SIZE);
    await bytes.flush();
    const [first = "", second = "", third = "", fourth = "", fifth = "", last = ""] = store.keys();
    store.set(first, store.get(second) ?? new Uint8Array());
    store.set(second, new Uint8Array(100));
    store.set(third, (store.get(third) ?? new Uint8Array()).subarray(0, 5000));
    store.get(fourth)?.set([1, 2, 3], 40_000);
    store.set(fifth, "text" as unknown as Uint8Array);
    expect(await extents(stored(store))).toEqual([[5 * BLOCK, SIZE]]);
    expect([...store.keys()]).toEqual([last]);
  });
});

describe("over a store that fails,", () => {
  const broken = (): never => {
    throw new Error("disk on fire");
  };
  const rejecting = (): Promise<never> => Promise.reject(new Error("disk on fire"));
  const hanging = (): Promise<never> => new Promise(() => {});
  const good = (): BlockStore => new Map<string, Uint8Array>();

  it.each([
    ["throws", broken],
    ["rejects", rejecting],
    ["hangs", hanging],
  ])(
    "where all it does is that it %s, reads go on, it is left alone soon, and one warning says so",
    async (_, fail) => {
      const warnings: string[] = [];
      let calls = 0;
      const counted = () => {
        calls++;
        return fail();
      };
      const store: BlockStore = { get: counted, set: counted, delete: counted };
      const bytes = stored(store, { url: `${url}?sig=hush`, onWarning: (message) => warnings.push(message) });
      for (let turn = 0; turn < 5; turn++) expect(await bytes.load(new Range(0, SIZE))).toEqual([]);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toMatch(
        /^Asked the block store to give bytes of https:\/\/files.example\/data.bin: it failed 3 times/,
      );
      const before = calls;
      save(bytes, 0, SIZE);
      await bytes.flush();
      expect(await bytes.load(new Range(0, SIZE))).toEqual([]);
      expect(calls).toBe(before);
    },
  );

  it("160. where it cannot be written to, what it has is still read, one warning says so, and writing ends", async () => {
    const map = new Map<string, Uint8Array>();
    const before = stored(map);
    save(before, 0, 10);
    await before.flush();
    let writes = 0;
    const warnings: string[] = [];
    const full: BlockStore = {
      get: (key) => map.get(key),
      set: () => {
        writes++;
        throw new Error("no space");
      },
      delete: () => broken(),
    };
    const bytes = stored(full, { onWarning: (message) => warnings.push(message) });
    for (let turn = 0; turn < 5; turn++) {
      save(bytes, BLOCK, 2 * BLOCK);
      await bytes.flush();
    }
    expect(writes).toBe(3);
    expect(warnings).toEqual([expect.stringContaining("to keep bytes of")]);
    expect(await extents(bytes)).toEqual([[0, 10]]);
  });

  it("where it fails now and then, it stays in use", async () => {
    const map = new Map<string, Uint8Array>();
    let calls = 0;
    const flaky: BlockStore = {
      get: (key) => (++calls % 3 === 0 ? map.get(key) : broken()),
      set: (key, value) => map.set(key, value),
      delete: (key) => map.delete(key),
    };
    const bytes = stored(flaky, { onWarning: (message) => expect.unreachable(message) });
    save(bytes, 0, BLOCK);
    await bytes.flush();
    for (let turn = 0; turn < 30; turn++)
      expect(await extents(bytes, new Range(0, BLOCK))).toEqual(turn % 3 === 2 ? [[0, BLOCK]] : nothing);
  });

  it("where listening to the warning fails, reads go on", async () => {
    const bytes = stored({ get: broken, set: broken, delete: broken }, { onWarning: broken });
    for (let turn = 0; turn < 4; turn++) expect(await bytes.load(new Range(0, 10))).toEqual([]);
  });

  it("a flush ends although the store does not", async () => {
    const map = new Map<string, Uint8Array>();
    const bytes = stored({ get: () => undefined, set: hanging, delete: (key) => map.delete(key) });
    save(bytes, 0, SIZE);
    const begun = performance.now();
    await bytes.flush();
    expect(performance.now() - begun).toBeLessThan(4000);
  });

  it("a store that answers with null for what it does not have fits", async () => {
    const deleted: string[] = [];
    const store = {
      ...good(),
      get: () => null as never,
      set: () => {},
      delete: (key: string) => deleted.push(key),
    };
    expect(await extents(stored(store))).toEqual(nothing);
    expect(deleted).toEqual([]);
  });
});

// A naive model: which bytes were saved. Against it, random programs over a store that is good, or that forgets and spoils.
describe("StoredBytes, by random programs,", () => {
  const range = fc
    .tuple(fc.nat(SIZE), fc.oneof(fc.nat(300), fc.nat(SIZE)))
    .map(([start, length]) => new Range(start, Math.min(SIZE, start + length)));
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant("save" as const), who: fc.nat(1), range }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("load" as const), who: fc.nat(1), range }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("flush" as const), who: fc.nat(1), range }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("spoil" as const), who: fc.nat(1), range }) },
  );

  /** A store that answers later. */
  function later(map: Map<string, Uint8Array>): BlockStore {
    const soon = () => new Promise<void>((resolve) => queueMicrotask(resolve));
    return {
      get: async (key) => {
        await soon();
        return map.get(key);
      },
      set: async (key, value) => {
        await soon();
        map.set(key, value);
      },
      delete: (key) => map.delete(key),
    };
  }

  it("gives exactly what was saved where one source uses a good store", async () => {
    const program = fc.array(
      step.filter(({ do: what }) => what !== "spoil"),
      { maxLength: 25 },
    );
    await fc.assert(
      fc.asyncProperty(program, fc.boolean(), async (steps, slow) => {
        const map = new Map<string, Uint8Array>();
        const store = slow ? later(map) : map;
        const model = new RangeSet();
        let bytes = stored(store);
        for (const { do: what, who, range } of steps) {
          if (what === "save") {
            save(bytes, range.start, range.end);
            model.add(range);
          } else if (what === "load") {
            const here = [...model.intersection(new RangeSet([range]))];
            expect(await extents(bytes, range)).toEqual(here.map(({ start, end }) => [start, end]));
          } else {
            await bytes.flush();
            if (who === 1) bytes = stored(store);
          }
        }
        await bytes.flush();
        expect(await extents(stored(map))).toEqual([...model].map(({ start, end }) => [start, end]));
      }),
      { numRuns: 40 },
    );
  });

  it("gives the file's bytes or nothing where two sources share a store that forgets and spoils", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.infiniteStream(fc.nat()),
        async (steps, chance) => {
          const map = new Map<string, Uint8Array>();
          const sources = [stored(later(map)), stored(map)];
          const saved = new RangeSet();
          for (const { do: what, who, range } of steps) {
            const bytes = sources[who] as StoredBytes;
            if (what === "save") {
              save(bytes, range.start, range.end);
              saved.add(range);
            } else if (what === "load") {
              const pieces = await bytes.load(range);
              expectPieces(pieces, range);
              for (const [piece] of pieces) expect(saved.covers(piece)).toBe(true);
            } else if (what === "flush") {
              await bytes.flush();
            } else {
              spoil(map, () => chance.next().value as number);
            }
          }
          for (const bytes of sources) await bytes.flush();
          for (const bytes of sources) expectPieces(await bytes.load(new Range(0, SIZE)), new Range(0, SIZE));
        },
      ),
      { numRuns: 40 },
    );
  });

  /** Flips a bit, cuts, forgets, or puts one value in place of another. */
  function spoil(map: Map<string, Uint8Array>, random: () => number): void {
    const keys = [...map.keys()];
    const key = keys[random() % Math.max(1, keys.length)];
    const value = key === undefined ? undefined : map.get(key)?.slice();
    if (key === undefined || value === undefined) return;
    const way = random() % 4;
    const at = random() % value.byteLength;
    if (way === 0) value[at] = (value[at] ?? 0) ^ 4;
    if (way === 2) map.delete(key);
    else if (way === 3) map.set(key, map.get(keys[at % keys.length] ?? key) ?? value);
    else map.set(key, way === 1 ? value.subarray(0, at) : value);
  }
});

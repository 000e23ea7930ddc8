import { expect, test } from "vitest";
import type { BlockStore, Bytes } from "../source/source.ts";
import { type BlockStoreContractOptions, blockStoreContract } from "./block-store-contract.ts";

/** A good store over a map, and what a flaw replaces of it. */
type Bend = (map: Map<string, Bytes>) => Partial<BlockStore>;

function casesOf(bend: Bend = () => ({}), more: Partial<BlockStoreContractOptions> = {}) {
  const maps = new WeakMap<BlockStore, Map<string, Bytes>>();
  const over = (map: Map<string, Bytes>): BlockStore => {
    const good: BlockStore = {
      get: (key) => map.get(key),
      set: (key, value) => map.set(key, value),
      delete: (key) => map.delete(key),
    };
    const store = { ...good, ...bend(map) };
    maps.set(store, map);
    return store;
  };
  return blockStoreContract({
    open: () => over(new Map()),
    reopen: (store) => over(maps.get(store) ?? new Map()),
    timeoutMs: 2000,
    ...more,
  });
}

test.each(casesOf().map(({ name, run }) => [name, run] as const))("of a good store, %s", (_, run) => run());

test.each(blockStoreContract({ open: () => new Map() }).map(({ name, run }) => [name, run] as const))(
  "of a plain Map, %s",
  (_, run) => run(),
);

test("a case that hangs fails", async () => {
  const [first] = casesOf(() => ({ get: () => new Promise(() => {}) }), { timeoutMs: 50 });
  await expect(first?.run()).rejects.toThrow("within 50 ms");
});

const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 1));
/** Writes in two halves. */
const halves = (map: Map<string, Bytes>): Partial<BlockStore> => ({
  set: async (key, value) => {
    const slot = map.get(key) ?? new Uint8Array(value.byteLength);
    const grown = new Uint8Array(Math.max(slot.byteLength, value.byteLength));
    grown.set(slot);
    grown.set(value.subarray(0, value.byteLength / 2));
    map.set(key, grown);
    await pause();
    const whole = grown.slice(0, value.byteLength);
    whole.set(value.subarray(value.byteLength / 2), value.byteLength / 2);
    map.set(key, whole);
  },
});

const flaws: [name: string, bend: Bend, caught: RegExp][] = [
  ["nothing is kept", () => ({ set: () => {} }), /^what was set comes back/],
  [
    "unknown keys are empty",
    (map) => ({ get: (key) => map.get(key) ?? new Uint8Array() }),
    /^a key that was never set/,
  ],
  [
    "null means nothing",
    (map) => ({ get: (key) => map.get(key) ?? (null as never) }),
    /^a key that was never set/,
  ],
  [
    "long values are cut",
    (map) => ({ set: (key, value) => map.set(key, value.slice(0, 65_536)) }),
    /^what was set/,
  ],
  [
    "no bytes become one byte",
    (map) => ({ set: (key, value) => map.set(key, value.byteLength === 0 ? new Uint8Array(1) : value) }),
    /^a value of no bytes/,
  ],
  [
    "the whole buffer is kept",
    (map) => ({ set: (key, value) => map.set(key, new Uint8Array(value.buffer)) }),
    /^of a view/,
  ],
  ["text comes back", (map) => ({ get: (key) => map.get(key) && ("text" as never) }), /^what was set/],
  [
    "the first value stays",
    (map) => ({ set: (key, value) => map.has(key) || map.set(key, value) }),
    /^a value set again/,
  ],
  [
    "a shorter value leaves the rest of the longer one",
    (map) => ({
      set: (key, value) => {
        const joined = (map.get(key) ?? new Uint8Array()).slice();
        map.set(key, joined.byteLength > value.byteLength ? (joined.set(value), joined) : value);
      },
    }),
    /^a value set again/,
  ],
  [
    "one buffer is used for all",
    (map) => ({
      set: (key, value) => {
        const old = map.get(key);
        if (old?.byteLength === value.byteLength) old.set(value);
        else map.set(key, value.slice());
      },
    }),
    /^a value that was given/,
  ],
  ["deleting does nothing", () => ({ delete: () => {} }), /^a deleted key/],
  ["deleting clears", (map) => ({ delete: () => map.clear() }), /^deleting a key that is not there/],
  [
    "deleting what is not there fails",
    (map) => ({
      delete: (key) => {
        if (!map.delete(key)) throw new Error("no such key");
      },
    }),
    /^deleting a key that is not there/,
  ],
  ...(
    [
      ["case does not count", (key: string) => key.toLowerCase()],
      ["keys are paths", (key: string) => new URL(key.replaceAll(/[?#]/g, "-"), "file:///x/").pathname],
      [
        "block numbers are read as numbers",
        (key: string) => key.replace(/\d+$/, (digits) => String(Number(digits))),
      ],
      ["long keys are cut", (key: string) => key.slice(0, 255)],
      ["forms of letters do not count", (key: string) => key.normalize("NFC")],
      [
        "half characters are replaced",
        (key: string) => new TextDecoder().decode(new TextEncoder().encode(key)).replace("\ufffd", ""),
      ],
    ] as const
  ).map(([name, fold]): [string, Bend, RegExp] => [
    name,
    (map) => ({
      get: (key) => map.get(fold(key)),
      set: (key, value) => map.set(fold(key), value),
      delete: (key) => map.delete(fold(key)),
    }),
    /^keys that resemble/,
  ]),
  [
    "a write at a time, the others are lost",
    (map) => {
      let busy = false;
      return {
        set: async (key, value) => {
          if (busy) return;
          busy = true;
          await pause();
          map.set(key, value);
          busy = false;
        },
      };
    },
    /^many keys at once/,
  ],
  ["writes are torn", halves, /^of values set at once|^a get during a set/],
  [
    "each store has a memory of its own",
    () => {
      const own = new Map<string, Bytes>();
      return {
        get: (key) => own.get(key),
        set: (key, value) => own.set(key, value),
        delete: (key) => own.delete(key),
      };
    },
    /^what was set, replaced and deleted/,
  ],
];

/** The names of the cases that a flaw makes fail; each flaw is tried once. */
const failures = new Map<Bend, Promise<string[]>>();
function failuresOf(bend: Bend): Promise<string[]> {
  const known = failures.get(bend);
  if (known !== undefined) return known;
  const outcomes = casesOf(bend).map(({ name, run }) =>
    run().then(
      () => [],
      () => [name],
    ),
  );
  const failed = Promise.all(outcomes).then((names) => names.flat());
  failures.set(bend, failed);
  return failed;
}

test.each(flaws)("where %s, the case that says so fails", async (_, bend, caught) => {
  expect((await failuresOf(bend)).filter((name) => caught.test(name))).not.toEqual([]);
});

test("every case is failed by some flaw", async () => {
  const failed = new Set<string>();
  for (const [, bend] of flaws) for (const name of await failuresOf(bend)) failed.add(name);
  const names = casesOf().map(({ name }) => name);
  expect(names.filter((name) => !failed.has(name))).toEqual([]);
});

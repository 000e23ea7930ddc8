import type { BlockStore } from "../source/source.ts";
import { assert, assertBytes, describe } from "./contract-assert.ts";
import { patternBytes } from "./pattern-bytes.ts";
import type { ContractCase } from "./source-contract.ts";

/** What {@link blockStoreContract} needs to know of the store under test. */
export interface BlockStoreContractOptions {
  /** A fresh store with nothing in it; every case opens its own. */
  open(): BlockStore | Promise<BlockStore>;
  /** Another store over the place of one that `open` gave; adds the cases that what was set outlives the store. */
  reopen?(store: BlockStore): BlockStore | Promise<BlockStore>;
  /** Milliseconds after which a case that hangs fails. Default 10,000. */
  timeoutMs?: number;
}

interface StoreCase {
  readonly name: string;
  check(store: BlockStore): Promise<void>;
}

/** Around what fits beside an index entry, a page, a block of 64 KiB with its head, and beyond. */
const LENGTHS = [1, 7, 4095, 4096, 65_536, 66_100, 69_632, 69_633, 200_003];

/** Keys that a careless store takes for one another, or for paths, patterns or properties. */
const RESEMBLING = [
  ...["a", "A", "a/", "/a", "a/0", "a/1", "a/00", "a/01", "a/1/1", "a/10", "a//1", "a/-1", "a/1.0", "a/1e0"],
  ...["", ".", "..", "../a", "a/../a", "a\0", "a\\1", "a%2F1", "a?1", "a#1", "a b", "a+b", "*", "b_", "_b"],
  ...["__proto__", "constructor", "\u00e9", "e\u0301", "\ud83d\ude80", "\ud83d", "CON", "a:1"],
  ...["x".repeat(5000), `${"x".repeat(4999)}y`],
  ...["a/4294967296", "a/9007199254740991", "a/9007199254740993", `a/${"9".repeat(40)}`],
];

/**
 * The contract of {@link BlockStore} as a list of cases, for any test framework:
 * `for (const { name, run } of blockStoreContract({ open })) test(name, run)`. A store may forget what it was given long ago or
 * what is too much for it; the few values of these cases it must keep.
 */
export function blockStoreContract(options: BlockStoreContractOptions): ContractCase[] {
  const { open, timeoutMs = 10_000 } = options;
  return [...valueCases, ...keyCases, ...concurrencyCases, ...reopenCases(options)].map(
    ({ name, check }) => ({
      name,
      run: () => within(timeoutMs, async () => check(await open())),
    }),
  );
}

const valueCases: StoreCase[] = [
  {
    name: "a key that was never set gives undefined",
    check: (store) => assertNothing(store, "never", "a key never set"),
  },
  {
    name: "what was set comes back, whatever its length",
    async check(store) {
      for (const length of LENGTHS) await store.set(`long/${length}`, patternBytes(length, length));
      for (const length of LENGTHS) await assertValue(store, `long/${length}`, patternBytes(length, length));
    },
  },
  {
    name: "a value of no bytes comes back, or is as if it had never been set",
    async check(store) {
      await store.set("empty", new Uint8Array());
      const value = await store.get("empty");
      assert(value === undefined || value.byteLength === 0, `A value of no bytes gave ${describe(value)}`);
    },
  },
  {
    name: "of a view its own bytes are kept, and not what lies around them",
    async check(store) {
      await store.set("view", patternBytes(1000).subarray(100, 900));
      await assertValue(store, "view", patternBytes(1000).slice(100, 900));
    },
  },
  {
    name: "a value set again replaces the one before, whether longer or shorter",
    async check(store) {
      for (const [index, length] of [...LENGTHS, ...LENGTHS.toReversed()].entries()) {
        await store.set("again/3", patternBytes(length, index));
        await assertValue(store, "again/3", patternBytes(length, index));
      }
    },
  },
  {
    name: "a value that was given stays as it is when its key is set anew or deleted",
    async check(store) {
      await store.set("kept", patternBytes(5000, 1));
      const given = await store.get("kept");
      await store.set("kept", patternBytes(5000, 2));
      await store.delete("kept");
      assert(given instanceof Uint8Array, `A key that was set gave ${describe(given)}`);
      assertBytes(given, patternBytes(5000, 1), "a value given earlier");
    },
  },
];

const keyCases: StoreCase[] = [
  {
    name: "a deleted key gives undefined, and can be set again",
    async check(store) {
      for (const length of [10, 200_000]) {
        await store.set("gone/1", patternBytes(length, 1));
        await store.delete("gone/1");
        await assertNothing(store, "gone/1", "a deleted key");
        await store.set("gone/1", patternBytes(length + 5, 2));
        await assertValue(store, "gone/1", patternBytes(length + 5, 2));
      }
    },
  },
  {
    name: "deleting a key that is not there is fine, and deleting one leaves its neighbours",
    async check(store) {
      await store.delete("near/2");
      for (const block of [1, 2, 3]) await store.set(`near/${block}`, patternBytes(100, block));
      await store.delete("near/2");
      await store.delete("near");
      await assertNothing(store, "near/2", "a deleted key");
      for (const block of [1, 3]) await assertValue(store, `near/${block}`, patternBytes(100, block));
    },
  },
  {
    name: "keys that resemble each other are kept apart",
    async check(store) {
      for (const [index, key] of RESEMBLING.entries()) await store.set(key, patternBytes(50, index));
      for (const [index, key] of RESEMBLING.entries()) await assertValue(store, key, patternBytes(50, index));
      for (const [index, key] of RESEMBLING.entries()) {
        await store.delete(key);
        await assertNothing(store, key, `the deleted key ${JSON.stringify(key.slice(0, 30))}`);
        const next = RESEMBLING[index + 1];
        if (next !== undefined) await assertValue(store, next, patternBytes(50, index + 1));
      }
    },
  },
];

const concurrencyCases: StoreCase[] = [
  {
    name: "many keys at once, set and got, do not disturb each other",
    async check(store) {
      const blocks = Array.from({ length: 100 }, (_, block) => block);
      await Promise.all(
        blocks.map((block) => store.set(`many/${block * 7}`, patternBytes(3000 + block, block))),
      );
      await Promise.all(
        blocks.map((block) => assertValue(store, `many/${block * 7}`, patternBytes(3000 + block, block))),
      );
    },
  },
  {
    name: "of values set at once under one key one comes back whole",
    async check(store) {
      const values = LENGTHS.map((length) => patternBytes(length, length));
      await Promise.all(values.map((value) => store.set("raced/0", value)));
      const value = await store.get("raced/0");
      assert(isOneOf(value, values), `Values set at once gave ${describe(value)}, which is none of them`);
    },
  },
  {
    name: "a get during a set gives the old value, the new one or none, and never a mixture",
    async check(store) {
      const values = [1, 2].map((seed) => patternBytes(65_536, seed));
      for (let turn = 0; turn < 20; turn++) {
        const value = values[turn % 2];
        if (value === undefined) continue;
        const get = () => store.get("during/1");
        const calls = [() => store.set("during/1", value.slice()), get, get, get, get];
        const [, ...seen] = await Promise.all(calls.map(async (call) => call()));
        for (const got of seen)
          assert(got === undefined || isOneOf(got, values), "A get during a set gave a mixture");
      }
    },
  },
];

function reopenCases({ reopen }: BlockStoreContractOptions): StoreCase[] {
  if (reopen === undefined) return [];
  return [
    {
      name: "what was set, replaced and deleted is so for another store over the same place, too",
      async check(store) {
        for (const key of ["a/1", "a/2", "plain"]) await store.set(key, patternBytes(70_000, 1));
        await store.set("a/1", patternBytes(500, 2));
        await store.delete("a/2");
        const other = await reopen(store);
        await assertValue(other, "a/1", patternBytes(500, 2));
        await assertNothing(other, "a/2", "a key deleted by another store");
        await assertValue(other, "plain", patternBytes(70_000, 1));
        await other.set("a/2", patternBytes(20, 3));
        await assertValue(store, "a/2", patternBytes(20, 3));
      },
    },
  ];
}

async function assertValue(store: BlockStore, key: string, expected: Uint8Array): Promise<void> {
  const what = `the value of ${JSON.stringify(key.slice(0, 30))}`;
  const value = await store.get(key);
  assert(value !== undefined, `${what} was set and is not there`);
  assertBytes(value, expected, what);
}

async function assertNothing(store: BlockStore, key: string, what: string): Promise<void> {
  const value = await store.get(key);
  assert(value === undefined, `Of ${what} the store gave ${describe(value)}`);
}

function isOneOf(value: unknown, values: readonly Uint8Array[]): boolean {
  if (!(value instanceof Uint8Array)) return false;
  return values.some(
    (one) => one.byteLength === value.byteLength && one.every((byte, index) => byte === value[index]),
  );
}

function within(timeoutMs: number, work: () => Promise<void>): Promise<void> {
  const late = new Promise<never>((_, reject) => {
    AbortSignal.timeout(timeoutMs).addEventListener("abort", () => {
      reject(new Error(`Nothing came of it within ${timeoutMs} ms`));
    });
  });
  return Promise.race([work(), late]);
}

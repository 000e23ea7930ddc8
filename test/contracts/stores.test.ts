import { describe, expect, it } from "vitest";
import { type BlockStore, cacheStore, Range } from "../../src/index.ts";
import { StoredBytes } from "../../src/store/stored-bytes.ts";
import {
  type BlockStoreContractOptions,
  blockStoreContract,
} from "../../src/testing/block-store-contract.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { expectSameBytes } from "../same-bytes.ts";

const caches: WeakMap<BlockStore, string> = new WeakMap();

function openCache(name = `contract-${Math.random()}`): BlockStore {
  const store = cacheStore(name);
  caches.set(store, name);
  return store;
}

const stores: Record<string, BlockStoreContractOptions> = {
  "a Map": { open: () => new Map<string, Uint8Array>() },
};
if ("caches" in globalThis) {
  stores["the Cache API"] = { open: () => openCache(), reopen: (store) => openCache(caches.get(store)) };
}

for (const [name, options] of Object.entries(stores)) {
  describe(`the contract of BlockStore, kept by ${name}`, () => {
    for (const { name: promise, run } of blockStoreContract(options)) it(promise, run);
  });
}

describe("a store that fails", () => {
  const file = patternBytes(300_000, 4);
  const source = {
    url: "https://files.example/data.bin",
    size: file.byteLength,
    identity: { strength: "strong", etag: '"v1"' },
  } as const;
  const fail = (): never => {
    throw new Error("broken");
  };
  const reject = (): Promise<never> => Promise.reject(new Error("broken"));

  it.each<[string, BlockStore]>([
    ["by throwing", { get: fail, set: fail, delete: fail }],
    ["by rejecting", { get: reject, set: reject, delete: reject }],
  ])("%s keeps no promise of the contract", async (_, store) => {
    for (const { name, run } of blockStoreContract({ open: () => store }))
      await expect(run(), name).rejects.toThrow("broken");
  });

  it.each<[string, (keyof BlockStore)[]]>([
    ["getting", ["get"]],
    ["setting", ["set"]],
    ["deleting", ["delete"]],
    ["everything", ["get", "set", "delete"]],
  ])("every second time at %s gives a source its own bytes or none", async (_, methods) => {
    const map = new Map<string, Uint8Array>();
    let calls = 0;
    const call = (method: keyof BlockStore, work: () => unknown): never =>
      (methods.includes(method) && ++calls % 2 === 1 ? reject() : work()) as never;
    const flaky: BlockStore = {
      get: (key) => call("get", () => map.get(key)),
      set: (key, value) => call("set", () => map.set(key, value)),
      delete: (key) => call("delete", () => map.delete(key)),
    };
    let loaded = 0;
    for (let turn = 0; turn < 10; turn++) {
      const stored = StoredBytes.forSource({ ...source, store: flaky });
      for (let start = turn * 1000; start < file.byteLength; start += 40_000) {
        const range = new Range(start, Math.min(start + 30_000, file.byteLength));
        stored?.save(range, file.slice(range.start, range.end));
      }
      for (const [range, bytes] of (await stored?.load(new Range(0, file.byteLength))) ?? []) {
        expectSameBytes(bytes, file.subarray(range.start, range.end));
        loaded += range.length;
      }
      await stored?.flush();
    }
    expect(loaded).toBeGreaterThan(0);
  });
});

import { describe, expect, it } from "vitest";
import { Range } from "../ranges/range.ts";
import { cacheStore } from "./cache-store.ts";
import { StoredBytes } from "./stored-bytes.ts";

const source = {
  url: "https://files.example/data.bin",
  size: 100_000,
  identity: { strength: "strong", etag: '"v1"' },
} as const;
const { caches } = globalThis as { caches?: CacheStorage };
// One of the two groups runs in Node, the other in a browser.
const [some, none] = caches === undefined ? [[], [undefined]] : [[caches], []];

describe.each(none)("a cache store where there is no Cache API", () => {
  it("rejects with UNSUPPORTED, and costs a source one warning", async () => {
    const store = cacheStore();
    const unsupported = { code: "UNSUPPORTED" };
    await expect(store.get("a")).rejects.toMatchObject(unsupported);
    await expect(store.set("a", new Uint8Array(1))).rejects.toMatchObject(unsupported);
    await expect(store.delete("a")).rejects.toMatchObject(unsupported);
    const warnings: string[] = [];
    const stored = StoredBytes.forSource({ ...source, store, onWarning: (text) => warnings.push(text) });
    for (let turn = 0; turn < 5; turn++) expect(await stored?.load(new Range(0, 10))).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining("no Cache API here")]);
  });
});
describe.each(some)("a cache store in a browser", (storage) => {
  it("keeps what it was given in the cache of that name, until that is deleted", async () => {
    const name = `range-streams-test-${Math.random()}`;
    const stored = StoredBytes.forSource({ ...source, store: cacheStore(name) });
    stored?.save(new Range(10, 90_000), new Uint8Array(89_990).fill(5));
    await stored?.flush();
    expect(await (await storage.open(name)).keys()).toHaveLength(2);
    const next = StoredBytes.forSource({ ...source, store: cacheStore(name) });
    const pieces = (await next?.load(new Range(0, 100_000))) ?? [];
    expect(pieces.map(([range]) => [range.start, range.end])).toEqual([
      [10, 65_536],
      [65_536, 90_000],
    ]);
    expect(pieces.every(([, bytes]) => bytes.every((byte) => byte === 5))).toBe(true);
    await storage.delete(name);
    const fresh = StoredBytes.forSource({ ...source, store: cacheStore(name) });
    expect(await fresh?.load(new Range(0, 100_000))).toEqual([]);
    await storage.delete(name);
  });

  it("tries again after the cache could not be opened", async () => {
    const name = `range-streams-test-${Math.random()}`;
    const store = cacheStore(name);
    const { open } = storage;
    storage.open = () => Promise.reject(new DOMException("not now", "SecurityError"));
    try {
      await expect(store.get("a")).rejects.toThrow("not now");
    } finally {
      storage.open = open;
    }
    await store.set("a", Uint8Array.of(1, 2, 3));
    expect(await store.get("a")).toEqual(Uint8Array.of(1, 2, 3));
    await storage.delete(name);
  });
});

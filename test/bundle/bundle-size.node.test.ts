import { beforeAll, describe, expect, it } from "vitest";
import { type BuiltPage, buildPage, chunkOf, gzippedBytes, loadedWith } from "./build-page.node.ts";

const KiB = 1024;
/** What a page loads before its first request. Measured: 15,140 bytes, 1.3 kB of which is Vite's own. */
const FIRST_BYTES = 20 * KiB;
/** That, and what comes while the first request is under way. Measured: 38,544. */
const READING_BYTES = 40 * KiB;
/** All, with what reads stored bytes. Measured: 42,625. */
const ALL_BYTES = 44 * KiB;

let page: BuiltPage;
beforeAll(async () => {
  page = await buildPage('import { openSource } from "range-streams"; globalThis.openSource = openSource;');
}, 60_000);

describe("a page that imports openSource", () => {
  it("loads at most 20 KiB, gzipped, before its first request", () => {
    const bytes = gzippedBytes(loadedWith(page, page.entry));
    expect([bytes <= FIRST_BYTES, bytes]).toEqual([true, bytes]);
  });

  it("loads at most 40 KiB in all for reading a URL, and 44 KiB with a store", () => {
    const engine = loadedWith(page, chunkOf(page, "engine/engine.ts"));
    const bytes = gzippedBytes(new Set([...loadedWith(page, page.entry), ...engine]));
    expect([bytes <= READING_BYTES, bytes]).toEqual([true, bytes]);
    const all = gzippedBytes(page.chunks.values());
    expect([all <= ALL_BYTES, all]).toEqual([true, all]);
  });

  it("has the transport and the gate of requests first, and the planner and the store later", () => {
    const first = loadedWith(page, page.entry);
    for (const module of ["open.ts", "source/fetch-transport.ts", "source/request-queue.ts"])
      expect([module, first.has(chunkOf(page, module))]).toEqual([module, true]);
    for (const module of ["engine/engine.ts", "planner/plan-reads.ts", "store/stored-bytes.ts"])
      expect([module, first.has(chunkOf(page, module))]).toEqual([module, false]);
    expect(chunkOf(page, "store/stored-bytes.ts")).not.toBe(chunkOf(page, "engine/engine.ts"));
  });

  it("waits for no file that only another one names", () => {
    const first = loadedWith(page, page.entry);
    for (const module of ["engine/engine.ts", "store/stored-bytes.ts"]) {
      const chunk = chunkOf(page, module);
      expect([
        module,
        [...loadedWith(page, chunk)].filter((each) => each !== chunk && !first.has(each)),
      ]).toEqual([module, []]);
      expect(chunk.dynamicImports).toEqual([]);
    }
  });
});

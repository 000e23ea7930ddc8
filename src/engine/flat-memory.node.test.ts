import { env } from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { openImitated } from "../../test/engine/imitated-engine.ts";
import { CLOUD, wireBytes } from "../../test/engine/imitated-wire.ts";
import type { Engine } from "./engine.ts";

const MiB = 1024 * 1024;
const CACHE_BYTES = 32 * MiB;
/** Ten times as much with `FLAT_GIB=10`. */
const readBytes = Number(env["FLAT_GIB"] ?? 1) * 1024 * MiB;
const streamBytes = readBytes / 4;
const READ_BYTES = 256 * 1024;

const heldBytes = (engine: Engine): number => {
  let held = 0;
  for (const [range, state] of engine.spans) if (state === "held") held += range.length;
  return held;
};

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Notes the memory of the process as `position` goes on: most of it in the first eighth, and most of it later. */
function watchMemory(size: number): { note(position: number): void; readonly growth: number } {
  let early = 0;
  let late = 0;
  return {
    note(position) {
      // Where the machine is busy, garbage waits: what is asked here is what stays.
      collectGarbage();
      const { rss } = process.memoryUsage();
      if (position < size / 8) early = Math.max(early, rss);
      else late = Math.max(late, rss);
    },
    get growth() {
      return late - early;
    },
  };
}

function expectEnds(bytes: Uint8Array, start: number): void {
  const { length } = bytes;
  expect(bytes.subarray(0, 16)).toEqual(wireBytes(start, start + 16));
  expect(bytes.subarray(length - 16)).toEqual(wireBytes(start + length - 16, start + length));
}

describe("a file that is much larger than the cache", () => {
  it(`is read in sequence with flat memory (${readBytes / 1024 / MiB} GiB)`, async () => {
    const { wire, engine } = openImitated({ size: readBytes, link: CLOUD, cacheBytes: CACHE_BYTES });
    const memory = watchMemory(readBytes);
    let mostHeld = 0;
    for (let start = 0; start < readBytes; start += READ_BYTES) {
      const range = [start, start + READ_BYTES] as const;
      expectEnds(engine.tryRead(range) ?? (await engine.read(range)), start);
      if (start % (4 * MiB) > 0) continue;
      mostHeld = Math.max(mostHeld, heldBytes(engine));
      memory.note(start);
    }
    expect(mostHeld).toBeLessThanOrEqual(CACHE_BYTES);
    expect(memory.growth).toBeLessThan(CACHE_BYTES + 96 * MiB);
    expect(wire.meter.bytesReceived).toBe(readBytes);
    await engine.close();
  }, 300_000);

  it.each([
    ["a cache", CACHE_BYTES],
    ["none", 0],
  ])(
    `is streamed with flat memory and %s (${streamBytes / 1024 / MiB} GiB)`,
    async (_, cacheBytes) => {
      const { wire, engine } = openImitated({ size: streamBytes, link: CLOUD, cacheBytes });
      const memory = watchMemory(streamBytes);
      let position = 0;
      let mostHeld = 0;
      let noted = 0;
      for await (const chunk of engine.stream()) {
        expectEnds(chunk, position);
        position += chunk.length;
        if (position < noted + 4 * MiB && position < streamBytes) continue;
        noted = position;
        mostHeld = Math.max(mostHeld, heldBytes(engine));
        memory.note(position);
      }
      expect(position).toBe(streamBytes);
      expect(mostHeld).toBeLessThanOrEqual(cacheBytes);
      expect(memory.growth).toBeLessThan(CACHE_BYTES + 96 * MiB);
      expect(wire.meter.bytesReceived).toBe(streamBytes);
      await engine.close();
    },
    300_000,
  );

  it("is read in small pieces that, while they are held, keep little beside their bytes alive", async () => {
    const { engine } = openImitated({
      size: readBytes,
      link: CLOUD,
      cacheBytes: CACHE_BYTES,
      policy: "lean",
    });
    const readPieces = async (from: number, count: number): Promise<number> => {
      for (let piece = from; piece < from + count; piece++)
        await engine.read([piece * 65_536, piece * 65_536 + 512]);
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    const before = await readPieces(0, 1000);
    const after = await readPieces(1000, 6000);
    expect(heldBytes(engine)).toBe(7000 * 512);
    // A span, its range, its array and their places on the map: 700 bytes; with its request they were 1,600.
    expect((after - before) / 6000).toBeLessThan(1000);
    await engine.close();
  }, 300_000);
});

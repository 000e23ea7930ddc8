import { describe, expect, it } from "vitest";
import { expectWireBytes, type ImitatedOptions, openImitated } from "../../test/engine/imitated-engine.ts";
import { CLOUD, SLOW, WAN, wireBytes } from "../../test/engine/imitated-wire.ts";
import { settled } from "../../test/engine/virtual-clock.ts";
import type { Bytes } from "../source/source.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
const file: ImitatedOptions = { size: 64 * MiB };

/** Reads to the end, and checks every chunk at its place. */
async function drain(
  stream: ReadableStream<Bytes>,
  start: number,
  onChunk?: (position: number) => void,
): Promise<number> {
  let position = start;
  for await (const chunk of stream) {
    expectWireBytes(chunk, position, position + chunk.length);
    position += chunk.length;
    onChunk?.(position);
  }
  return position;
}

describe("a stream", () => {
  it.each([
    ["cloud", CLOUD],
    ["wan", WAN],
    ["slow", SLOW],
  ])(
    "comes over several connections in order, with at most 8 MiB in flight and unread: %s",
    async (_, link) => {
      let position = 0;
      let mostAhead = 0;
      const { wire, engine } = openImitated({
        ...file,
        size: 32 * MiB,
        link,
        beforeChunk: ({ range }) => {
          mostAhead = Math.max(mostAhead, range.end - position);
        },
      });
      const end = await drain(engine.stream(), 0, (now) => {
        position = now;
      });
      expect(end).toBe(32 * MiB);
      expect(mostAhead).toBeLessThanOrEqual(8 * MiB);
      expect(wire.meter.bytesReceived).toBe(32 * MiB);
      expect(engine.receipt.bytesWanted).toBe(32 * MiB);
      if (link !== SLOW) expect(wire.peakConnections).toBeGreaterThan(1);
      expect(wire.active).toBe(0);
    },
  );

  it("is faster than one connection where several give more", async () => {
    const { wire, engine } = openImitated({ ...file, link: WAN });
    await drain(engine.stream([0, 32 * MiB]), 0);
    const oneMs = (1000 * 32 * MiB) / WAN.bytesPerSecond;
    expect(wire.clock.now).toBeLessThan(oneMs / 1.9);
  });

  it("of which nobody reads on stops the wire, and goes on where it stopped", async () => {
    const { wire, engine } = openImitated({ ...file, link: CLOUD });
    const reader = engine.stream().getReader();
    let position = 0;
    for (let chunks = 0; chunks < 20; chunks++) position += (await reader.read()).value?.length ?? 0;
    await wire.clock.sleep(60_000);
    const before = wire.meter.bytesReceived;
    expect(before).toBeLessThanOrEqual(position + 8 * MiB);
    await wire.clock.sleep(60_000);
    expect(wire.meter.bytesReceived).toBe(before);
    reader.releaseLock();
    await reader.closed.catch(() => undefined);
  });

  it("before it is read sends nothing", async () => {
    const { wire, engine } = openImitated(file);
    const stream = engine.stream();
    await settled();
    expect(wire.asked).toEqual([]);
    await stream.cancel();
    await settled();
    expect(wire.asked).toEqual([]);
  });

  it("with nothing ahead is one request, pulled as it is read", async () => {
    const { wire, engine } = openImitated(file);
    const reader = engine.stream([MiB, 9 * MiB], { aheadBytes: 0 }).getReader();
    for (let chunks = 1; chunks <= 3; chunks++) {
      await reader.read();
      await wire.clock.sleep(1000);
      expect(wire.requests).toMatchObject([{ deliveredBytes: chunks * 64 * KiB }]);
    }
    await reader.cancel();
    expect(wire.requests).toMatchObject([{ state: "cancelled" }]);
  });

  it.each([
    ["balanced", 8 * MiB, 1],
    ["balanced", 9 * MiB + 1, 2],
    ["lean", 40 * MiB, 1],
    ["fast", MiB, 2],
  ] as const)("of which no part is to be divided: %s, %d bytes", async (policy, byteLength, least) => {
    const { wire, engine } = openImitated({ ...file, policy, link: WAN });
    await drain(engine.stream([MiB, MiB + byteLength], { divide: false }), MiB);
    if (least === 1) expect(wire.asked).toEqual([`[${MiB}, ${MiB + byteLength})`]);
    else expect(wire.asked.length).toBeGreaterThanOrEqual(least);
    // What is too much to stay held did not push out all else.
    expect(engine.tryRead([MiB + byteLength - 100, MiB + byteLength]) === undefined).toBe(
      byteLength > 16 * MiB,
    );
  });

  it("that is short is one request for exactly its bytes", async () => {
    const { wire, engine } = openImitated(file);
    await drain(engine.stream([1000, 401_000]), 1000);
    expect(wire.asked).toEqual(["[1000, 401000)"]);
  });

  it("takes what is held, joins what is in flight, and asks for the gaps alone", async () => {
    const { wire, engine } = openImitated({ ...file, policy: "lean" });
    await engine.read([100_000, 200_000]);
    const flying = engine.read([300_000, 400_000]);
    await settled();
    expect(await drain(engine.stream([0, 450_000]), 0)).toBe(450_000);
    await flying;
    expect(wire.meter.bytesReceived).toBe(450_000);
    expect([...wire.asked].sort()).toEqual(
      ["[0, 100000)", "[100000, 200000)", "[200000, 300000)", "[300000, 400000)", "[400000, 450000)"].sort(),
    );
    const before = engine.receipt.cacheHits;
    await drain(engine.stream([0, 450_000]), 0);
    expect(engine.receipt.cacheHits).toBe(before + 1);
    expect(wire.requests).toHaveLength(5);
  });

  it.each([
    ["that pauses, without a cache", 0, { aheadBytes: 0 }],
    ["that is long", 64 * MiB, {}],
  ])("asks for itself what a request %s would bring too late", async (_, cacheBytes, options) => {
    const { wire, engine } = openImitated({ ...file, cacheBytes, link: SLOW });
    const other = engine.stream([0, 4 * MiB], { divide: false }).getReader();
    await other.read();
    const end = drain(engine.stream([3.5 * MiB, 4.5 * MiB], options), 3.5 * MiB);
    expect(await Promise.race([end, wire.clock.sleep(60_000)])).toBe(4.5 * MiB);
    await other.cancel();
    await settled();
    expect(wire.active).toBe(0);
  });

  it("of more than stays held shares its one request with another that reads the same beside it", async () => {
    const { wire, engine } = openImitated({ ...file, policy: "lean", link: WAN });
    const stream = (): Promise<number> => drain(engine.stream([0, 40 * MiB], { divide: false }), 0);
    expect(await Promise.all([stream(), stream()])).toEqual([40 * MiB, 40 * MiB]);
    expect(wire.asked).toEqual([`[0, ${40 * MiB})`]);
  });

  it("gives also what comes in pieces larger than the cache, by one request", async () => {
    const { wire, engine } = openImitated({ ...file, cacheBytes: 2 * MiB });
    let bodies = 0;
    wire.openBody = ({ start, end }) => {
      if (++bodies > 9) throw new Error("asked for again and again");
      return { readWithin: async () => wireBytes(start, end), cancel: () => undefined };
    };
    expect(await drain(engine.stream([MiB, 6 * MiB], { divide: false }), MiB)).toBe(6 * MiB);
    expect(bodies).toBe(1);
  });

  it("given up leaves no request open that a read has had its part of", async () => {
    const { wire, engine } = openImitated(file);
    const reader = engine.stream([0, 4 * MiB], { divide: false }).getReader();
    await reader.read();
    const read = engine.read([100 * KiB, 300 * KiB]);
    await settled();
    await reader.cancel();
    expectWireBytes(await read, 100 * KiB, 300 * KiB);
    await settled();
    expect(wire.active).toBe(0);
    expect([...engine.spans].map(([range, state]) => `${range} ${state}`)).toEqual(["[0, 327680) held"]);
  });

  it("that came to its end leaves the request that it shared, and what that brought stays held", async () => {
    const { wire, engine } = openImitated(file);
    const reader = engine.stream([0, 4 * MiB], { divide: false }).getReader();
    await reader.read();
    expect(await drain(engine.stream([0, 300 * KiB], { divide: false }), 0)).toBe(300 * KiB);
    await reader.cancel();
    await settled();
    expect(wire.active).toBe(0);
    expect([...engine.spans].map(([range, state]) => `${range} ${state}`)).toEqual(["[0, 327680) held"]);
  });

  it("given up ends every request of its own", async () => {
    for (const how of ["cancel", "abort"] as const) {
      const { wire, engine } = openImitated({ ...file, link: WAN });
      const controller = new AbortController();
      const reader = engine.stream([0], { signal: controller.signal }).getReader();
      await reader.read();
      if (how === "cancel") await reader.cancel();
      else {
        const next = reader.read();
        controller.abort("enough");
        await expect(next).rejects.toBe("enough");
      }
      await settled();
      const received = wire.meter.bytesReceived;
      await wire.clock.sleep(5000);
      expect(wire.meter.bytesReceived).toBe(received);
      expect(wire.active).toBe(0);
    }
  });

  it("gives up nothing that another reads", async () => {
    const { wire, engine } = openImitated({ ...file, link: WAN });
    const first = engine.stream([0, 8 * MiB]).getReader();
    const second = drain(engine.stream([0, 8 * MiB]), 0);
    await first.read();
    await first.cancel();
    expect(await second).toBe(8 * MiB);
    expect(wire.meter.bytesReceived).toBeLessThanOrEqual(12 * MiB);
  });

  it.each([
    ["a cache", 64 * MiB],
    ["a small cache", 256 * KiB],
    ["no cache", 0],
  ])("shares its requests with another that reads the same beside it, with %s", async (_, cacheBytes) => {
    const { wire, engine } = openImitated({ ...file, link: WAN, cacheBytes });
    const ends = await Promise.all([1, 2].map(() => drain(engine.stream([0, 4 * MiB]), 0)));
    expect(ends).toEqual([4 * MiB, 4 * MiB]);
    if (cacheBytes >= 4 * MiB) expect(wire.meter.bytesReceived).toBe(4 * MiB);
    expect(wire.active).toBe(0);
  });

  it("ends with the failure of a request, after every byte before it", async () => {
    const { wire, engine } = openImitated({
      ...file,
      link: WAN,
      beforeChunk: ({ range, deliveredBytes }) => {
        if (range.start + deliveredBytes >= 3 * MiB) throw new Error("torn");
      },
    });
    let position = 0;
    const drained = drain(engine.stream([0, 8 * MiB]), 0, (now) => {
      position = now;
    });
    await expect(drained).rejects.toThrow("torn");
    expect(position).toBeGreaterThanOrEqual(MiB);
    await settled();
    expect(wire.active).toBe(0);
  });
});

describe("the chunks of a stream", () => {
  it.each([64 * MiB, 0])(
    "belong to whoever reads them, also where two share one request: cache of %d",
    async (cacheBytes) => {
      for (const aheadBytes of [0, 8 * MiB]) {
        const { engine } = openImitated({ ...file, cacheBytes });
        const spoil = async (): Promise<number> => {
          let position = 0;
          for await (const chunk of engine.stream([0, MiB], { aheadBytes })) {
            expectWireBytes(chunk, position, position + chunk.length);
            position += chunk.length;
            expect(chunk.byteOffset + chunk.length).toBeLessThanOrEqual(chunk.buffer.byteLength);
            new Uint8Array(chunk.buffer).fill(255);
          }
          return position;
        };
        expect(
          await Promise.all([spoil(), spoil(), engine.read([0, MiB]).then(({ length }) => length)]),
        ).toEqual([MiB, MiB, MiB]);
        expectWireBytes(await engine.read([0, MiB]), 0, MiB);
      }
    },
  );
});

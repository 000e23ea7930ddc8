import { describe, expect, it } from "vitest";
import { expectWireBytes, type ImitatedOptions, openImitated } from "../../test/engine/imitated-engine.ts";
import { CLOUD, SLOW, WAN } from "../../test/engine/imitated-wire.ts";
import { settled } from "../../test/engine/virtual-clock.ts";
import type { Bytes } from "../source/source.ts";
import type { Engine } from "./engine.ts";
import { sliceSource } from "./slice-source.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
const file: ImitatedOptions = { size: 64 * MiB };
/** Far enough apart that no plan reads over what lies between. */
const far = (count: number, byteLength = 4 * KiB): [number, number][] =>
  Array.from({ length: count }, (_, index) => [index * 8 * MiB, index * 8 * MiB + byteLength]);

const spansOf = (engine: Engine): string =>
  [...engine.spans].map(([range, state]) => `${range} ${state}`).join(", ");

describe("reads begun in the same tick", () => {
  it("are planned together: what touches or overlaps is one request, and nothing is asked for twice", async () => {
    const { wire, engine } = openImitated(file);
    const wanted = [
      [4096, 8192],
      [0, 4096],
      [2048, 6144],
      [0, 4096],
    ] as const;
    const all = await Promise.all(wanted.map((range) => engine.read(range)));
    for (const [index, [start, end]] of wanted.entries()) expectWireBytes(all[index], start, end);
    expect(wire.asked).toEqual(["[0, 8192)"]);
    expect(engine.receipt).toMatchObject({ requests: 1, bytesWanted: 4 * 4096, bytesReceived: 8192 });
  });

  it("are planned together also when each begins a few awaits deep", async () => {
    const { wire, engine } = openImitated(file);
    const deep = async (start: number): Promise<Bytes> => {
      await Promise.resolve();
      await Promise.resolve();
      return engine.read([start, start + 4096]);
    };
    const shallow = engine.read([0, 4096]);
    await Promise.all([shallow, deep(8192), deep(4096)]);
    expect(wire.asked).toEqual(["[0, 12288)"]);
  });

  it("are planned together with a readMany among them", async () => {
    const { wire, engine } = openImitated(file);
    const many = engine.readMany([
      [0, 100],
      [200, 300],
    ]);
    const one = engine.read([100, 200]);
    expectWireBytes((await many)[1], 200, 300);
    expectWireBytes(await one, 100, 200);
    expect(wire.asked).toEqual(["[0, 300)"]);
  });

  it.each([
    ["that follow each other", 3000],
    ["with small gaps between", 3100],
  ])("ask for what a readMany of them would, and for nothing beyond: a hundred %s", async (_, step) => {
    const wanted = Array.from(
      { length: 100 },
      (_member, index) => [index * step, index * step + 3000] as const,
    );
    for (const link of [CLOUD, WAN]) {
      const { wire: single, engine } = openImitated({ ...file, link });
      const all = await Promise.all(wanted.map((range) => engine.read(range)));
      for (const [index, [start, end]] of wanted.entries()) expectWireBytes(all[index], start, end);
      const { wire: together, engine: other } = openImitated({ ...file, link });
      await other.readMany(wanted);
      await single.clock.sleep(1000);
      expect(single.asked).toEqual(together.asked);
    }
  });

  it("are a step of one way together: what goes on behind them is read ahead of", async () => {
    const { wire, engine } = openImitated({ ...file, link: CLOUD });
    for (let start = 0; start < 16 * MiB; start += 256 * KiB) {
      const parts = [0, 64, 128, 192].map((at): [number, number] => [
        start + at * KiB,
        start + (at + 64) * KiB,
      ]);
      await Promise.all(parts.map((range) => engine.read(range)));
    }
    // A round trip for each of the 64 would be 1.3 s.
    expect(wire.clock.now).toBeLessThan(600);
  });

  it("go side by side where they lie far apart", async () => {
    const { wire, engine } = openImitated(file);
    await Promise.all(far(6).map((range) => engine.read(range)));
    expect(wire.requests.map(({ sentMs }) => sentMs)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(wire.clock.now).toBeLessThan(45);
  });

  it("and reads of other ticks do not wait for each other's connections", async () => {
    const { wire, engine } = openImitated({ ...file, link: SLOW });
    const large = engine.read([0, 2 * MiB]);
    await wire.clock.sleep(150);
    const startedMs = wire.clock.now;
    await engine.read([20 * MiB, 20 * MiB + 100]);
    // A new connection and a round trip, beside a body that takes two seconds.
    expect(wire.clock.now - startedMs).toBeLessThan(110);
    await large;
  });

  it("that one budget does not suffice for are refused alone", async () => {
    const { wire, engine } = openImitated({ ...file, maxBytes: 10_000 });
    const [small, large] = await Promise.allSettled([engine.read([0, 4000]), engine.read([MiB, MiB + 9000])]);
    expectWireBytes((small as PromiseFulfilledResult<Bytes>).value, 0, 4000);
    expect(large).toMatchObject({ status: "rejected", reason: { code: "LIMIT" } });
    expect(wire.asked).toEqual(["[0, 4000)"]);
  });

  it("are read over gaps where that is sooner, and what was read over stays held", async () => {
    const { wire, engine } = openImitated({ ...file, link: WAN });
    const wanted = Array.from(
      { length: 100 },
      (_, index) => [index * 12_288, index * 12_288 + 4096] as const,
    );
    await engine.readMany(wanted);
    expect(wire.requests.length).toBeLessThanOrEqual(16);
    const requests = engine.receipt.requests;
    expectWireBytes(engine.tryRead([0, 12_288]), 0, 12_288);
    expect(engine.receipt.requests).toBe(requests);
  });
});

describe("bytes in flight", () => {
  it("are joined, not asked for again, and readers wake as their own have come", async () => {
    const { wire, engine } = openImitated({ ...file, link: SLOW, policy: "lean" });
    const whole = engine.read([0, 128 * KiB]);
    await wire.clock.sleep(60);
    const order: string[] = [];
    const first = engine.read([0, 64 * KiB]).then((bytes) => {
      order.push("part");
      expectWireBytes(bytes, 0, 64 * KiB);
    });
    await Promise.all([first, whole.then(() => order.push("whole"))]);
    expect(order).toEqual(["part", "whole"]);
    expect(wire.asked).toEqual(["[0, 131072)"]);
  });

  it.each([0, 5])(
    "are not waited for where a request of one's own is sooner, after %d small reads",
    async (count) => {
      const { wire, engine } = openImitated({ ...file, link: SLOW });
      const end = 64 * MiB;
      for (let index = 0; index < count; index++)
        await engine.read([(9 - index) * MiB, (9 - index) * MiB + 10]);
      const reader = engine.stream([10 * MiB, end], { aheadBytes: 0 }).getReader();
      await reader.read();
      const startedMs = wire.clock.now;
      const pull = reader.read();
      expectWireBytes(await engine.read([end - 10, end]), end - 10, end);
      expect(wire.asked.slice(count)).toEqual([`[${10 * MiB}, ${end})`, `[${end - 10}, ${end})`]);
      expect(wire.clock.now - startedMs).toBeLessThan(250);
      await pull;
      await reader.cancel();
    },
  );

  it("are waited for under fast whatever is said of dividing: not at all where a request is sooner", async () => {
    const { wire, engine } = openImitated({ ...file, policy: "fast", link: SLOW });
    const long = engine.read([MiB, MiB + 250_000]);
    await settled();
    await engine.read([MiB + 249_000, MiB + 250_000], { divide: false });
    expect(wire.asked).toHaveLength(2);
    await long;
  });

  it("are one read together with what is held and what is missing", async () => {
    const { wire, engine } = openImitated({ ...file, policy: "lean" });
    await engine.read([0, 1000]);
    const flying = engine.read([1000, 2000]);
    await wire.clock.sleep(10);
    expectWireBytes(await engine.read([500, 3000]), 500, 3000);
    await flying;
    expect(wire.asked).toEqual(["[0, 1000)", "[1000, 2000)", "[2000, 3000)"]);
    expect([...engine.spans].map(([range, state]) => `${range} ${state}`)).toEqual(["[0, 3000) held"]);
  });

  it("show as pending, then held", async () => {
    const { wire, engine } = openImitated({ ...file, link: SLOW });
    const read = engine.read([0, 128 * KiB]);
    await settled();
    expect([...engine.spans]).toMatchObject([[{ start: 0, end: 128 * KiB }, "pending"]]);
    await wire.clock.sleep(190);
    expect([...engine.spans]).toMatchObject([
      [{ start: 0, end: 64 * KiB }, "held"],
      [{ start: 64 * KiB, end: 128 * KiB }, "pending"],
    ]);
    await read;
    expect([...engine.spans]).toMatchObject([[{ start: 0, end: 128 * KiB }, "held"]]);
  });
});

describe("readEach", () => {
  it("gives each range as soon as it is complete, with its index", async () => {
    const { engine } = openImitated({ ...file, link: SLOW, policy: "lean" });
    await engine.read([20 * MiB, 20 * MiB + 100]);
    const wanted = [
      [0, 256 * KiB],
      [40 * MiB, 40 * MiB + 10],
      [20 * MiB, 20 * MiB + 100],
      [40 * MiB, 40 * MiB + 10],
    ] as const;
    const order: number[] = [];
    for await (const { index, bytes } of engine.readEach(wanted)) {
      order.push(index);
      const [start, end] = wanted[index] as [number, number];
      expectWireBytes(bytes, start, end);
    }
    expect(order[0]).toBe(2);
    expect(order.at(-1)).toBe(0);
    expect([...order].sort()).toEqual([0, 1, 2, 3]);
  });

  it("of nothing gives nothing and sends nothing", async () => {
    const { wire, engine } = openImitated(file);
    for await (const each of engine.readEach([])) expect(each).toBeUndefined();
    expect(await engine.readMany([])).toEqual([]);
    expect(wire.asked).toEqual([]);
  });

  it("counts a call that is answered wholly from what is held", async () => {
    const { engine } = openImitated(file);
    await engine.read([0, 1000]);
    const before = engine.receipt.cacheHits;
    for await (const { bytes } of engine.readEach([
      [0, 10],
      [500, 600],
    ]))
      expect(bytes.length).toBeGreaterThan(0);
    expect(engine.receipt.cacheHits).toBe(before + 1);
    expect(engine.receipt.requests).toBe(1);
  });

  it("cancels what is still to come when its loop is left", async () => {
    const { wire, engine } = openImitated({ ...file, link: SLOW, policy: "lean" });
    const wanted = [
      [0, 10],
      [30 * MiB, 38 * MiB],
    ] as const;
    for await (const { index } of engine.readEach(wanted)) {
      expect(index).toBe(0);
      break;
    }
    await settled();
    expect(wire.requests.map(({ state }) => state)).toEqual([
      "complete",
      ...wire.requests.slice(1).map(() => "cancelled"),
    ]);
    expect(wire.active).toBe(0);
    expect(wire.meter.bytesReceived).toBeLessThan(MiB);
  });

  it("ends with the reason of its signal, and with the first failure", async () => {
    const controller = new AbortController();
    const { wire, engine } = openImitated({
      ...file,
      link: SLOW,
      policy: "lean",
      beforeChunk: ({ range }) => {
        if (range.start === 20 * MiB) throw new Error("torn");
      },
    });
    const collect = async (ranges: readonly (readonly [number, number])[], signal?: AbortSignal) => {
      const given: number[] = [];
      try {
        for await (const { index } of engine.readEach(ranges, { signal })) given.push(index);
      } catch (error) {
        return { given, error };
      }
      return { given, error: undefined };
    };
    const aborted = collect(
      [
        [0, 10],
        [8 * MiB, 12 * MiB],
      ],
      controller.signal,
    );
    await wire.clock.sleep(150);
    controller.abort("enough");
    expect(await aborted).toEqual({ given: [0], error: "enough" });
    const failed = await collect([
      [20 * MiB, 20 * MiB + 10],
      [30 * MiB, 34 * MiB],
    ]);
    expect(failed).toMatchObject({ given: [], error: { message: "torn" } });
    await settled();
    expect(wire.active).toBe(0);
  });
});

describe("tryRead", () => {
  it("gives what is held at once, undefined for anything else, and sends nothing", async () => {
    const { wire, engine } = openImitated({ ...file, policy: "lean" });
    expect(engine.tryRead([0, 10])).toBeUndefined();
    await engine.read([0, 1000]);
    expectWireBytes(engine.tryRead([10, 1000]), 10, 1000);
    expect(engine.tryRead([10, 1001])).toBeUndefined();
    expect(engine.tryRead([5, 5])).toEqual(new Uint8Array(0));
    await settled();
    expect(wire.asked).toEqual(["[0, 1000)"]);
    expect(() => engine.tryRead([0, file.size + 1])).toThrow(
      expect.objectContaining({ code: "OUT_OF_BOUNDS" }),
    );
  });
});

describe("plan", () => {
  it("sends nothing, and readMany then sends just that", async () => {
    for (const link of [CLOUD, WAN, SLOW]) {
      for (const policy of ["lean", "balanced", "fast"] as const) {
        const { wire, engine } = openImitated({ ...file, link, policy });
        await engine.read([0, 40_000]);
        const ranges = Array.from({ length: 60 }, (_, index) => {
          const start = (index * 7919 * 701) % (24 * MiB);
          return [start, start + 20_000 + index * 1000] as const;
        });
        const before = wire.requests.length;
        const plan = engine.plan(ranges);
        await settled();
        expect(wire.requests.length).toBe(before);
        await engine.readMany(ranges);
        const sent = wire.requests.slice(before).map(({ range }) => range);
        expect(sent.sort((one, other) => one.start - other.start).map(String)).toEqual(
          plan.requests.map(String),
        );
        expect(plan.bytesRequested).toBe(sent.reduce((sum, { length }) => sum + length, 0));
        expect(plan.predictedMs).toBeGreaterThan(0);
        expect(engine.plan(ranges)).toMatchObject({
          requests: [],
          bytesRequested: 0,
          bytesWanted: plan.bytesWanted,
        });
      }
    }
  });

  it("tells of the block that a small read from nowhere is widened to", async () => {
    const { wire, engine } = openImitated(file);
    for (let index = 0; index < 8; index++) {
      const range = [(index * 5 + 3) * MiB + 5000, (index * 5 + 3) * MiB + 5100] as const;
      const before = wire.requests.length;
      const plan = engine.plan([range]);
      expect(engine.plan([range])).toEqual(plan);
      await engine.readMany([range]);
      expect(wire.asked.slice(before)).toEqual(plan.requests.map(String));
    }
    expect(wire.requests.at(-1)?.range.length).toBe(16 * KiB);
  });
});

describe("a reader that goes back from the end", () => {
  it("has the footer and what lies before it by one request, and no more than was held already", async () => {
    const { wire, engine } = openImitated(file);
    const { size } = engine;
    await engine.read([size - 70_000, size - 60_000]);
    expectWireBytes(await engine.read([size - 8, size], { expect: "tail" }), size - 8, size);
    expectWireBytes(
      await engine.read([size - 50_000, size - 8], { expect: "tail" }),
      size - 50_000,
      size - 8,
    );
    expect(wire.asked.slice(1)).toEqual([`[${size - 60_000}, ${size})`]);
    // The small read alone is widened, and nothing beyond it is fetched.
    await engine.read([MiB, MiB + 8], { expect: "tail" });
    await engine.read([100, 200], { expect: "tail" });
    expect(wire.asked.slice(2)).toEqual([`[${MiB + 8 - 64 * KiB}, ${MiB + 8})`, "[0, 200)"]);
  });

  it("gets what it asks for alone where bytes are dear", async () => {
    const { wire, engine } = openImitated({ ...file, policy: "lean" });
    await engine.read([MiB, MiB + 8], { expect: "tail" });
    expect(wire.asked).toEqual([`[${MiB}, ${MiB + 8})`]);
  });
});

describe("maxBytes", () => {
  it("refuses with LIMIT what it does not suffice for, before anything is sent", async () => {
    const { wire, engine } = openImitated({ ...file, maxBytes: 10_000 });
    await expect(engine.read([0, 10_001])).rejects.toMatchObject({ code: "LIMIT" });
    await expect(engine.readMany(far(3))).rejects.toMatchObject({ code: "LIMIT" });
    expect(wire.asked).toEqual([]);
    await engine.read([0, 10_000]);
    await expect(engine.read([20_000, 20_001])).rejects.toMatchObject({ code: "LIMIT" });
    expectWireBytes(await engine.read([5000, 6000]), 5000, 6000);
    expect(wire.asked).toEqual(["[0, 10000)"]);
  });

  it("counts what is on its way", async () => {
    const { wire, engine } = openImitated({ ...file, maxBytes: 10_000, policy: "lean" });
    const first = engine.read([0, 6000]);
    await settled();
    await expect(engine.read([20_000, 26_000])).rejects.toMatchObject({ code: "LIMIT" });
    await Promise.all([first, engine.read([20_000, 24_000])]);
    expect(wire.meter.bytesReceived).toBe(10_000);
  });

  it("gives back what was not fetched of a read that was given up", async () => {
    const { wire, engine } = openImitated({ ...file, maxBytes: 100_000, policy: "lean" });
    const controller = new AbortController();
    const read = engine.read([0, 90_000], { signal: controller.signal });
    await settled();
    controller.abort("enough");
    await expect(read).rejects.toBe("enough");
    await engine.read([MiB, MiB + 100_000]);
    expect(wire.meter.bytesReceived).toBe(100_000);
  });

  it.each(["fast", "balanced", "lean"] as const)(
    "is not spent on gaps that leave too little for what is wanted: %s",
    async (policy) => {
      const { wire, engine } = openImitated({ ...file, link: WAN, policy, maxBytes: 500_000 });
      // Gaps of 4 KiB to 16 KiB: some of them can be afforded, but not all.
      const wanted = Array.from({ length: 100 }, (_, index) => {
        const start = index * 8192 + 60 * index * index;
        return [start, start + 4096] as const;
      });
      const all = await engine.readMany(wanted);
      for (const [index, [start, end]] of wanted.entries()) expectWireBytes(all[index], start, end);
      expect(wire.meter.bytesReceived).toBeLessThanOrEqual(500_000);
    },
  );

  it("ends a stream with LIMIT when all of it was received, and not a byte more", async () => {
    for (const aheadBytes of [0, 8 * MiB]) {
      const { wire, engine } = openImitated({ ...file, maxBytes: MiB });
      let got = 0;
      const drain = async (): Promise<void> => {
        for await (const chunk of engine.stream([0, 8 * MiB], { aheadBytes })) got += chunk.length;
      };
      await expect(drain()).rejects.toMatchObject({ code: "LIMIT" });
      await settled();
      expect([wire.meter.bytesReceived, got]).toEqual([MiB, MiB]);
      expect(wire.active).toBe(0);
    }
  });

  it("that is as long as a stream lets it come to its end", async () => {
    const { wire, engine } = openImitated({ ...file, maxBytes: MiB });
    await engine.read([0, 1000]);
    let got = 0;
    for await (const chunk of engine.stream([0, MiB])) got += chunk.length;
    expect([wire.meter.bytesReceived, got]).toEqual([MiB, MiB]);
  });

  it("is not passed by several streams at a time, but for the chunks in which they notice it", async () => {
    const { wire, engine } = openImitated({ ...file, maxBytes: MiB });
    const drain = async (start: number): Promise<void> => {
      for await (const chunk of engine.stream([start, start + 4 * MiB], { aheadBytes: 0 })) void chunk;
    };
    for (const outcome of await Promise.allSettled([drain(0), drain(8 * MiB)]))
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "LIMIT" } });
    expect(wire.meter.bytesReceived).toBeLessThanOrEqual(MiB + 64 * KiB);
  });

  it("that the last bytes of a request pass leaves nothing that later reads would wait for", async () => {
    const { wire, engine } = openImitated({ ...file, maxBytes: 100_000 });
    const drain = async (start: number): Promise<void> => {
      for await (const chunk of engine.stream([start, start + 60_000])) void chunk;
    };
    const outcomes = await Promise.allSettled([drain(0), drain(MiB)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(spansOf(engine)).toBe("[0, 60000) held");
    const late = engine.read([MiB, MiB + 60_000]).catch(({ code }) => code);
    expect(await Promise.race([late, wire.clock.sleep(60_000)])).toBe("LIMIT");
  });

  it("bounds what is read ahead, without a failure", async () => {
    const { wire, engine } = openImitated({ ...file, policy: "fast", maxBytes: 600_000 });
    for (let start = 0; start < 400_000; start += 4000) await engine.read([start, start + 4000]);
    await wire.clock.sleep(1000);
    expect(wire.meter.bytesReceived).toBeLessThanOrEqual(600_000);
  });
});

describe("a slice", () => {
  it("is read ahead of to its end and not beyond, however it is read", async () => {
    const { wire, engine } = openImitated({ ...file, policy: "fast" });
    const slice = sliceSource(engine, [10 * MiB, 14 * MiB]);
    for (let start = 0; start < 4 * MiB; start += 64 * KiB) {
      const range = [start, start + 64 * KiB] as const;
      const bytes = slice.tryRead(range) ?? (await slice.read(range));
      expectWireBytes(bytes, 10 * MiB + start, 10 * MiB + start + 64 * KiB);
    }
    await wire.clock.sleep(1000);
    expect(wire.meter.bytesReceived).toBe(4 * MiB);
    expect([...wire.meter.ranges].map(String)).toEqual([`[${10 * MiB}, ${14 * MiB})`]);
  });
});

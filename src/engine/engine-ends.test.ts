import { describe, expect, it } from "vitest";
import { expectWireBytes, type ImitatedOptions, openImitated } from "../../test/engine/imitated-engine.ts";
import { CLOUD, SLOW, WAN } from "../../test/engine/imitated-wire.ts";
import { settled } from "../../test/engine/virtual-clock.ts";
import { openSource } from "../open.ts";
import { Range } from "../ranges/range.ts";
import { bytesSource } from "../source/bytes-source.ts";
import { Meter } from "../source/meter.ts";
import type { Bytes, Source } from "../source/source.ts";
import { patternBytes } from "../testing/pattern-bytes.ts";
import { recordingSource } from "../testing/recording-source.ts";
import { countedSource } from "./counted-source.ts";
import { Engine } from "./engine.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
const file: ImitatedOptions = { size: 64 * MiB };
const spansOf = (engine: Engine): string =>
  [...engine.spans].map(([range, state]) => `${range} ${state}`).join(", ");

async function readToEnd(reader: ReadableStreamDefaultReader<Bytes>): Promise<void> {
  while (!(await reader.read()).done);
}

describe("an abort", () => {
  it("of a signal that is aborted already sends nothing", async () => {
    const { wire, engine } = openImitated(file);
    const signal = AbortSignal.abort("enough");
    await expect(engine.read([0, 10], { signal })).rejects.toBe("enough");
    await expect(engine.readMany([[0, 10]], { signal })).rejects.toBe("enough");
    await expect(
      engine
        .readEach([[0, 10]], { signal })
        [Symbol.asyncIterator]()
        .next(),
    ).rejects.toBe("enough");
    await expect(engine.stream([0, 10], { signal }).getReader().read()).rejects.toBe("enough");
    await settled();
    expect(wire.asked).toEqual([]);
  });

  it("in the tick of its read sends nothing", async () => {
    const { wire, engine } = openImitated(file);
    const controller = new AbortController();
    const read = engine.read([0, 10], { signal: controller.signal });
    controller.abort("enough");
    await expect(read).rejects.toBe("enough");
    await settled();
    expect(wire.asked).toEqual([]);
  });

  it("of one who shares a request hurts no other, and the last one ends it", async () => {
    const { wire, engine } = openImitated({ ...file, link: SLOW });
    const [one, two] = [new AbortController(), new AbortController()];
    const first = engine.read([0, 128 * KiB], { signal: one.signal });
    const second = engine.read([0, 128 * KiB], { signal: two.signal });
    const third = engine.read([64 * KiB, 100 * KiB]);
    await wire.clock.sleep(50);
    one.abort("first");
    await expect(first).rejects.toBe("first");
    two.abort("second");
    await expect(second).rejects.toBe("second");
    expectWireBytes(await third, 64 * KiB, 100 * KiB);
    const fourth = engine.read([10 * MiB, 12 * MiB], { signal: one.signal });
    await expect(fourth).rejects.toBe("first");
    const last = new AbortController();
    const fifth = engine.read([10 * MiB, 12 * MiB], { signal: last.signal });
    await wire.clock.sleep(300);
    last.abort("last");
    await expect(fifth).rejects.toBe("last");
    expect(wire.active).toBe(0);
    expect(wire.requests.slice(1).every(({ state }) => state === "cancelled")).toBe(true);
    expect(spansOf(engine)).toBe(`${new Range(0, 128 * KiB)} held`);
  });

  it("leaves no trace, and what comes after it is as if it had not been", async () => {
    const { wire, engine } = openImitated({ ...file, link: SLOW, policy: "lean" });
    const controller = new AbortController();
    const read = engine.readMany([[0, 256 * KiB]], { signal: controller.signal });
    await wire.clock.sleep(200);
    expect(spansOf(engine)).toBe("[0, 65536) held, [65536, 262144) pending");
    controller.abort("enough");
    await expect(read).rejects.toBe("enough");
    expect(spansOf(engine)).toBe("");
    expectWireBytes(await engine.read([0, 256 * KiB]), 0, 256 * KiB);
  });

  it("too late changes nothing", async () => {
    const { engine } = openImitated(file);
    const controller = new AbortController();
    const bytes = await engine.read([0, 1000], { signal: controller.signal });
    controller.abort("late");
    expectWireBytes(bytes, 0, 1000);
    expectWireBytes(engine.tryRead([0, 1000]), 0, 1000);
  });
});

describe("a failure", () => {
  const torn = ({ range }: { range: Range }): void => {
    if (range.start >= 32 * MiB) throw new Error("torn");
  };

  it("rejects whoever wanted its bytes, and nobody else", async () => {
    const { wire, engine } = openImitated({ ...file, policy: "lean", beforeChunk: torn });
    const good = engine.read([0, 1000]);
    const bad = engine.read([40 * MiB, 40 * MiB + 1000]);
    const mixed = engine.readMany([
      [0, 1000],
      [40 * MiB, 40 * MiB + 1000],
    ]);
    await Promise.all([
      expect(bad).rejects.toThrow("torn"),
      expect(mixed).rejects.toThrow("torn"),
      good.then((bytes) => expectWireBytes(bytes, 0, 1000)),
    ]);
    await settled();
    expect(spansOf(engine)).toBe("[0, 1000) held");
    expect(wire.active).toBe(0);
  });

  it("in the middle of a body leaves nothing of it, and the next read is asked for anew", async () => {
    let broken = true;
    const { wire, engine } = openImitated({
      ...file,
      beforeChunk: ({ deliveredBytes }) => {
        if (broken && deliveredBytes > 0) throw new Error("torn");
      },
    });
    await expect(engine.read([0, 128 * KiB])).rejects.toThrow("torn");
    expect(spansOf(engine)).toBe("");
    broken = false;
    expectWireBytes(await engine.read([0, 128 * KiB]), 0, 128 * KiB);
    expect(wire.requests).toHaveLength(2);
  });

  it("of what was fetched ahead fails nobody, and is not tried over and over", async () => {
    const { wire, engine } = openImitated({ ...file, link: CLOUD, policy: "fast", beforeChunk: torn });
    for (let index = 0; index < 100; index++) {
      const start = (index * 12_345_679) % (31 * MiB);
      expectWireBytes(await engine.read([start, start + 100]), start, start + 100);
    }
    await wire.clock.sleep(20_000);
    expect(wire.active).toBe(0);
    const failed = wire.requests.filter(({ state }) => state === "failed");
    expect(new Set(failed.map(({ range }) => range.start)).size).toBe(failed.length);
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.length).toBeLessThan(40);
  });
});

describe("closing", () => {
  it("rejects what is under way and what comes later, and leaves nothing open", async () => {
    const { wire, engine } = openImitated({ ...file, link: WAN });
    const stream = engine.stream([20 * MiB, 30 * MiB]).getReader();
    await stream.read();
    const pending = [
      engine.read([0, MiB]),
      engine.readMany([[2 * MiB, 3 * MiB]]),
      engine
        .readEach([[4 * MiB, 5 * MiB]])
        [Symbol.asyncIterator]()
        .next(),
      readToEnd(stream),
    ];
    const rejected = pending.map((promise) => expect(promise).rejects.toMatchObject({ code: "CLOSED" }));
    await wire.clock.sleep(150);
    await engine.close();
    await engine.close();
    await Promise.all(rejected);
    await settled();
    expect([wire.active, wire.isClosed]).toEqual([0, true]);
    expect(spansOf(engine)).toBe("");
    await expect(engine.read([0, 10])).rejects.toMatchObject({ code: "CLOSED" });
    await expect(engine.readMany([[0, 10]])).rejects.toMatchObject({ code: "CLOSED" });
    await expect(engine.stream().getReader().read()).rejects.toMatchObject({ code: "CLOSED" });
    expect(() => engine.tryRead([0, 10])).toThrow(expect.objectContaining({ code: "CLOSED" }));
    expect(() => engine.plan([[0, 10]])).toThrow(expect.objectContaining({ code: "CLOSED" }));
    const { length } = wire.requests;
    await wire.clock.sleep(10_000);
    expect(wire.requests).toHaveLength(length);
  });

  it("in the tick of a read sends nothing", async () => {
    const { wire, engine } = openImitated(file);
    const read = engine.read([0, 10]);
    const closed = engine.close();
    await expect(read).rejects.toMatchObject({ code: "CLOSED" });
    await closed;
    await settled();
    expect(wire.asked).toEqual([]);
  });

  it("ends what is read ahead, and begins nothing new", async () => {
    const { wire, engine } = openImitated({ ...file, policy: "fast", link: WAN });
    for (let start = 0; start < MiB; start += 16 * KiB) await engine.read([start, start + 16 * KiB]);
    expect(wire.active).toBeGreaterThan(0);
    await wire.clock.sleep(5000);
    // Each of these goes on with what is read ahead a little later: when it is closed already.
    let start = MiB;
    while (engine.tryRead([start, start + 16 * KiB]) !== undefined) start += 16 * KiB;
    expect(start).toBeGreaterThan(MiB);
    const { length } = wire.requests;
    await engine.close();
    await wire.clock.sleep(10_000);
    expect(wire.active).toBe(0);
    expect(wire.requests).toHaveLength(length);
  });

  it("ends the reading through of a moderate file, and begins nothing new", async () => {
    const { wire, engine } = openImitated({ ...file, size: 16 * MiB, policy: "fast", link: CLOUD });
    for (let index = 0; wire.active < 2 && index < 100; index++) {
      const start = (index * 7_654_321) % (16 * MiB - 100);
      await engine.read([start, start + 100]);
    }
    expect(wire.active).toBeGreaterThan(1);
    const { length } = wire.requests;
    await engine.close();
    await wire.clock.sleep(10_000);
    expect(wire.active).toBe(0);
    expect(wire.requests).toHaveLength(length);
  });
});

describe("bytes that were given", () => {
  it("belong to whoever asked: what is written into them nobody else reads", async () => {
    const { engine } = openImitated(file);
    const spoil = (bytes: Uint8Array<ArrayBuffer>): void => {
      new Uint8Array(bytes.buffer).fill(255);
    };
    const range = [0, 100_000] as const;
    const [one, two, [three, four]] = await Promise.all([
      engine.read(range),
      engine.read(range),
      engine.readMany([range, range]),
    ]);
    for (const bytes of [one, two, three, four]) {
      expectWireBytes(bytes, ...range);
      spoil(bytes as Uint8Array<ArrayBuffer>);
    }
    const takes = [
      () => engine.read(range),
      async () => engine.tryRead(range) as Uint8Array<ArrayBuffer>,
      async () => (await engine.readMany([range]))[0] as Uint8Array<ArrayBuffer>,
      async () => {
        for await (const { bytes } of engine.readEach([range])) return bytes as Uint8Array<ArrayBuffer>;
        throw new Error("nothing came");
      },
      async () => (await engine.stream(range).getReader().read()).value as Uint8Array<ArrayBuffer>,
    ];
    for (const take of takes) {
      const bytes = await take();
      expectWireBytes(bytes, 0, bytes.length);
      spoil(bytes);
    }
    expectWireBytes(await engine.read(range), ...range);
    expect(engine.receipt.requests).toBe(1);
  });
});

describe("a source that tells nothing of its way", () => {
  const bytes = patternBytes(4 * MiB, 9);
  const openNear = (policy: "fast" | "balanced") => {
    const source = recordingSource(bytesSource(bytes));
    const meter = new Meter();
    const parts = { source: countedSource(source, meter), meter, owned: true, cacheBytes: 64 * MiB, policy };
    return { source, engine: new Engine({ ...parts, maxBytes: Number.POSITIVE_INFINITY }) };
  };

  it.each(["fast", "balanced"] as const)("is asked for what is wanted and no more: %s", async (policy) => {
    const { source, engine } = openNear(policy);
    for (let start = 0; start < 100_000; start += 10_000) {
      expect(await engine.read([start, start + 10_000])).toEqual(bytes.slice(start, start + 10_000));
    }
    for (let start = MiB; start < 2 * MiB; start += 100_000) await engine.read([start, start + 10]);
    await settled();
    expect(source.reads.map(({ range }) => range.length)).toEqual([
      ...Array.from({ length: 10 }, () => 10_000),
      ...Array.from({ length: 11 }, () => 10),
    ]);
  });

  it("may give chunks of nothing", async () => {
    const beneath = bytesSource(bytes);
    const stuttering = {
      ...beneath,
      stream: () =>
        new ReadableStream<Uint8Array<ArrayBuffer>>({
          start(controller) {
            for (const [start, end] of [
              [0, 0],
              [0, 10],
              [10, 10],
              [10, 100],
            ])
              controller.enqueue(bytes.slice(start, end));
            controller.close();
          },
        }),
    };
    const meter = new Meter();
    const source = countedSource(stuttering, meter);
    const engine = new Engine({
      source,
      meter,
      owned: true,
      cacheBytes: MiB,
      policy: "balanced",
      maxBytes: Infinity,
    });
    let got = 0;
    for await (const chunk of engine.stream([0, 100])) got += chunk.length;
    expect(got).toBe(100);
    expect(spansOf(engine)).toBe("[0, 100) held");
    expect(engine.tryRead([0, 100])).toEqual(bytes.slice(0, 100));
  });

  it.each([undefined, null, "text", 7])("is BAD_RESPONSE where it gives %j for bytes", async (given) => {
    const beneath: Source = {
      ...bytesSource(bytes),
      read: async () => given as unknown as Uint8Array<ArrayBuffer>,
      stream: () =>
        new ReadableStream<Uint8Array<ArrayBuffer>>({
          start: (controller) => controller.enqueue(given as unknown as Uint8Array<ArrayBuffer>),
        }),
    };
    await using source = await openSource(beneath);
    const failure = { code: "BAD_RESPONSE" };
    await expect(source.read([0, 4])).rejects.toMatchObject(failure);
    await expect(source.stream([0, 4]).getReader().read()).rejects.toMatchObject(failure);
  });
});

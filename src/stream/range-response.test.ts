import { describe, expect, it } from "vitest";
import { openSource } from "../open.ts";
import { Range } from "../ranges/range.ts";
import type { PlannedSource } from "../source/source.ts";
import { type ControllableSource, controllableSource } from "../testing/controllable-source.ts";
import { patternBytes } from "../testing/pattern-bytes.ts";
import { RangeStream, type RangeStreamOptions } from "./range-stream.ts";

const MIB = 1024 * 1024;
const bytes = patternBytes(64, 7);
const code = (name: string) => expect.objectContaining({ code: name });
const shown = (stream: RangeStream): string => stream.listRanges().join(" ");
const bodies = (source: ControllableSource): string => source.streams.map(({ range }) => range).join(" ");

/** Enough for everything that waits for microtasks only. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
const microtasks = async (count: number): Promise<void> => {
  for (let done = 0; done < count; done++) await Promise.resolve();
};

/** A stream over a source in which nothing happens until the test says so, and nothing is held. */
async function held(
  options: RangeStreamOptions = {},
  data: Uint8Array = bytes,
): Promise<{ source: ControllableSource; stream: RangeStream }> {
  const source = controllableSource(data);
  return { source, stream: await RangeStream.open(source, { cache: false, ...options }) };
}

describe("reading", () => {
  it("sends nothing before the first read, and then one body for all reads", async () => {
    const { source, stream } = await held();
    const handle = stream.add([8, 40]);
    expect(await handle.read(0)).toEqual(new Uint8Array(0));
    expect(source.streams).toHaveLength(0);
    const reading = handle.read(4);
    (await source.streamAt(0)).deliver(16);
    expect(await reading).toEqual(bytes.slice(8, 12));
    expect(await handle.read(12)).toEqual(bytes.slice(12, 24));
    await settle();
    expect(source.streams[0]?.isWanted).toBe(false);
    expect(bodies(source)).toBe("[8, 40)");
  });

  it("answers reads begun together in the order of their calls", async () => {
    const { source, stream } = await held();
    const handle = stream.add([0, 12]);
    const order: number[] = [];
    const reads = [5, 3, 9].map(async (length, index) => {
      const got = await handle.read(length);
      order.push(index);
      return got;
    });
    const body = await source.streamAt(0);
    for (let chunk = 0; chunk < 6; chunk++) {
      body.deliver(2);
      await settle();
    }
    expect(await Promise.all(reads)).toEqual([bytes.slice(0, 5), bytes.slice(5, 8), bytes.slice(8, 12)]);
    expect(order).toEqual([0, 1, 2]);
    expect(handle.isConsumed).toBe(true);
  });

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "3", 2 ** 53] as number[])(
    "refuses %s as a length and sends nothing",
    async (length) => {
      const { source, stream } = await held();
      const handle = stream.add([0, 8]);
      await expect(handle.read(length)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      expect(source.streams).toHaveLength(0);
      expect(handle.tell()).toBe(0);
    },
  );

  it("gives bytes that are the caller's alone", async () => {
    const { source, stream } = await held();
    const handle = stream.add([0, 8]);
    const reading = handle.read(4);
    (await source.streamAt(0)).deliver(8);
    (await reading).fill(0xff);
    expect(await handle.read()).toEqual(bytes.slice(4, 8));
    expect(bytes[0]).not.toBe(0xff);
  });

  it("fails with what the source reports, keeps position and bytes, and goes on where it was", async () => {
    const { source, stream } = await held();
    const handle = stream.add([0, 10]);
    const failure = new Error("the wire broke");
    const failing = handle.read();
    const body = await source.streamAt(0);
    body.deliver(4);
    await settle();
    body.fail(failure);
    await expect(failing).rejects.toBe(failure);
    expect(handle.tell()).toBe(0);
    expect(shown(stream)).toBe("[0, 10)");
    const reading = handle.read();
    (await source.streamAt(1)).deliver();
    expect(await reading).toEqual(bytes.slice(0, 10));
    expect(bodies(source)).toBe("[0, 10) [4, 10)");
  });

  it("reports a source that ends too early instead of asking it for ever", async () => {
    const planned = await openSource(bytes);
    let asked = 0;
    const broken: PlannedSource = {
      name: "broken",
      size: planned.size,
      identity: planned.identity,
      spans: planned.spans,
      receipt: planned.receipt,
      read: (range, options) => planned.read(range, options),
      readMany: (ranges, options) => planned.readMany(ranges, options),
      readEach: (ranges, options) => planned.readEach(ranges, options),
      tryRead: (range) => planned.tryRead(range),
      plan: (ranges) => planned.plan(ranges),
      stream: () => {
        if (++asked > 10) throw new Error("asked for ever");
        return new ReadableStream({ start: (controller) => controller.close() });
      },
      close: () => planned.close(),
      [Symbol.asyncDispose]: () => planned.close(),
    };
    const stream = await RangeStream.open(broken);
    const handle = stream.add([0, 8]);
    await expect(handle.read()).rejects.toMatchObject({ code: "SHORT_BODY" });
    expect(handle.tell()).toBe(0);
    expect(asked).toBe(1);
  });
});

describe("aborting", () => {
  it("rejects a read under way at once with the reason itself, ends its body and keeps the bytes that had come", async () => {
    const { source, stream } = await held();
    const handle = stream.add([0, 10]);
    const reason = { why: "enough" };
    const abort = new AbortController();
    const reading = handle.read(10, { signal: abort.signal });
    const body = await source.streamAt(0);
    body.deliver(4);
    await settle();
    abort.abort(reason);
    await expect(reading).rejects.toBe(reason);
    expect([handle.tell(), shown(stream)]).toEqual([0, "[0, 10)"]);
    await settle();
    expect(body.isCancelled).toBe(true);
    expect(await handle.read(3)).toEqual(bytes.slice(0, 3));
    const next = handle.read();
    (await source.streamAt(1)).deliver();
    expect(await next).toEqual(bytes.slice(3, 10));
    expect(bodies(source)).toBe("[0, 10) [4, 10)");
  });

  it("leaves the body to a read that still waits for it", async () => {
    const { source, stream } = await held();
    const handle = stream.add([0, 10]);
    const abort = new AbortController();
    const aborted = handle.read(8, { signal: abort.signal });
    const waiting = handle.read(6);
    const body = await source.streamAt(0);
    abort.abort("enough");
    await expect(aborted).rejects.toBe("enough");
    await settle();
    expect(body.isCancelled).toBe(false);
    body.deliver();
    expect(await waiting).toEqual(bytes.slice(0, 6));
    expect(source.streams).toHaveLength(1);
  });

  it("takes a queued read out and disturbs neither the one before nor the one after", async () => {
    const { source, stream } = await held();
    const handle = stream.add([0, 10]);
    const reason = new Error("not this one");
    const abort = new AbortController();
    const first = handle.read(4);
    const second = handle.read(3, { signal: abort.signal });
    const third = handle.read(3);
    const body = await source.streamAt(0);
    abort.abort(reason);
    await expect(second).rejects.toBe(reason);
    body.deliver();
    expect(await first).toEqual(bytes.slice(0, 4));
    expect(await third).toEqual(bytes.slice(4, 7));
    expect(bodies(source)).toBe("[0, 10)");
  });

  it("takes a queued read out without touching what a large read before it has gathered", async () => {
    const data = patternBytes(8 * MIB, 3);
    const { source, stream } = await held({}, data);
    const handle = stream.add([0]);
    const abort = new AbortController();
    const first = handle.read();
    const second = handle.read(1, { signal: abort.signal });
    const body = await source.streamAt(0);
    body.deliver(5 * MIB);
    await settle();
    abort.abort();
    await expect(second).rejects.toBe(abort.signal.reason);
    await settle();
    expect(body.isCancelled).toBe(false);
    body.deliver();
    expect((await first).length).toBe(data.length);
    expect(source.streams).toHaveLength(1);
  });

  it("refuses a read whose signal has aborted before, and sends nothing", async () => {
    const { source, stream } = await held();
    const reason = new Error("too late");
    const handle = stream.add([0, 4]);
    await expect(handle.read(1, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(source.streams).toHaveLength(0);
  });

  it("keeps at most 4 MiB that nobody has read, and asks for the rest again", async () => {
    const data = patternBytes(8 * MIB, 3);
    const { source, stream } = await held({}, data);
    const handle = stream.add([0]);
    const abort = new AbortController();
    const reading = handle.read(undefined, { signal: abort.signal });
    const body = await source.streamAt(0);
    body.deliver(3 * MIB);
    await settle();
    body.deliver(3 * MIB);
    await settle();
    abort.abort();
    await expect(reading).rejects.toBe(abort.signal.reason);
    await settle();
    expect(body.isCancelled).toBe(true);
    const again = handle.read();
    (await source.streamAt(1)).deliver();
    const got = await again;
    expect(got.length).toBe(data.length);
    expect(got.every((byte, at) => byte === data[at])).toBe(true);
    expect(bodies(source)).toBe(`[0, ${8 * MIB}) [${4 * MIB}, ${8 * MIB})`);
  });
});

describe("a later range", () => {
  it("shortens a read that is pending, which takes nothing past the trim and ends the body", async () => {
    const { source, stream } = await held();
    const older = stream.add([3, 9]);
    const reading = older.read();
    const body = await source.streamAt(0);
    body.deliver(2);
    await settle();
    stream.add([6, 12]);
    body.deliver(1);
    expect(await reading).toEqual(bytes.slice(3, 6));
    expect([older.tailMark, older.isConsumed]).toEqual([3, true]);
    await settle();
    expect(body.isCancelled).toBe(true);
  });

  it("wakes a pending read that has all it may have already", async () => {
    const { source, stream } = await held();
    const older = stream.add([3, 9]);
    const reading = older.read();
    const body = await source.streamAt(0);
    body.deliver(4);
    await settle();
    stream.add([6, 12]);
    expect(await reading).toEqual(bytes.slice(3, 6));
    await settle();
    expect(body.isCancelled).toBe(true);
    expect(source.streams).toHaveLength(1);
  });

  it("shortens reads that still wait for their turn, to nothing if need be", async () => {
    const { source, stream } = await held();
    const older = stream.add([0, 10]);
    const reads = [older.read(4), older.read(4), older.read(4)];
    const body = await source.streamAt(0);
    stream.add([6, 12]);
    body.deliver(8);
    expect(await Promise.all(reads)).toEqual([bytes.slice(0, 4), bytes.slice(4, 6), new Uint8Array(0)]);
  });

  it("rejects the pending read of a handle that it deletes", async () => {
    for (const overlap of ["replant", "burn"] as const) {
      const { source, stream } = await held({ overlap });
      const older = stream.add([3, 9]);
      const reading = older.read();
      const body = await source.streamAt(0);
      stream.add([2, 6]);
      await expect(reading).rejects.toMatchObject({ code: "CLOSED" });
      await settle();
      expect(body.isCancelled).toBe(true);
      expect(shown(stream)).toBe(overlap === "burn" ? "[2, 6)" : "[2, 6) [6, 9)");
    }
  });
});

describe("seeking", () => {
  it("counts from the start, the position and the trimmed end, and tells the position", async () => {
    const { stream } = await held();
    const handle = stream.add([10, 20]);
    stream.add([18, 30]);
    expect([handle.seek(3), handle.tell()]).toEqual([3, 3]);
    expect(handle.seek(2, "current")).toBe(5);
    expect(handle.seek(-4, "current")).toBe(1);
    expect(handle.seek(0, "end")).toBe(8);
    expect(handle.seek(-3, "end")).toBe(5);
    expect(handle.remaining).toEqual(new Range(15, 18));
    expect(shown(stream)).toBe("[15, 18) [18, 30)");
  });

  it("refuses with the right code and moves nothing", async () => {
    const { source, stream } = await held();
    const handle = stream.add([10, 20]);
    const reading = handle.read(6);
    (await source.streamAt(0)).deliver();
    await reading;
    stream.add([11, 13]);
    stream.add([18, 30]);
    for (const [offset, whence] of [
      [-1, "start"],
      [-7, "current"],
      [0.5, "start"],
      [Number.NaN, "start"],
      [0, "middle"],
      [0, "toString"],
    ] as [number, "start"][]) {
      expect(() => handle.seek(offset, whence)).toThrow(code("INVALID_ARGUMENT"));
    }
    expect(() => handle.seek(9)).toThrow(code("OUT_OF_BOUNDS"));
    expect(() => handle.seek(1, "end")).toThrow(code("OUT_OF_BOUNDS"));
    for (const offset of [0, 1, 2]) expect(() => handle.seek(offset)).toThrow(code("OVERLAP"));
    expect(handle.tell()).toBe(6);
    expect(handle.seek(3)).toBe(3);
    await handle.close();
    expect(() => handle.seek(3)).toThrow(code("CLOSED"));
  });

  it("makes what was read unread again, which is then asked for anew", async () => {
    const { source, stream } = await held();
    const handle = stream.add([4, 8]);
    const reading = handle.read();
    (await source.streamAt(0)).deliver();
    await reading;
    expect(stream.isEmpty).toBe(true);
    handle.seek(1);
    expect(shown(stream)).toBe("[5, 8)");
    const again = handle.read(2);
    (await source.streamAt(1)).deliver();
    expect(await again).toEqual(bytes.slice(5, 7));
    expect(bodies(source)).toBe("[4, 8) [5, 8)");
  });

  it("goes forward through an open body and needs no other", async () => {
    const { source, stream } = await held();
    const handle = stream.add([0, 40]);
    const reading = handle.read(2);
    const body = await source.streamAt(0);
    body.deliver(4);
    await reading;
    handle.seek(20);
    const ahead = handle.read(3);
    await settle();
    body.deliver(10);
    await settle();
    body.deliver(10);
    expect(await ahead).toEqual(bytes.slice(20, 23));
    expect(source.streams).toHaveLength(1);
  });

  it("asks anew for what lies behind or far ahead, and ends the body before", async () => {
    const data = patternBytes(MIB, 4);
    const { source, stream } = await held({}, data);
    const handle = stream.add([0]);
    for (const [index, position] of [100, MIB - 10, 0, 200_000].entries()) {
      expect(handle.seek(position)).toBe(position);
      const reading = handle.read(5);
      (await source.streamAt(index)).deliver(5);
      expect(await reading).toEqual(data.slice(position, position + 5));
    }
    await settle();
    expect(bodies(source)).toBe(`[100, ${MIB}) [${MIB - 10}, ${MIB}) [0, ${MIB}) [200000, ${MIB})`);
    expect(source.streams.map(({ isCancelled }) => isCancelled)).toEqual([true, true, true, false]);
  });

  it("has to wait for a pending read", async () => {
    const { source, stream } = await held();
    const handle = stream.add([0, 8]);
    const reading = handle.read(2);
    expect(() => handle.seek(4)).toThrow(code("INVALID_ARGUMENT"));
    (await source.streamAt(0)).deliver();
    expect(await reading).toEqual(bytes.slice(0, 2));
    expect(handle.seek(4)).toBe(4);
  });

  it("tells no size where nobody knows one", async () => {
    const source = controllableSource(bytes, { size: Number.POSITIVE_INFINITY });
    const stream = await RangeStream.open(source);
    expect(stream.totalBytes).toBeUndefined();
    expect(() => stream.totalRange).toThrow(code("UNKNOWN_SIZE"));
    expect(() => stream.add([4])).toThrow(code("UNKNOWN_SIZE"));
    expect(() => stream.add([-4])).toThrow(code("UNKNOWN_SIZE"));
    const handle = stream.add([0, 8]);
    expect(() => handle.seek(9)).toThrow(expect.objectContaining({ code: "OUT_OF_BOUNDS", size: undefined }));
    const reading = handle.read();
    (await source.streamAt(0)).deliver();
    expect(await reading).toEqual(bytes.slice(0, 8));
  });
});

describe("closing", () => {
  it("rejects every pending read, cancels the body and leaves both views", async () => {
    const { source, stream } = await held();
    const handle = stream.add([0, 8]);
    const reads = [handle.read(2), handle.read()];
    const body = await source.streamAt(0);
    await handle.close();
    for (const read of reads) await expect(read).rejects.toMatchObject({ code: "CLOSED" });
    await expect(handle.read(0)).rejects.toMatchObject({ code: "CLOSED" });
    await settle();
    expect(body.isCancelled).toBe(true);
    expect([stream.ranges.size, stream.requestedRanges.size, handle.isClosed]).toEqual([0, 0, true]);
    await handle.close();
  });

  it("closes all handles with the stream, and leaves a source that was given open", async () => {
    const { source, stream } = await held();
    const handles = [stream.add([0, 8]), stream.add([8, 16])];
    const reads = handles.map((handle) => handle.read());
    await source.streamAt(1);
    await stream.close();
    for (const read of reads) await expect(read).rejects.toMatchObject({ code: "CLOSED" });
    await settle();
    expect(source.streams.map(({ isCancelled }) => isCancelled)).toEqual([true, true]);
    expect([source.isClosed, stream.ranges.size, stream.requestedRanges.size]).toEqual([false, 0, 0]);
  });

  it("is final at whatever moment it comes while a chunk arrives", async () => {
    for (let moment = 0; moment < 40; moment++) {
      const { source, stream } = await held();
      const handle = stream.add([0, 8]);
      const reading = handle.read().catch((error: unknown) => error);
      const body = await source.streamAt(0);
      await settle();
      body.deliver(4);
      await microtasks(moment);
      await handle.close();
      expect(await reading).toMatchObject({ code: "CLOSED" });
      await settle();
      expect([moment, bodies(source), body.isCancelled]).toEqual([moment, "[0, 8)", true]);
      expect([moment, stream.ranges.size, stream.requestedRanges.size]).toEqual([moment, 0, 0]);
    }
  });

  it("keeps every position with one handle at whatever moment a later range comes while a chunk arrives", async () => {
    for (let moment = 0; moment < 40; moment++) {
      const { source, stream } = await held();
      const older = stream.add([0, 8]);
      const reading = older.read().catch((error: unknown) => error);
      const body = await source.streamAt(0);
      await settle();
      body.deliver();
      await microtasks(moment);
      const before = shown(stream);
      const added = stream.add([0, 4]);
      const got = await reading;
      await settle();
      expect(stream.ranges.get(0)).toBe(added);
      expect([moment, stream.requestedRanges.get([0, 4])]).toEqual([moment, added]);
      if (before === "") expect([moment, got, shown(stream)]).toEqual([moment, bytes.slice(0, 8), "[0, 4)"]);
      else expect([moment, got, shown(stream)]).toEqual([moment, code("CLOSED"), "[0, 4) [4, 8)"]);
    }
  });

  it("loses no byte at whatever moment an abort comes while a chunk arrives", async () => {
    for (let moment = 0; moment < 40; moment++) {
      const { source, stream } = await held();
      const handle = stream.add([0, 8]);
      const abort = new AbortController();
      const reader = handle.stream({ signal: abort.signal }).getReader();
      const reading = reader.read().catch((error: unknown) => error);
      const body = await source.streamAt(0);
      await settle();
      body.deliver(4);
      await microtasks(moment);
      abort.abort();
      const got = await reading;
      await settle();
      const position = got === abort.signal.reason ? 0 : 4;
      expect([moment, handle.tell()]).toEqual([moment, position]);
    }
  });
});

describe("stream() and the iterator", () => {
  it("give what remains from the position on, chunk by chunk, pulling nothing unasked", async () => {
    const { source, stream } = await held();
    const handle = stream.add([0, 12]);
    const reading = handle.read(2);
    const body = await source.streamAt(0);
    body.deliver(4);
    await reading;
    const reader = handle.stream().getReader();
    await settle();
    expect([body.isWanted, handle.tell()]).toEqual([false, 2]);
    expect(await reader.read()).toEqual({ done: false, value: bytes.slice(2, 4) });
    await settle();
    expect([body.isWanted, handle.tell()]).toEqual([false, 4]);
    const next = reader.read();
    await settle();
    expect(body.isWanted).toBe(true);
    body.deliver();
    expect(await next).toEqual({ done: false, value: bytes.slice(4, 12) });
    expect(await reader.read()).toEqual({ done: true, value: undefined });
    expect(handle.isConsumed).toBe(true);
  });

  it("iterates, and goes on where a loop was left", async () => {
    const data = patternBytes(600 * 1024, 5);
    const stream = await RangeStream.open(data);
    const handle = stream.add([0]);
    let position = 0;
    for await (const chunk of handle) {
      expect(chunk).toEqual(data.slice(0, chunk.length));
      position = chunk.length;
      break;
    }
    expect(handle.tell()).toBe(position);
    expect(position).toBeLessThan(data.length);
    for await (const chunk of handle) position += chunk.length;
    expect(position).toBe(data.length);
    expect(stream.isEmpty).toBe(true);
  });

  it("never keep a large buffer alive with a small chunk", async () => {
    const { source, stream } = await held();
    const handle = stream.add([0, 64]);
    const reading = handle.read(60);
    (await source.streamAt(0)).deliver();
    await reading;
    for await (const chunk of handle) expect([chunk.length, chunk.buffer.byteLength]).toEqual([4, 4]);
  });

  it("leave the rest unread when cancelled, the chunk on its way too, and the handle free at once", async () => {
    const { source, stream } = await held();
    const handle = stream.add([0, 8]);
    const reader = handle.stream().getReader();
    const reading = reader.read();
    const body = await source.streamAt(0);
    await reader.cancel();
    expect(await reading).toEqual({ done: true, value: undefined });
    expect(handle.seek(0)).toBe(0);
    await settle();
    expect([handle.tell(), shown(stream), body.isCancelled]).toEqual([0, "[0, 8)", true]);
    const all = handle.read();
    (await source.streamAt(1)).deliver();
    expect(await all).toEqual(bytes.slice(0, 8));
  });

  it("end the body when cancelled between two chunks, unless a read waits for it", async () => {
    for (const waits of [false, true]) {
      const { source, stream } = await held();
      const handle = stream.add([0, 8]);
      const reader = handle.stream().getReader();
      const first = reader.read();
      const body = await source.streamAt(0);
      body.deliver(4);
      expect((await first).value).toEqual(bytes.slice(0, 4));
      const reading = waits ? handle.read(2) : undefined;
      await reader.cancel();
      await settle();
      expect([handle.tell(), body.isCancelled]).toEqual([4, !waits]);
      body.deliver();
      if (reading !== undefined) expect(await reading).toEqual(bytes.slice(4, 6));
    }
  });

  it("end with the reason of their signal, at once or when it comes", async () => {
    const { source, stream } = await held();
    const handle = stream.add([0, 8]);
    const reason = new Error("stop");
    const dead = handle.stream({ signal: AbortSignal.abort(reason) });
    await expect(dead.getReader().read()).rejects.toBe(reason);
    const abort = new AbortController();
    const reader = handle.stream({ signal: abort.signal }).getReader();
    const reading = reader.read();
    await source.streamAt(0);
    abort.abort(reason);
    await expect(reading).rejects.toBe(reason);
    await expect(reader.closed).rejects.toBe(reason);
    expect(handle.tell()).toBe(0);
  });

  it("fail with CLOSED when the handle is closed, and with what the source reports", async () => {
    const { source, stream } = await held();
    const handle = stream.add([0, 8]);
    const failure = new Error("the wire broke");
    const reading = handle.stream().getReader().read();
    (await source.streamAt(0)).fail(failure);
    await expect(reading).rejects.toBe(failure);
    const other = handle.stream().getReader().read();
    await source.streamAt(1);
    await handle.close();
    await expect(other).rejects.toMatchObject({ code: "CLOSED" });
  });
});

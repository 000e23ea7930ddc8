import { expect, test } from "vitest";
import { Range } from "../ranges/range.ts";
import { controllableSource } from "./controllable-source.ts";
import { patternBytes } from "./pattern-bytes.ts";

const BYTES = patternBytes(100);

test("a read is held until the test resolves it, by default with the right bytes", async () => {
  const source = controllableSource(BYTES);
  let settled = false;
  const reading = source.read([3, 9]).finally(() => {
    settled = true;
  });
  const held = await source.readAt(0);
  expect([held.range, held.isSettled, settled]).toEqual([new Range(3, 9), false, false]);
  held.resolve();
  expect(await reading).toEqual(BYTES.slice(3, 9));
  expect(held.isSettled).toBe(true);
});

test("a read fails as the test says, and what comes later has no effect", async () => {
  const source = controllableSource(BYTES);
  const reading = source.read([0, 1]);
  const failure = new Error("the wire broke");
  source.reads[0]?.reject(failure);
  source.reads[0]?.resolve();
  await expect(reading).rejects.toBe(failure);
});

test("an abort and a close settle what is held", async () => {
  const source = controllableSource(BYTES);
  const controller = new AbortController();
  const aborted = source.read([0, 1], { signal: controller.signal });
  const closed = source.read([0, 1]);
  const stream = source.stream([0, 5]).getReader();
  controller.abort(new Error("enough"));
  await expect(aborted).rejects.toBe(controller.signal.reason);
  await source.close();
  await expect(closed).rejects.toMatchObject({ code: "CLOSED" });
  await expect(stream.read()).rejects.toMatchObject({ code: "CLOSED" });
  expect(source.streams[0]).toMatchObject({ isSettled: true, isCancelled: true });
  await expect(source.read([0, 1])).rejects.toMatchObject({ code: "CLOSED" });
  expect(source.isClosed).toBe(true);
});

test("a bad range is refused and not held", async () => {
  const source = controllableSource(BYTES);
  await expect(source.read([0, 101])).rejects.toMatchObject({ code: "OUT_OF_BOUNDS" });
  await expect(source.stream([3, 1]).getReader().read()).rejects.toMatchObject({ code: "INVALID_RANGE" });
  expect([source.reads.length, source.streams.length]).toEqual([0, 0]);
});

test("a stream gives what the test delivers and ends after its last byte", async () => {
  const source = controllableSource(BYTES);
  const reader = source.stream([10, 30]).getReader();
  const held = await source.streamAt(0);
  const first = reader.read();
  await Promise.resolve();
  expect(held.isWanted).toBe(true);
  held.deliver(4);
  expect((await first).value).toEqual(BYTES.slice(10, 14));
  expect([held.delivered, held.isWanted, held.isSettled]).toEqual([4, false, false]);
  held.deliver();
  expect((await reader.read()).value).toEqual(BYTES.slice(14, 30));
  expect([(await reader.read()).done, held.isSettled]).toEqual([true, true]);
});

test("a stream may end too soon or fail, and tells when its consumer left", async () => {
  const source = controllableSource(BYTES);
  const [short, broken, left] = [source.stream(), source.stream(), source.stream()];
  source.streams[0]?.end();
  expect((await short.getReader().read()).done).toBe(true);
  const failure = new Error("the wire broke");
  source.streams[1]?.fail(failure);
  await expect(broken.getReader().read()).rejects.toBe(failure);
  await left.cancel();
  expect(source.streams[2]).toMatchObject({ isCancelled: true, isSettled: true, isWanted: false });
});

test("a read that was not asked for yet can be waited for", async () => {
  const source = controllableSource(BYTES, {
    size: Number.POSITIVE_INFINITY,
    identity: { strength: "strong" },
  });
  const second = source.readAt(1);
  const readings = [source.read([0, 1]), source.read([1, 2])];
  (await second).resolve();
  source.reads[0]?.resolve();
  expect(await Promise.all(readings)).toEqual([BYTES.slice(0, 1), BYTES.slice(1, 2)]);
  expect([source.size, source.identity.strength]).toEqual([Number.POSITIVE_INFINITY, "strong"]);
});

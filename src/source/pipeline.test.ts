import { expect, it } from "vitest";
import { Pipeline, PipelinePlace } from "./pipeline.ts";
import { RequestQueue, type Slot } from "./request-queue.ts";

const places = (count: number): PipelinePlace[] => {
  const pipeline = new Pipeline();
  return Array.from({ length: count }, () => new PipelinePlace(pipeline));
};
const one = { limit: 1 };

it("all of its requests have one connection, until the last of them is done", async () => {
  const queue = new RequestQueue();
  const slots = await Promise.all(places(3).map((place) => place.take(queue, one)));
  expect(queue).toMatchObject({ active: 1, waiting: 0 });
  slots[0]?.release();
  slots[0]?.release();
  slots[2]?.release();
  expect(queue.active).toBe(1);
  slots[1]?.release();
  expect(queue.active).toBe(0);
});

it("waits for its connection as one request does, and lets nobody park it", async () => {
  const queue = new RequestQueue();
  const held = await queue.acquire(one);
  const taken = Promise.all(places(3).map((place) => place.take(queue, one)));
  const next = queue.acquire(one);
  expect(queue.waiting).toBe(2);
  held.release();
  const slots = await taken;
  slots[0]?.idle({ drainable: true, park: () => expect.unreachable() });
  expect(queue).toMatchObject({ active: 1, waiting: 1 });
  for (const slot of slots) slot?.release();
  await next;
});

it("a request has its place once, and none after all are done, or on another way", async () => {
  const queue = new RequestQueue();
  const [first, second, third] = places(3) as [PipelinePlace, PipelinePlace, PipelinePlace];
  const slot = await first.take(queue, one);
  expect(await first.take(queue, one)).toBeUndefined();
  expect(await second.take(new RequestQueue(), one)).toBeUndefined();
  slot?.release();
  expect(await third.take(queue, one)).toBeUndefined();
  expect(queue.active).toBe(0);
});

it("goes on without who gave up while it waited for its connection", async () => {
  const queue = new RequestQueue();
  const held = await queue.acquire(one);
  const leaving = new AbortController();
  const [first, second, third] = places(3) as [PipelinePlace, PipelinePlace, PipelinePlace];
  const given = first.take(queue, { ...one, signal: leaving.signal });
  const alsoGiven = second.take(queue, { ...one, signal: leaving.signal });
  const kept = third.take(queue, one);
  leaving.abort("gone");
  await expect(given).rejects.toBe("gone");
  expect(await alsoGiven).toBeUndefined();
  held.release();
  const slot = (await kept) as Slot;
  expect(queue).toMatchObject({ active: 1, waiting: 0 });
  slot.release();
  expect(queue.active).toBe(0);
});

import { describe, expect, it } from "vitest";
import { type Parkable, RequestQueue, type Slot, type Turn } from "./request-queue.ts";

const settled = async (promise: Promise<unknown>): Promise<boolean> => {
  const pending = Symbol("pending");
  await Promise.resolve();
  return (
    (await Promise.race([promise, new Promise((resolve) => setTimeout(resolve, 5, pending))])) !== pending
  );
};

const parkable = (slot: Slot, parked: string[], name: string, drainable = false): Parkable => ({
  drainable,
  park: () => {
    parked.push(name);
    slot.release();
  },
});

describe("RequestQueue", () => {
  it("grants up to the limit and makes the rest wait in order", async () => {
    const queue = new RequestQueue();
    const first = await queue.acquire({ limit: 2 });
    await queue.acquire({ limit: 2 });
    const order: number[] = [];
    const third = queue.acquire({ limit: 2 }).then((slot) => (order.push(3), slot));
    const fourth = queue.acquire({ limit: 2 }).then((slot) => (order.push(4), slot));
    expect(await settled(third)).toBe(false);
    expect(queue.active).toBe(2);
    first.release();
    (await third).release();
    await fourth;
    expect(order).toEqual([3, 4]);
  });

  it("counts a slot released twice once", async () => {
    const queue = new RequestQueue();
    const first = await queue.acquire({ limit: 1 });
    const second = queue.acquire({ limit: 1 });
    const third = queue.acquire({ limit: 1 });
    first.release();
    first.release();
    await second;
    expect(await settled(third)).toBe(false);
  });

  it("parks what has been idle longest when another request waits", async () => {
    const queue = new RequestQueue();
    const parked: string[] = [];
    const a = await queue.acquire({ limit: 2 });
    const b = await queue.acquire({ limit: 2 });
    b.idle(parkable(b, parked, "b"));
    a.idle(parkable(a, parked, "a"));
    await queue.acquire({ limit: 2 });
    expect(parked).toEqual(["b"]);
  });

  it("parks at once what can be drained, before what would have to be cancelled", async () => {
    const queue = new RequestQueue();
    const parked: string[] = [];
    const a = await queue.acquire({ limit: 2 });
    const b = await queue.acquire({ limit: 2 });
    a.idle(parkable(a, parked, "cancelled"));
    b.idle(parkable(b, parked, "drained", true));
    await queue.acquire({ limit: 2 });
    expect(parked).toEqual(["drained"]);
  });

  it("never parks what somebody waits for", async () => {
    const queue = new RequestQueue();
    const parked: string[] = [];
    const a = await queue.acquire({ limit: 1 });
    a.idle(parkable(a, parked, "a"));
    a.busy();
    const waiting = queue.acquire({ limit: 1 });
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(parked).toEqual([]);
    a.idle(parkable(a, parked, "a"));
    await waiting;
    expect(parked).toEqual(["a"]);
  });

  it("parks no more than there are requests waiting", async () => {
    const queue = new RequestQueue();
    const parked: string[] = [];
    const slots = [
      await queue.acquire({ limit: 3 }),
      await queue.acquire({ limit: 3 }),
      await queue.acquire({ limit: 3 }),
    ];
    // Drains take a while: the slots stay held meanwhile.
    slots.forEach((slot, index) => {
      slot.idle({ drainable: true, park: () => parked.push(String(index)) });
    });
    const waiting = queue.acquire({ limit: 3 });
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(parked).toEqual(["0"]);
    slots[0]?.release();
    await waiting;
    expect(parked).toEqual(["0"]);
  });

  it("lets an aborted request go and leaves its place to the next", async () => {
    const queue = new RequestQueue();
    const held = await queue.acquire({ limit: 1 });
    const controller = new AbortController();
    const aborted = queue.acquire({ limit: 1, signal: controller.signal });
    const next = queue.acquire({ limit: 1 });
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    expect(queue.waiting).toBe(1);
    held.release();
    await next;
    await expect(queue.acquire({ limit: 1, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe("the requests of one plan", () => {
  const planned = (connections: number): Turn => ({ ahead: false, share: { connections } });

  it("go over as many connections as it allows, however many are in use by others", async () => {
    const queue = new RequestQueue();
    for (let index = 0; index < 3; index++) await queue.acquire({ limit: 8 });
    const turn = planned(2);
    const first = await queue.acquire({ limit: 8, turn });
    await queue.acquire({ limit: 8, turn });
    const third = queue.acquire({ limit: 8, turn });
    expect(await settled(third)).toBe(false);
    first.release();
    await third;
    expect(queue.active).toBe(5);
  });

  it("keep nobody waiting who is not of it, and have nothing parked", async () => {
    const queue = new RequestQueue();
    const parked: string[] = [];
    const idle = await queue.acquire({ limit: 8 });
    idle.idle(parkable(idle, parked, "idle", true));
    const turn = planned(1);
    const first = await queue.acquire({ limit: 8, turn });
    const second = queue.acquire({ limit: 8, turn });
    await queue.acquire({ limit: 8 });
    await queue.acquire({ limit: 8, turn: planned(1) });
    expect(await settled(second)).toBe(false);
    expect(parked).toEqual([]);
    first.release();
    await second;
    expect(queue.active).toBe(4);
  });

  it("wait for a connection as all others do, in order", async () => {
    const queue = new RequestQueue();
    const turn = planned(2);
    const first = await queue.acquire({ limit: 1 });
    const order: string[] = [];
    const second = queue.acquire({ limit: 1, turn }).then((slot) => (order.push("planned"), slot));
    const third = queue.acquire({ limit: 1 }).then((slot) => (order.push("other"), slot));
    first.release();
    (await second).release();
    await third;
    expect(order).toEqual(["planned", "other"]);
  });
});

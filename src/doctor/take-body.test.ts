import { describe, expect, it } from "vitest";
import { HttpError } from "../errors.ts";
import type { TransportBody } from "../source/transport.ts";
import { takeBody } from "./take-body.ts";

const { signal } = new AbortController();

function body(chunks: readonly number[], end?: Error): TransportBody & { taken: number; cancelled: number } {
  const left = [...chunks];
  const made = {
    taken: 0,
    cancelled: 0,
    read: async () => {
      const length = left.shift();
      if (length === undefined) {
        if (end !== undefined) throw end;
        return undefined;
      }
      made.taken += length;
      return new Uint8Array(length).fill(left.length);
    },
    cancel: async () => {
      made.cancelled++;
    },
  };
  return made;
}

const take = (from: TransportBody, declared?: number) =>
  takeBody(from, { declared, idleMs: 50, signal, url: "https://a.example/x" });

describe("takeBody", () => {
  it("takes a short body to its end, so that the connection stays", async () => {
    const from = body([2, 3]);
    const taken = await take(from, 5);
    expect(taken).toEqual({ bytes: Uint8Array.of(1, 1, 0, 0, 0), ended: true, failure: undefined });
    expect(from.cancelled).toBe(0);
  });

  it("touches nothing of a body that says it is long", async () => {
    const from = body([70_000]);
    expect(await take(from, 65_537)).toMatchObject({ bytes: new Uint8Array(), ended: false });
    expect([from.taken, from.cancelled]).toEqual([0, 1]);
  });

  it("leaves a body that turns out to be long", async () => {
    const from = body(Array.from({ length: 100 }, () => 10_000));
    expect((await take(from)).ended).toBe(false);
    expect([from.taken, from.cancelled]).toEqual([70_000, 1]);
  });

  it("keeps what came before a body broke off, and why it did", async () => {
    const failure = new HttpError("NETWORK", "broke off", { url: "https://a.example/x" });
    const from = body([3], failure);
    expect(await take(from, 9)).toMatchObject({ bytes: new Uint8Array(3), ended: false, failure });
  });

  it("waits no longer than it may", async () => {
    const from = { ...body([]), read: () => new Promise<undefined>(() => undefined) };
    expect(await take(from)).toMatchObject({ ended: false, failure: { code: "TIMEOUT" } });
  });
});

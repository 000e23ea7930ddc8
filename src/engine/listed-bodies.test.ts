import { describe, expect, it } from "vitest";
import { Range } from "../ranges/range.ts";
import type { WireCall } from "../source/call.ts";
import type { ReadParts } from "../source/multi-range.ts";
import type { Bytes } from "../source/source.ts";
import { listedBodies } from "./listed-bodies.ts";
import type { WireBody } from "./wire.ts";

const ranges = [new Range(0, 2), new Range(10, 12), new Range(20, 22)];
const call: WireCall = { signal: new AbortController().signal, remainingMs: () => Infinity };

/** A wire that answers when it is told to. */
class HeldParts {
  readonly asked: (readonly Range[])[] = [];
  signal: AbortSignal | undefined;
  answer!: () => void;
  fail!: (error: unknown) => void;

  readonly read: ReadParts = (some, { signal }) => {
    this.asked.push(some);
    this.signal = signal;
    return new Promise<Bytes[]>((resolve, reject) => {
      this.answer = () => resolve(some.map(({ start, end }) => Uint8Array.of(start, end - 1)));
      this.fail = reject;
    });
  };
}

describe("bodies of one list", () => {
  it("go out as one request with the first that is read, and give each its own bytes once", async () => {
    const wire = new HeldParts();
    const [first, second, third] = listedBodies(wire.read, ranges) as [WireBody, WireBody, WireBody];
    expect(wire.asked).toEqual([]);
    const reads = [third.readWithin(call), first.readWithin(call), second.readWithin(call)];
    expect(wire.asked).toEqual([ranges]);
    wire.answer();
    expect(await Promise.all(reads)).toEqual([
      Uint8Array.of(20, 21),
      Uint8Array.of(0, 1),
      Uint8Array.of(10, 11),
    ]);
    expect(await first.readWithin(call)).toBeUndefined();
    expect(wire.asked).toHaveLength(1);
  });

  it("are given up with the last that anybody wants, and not before", async () => {
    const wire = new HeldParts();
    const [first, second, third] = listedBodies(wire.read, ranges);
    const read = first?.readWithin(call);
    second?.cancel();
    second?.cancel();
    third?.cancel();
    expect(wire.signal?.aborted).toBe(false);
    first?.cancel();
    expect(wire.signal?.aborted).toBe(true);
    wire.fail(wire.signal?.reason);
    await expect(read).rejects.toBe(wire.signal?.reason);
  });

  it("fail together", async () => {
    const wire = new HeldParts();
    const bodies = listedBodies(wire.read, ranges);
    const reads = bodies.map((body) => body.readWithin(call).catch((error: unknown) => error));
    const error = new Error("gone");
    wire.fail(error);
    expect(await Promise.all(reads)).toEqual([error, error, error]);
  });
});

import { expect, it } from "vitest";
import { RangeStream } from "./range-stream.ts";

it("lets closed handles go: a long-lived stream does not grow with the ranges it once had", async () => {
  const stream = await RangeStream.open(new Uint8Array(1000));
  const kept = stream.add([0, 1]);
  const cycle = async (): Promise<void> => stream.add([10, 20], { activate: false }).close();
  for (let round = 0; round < 5_000; round++) await cycle();
  const before = process.memoryUsage().heapUsed;
  for (let round = 0; round < 100_000; round++) await cycle();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 * 1024 * 1024);
  expect(stream.activeResponse).toBe(kept);
});

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { RangeStream } from "./range-stream.ts";

// What is not yet collected is no growth: when V8 collects depends on what else a machine does.
setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

it("lets closed handles go: a long-lived stream does not grow with the ranges it once had", async () => {
  const stream = await RangeStream.open(new Uint8Array(1000));
  const kept = stream.add([0, 1]);
  const cycle = async (): Promise<void> => stream.add([10, 20], { activate: false }).close();
  const heapUsed = (): number => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  for (let round = 0; round < 5_000; round++) await cycle();
  const before = heapUsed();
  for (let round = 0; round < 100_000; round++) await cycle();
  expect(heapUsed() - before).toBeLessThan(4 * 1024 * 1024);
  expect(stream.activeResponse).toBe(kept);
});

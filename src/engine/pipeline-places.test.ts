import { expect, it } from "vitest";
import { Range } from "../ranges/range.ts";
import { placesFor } from "./pipeline-places.ts";

const KiB = 1024;
const far = (count: number, byteLength: number): Range[] =>
  Array.from({ length: count }, (_, index) => new Range(index << 20, (index << 20) + byteLength));

/** How many requests go behind each other, by pipeline; 0 for those that go by themselves. */
function depths(requests: readonly Range[], connections: number): number[] {
  const counts = new Map<object, number>();
  let alone = 0;
  for (const place of placesFor(requests, connections)) {
    if (place === undefined) alone++;
    else counts.set(place.pipeline, (counts.get(place.pipeline) ?? 0) + 1);
  }
  return alone === 0 ? [...counts.values()] : [...counts.values(), ...Array.from({ length: alone }, () => 0)];
}

it("spreads short requests over all connections, in their order", () => {
  const requests = far(10, 4 * KiB);
  expect(depths(requests, 4)).toEqual([3, 3, 2, 2]);
  const [first, second, , , fifth] = placesFor(requests, 4);
  expect(fifth?.pipeline).toBe(first?.pipeline);
  expect(second?.pipeline).not.toBe(first?.pipeline);
});

it("sends none behind another where there is a connection for each", () => {
  expect(depths(far(4, 4 * KiB), 4)).toEqual([]);
});

it("bounds how many go behind each other, and their bytes", () => {
  expect(depths(far(100, 4 * KiB), 2).every((depth) => depth <= 8)).toBe(true);
  expect(depths(far(40, 32 * KiB), 2)).toEqual(Array.from({ length: 10 }, () => 4));
});

it("leaves what is long by itself", () => {
  const requests = [...far(8, 4 * KiB), ...far(3, 33 * KiB)].sort((one, other) => one.start - other.start);
  expect(depths(requests, 2)).toEqual([4, 4, 0, 0, 0]);
  expect(depths(far(40, 33 * KiB), 2)).toEqual([]);
});

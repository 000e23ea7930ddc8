import { expect, test } from "vitest";
import { bytesSource } from "../source/bytes-source.ts";
import { patternBytes } from "./pattern-bytes.ts";
import { recordingSource } from "./recording-source.ts";
import { sourceContract } from "./source-contract.ts";

const BYTES = patternBytes(100);

test("every read and stream is recorded by its range, in order, and passed on", async () => {
  const source = recordingSource(bytesSource(BYTES));
  expect(await source.read([-3])).toEqual(BYTES.slice(97));
  await source.stream({ start: 5 }).cancel();
  await source.stream().cancel();
  expect(source.reads.map(({ kind, range }) => `${kind} ${range}`)).toEqual([
    "read [97, 100)",
    "stream [5, 100)",
    "stream [0, 100)",
  ]);
});

test("a refused range is not recorded", async () => {
  const source = recordingSource(bytesSource(BYTES));
  await expect(source.read([0, 101])).rejects.toMatchObject({ code: "OUT_OF_BOUNDS" });
  expect(source.reads).toEqual([]);
});

const contract = sourceContract({ open: async () => recordingSource(bytesSource(BYTES)), bytes: BYTES });
test.each(contract.map(({ name, run }) => [name, run] as const))("of a recorded source, %s", (_, run) =>
  run(),
);

import { expect, it } from "vitest";
import { openZip } from "../../src/zip.ts";
import { manyEntries } from "../zip/many-entries.ts";
import { recordedSource } from "../zip/recorded-source.ts";

it("190. a million entries are listed with little memory and traffic, and one more is LIMIT", {
  timeout: 60_000,
}, async () => {
  const count = 1_000_000;
  const archive = manyEntries(count);
  const directoryBytes = count * 54;
  const source = recordedSource(archive);
  const before = process.memoryUsage();
  const zip = await openZip(source);
  expect(zip.entries.length).toBe(count);
  expect(zip.get("00999999").size).toBe(0);
  expect(zip.source.receipt.bytesReceived).toBeLessThan(2 * directoryBytes);
  const grown = process.memoryUsage();
  // Thin objects and an index of names; the directory itself lies outside of the heap.
  expect(grown.heapUsed - before.heapUsed).toBeLessThan(400 * 2 ** 20);
  await expect(openZip(manyEntries(count + 1))).rejects.toMatchObject({ code: "LIMIT" });
});
